// The way through a second factor: at a sign-in, and where a page wants fresh proofs.

import type { Account, Context } from "./context.ts";
import { sendFault, type Fault } from "./faults.ts";
import { EarlyReply, parsePlace, redirect, redirectToPlace, type Path, type Place, type Reply } from "./reply.ts";
import type { Session } from "./sesame.ts";
import type { FactorKind, SentKind } from "./sesame-factors.ts";
import { readSignInState, type SignInState } from "./strength.ts";

const RETURN = "return-to";
const RETURN_SECONDS = 15 * 60;

export const FACTOR_PAGES = {
  key: "/second-factor/key",
  totp: "/second-factor/app",
  otpEmail: "/second-factor/email",
  otpSms: "/second-factor/sms",
  recoveryCode: "/second-factor/recovery",
} as const satisfies Record<FactorKind | "key", Path>;

export interface SecondStep {
  account: Account;
  state: SignInState;
}

/** Whose second factor is wanted. Others are led to where they belong. */
export async function requireSecondStep(context: Context): Promise<SecondStep> {
  const account = await context.requireProof();
  const state = await readSignInState(context.app, account);
  const isWanted = state.missing === "second" || returnPlace(context) !== undefined;
  if (!isWanted) {
    throw new EarlyReply(redirect(state.missing === "set-up" ? "/set-up" : "/"));
  }
  return { account, state };
}

/**
 * Sends a code to the user's verified address or number, and leads to the page that takes it. Sesame limits these
 * messages for each session and user, and only whoever knows the password comes here; so the limit by the client's
 * address, which a whole office may share, doesn't count them.
 */
export async function sendCode(context: Context, session: Session, kind: SentKind): Promise<Reply> {
  const { sesame, config } = context.app;
  const page = FACTOR_PAGES[kind];
  const template = `${config.baseUrl}${page}?code={{.Code}}&sessionId={{.SessionID}}`;
  context.session = kind === "otpEmail" ? await sesame.factors.sendByEmail(session, template) : await sesame.factors.sendBySms(session);
  return redirect(page, "code");
}

/** As `sendCode`, with a fault in the place of what can be explained. */
export async function trySendCode(context: Context, session: Session, kind: SentKind): Promise<Reply | Fault> {
  try {
    return await sendCode(context, session, kind);
  } catch (error) {
    return sendFault(error);
  }
}

export function isFault(result: Reply | Fault): result is Fault {
  return "text" in result;
}

/** Has the second factor lead to a place. */
export function returnTo(context: Context, place: Place): void {
  context.cookies.set(RETURN, place, RETURN_SECONDS);
}

function returnPlace(context: Context): Place | undefined {
  return parsePlace(context.cookies.get(RETURN) ?? "");
}

/** Ends the step: the session has its new token, and the browser goes to where it was wanted. */
export function finishSecond(context: Context, session: Session): Reply {
  context.session = session;
  const place = returnPlace(context);
  context.cookies.clear(RETURN);
  return place === undefined ? redirect("/") : redirectToPlace(place);
}

/** Forgets where to go, as a new sign-in does. */
export function forgetReturn(context: Context): void {
  context.cookies.clear(RETURN);
}

