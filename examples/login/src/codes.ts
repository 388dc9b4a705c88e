// Codes of messages. A link's code leaves the address bar at once, for a cookie, and is used by a button alone.

import type { Account, Context } from "./context.ts";
import { parseCode, parseUserId } from "./form.ts";
import type { Field } from "./html.ts";
import { findUser } from "./messages.ts";
import { nextStep } from "./pace.ts";
import { redirect, tooMany, type Reply } from "./reply.ts";
import { SesameError, nobody } from "./sesame.ts";

export type Purpose = "verify" | "reset" | "invite";

export interface PresentedCode {
  userId: string;
  code: string;
  isFromLink: boolean;
}

const LINK_SECONDS = 15 * 60;

export const WRONG_CODE = "This code is wrong, used or too old";
export const LOST_LINK = "Open the link of the message again, or type its code";

export const CODE_FIELD: Field = {
  name: "code",
  label: "Code",
  type: "text",
  autocomplete: "one-time-code",
  hint: "8 letters and digits, in the message that was sent to you",
  isCode: true,
};

/** Takes the code out of the URL of a link. Opening a link changes nothing: mail scanners open links too. */
export function takeLink(context: Context, purpose: Purpose): Reply | undefined {
  const { query, cookies } = context;
  if (!query.has("code") && !query.has("userId")) {
    return undefined;
  }
  const code = parseCode(query.get("code") ?? "");
  const userId = parseUserId(query.get("userId") ?? "");
  if (code === undefined || userId === undefined) {
    return redirect(`/${purpose}`, "malformed");
  }
  cookies.set(cookieName(purpose), `${code}.${userId}`, LINK_SECONDS);
  return redirect(`/${purpose}`);
}

/** The code of the link that this browser opened last. */
export function linkCode(context: Context, purpose: Purpose): PresentedCode | undefined {
  const [, first = "", second = ""] = /^([^.]*)\.(.*)$/.exec(context.cookies.get(cookieName(purpose)) ?? "") ?? [];
  const [code, userId] = [parseCode(first), parseUserId(second)];
  return code === undefined || userId === undefined ? undefined : { code, userId, isFromLink: true };
}

export function forgetLink(context: Context, purpose: Purpose): void {
  context.cookies.clear(cookieName(purpose));
}

const cookieName = (purpose: Purpose) => `link-${purpose}`;

/**
 * The code that a form presents: a typed one, if the form has the field, else that of the link. A typed name that
 * nobody has is tried all the same, with an id that nobody has, so that both are one answer.
 */
export async function presentedCode(context: Context, purpose: Purpose, account?: Account): Promise<PresentedCode | undefined> {
  const { fields, app } = context;
  if (!fields.has("code")) {
    const code = linkCode(context, purpose);
    if (!code) {
      fields.errors.set("", LOST_LINK);
    }
    return code;
  }
  const login = account ? "" : fields.line("login", "Enter your user name or e-mail address");
  const code = fields.code("code");
  if (fields.errors.size > 0) {
    return undefined;
  }
  const userId = account ? account.id : ((await findUser(app.sesame, login))?.id ?? nobody());
  return { userId, code, isFromLink: false };
}

/**
 * Uses a code. Whatever is wrong with it or with its user is one answer, after the same time.
 *
 * Gives false if the code was refused, and throws what the `use` throws otherwise.
 */
export async function useCode(context: Context, purpose: Purpose, since: number, use: () => Promise<void>): Promise<boolean> {
  try {
    await use();
    return true;
  } catch (error) {
    if (error instanceof SesameError && error.status === 429) {
      throw tooMany(error.retryAfter ?? 60);
    }
    if (!(error instanceof SesameError && error.isRefusal)) {
      throw error;
    }
    forgetLink(context, purpose);
    context.fields.errors.set(context.fields.has("code") ? "code" : "", WRONG_CODE);
    await nextStep(since, context.app.stepMs);
    return false;
  }
}
