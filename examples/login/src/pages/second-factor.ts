// The second factor of a sign-in. Whoever comes here has given the right password, and learns nothing before it.

import { forgetCodeLink, linkedCode, takeCodeLink } from "../code-links.ts";
import type { Context } from "../context.ts";
import { codeFault, type Fault } from "../faults.ts";
import { field, html, type Field, type Html } from "../html.ts";
import { redirect, type Reply } from "../reply.ts";
import {
  FACTOR_PAGES,
  finishSecond,
  isFault,
  requireSecondStep,
  trySendCode,
  type SecondStep,
} from "../second-step.ts";
import type { FactorKind, SentKind } from "../sesame-factors.ts";
import { readSignInState, type SignInState } from "../strength.ts";

const TITLES: Record<FactorKind, string> = {
  totp: "Code of your app",
  otpEmail: "Code by e-mail",
  otpSms: "Code by SMS",
  recoveryCode: "Recovery code",
};

const FIELDS: Record<FactorKind, Field> = {
  totp: codeField("6 digits, which your authenticator app shows for your account"),
  otpEmail: codeField("8 digits, in the message to your verified address"),
  otpSms: codeField("8 digits, in the message to your verified number"),
  recoveryCode: {
    name: "code",
    label: "Recovery code",
    type: "text",
    autocomplete: "off",
    hint: "24 letters and digits in six groups. Capitals, hyphens and spaces make no difference",
    isCode: true,
  },
};

function codeField(hint: string): Field {
  return { name: "code", label: "Code", type: "text", autocomplete: "one-time-code", hint, isDigits: true };
}

/** Goes on after a sign-in's password was right. */
export async function continueSignIn(context: Context): Promise<Reply> {
  const account = await context.requireProof();
  const state = await readSignInState(context.app, account);
  if (state.missing === "set-up") {
    return redirect("/set-up");
  }
  return state.missing === "second" ? beginSecond(context, { account, state }) : redirect("/");
}

/** Goes on with the only factor that there is, or with a choice. */
export async function beginSecond(context: Context, step: SecondStep): Promise<Reply> {
  const [kind, ...others] = step.state.kinds;
  if (kind === undefined || others.length > 0 || step.state.hasKey) {
    return redirect(kind === undefined && step.state.hasKey ? FACTOR_PAGES.key : "/second-factor");
  }
  return kind === "totp" ? redirect(FACTOR_PAGES.totp) : send(context, step, kind);
}

/** Leads to the page of the only way that there is, or has one chosen. */
export async function getSecondFactor(context: Context): Promise<Reply> {
  const step = await requireSecondStep(context);
  const { kinds, hasKey, hasRecoveryCodes } = step.state;
  const [only, ...others] = hasKey ? ["key" as const, ...kinds] : kinds;
  if (only !== undefined && others.length === 0) {
    return redirect(FACTOR_PAGES[only]);
  }
  return only === undefined && hasRecoveryCodes ? redirect(FACTOR_PAGES.recoveryCode) : showChoice(context, step);
}

function showChoice(context: Context, { state }: SecondStep, fault?: Fault): Reply {
  const { kinds, hasKey } = state;
  const ways = [
    hasKey && html`<p><a class="button" href="${FACTOR_PAGES.key}">Use a security key or a passkey</a></p>\n`,
    kinds.includes("totp") && html`<p><a class="button" href="${FACTOR_PAGES.totp}">Enter the code of your authenticator app</a></p>\n`,
    kinds.includes("otpEmail") && context.form("/second-factor/email/send", "Send a code by e-mail", []),
    kinds.includes("otpSms") && context.form("/second-factor/sms/send", "Send a code by SMS", []),
  ];
  const text = kinds.length > 0 || hasKey ? "Your account needs a second proof that it is you." : "Your account needs a second factor that can't be used on these pages.";
  const content = html`<p>${text}</p>
<div class="choice">
${ways}</div>
${wayOut(context, state)}`;
  return show(context, "How do you want to go on?", content, { fault });
}

/** Is always there, so that nobody is lost without the phone or the mailbox. */
export function wayOut(context: Context, { hasRecoveryCodes, missing }: SignInState, isRecovery = false): Html {
  const recovery = html`<p><a href="${FACTOR_PAGES.recoveryCode}">Use a recovery code</a></p>\n`;
  const none = html`<p>If you have lost what this needs, an administrator can help you. A new password can't.</p>\n`;
  // Whoever is signed in already only leaves what wanted a fresh proof.
  const cancel = missing ? context.form("/sign-out", "Cancel and sign out", []) : html`<p><a href="/">Leave it</a></p>\n`;
  return html`<div class="way-out">
<h2>That is not possible?</h2>
${hasRecoveryCodes && !isRecovery ? recovery : none}${cancel}</div>
`;
}

const getPage = (kind: FactorKind) => async (context: Context) => {
  const step = await requireSecondStep(context);
  return has(step, kind) ? showPage(context, step, kind) : redirect("/second-factor");
};

function has({ state }: SecondStep, kind: FactorKind): boolean {
  return kind === "recoveryCode" ? state.hasRecoveryCodes : state.kinds.includes(kind);
}

function showPage(context: Context, { account, state }: SecondStep, kind: FactorKind, fault?: Fault): Reply {
  const value = kind === "otpEmail" && !fault ? linkedCode(context, account.session) : undefined;
  const isAnotherThere = state.hasKey || state.kinds.some((other) => other !== kind);
  const content = html`${kind === "recoveryCode" && RECOVERY_TEXT}${context.form(FACTOR_PAGES[kind], "Go on", field({ ...FIELDS[kind], ...(value !== undefined && { value }) }, context.fields.errors))}
${(kind === "otpEmail" || kind === "otpSms") && sendAgain(context, kind)}${isAnotherThere && html`<p><a href="/second-factor">Go on in another way</a></p>\n`}
${wayOut(context, state, kind === "recoveryCode")}`;
  return show(context, TITLES[kind], content, { fault });
}

const RECOVERY_TEXT = html`<p>Each code works once. You are told by e-mail that one was used.</p>\n`;

function sendAgain(context: Context, kind: SentKind): Html {
  return html`<h2>No message?</h2>
<p>A code is sent at most once a minute, and is valid for five minutes.</p>
${context.form(`${FACTOR_PAGES[kind]}/send`, "Send a code", [])}`;
}

export function show(context: Context, title: string, content: Html, { fault, usesPasskeys }: { fault?: Fault | undefined; usesPasskeys?: boolean }): Reply {
  const { errors } = context.fields;
  const { status = errors.size > 0 ? 422 : 200, retryAfter } = fault ?? {};
  return context.page(title, content, { status, errors, ...(usesPasskeys && { usesPasskeys }), ...(retryAfter && { retryAfter }) });
}

const postPage = (kind: FactorKind) => async (context: Context) => {
  const { fields, app } = context;
  const step = await requireSecondStep(context);
  const code = fields.factorCode("code", kind);
  if (fields.errors.size > 0) {
    return showPage(context, step, kind);
  }
  // The code of a link is tried once: whatever comes of it, the next one is typed.
  forgetCodeLink(context);
  try {
    return finishSecond(context, await app.sesame.factors.check(step.account.session, kind, code));
  } catch (error) {
    const fault = codeFault(error, kind);
    fields.errors.set(fault.isOfField ? "code" : "", fault.text);
    return showPage(context, step, kind, fault);
  }
};

const postSend = (kind: SentKind) => async (context: Context) => {
  forgetCodeLink(context);
  return send(context, await requireSecondStep(context), kind);
};

async function send(context: Context, step: SecondStep, kind: SentKind): Promise<Reply> {
  const sent = await trySendCode(context, step.account.session, kind);
  if (!isFault(sent)) {
    return sent;
  }
  context.fields.errors.set("", sent.text);
  return has(step, kind) ? showPage(context, step, kind, sent) : showChoice(context, step, sent);
}

export const getApp = getPage("totp");
export const postApp = postPage("totp");
export const getSms = getPage("otpSms");
export const postSms = postPage("otpSms");
export const postSmsSend = postSend("otpSms");
export const postEmail = postPage("otpEmail");
export const postEmailSend = postSend("otpEmail");
export const getRecovery = getPage("recoveryCode");
export const postRecovery = postPage("recoveryCode");

const getEmailPage = getPage("otpEmail");

/** Opening the message's link changes nothing: it fills the code in, in the browser that it is for. */
export async function getEmail(context: Context): Promise<Reply> {
  return takeCodeLink(context) ?? getEmailPage(context);
}
