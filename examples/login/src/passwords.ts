// New passwords: their fields, the rules that Sesame holds them to, and the right to choose a first one.

import type { Context } from "./context.ts";
import { parseUserId } from "./form.ts";
import { field, type Errors, type Html } from "./html.ts";
import { SesameError } from "./sesame.ts";

const FAULTS: Record<string, string> = {
  "COMMAND-Mf0sd": "Enter a new password",
  "DOMAIN-HuJf6": "This password is too short. Several words make a good one",
  "SESAME-Pcom1": "Many people have this password. Choose another one",
  "SESAME-Pbre1": "This password is known from a breach of another service. Choose another one",
  "SESAME-Pwor1": "This password is made of your own names or other words that are easy to guess",
  "COMMAND-Aesh5": "This is the password that you have already",
};

/** What is wrong with a new password, if that is why Sesame refused a call. */
export function passwordFault(error: unknown): string | undefined {
  return error instanceof SesameError && error.isRefusal ? FAULTS[error.id ?? ""] : undefined;
}

export function newPasswordFields(errors: Errors): Html[] {
  const hint = "At least 8 characters. No capitals, digits or signs are needed: length is what counts";
  return [
    field({ name: "password", label: "New password", type: "password", autocomplete: "new-password", hint }, errors),
    field({ name: "repeated", label: "New password again", type: "password", autocomplete: "new-password" }, errors),
  ];
}

/** A long code, whose tries are not counted, and which is right with a probability of 1 in 2^100. */
const NO_CODE = "2".repeat(20);

/**
 * Whether a new password breaks a rule that needs no user. Sesame judges these before it looks at a code, so that a
 * refused password costs no code: here that of an invitation, which is a call of its own.
 */
export async function judgePassword(context: Context, userId: string, password: string): Promise<string | undefined> {
  try {
    await context.app.sesame.resetPassword(userId, NO_CODE, password);
  } catch (error) {
    if (error instanceof SesameError && error.isRefusal) {
      return passwordFault(error);
    }
    throw error;
  }
  return undefined;
}

const RIGHT = "first-password";
const RIGHT_SECONDS = 15 * 60;

/** Lets this browser choose the first password of a user who has just proved an address. */
export function grantFirstPassword(context: Context, userId: string): void {
  const { app, cookies } = context;
  cookies.set(RIGHT, app.signer.seal(RIGHT, userId, app.now() + RIGHT_SECONDS * 1000), RIGHT_SECONDS);
}

export function revokeFirstPassword(context: Context): void {
  context.cookies.clear(RIGHT);
}

/** The user whose first password this browser may choose. */
export function firstPasswordUser(context: Context): string | undefined {
  const { app, cookies } = context;
  const userId = app.signer.open(RIGHT, cookies.get(RIGHT) ?? "", app.now());
  return userId === undefined ? undefined : parseUserId(userId);
}

/** Gives false if the user has a credential by now: then the right is over, whoever still has the cookie. */
export async function setFirstPassword(context: Context, userId: string, password: string): Promise<boolean> {
  const { sesame } = context.app;
  if (!(await sesame.hasNoCredential(userId))) {
    revokeFirstPassword(context);
    return false;
  }
  await sesame.setFirstPassword(userId, password);
  revokeFirstPassword(context);
  return true;
}
