// Passkeys and security keys: the only script of these pages. A form with `data-passkey` asks for a challenge, has the
// browser answer it, and is sent with the answer. Nothing else is read, kept or sent.

/** A challenge lives for five minutes; what is offered beside the name is replaced before that. */
const RENEW_MS = 4 * 60_000;

const TEXTS = {
  NotAllowedError: "Nothing was confirmed, or it took too long. Try again, or use another way",
  InvalidStateError: "Your account has this device or key already",
  NotSupportedError: "This device or key can't be used here. Try another one",
  ConstraintError: "This device or key can't be used here. Try another one",
  SecurityError: "Passkeys can't be used at this address",
  NotKnown: "This browser doesn't know passkeys, or is too old for them. Use another way",
  Other: "No answer came. Try again in a moment",
};

/** A fault that its page has told. */
class Told extends Error {}

const isPossible = typeof PublicKeyCredential === "function" && "parseRequestOptionsFromJSON" in PublicKeyCredential;

/** Ends what the browser is asked at the moment: it answers one request at a time. */
let running = new AbortController();
let timer;

/** Asks these pages for a challenge. If they lead elsewhere, the browser goes there. */
async function askForChallenge(form, login, signal) {
  const body = new URLSearchParams(new FormData(form));
  body.set("login", login);
  const response = await fetch(form.dataset.options, { method: "POST", body, signal });
  if (response.redirected) {
    location.assign(response.url);
    return undefined;
  }
  const text = await response.text();
  if (!response.ok) {
    const page = new DOMParser().parseFromString(text, "text/html");
    throw new Told(page.querySelector("main p")?.textContent ?? TEXTS.Other);
  }
  return JSON.parse(text);
}

/** Has the browser answer a challenge, and sends the form with it. With `mediation`, the browser offers passkeys by itself. */
async function run(form, login, mediation) {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  const asked = await askForChallenge(form, login, signal);
  if (asked === undefined) {
    return;
  }
  const credential =
    form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked.publicKey), signal })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked.publicKey), signal, ...mediation });
  signal.throwIfAborted();
  clearTimeout(timer);
  form.elements.answer.value = JSON.stringify(credential);
  form.elements.state.value = asked.state;
  form.submit();
}

/** Says what went wrong as the pages do, in front of the content, with the focus. */
function tell(text) {
  document.querySelector(".errors, .notice")?.remove();
  const box = document.createElement("div");
  box.className = "errors";
  box.setAttribute("role", "alert");
  box.tabIndex = -1;
  const [head, list, item] = ["h2", "ul", "li"].map((name) => document.createElement(name));
  head.textContent = "There is a problem";
  item.textContent = text;
  list.append(item);
  box.append(head, list);
  document.querySelector("main h1").after(box);
  box.focus();
}

/** Offers passkeys where a name is typed, with a new challenge before one is too old. Whatever fails there is no fault. */
async function autofill(form) {
  clearTimeout(timer);
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) {
    return;
  }
  if (document.hidden) {
    document.addEventListener("visibilitychange", () => autofill(form), { once: true });
    return;
  }
  timer = setTimeout(() => autofill(form), RENEW_MS);
  await run(form, "", { mediation: "conditional" }).catch(() => undefined);
}

async function press(form) {
  clearTimeout(timer);
  try {
    if (!isPossible) {
      throw new Told(TEXTS.NotKnown);
    }
    await run(form, document.getElementById(form.dataset.login)?.value ?? "");
  } catch (error) {
    if (error.name === "AbortError") {
      return;
    }
    tell(error instanceof Told ? error.message : (TEXTS[error.name] ?? TEXTS.Other));
    startAutofill();
  }
}

function startAutofill() {
  const form = document.querySelector("form[data-autofill]");
  if (form && isPossible) {
    void autofill(form);
  }
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void press(form);
  });
}
startAutofill();
