// Setting up an authenticator app: its secret is shown once, as a QR code and as text, and a code of the app proves it.

import type { Context } from "../context.ts";
import { NAMES } from "../factor-texts.ts";
import { withFreshProof } from "../faults.ts";
import { field, html } from "../html.ts";
import { qrCode } from "../qr.ts";
import { HttpError, type Reply } from "../reply.ts";
import { equal } from "../secrets.ts";
import { SesameError } from "../sesame.ts";
import { finishSetUp, requireSetUp, setUpFault, showSetUp, type SetUp } from "./set-up.ts";

/** The secret's address for apps, and the secret itself. */
interface Registration {
  uri: string;
  secret: string;
}

export async function getAppSetUp(context: Context): Promise<Reply> {
  return showBegin(context, await requireSetUp(context, "totp"));
}

/** The secret comes by a button, and not when the page is loaded, because each one replaces the one before. */
function showBegin(context: Context, setUp: SetUp): Reply {
  return showSetUp(context, setUp, "totp", context.form("/security/app", "Show the QR code", []));
}

export async function postAppSetUp(context: Context): Promise<Reply> {
  const setUp = await requireSetUp(context, "totp");
  try {
    const registration = await withFreshProof("app", () => context.app.sesame.factors.registerTotp(setUp.account));
    return showSecret(context, setUp, registration);
  } catch (error) {
    const fault = setUpFault(error);
    if (fault === undefined) {
      return finishSetUp(context, setUp, "totp");
    }
    context.fields.errors.set("", fault);
    return showBegin(context, setUp);
  }
}

function showSecret(context: Context, setUp: SetUp, { uri, secret }: Registration): Reply {
  const { errors } = context.fields;
  const groups = secret.match(/.{1,4}/g)?.join(" ") ?? "";
  const hint = "6 digits, which the app shows once it has the secret";
  const code = { name: "code", label: "Code of the app", type: "text", autocomplete: "one-time-code", hint, isDigits: true } as const;
  const carried = html`<input type="hidden" name="uri" value="${uri}">
<input type="hidden" name="secret" value="${secret}">
<input type="hidden" name="mark" value="${mark(context, setUp, { uri, secret })}">
`;
  const content = html`<h2>1. Give the app the secret</h2>
<p>Scan the code with your authenticator app.</p>
${qrCode(uri, "QR code with the secret for your authenticator app")}
<p>Or type the secret into it, as one that goes by time and has 6 digits:</p>
<p><code class="secret">${groups}</code></p>
<p>The app is on this device? <a href="${uri}">Open it with the secret</a></p>
<p>Show it to nobody: whoever has it has your codes.</p>
<h2>2. Enter the code that the app shows</h2>
${context.form("/security/app/verify", "Set up the app", [carried, field(code, errors)])}`;
  const isSignedIn = !setUp.isDemanded;
  return context.page(`Set up: ${NAMES.totp}`, content, { status: errors.size > 0 ? 422 : 200, errors, isSignedIn });
}

/** Says that a secret which a form carries is the one that was made in this session. */
function mark(context: Context, { account }: SetUp, { uri, secret }: Registration): string {
  return context.app.signer.mac("app", account.session.id, uri, secret);
}

export async function postAppVerify(context: Context): Promise<Reply> {
  const { fields, app } = context;
  const setUp = await requireSetUp(context, "totp");
  const registration = { uri: fields.carried("uri"), secret: fields.carried("secret") };
  if (!equal(fields.carried("mark"), mark(context, setUp, registration))) {
    throw new HttpError(400, "The form can't be read.");
  }
  const code = fields.factorCode("code", "totp");
  if (fields.errors.size > 0) {
    return showSecret(context, setUp, registration);
  }
  try {
    await withFreshProof("app", () => app.sesame.factors.verifyTotp(setUp.account, code));
  } catch (error) {
    return showFault(context, setUp, registration, error);
  }
  return finishSetUp(context, setUp, "totp");
}

function showFault(context: Context, setUp: SetUp, registration: Registration, error: unknown): Reply {
  const { errors } = context.fields;
  const id = error instanceof SesameError ? error.id : undefined;
  if (id === "EVENT-8isk2") {
    errors.set("code", "This is not the code of this secret and of now. Look at the app again, and at your device's time");
    return showSecret(context, setUp, registration);
  }
  if (id === "COMMAND-3Mif9s") {
    errors.set("", "This secret is no longer waiting: it was made more than ten minutes ago, was tried too often, or was replaced. Begin again, and delete it from the app");
    return showBegin(context, setUp);
  }
  throw error;
}
