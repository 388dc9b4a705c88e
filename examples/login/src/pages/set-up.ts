// Setting up a second factor: what is demanded before a sign-in is finished, the app, and codes that are sent.

import type { Account, Context } from "../context.ts";
import { ABOUT, ABOUT_KEYS, KEY_NAMES, KEY_PAGES, LOSS, NAMES, RISKS, SET_UP_PAGES } from "../factor-texts.ts";
import { withFreshProof } from "../faults.ts";
import { html, type Html } from "../html.ts";
import { EarlyReply, redirect, type Path, type Reply } from "../reply.ts";
import { FACTOR_PAGES, isFault, returnTo, trySendCode } from "../second-step.ts";
import { SesameError, type User } from "../sesame.ts";
import type { Kind, SentKind } from "../sesame-factors.ts";
import { readSignInState, type SignInState } from "../strength.ts";

export interface SetUp {
  account: Account;
  state: SignInState;
  /** Whether the sign-in isn't finished without it. */
  isDemanded: boolean;
}

/** Who may set up a factor: who is signed in, or has to set up the first one. */
export async function requireSetUp(context: Context, kind?: Kind): Promise<SetUp> {
  const account = await context.requireProof();
  const state = await readSignInState(context.app, account);
  const isDemanded = state.missing === "set-up";
  if (state.missing === "second") {
    throw new EarlyReply(redirect("/second-factor"));
  }
  if (kind !== undefined && state.kinds.includes(kind)) {
    throw new EarlyReply(redirect(isDemanded ? "/set-up" : "/security"));
  }
  return { account, state, isDemanded };
}

/** What a deployment asks for that requires a second factor of everybody. */
export async function getSetUp(context: Context): Promise<Reply> {
  const { isDemanded } = await requireSetUp(context);
  if (!isDemanded) {
    return redirect("/");
  }
  const { offered, offeredKeys } = await context.app.settings.get();
  const item = (page: Path, text: string, about: string) => html`<li>
<p><a href="${page}">${text}</a><br>
${about}</p>
</li>
`;
  const items = [
    ...offeredKeys.map((kind) => item(KEY_PAGES[kind], `Add a ${KEY_NAMES[kind].toLowerCase()}`, ABOUT_KEYS[kind])),
    ...offered.map((kind) => item(SET_UP_PAGES[kind], `Set up: ${NAMES[kind]}`, ABOUT[kind])),
  ];
  const content = html`<p>Your password is right. It isn't enough here: a second factor beside it, or a passkey, is needed, and you have none. Set one up to go on.</p>
${items.length > 0 ? html`<ul class="items">\n${items}</ul>\n` : html`<p>There is none that could be set up here. Ask an administrator.</p>\n`}
${context.form("/sign-out", "Cancel and sign out", [])}`;
  return context.page("Set up a second factor", content);
}

/** Goes on after a factor was set up. A sign-in needs it from then on, so it is proved in this session first. */
export async function finishSetUp(context: Context, { account }: SetUp, kind: Kind): Promise<Reply> {
  if (account.isFull) {
    return redirect("/security", "set-up");
  }
  returnTo(context, "security");
  if (kind !== "totp") {
    const sent = await trySendCode(context, account.session, kind);
    return isFault(sent) ? redirect("/second-factor") : sent;
  }
  return redirect(FACTOR_PAGES.totp, "added");
}

const SWITCHED_OFF = "SESAME-Foff1";
const NOT_VERIFIED = new Set(["COMMAND-KLJ2d", "COMMAND-MKL2s"]);

/** Why a factor was not set up; all else is thrown. A factor that is there already is as good. */
export function setUpFault(error: unknown): string | undefined {
  if (!(error instanceof SesameError)) {
    throw error;
  }
  if (error.status === 409 && error.id !== undefined) {
    return undefined;
  }
  if (error.id === SWITCHED_OFF || error.status === 501) {
    return "This can't be set up here. Choose another factor";
  }
  if (NOT_VERIFIED.has(error.id ?? "")) {
    return "There is no verified address or number to which codes could go. Verify it first";
  }
  throw error;
}

/** Sets up codes that are sent, and leads to the first of them. */
export async function addCodes(context: Context, setUp: SetUp, kind: SentKind): Promise<Reply | undefined> {
  const { account } = setUp;
  try {
    const place = kind === "otpEmail" ? "email-codes" : "sms-codes";
    await withFreshProof(place, () => context.app.sesame.factors.addCodes(account, kind));
  } catch (error) {
    const fault = setUpFault(error);
    if (fault !== undefined) {
      context.fields.errors.set("", fault);
      return undefined;
    }
  }
  return finishSetUp(context, setUp, kind);
}

export async function getEmailCodes(context: Context): Promise<Reply> {
  return showEmailCodes(context, await requireSetUp(context, "otpEmail"));
}

async function showEmailCodes(context: Context, setUp: SetUp): Promise<Reply> {
  const user = await context.app.sesame.getUser(setUp.account);
  const ready = html`<p>Codes go to ${user.email}.</p>
${context.form("/security/email", "Set up codes by e-mail", [])}`;
  const missing = html`<p>Your address is not verified. <a href="/verify">Verify it first</a>.</p>\n`;
  return showSetUp(context, setUp, "otpEmail", isEmailReady(user) ? ready : missing);
}

const isEmailReady = ({ email, isVerified }: User): boolean => email !== "" && isVerified;

export function showSetUp(context: Context, { isDemanded }: SetUp, kind: Kind, content: Html): Reply {
  const { errors } = context.fields;
  const back = isDemanded ? html`<a href="/set-up">Choose another factor</a>` : html`<a href="/security">Leave it</a>`;
  const all = html`<p>${ABOUT[kind]}</p>
${RISKS[kind]}${LOSS}${content}<p>${back}</p>
`;
  return context.page(`Set up: ${NAMES[kind]}`, all, { status: errors.size > 0 ? 422 : 200, errors, isSignedIn: !isDemanded });
}

export async function postEmailCodes(context: Context): Promise<Reply> {
  const setUp = await requireSetUp(context, "otpEmail");
  return (await addCodes(context, setUp, "otpEmail")) ?? showEmailCodes(context, setUp);
}
