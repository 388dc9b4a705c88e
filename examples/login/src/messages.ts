// Messages that strangers may ask for: whatever is typed, the browser's answer is the same and doesn't wait for them.

import type { App } from "./context.ts";
import { SesameError, type Sesame, type User } from "./sesame.ts";

/** So many users of one address are sent a message by one request. */
const MOST_USERS = 5;

/** The user that a typed text means: by login name, else by an address that leads to nobody else. */
export async function findUser(sesame: Sesame, login: string): Promise<User | undefined> {
  const { byName, byEmail } = await sesame.findUsers(login);
  const verified = byEmail.filter((user) => user.isVerified);
  return [byName, byEmail, verified].find((users) => users.length === 1)?.[0];
}

/** Registers a user. A taken address gets the message of a reset, because its user may have forgotten the account. */
export async function signUp(app: App, names: { givenName: string; familyName: string; email: string }): Promise<void> {
  const { givenName, familyName, email } = names;
  try {
    await app.sesame.addUser(givenName, familyName, email, link(app, "/verify"));
  } catch (error) {
    const isTaken = error instanceof SesameError && ["V3-DKcYh", "SESAME-Eadr1"].includes(error.id ?? "");
    if (!isTaken) {
      throw error;
    }
    await sendResets(app, email);
  }
}

export async function sendResets(app: App, login: string): Promise<void> {
  await forEachUser(app, login, (user) => app.sesame.sendReset(user.id, link(app, "/reset")));
}

export async function sendEmailCodes(app: App, login: string): Promise<void> {
  await forEachUser(app, login, (user) => app.sesame.sendEmailCode(user.id, link(app, "/verify")));
}

async function forEachUser(app: App, login: string, send: (user: User) => Promise<void>): Promise<void> {
  const { byName, byEmail } = await app.sesame.findUsers(login);
  const byId = new Map([...byName, ...byEmail].map((user) => [user.id, user]));
  const users = [...byId.values()].sort((one, other) => Number(other.isVerified) - Number(one.isVerified));
  const sent = await Promise.allSettled(users.slice(0, MOST_USERS).map(send));
  const failed = sent.find((result) => result.status === "rejected");
  if (failed) {
    throw failed.reason;
  }
}

/** The template of a message's link. */
export function link(app: App, path: "/verify" | "/reset" | "/invite"): string {
  return `${app.config.baseUrl}${path}?code={{.Code}}&userId={{.UserID}}`;
}
