// The form: the request as it is sent, the response, and what the response means.

import { SERVICES, hasVersion, listsByUser, othersOf, partsOf, reading, request, shellCommand, textsOf } from "./calls.js";
import { h, load, prose } from "./page.js";
import * as wire from "./wire.js";

const form = document.getElementById("form");
const field = (id) => document.getElementById(id);
const chosen = (name) => form.elements[name].value;
const filled = (id) => field(id).value.trim() || undefined;
const errors = load("/pages/errors.json");

/** The calls of a service to choose from, under its name if there are several services. */
function chooser({ name, rpcs }) {
  const radio = (rpc) => h("label", {}, h("input", { type: "radio", name: "rpc", value: rpc }), ` ${textsOf(rpc).name}`);
  return h("div", { role: "group", "aria-label": name }, SERVICES.length > 1 && h("strong", {}, `${name} `), rpcs.map(radio));
}

field("calls").append(...SERVICES.map(chooser));
form.elements.rpc[0].checked = true;

function bytes(entry) {
  const { value } = entry.querySelector(".value");
  if (entry.querySelector(".kind").value === "text") {
    return new TextEncoder().encode(value);
  }
  try {
    return wire.fromBase64(value);
  } catch {
    throw new Error(`The metadata of ${entry.querySelector(".key").value} isn't base64.`);
  }
}

function others() {
  try {
    return JSON.parse(filled("other") ?? "{}");
  } catch {
    throw new Error("The other fields aren't JSON.");
  }
}

/** The fields that are filled in. */
function values() {
  const entries = [...document.querySelectorAll(".entry")].filter((entry) => entry.querySelector(".key").value);
  return {
    sessionId: filled("session-id"),
    sessionToken: filled("session-token"),
    loginName: field("login-name").value || undefined,
    userId: field("user-id").value || undefined,
    password: field("password").value || undefined,
    metadata: entries.map((entry) => ({ key: entry.querySelector(".key").value, value: bytes(entry) })),
    lifetime: filled("lifetime"),
    others: others(),
    ids: filled("ids")?.split(/[\s,]+/),
    ofUser: filled("of-user"),
    limit: filled("limit") && Number(field("limit").value),
    oldest: field("oldest").checked,
  };
}

function asked() {
  const [rpc, protocol, version] = ["rpc", "protocol", "version"].map(chosen);
  const bearer = filled("token") ?? (textsOf(rpc).ownToken && filled("session-token"));
  return { rpc, protocol, version, ...request({ rpc, protocol, version, bearer, form: values() }) };
}

/** What was typed for the calls that aren't chosen: a password for one call is not sent with another. */
const typed = {};
const TYPED = ["login-name", "user-id", "password", "lifetime", "other"];
let shownRpc = chosen("rpc");

function keepTyped(rpc) {
  if (rpc === shownRpc) {
    return;
  }
  typed[shownRpc] = { fields: TYPED.map((id) => field(id).value), entries: [...field("entries").children] };
  const { fields = [], entries = [] } = typed[rpc] ?? {};
  TYPED.forEach((id, at) => {
    field(id).value = fields[at] ?? "";
  });
  field("entries").replaceChildren(...entries);
  shownRpc = rpc;
}

const block = (text) => h("pre", { tabindex: "0" }, text);

const lines = (headers) => Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
const head = (first, headers) => block([first, ...lines(headers)].join("\n"));

/** Whose token a call takes. */
function whose({ ownToken, needsToken }) {
  const own = ownToken && "Empty: the token of the session is sent, which this call takes in any access mode. ";
  const needed = needsToken ? "Needed in any access mode. " : "Not needed under `--access public`. ";
  return prose(`${own || needed}\`cargo dev\` prints one that may do everything.`);
}

/** Offers the versions that a call has, and chooses the newest if it lacks the one that was chosen. */
function offerVersions(rpc) {
  for (const radio of form.elements.version) {
    radio.disabled = !hasVersion(rpc, radio.value);
  }
  if (!hasVersion(rpc, chosen("version"))) {
    form.elements.version.value = "v2";
  }
}

/** Shows what belongs to the call that is chosen, and the request that it would be. */
function showRequest() {
  offerVersions(chosen("rpc"));
  const [rpc, protocol, version] = ["rpc", "protocol", "version"].map(chosen);
  keepTyped(rpc);
  field("copied").hidden = true;
  const parts = partsOf(rpc, version);
  for (const part of ["session", "who", "metadata", "lifetimes", "filters", "others"]) {
    field(part).hidden = !parts.has(part);
  }
  field("users").hidden = !listsByUser(version);
  field("which-others").textContent = `${othersOf(rpc, version).join(", ")}: as a JSON object.`;
  const both = field("user-id").value && field("login-name").value;
  field("both").hidden = !(both && protocol === "grpc-web");
  const texts = textsOf(rpc);
  field("whom").textContent = texts.whom ?? "";
  field("whose").replaceChildren(...whose(texts));
  field("title").textContent = field("send").textContent = texts.act;
  let shownParts;
  try {
    const { method, shown } = asked();
    const { path, headers, body } = shown(field("secrets").checked);
    shownParts = [head(`${method} ${path}`, headers), body && block(body)].filter((part) => part);
  } catch (error) {
    shownParts = [h("p", { class: "problem" }, error.message)];
  }
  field("request").replaceChildren(...shownParts);
}

/** The session that an answer is about, for the next call. */
function fillIn({ sessionId, sessionToken }) {
  for (const [id, value] of [["session-id", sessionId], ["ids", sessionId], ["session-token", sessionToken]]) {
    field(id).value = value || field(id).value;
  }
  showRequest();
}

/**
 * The rows of the errors' table that an error can be: those whose text begins its message, and of these the most specific.
 * Connect has names instead of codes.
 */
async function explained({ code, id }, message) {
  const begin = ({ text }) => text.split("{")[0];
  const rows = (await errors).filter((row) => row.code === code || row.name === code);
  const fitting = rows.filter((row) => row.id === (id ?? null) && message.startsWith(begin(row)));
  const longest = Math.max(...fitting.map((row) => begin(row).length));
  return fitting.filter((row) => begin(row).length === longest);
}

function explanation({ id, code, name, means, remedy }) {
  const title = [`${name.toUpperCase()} (${code})`, id].filter((part) => part).join(" · ");
  return h("div", { class: "problem" }, h("h3", {}, title), h("p", {}, prose(means)), h("p", {}, prose(remedy)));
}

const folded = (title, text) => h("details", {}, h("summary", {}, title), block(text.join("\n")));

async function showAnswer(call, response, bytes) {
  const { raw, trailers, decoded, error } = reading(call, response, bytes);
  const failed = error !== undefined;
  const rows = failed ? await explained(error, decoded?.message ?? "") : [];
  const pretty = decoded && block(JSON.stringify(decoded, null, 2));
  field("answer").replaceChildren(
    ...[
      h("p", {}, h("span", { class: failed ? "bad" : "good" }, failed ? "Refused." : textsOf(call.rpc).done), ` HTTP ${response.status}`),
      ...rows.map(explanation),
      pretty && [h("h3", {}, raw ? "Body, decoded" : "Body"), pretty],
      folded("Headers", lines(Object.fromEntries(response.headers))),
      trailers && folded("Trailers", lines(trailers)),
      raw && (pretty ? folded("Body, as it came", [raw]) : [h("h3", {}, "Body, as it came"), block(raw)]),
    ]
      .flat()
      .filter((part) => part),
  );
  if (!failed) {
    fillIn(decoded ?? {});
  }
}

async function send(event) {
  event.preventDefault();
  const button = field("send");
  button.disabled = true;
  try {
    const call = asked();
    field("answer").replaceChildren(h("p", { class: "hint" }, "Waiting for the answer."));
    const { method, path, headers, body } = call;
    const response = await fetch(path, { method, headers, body, credentials: "omit" });
    await showAnswer(call, response, new Uint8Array(await response.arrayBuffer()));
  } catch (error) {
    const reason = error instanceof TypeError ? "The service can't be reached. Is cargo dev still running?" : error.message;
    field("answer").replaceChildren(h("p", { class: "problem" }, reason));
  } finally {
    button.disabled = false;
    // On a small screen the answer is below the form.
    field("answered").scrollIntoView({ block: "nearest" });
  }
}

/** Copies the request with its secrets; where the browser doesn't allow that, shows it. */
async function copy() {
  const told = field("copied");
  try {
    const command = shellCommand(location.origin, asked());
    const done = await navigator.clipboard?.writeText(command).then(
      () => true,
      () => false,
    );
    told.replaceChildren(done ? "Copied, with its secrets." : block(command));
  } catch (error) {
    told.textContent = error.message;
  }
  told.hidden = false;
}

function addEntry() {
  const entry = document.getElementById("entry").content.cloneNode(true).firstElementChild;
  entry.querySelector(".remove").addEventListener("click", () => {
    entry.remove();
    showRequest();
    field("add").focus();
  });
  field("entries").append(entry);
  entry.querySelector(".key").focus();
}

form.addEventListener("submit", send);
form.addEventListener("input", showRequest);
field("secrets").addEventListener("change", showRequest);
field("copy").addEventListener("click", copy);
field("add").addEventListener("click", () => {
  addEntry();
  showRequest();
});
showRequest();
