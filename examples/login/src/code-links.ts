// The link of a code by e-mail. It leads back to the page of the sign-in that it is for, with the code filled in.

import type { Context } from "./context.ts";
import { html } from "./html.ts";
import { redirect, type Reply } from "./reply.ts";
import type { Session } from "./sesame.ts";

const LINK = "link-code";
/** As long as the code is valid. */
const LINK_SECONDS = 5 * 60;

/** Takes the code out of the URL, for a cookie. Mail scanners open links too, so nothing is checked by it. */
export function takeCodeLink(context: Context): Reply | undefined {
  const { query, cookies, session } = context;
  if (!query.has("code") && !query.has("sessionId")) {
    return undefined;
  }
  const [code, sessionId] = [query.get("code") ?? "", query.get("sessionId") ?? ""];
  if (!/^[0-9]{8}$/.test(code) || !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(sessionId)) {
    return redirect("/second-factor/email", "malformed");
  }
  if (session?.id !== sessionId) {
    const text = "You are signing in in another browser, or that sign-in is over. Type the code of the message there, where it is asked for.";
    return context.page("This link is for another browser", html`<p>${text}</p>\n<p><a href="/sign-in">Sign in here</a></p>\n`, { status: 409 });
  }
  cookies.set(LINK, `${code}.${sessionId}`, LINK_SECONDS);
  return redirect("/second-factor/email");
}

/** The code of the link that was opened last, if it is for this session. */
export function linkedCode(context: Context, session: Session): string | undefined {
  const [, code, sessionId] = /^([0-9]{8})\.([0-9a-f-]{36})$/.exec(context.cookies.get(LINK) ?? "") ?? [];
  return sessionId === session.id ? code : undefined;
}

export function forgetCodeLink(context: Context): void {
  context.cookies.clear(LINK);
}
