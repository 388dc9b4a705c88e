// What is said when Sesame refuses a password, a code, or a change of one's own factors.

import { EarlyReply, redirectToConfirm, tooMany, wait, type Place } from "./reply.ts";
import { SesameError } from "./sesame.ts";
import type { FactorKind } from "./sesame-factors.ts";

/** The session has less than what the user's factors allow, or than what the deployment demands. */
export const TOO_WEAK = "AUTHZ-Kl3p0";
/** A proof is too old for the change. */
const NOT_FRESH = "SESAME-Fres1";

/** An error on a page, below a field or in front of the form. */
export interface Fault {
  text: string;
  status: number;
  retryAfter?: number;
  /** Whether a field is wrong, and not the whole. */
  isOfField?: boolean;
}

const LOCKED = new Set(["COMMAND-SF3fg", "COMMAND-S6h4R", "COMMAND-2w6oa", "COMMAND-ASV12"]);
const WRONG = new Set(["EVENT-8isk2", "CODE-woT0xc", "DOMAIN-6uvh0"]);
const NOT_SET_UP = new Set(["COMMAND-3Mif9s", "COMMAND-d2r52", "COMMAND-84rgg", "COMMAND-JKLJ3", "COMMAND-BJ2g3"]);

const WRONG_TEXTS: Record<FactorKind, string> = {
  totp: "This code is wrong, or was used already. Enter the one that the app shows now, or wait for the next",
  otpEmail: "This code is wrong, was used already, or belongs to another sign-in. Take the newest message",
  otpSms: "This code is wrong, was used already, or belongs to another sign-in. Take the newest message",
  recoveryCode: "This code is wrong, or was used already. Each works once",
};

/** A session to change is not there, was ended, has expired, or has another token. */
const SESSION_OVER = new Set(["COMMAND-Flk38", "COMMAND-Hewfq", "COMMAND-Hkl3d", "COMMAND-sGr42"]);

export function isSessionOver(error: unknown): boolean {
  return error instanceof SesameError && SESSION_OVER.has(error.id ?? "");
}

const fault = (text: string, status = 422, retryAfter?: number): Fault => ({ text, status, ...(retryAfter && { retryAfter }) });

/** Why a code of a second factor was refused; all else is thrown. */
export function codeFault(error: unknown, kind: FactorKind): Fault {
  if (!(error instanceof SesameError)) {
    throw error;
  }
  const { id = "", retryAfter } = error;
  if (error.status === 429) {
    throw tooMany(retryAfter ?? 60);
  }
  if (WRONG.has(id)) {
    return { ...fault(WRONG_TEXTS[kind]), isOfField: true };
  }
  if (LOCKED.has(id)) {
    // Without a time, only an administrator ends it.
    return retryAfter
      ? fault(`There were too many wrong codes. Every code is refused now. Try again in ${wait(retryAfter)}`, 429, retryAfter)
      : fault("There were too many wrong codes. Every code is refused until an administrator unlocks your account");
  }
  if (id === "CODE-QvUQ4P") {
    return { ...fault("This code is older than five minutes. Have another one sent"), isOfField: true };
  }
  if (id === "COMMAND-S34gh") {
    return fault("There is no code that could be right here. Have one sent");
  }
  if (NOT_SET_UP.has(id)) {
    return fault("This is not set up for your account any more. Use another way");
  }
  if (kind === "recoveryCode" && error.isUnavailable) {
    // The call is not repeated: the code is used up if the first one was carried out.
    return fault("No answer came, so this code may be used up. Try again in a moment, and with another code if it is refused", 503, retryAfter ?? 5);
  }
  throw error;
}

const NOT_ACCEPTED = "That was not accepted: it may be of another account, or removed, or too much time has passed. Try again, or use another way";
const COPIED = "This key seems to have been copied, so it isn't accepted. Use another way, and remove it from your account";

/** Why the answer of a passkey or a security key was refused; all else is thrown. */
export function keyFault(error: unknown): string {
  if (error instanceof SesameError && error.status === 429) {
    throw tooMany(error.retryAfter ?? 60);
  }
  if (!(error instanceof SesameError && error.isRefusal) || isSessionOver(error)) {
    throw error;
  }
  return error.id === "WEBAU-4M90s" ? COPIED : NOT_ACCEPTED;
}

const REGISTRATION_FAULTS: Record<string, string> = {
  "SESAME-Foff1": "This can't be set up here. Choose another way",
  "SESAME-Kmax1": "Your account has as many passkeys and security keys as it may have. Remove one first",
  "WEBAU-5M9so": "Too much time has passed, or something else was begun meanwhile. Try again",
  "WEBAU-3Vb9s": "This device or key was not accepted. It may be known already; try another one",
  "WEBAU-sEr8c": "The answer of your device or key can't be read",
};

/** Why a passkey or a security key was not set up; all else is thrown. */
export function registrationFault(error: unknown): string {
  if (!(error instanceof SesameError)) {
    throw error;
  }
  const text = error.status === 501 ? REGISTRATION_FAULTS["SESAME-Foff1"] : REGISTRATION_FAULTS[error.id ?? ""];
  if (text === undefined) {
    throw error;
  }
  return text;
}

/** Why no code was sent; all else is thrown. */
export function sendFault(error: unknown): Fault {
  if (!(error instanceof SesameError)) {
    throw error;
  }
  const { id = "", retryAfter } = error;
  if (error.status === 429) {
    const then = retryAfter ? `in ${wait(retryAfter)}` : "tomorrow";
    return fault(`Too many codes were sent. Use another way, or try again ${then}`, 429, retryAfter);
  }
  if (NOT_SET_UP.has(id)) {
    return fault("Your account has no verified address or number any more to which codes could go. Use another way");
  }
  if (error.status === 501) {
    return fault("No codes can be sent here. Use another way");
  }
  if (error.status === 503) {
    const then = retryAfter ? `in ${wait(retryAfter)}` : "in a moment";
    return fault(`The message could not be sent. Try again ${then}, or use another way`, 503, retryAfter);
  }
  throw error;
}

/** What is said when one's own current password was refused; all else is thrown. */
export function wrongPassword(error: unknown): string {
  if (error instanceof SesameError && error.status === 429) {
    throw tooMany(error.retryAfter ?? 60);
  }
  if (error instanceof SesameError && error.id === "COMMAND-3M0fs") {
    return "This is not your current password";
  }
  if (error instanceof SesameError && error.id === "COMMAND-JLK35") {
    const then = error.retryAfter ? `in ${wait(error.retryAfter)}` : "later";
    return `There were too many wrong passwords. Try again ${then}`;
  }
  throw error;
}

export function wantsProof(error: unknown): boolean {
  return error instanceof SesameError && error.isUsers && [NOT_FRESH, TOO_WEAK].includes(error.id ?? "");
}

/** Makes a change with the user's own session. If Sesame wants fresh proofs for it, they are asked for first. */
export async function withFreshProof<T>(place: Place, change: () => Promise<T>): Promise<T> {
  try {
    return await change();
  } catch (error) {
    if (wantsProof(error)) {
      throw new EarlyReply(redirectToConfirm(place));
    }
    throw error;
  }
}
