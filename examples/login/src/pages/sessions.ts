// A user's sessions, and their ends.

import type { Account, Context } from "../context.ts";
import { html, type Html } from "../html.ts";
import { redirect, type Reply } from "../reply.ts";
import { SesameError, type ListedSession } from "../sesame.ts";

/** A list has up to 100 sessions, and Sesame has up to 1000 of a user in a list. */
const ROUNDS = 10;
const AT_ONCE = 10;

export async function getSessions(context: Context): Promise<Reply> {
  const account = await context.requireAccount();
  const sessions = await context.app.sesame.listSessions(account);
  const items = sessions.map((session) => showSession(context, account, session));
  const content = html`<ul class="sessions">
${items}</ul>
${context.form("/sessions/end-all", "End all sessions", [])}
<p>This one ends too, so you sign in again after that.</p>
`;
  return context.page("Your sessions", content, { isSignedIn: true });
}

function showSession(context: Context, account: Account, { id, createdAt, description, ip }: ListedSession): Html {
  const device = description || "Unknown device";
  const since = `${createdAt.slice(0, 10)} ${createdAt.slice(11, 16)}`;
  const place = ip && ` from ${ip}`;
  const label = `End the session of ${since} UTC: ${device}`;
  const button = context.form("/sessions/end", "End", html`<input type="hidden" name="id" value="${id}">\n`, { label });
  const isThis = id === account.session.id;
  return html`<li>
<p><strong>${device}</strong>${isThis && " (this session)"}<br>
since <time datetime="${createdAt}">${since} UTC</time>${place}</p>
${button}</li>
`;
}

export async function postEndSession(context: Context): Promise<Reply> {
  const account = await context.requireAccount();
  const id = context.fields.sessionId("id");
  await end(context, account, id);
  if (id === account.session.id) {
    context.session = undefined;
    return redirect("/sign-in", "signed-out");
  }
  return redirect("/sessions", "ended");
}

export async function postEndAllSessions(context: Context): Promise<Reply> {
  const account = await context.requireAccount();
  const { sesame } = context.app;
  for (let round = 0; round < ROUNDS; round += 1) {
    const others = (await sesame.listSessions(account)).filter(({ id }) => id !== account.session.id);
    if (others.length === 0) {
      break;
    }
    for (let start = 0; start < others.length; start += AT_ONCE) {
      await Promise.all(others.slice(start, start + AT_ONCE).map(({ id }) => end(context, account, id)));
    }
  }
  // This one is last, because its token ends the others.
  await end(context, account, account.session.id);
  context.session = undefined;
  return redirect("/sign-in", "signed-out");
}

/** An id that is no session of the user is one that has ended, for all that he may know. */
async function end(context: Context, account: Account, id: string): Promise<void> {
  try {
    await context.app.sesame.deleteSession(id, account.token);
  } catch (error) {
    if (!(error instanceof SesameError && [403, 404].includes(error.status))) {
      throw error;
    }
  }
}
