// Sesame's JSON API, as far as these pages need it: users and sessions. The calls for second factors and for passkeys have
// files of their own.

import { randomUUID } from "node:crypto";

import { Caller, object, optional, text, type Json } from "./call.ts";
import { SesameFactors, provedFactors, type Proof } from "./sesame-factors.ts";
import { SesameKeys } from "./sesame-keys.ts";

export { SesameError } from "./call.ts";

export interface User {
  id: string;
  loginName: string;
  displayName: string;
  email: string;
  isVerified: boolean;
  phone: string;
  isPhoneVerified: boolean;
}

export interface Session {
  id: string;
  token: string;
}

export interface ListedSession {
  id: string;
  createdAt: string;
  description: string;
  ip: string;
}

/** What Sesame is told of the browser. */
export interface Device {
  ip: string;
  description: string;
}

export class Sesame {
  readonly factors: SesameFactors;
  readonly keys: SesameKeys;
  readonly #caller: Caller;

  /** `domain` is the one that passkeys are for. */
  constructor(url: string, token: string, domain: string) {
    this.#caller = new Caller(url, token);
    this.factors = new SesameFactors(this.#caller);
    this.keys = new SesameKeys(this.#caller, domain);
  }

  /** Registers a user without a password, and sends a code to the address. */
  async addUser(givenName: string, familyName: string, email: string, urlTemplate: string): Promise<void> {
    const body = { profile: { givenName, familyName }, email: { email, sendCode: { urlTemplate } } };
    await this.#caller.call({ method: "POST", route: "/v2/users/human", body });
  }

  /** The users who have a text as their login name, and those who have it as their e-mail address. */
  async findUsers(login: string): Promise<{ byName: User[]; byEmail: User[] }> {
    const [byName, byEmail] = await Promise.all([
      this.#listUsers({ loginNameQuery: { loginName: login } }),
      this.#listUsers({ emailQuery: { emailAddress: login } }),
    ]);
    return { byName, byEmail };
  }

  async #listUsers(query: Json): Promise<User[]> {
    const body = { query: { limit: 25 }, queries: [query] };
    const { result } = await this.#caller.call({ method: "POST", route: "/v2/users", body });
    return Array.isArray(result) ? result.map(readUser) : [];
  }

  /** A user's own data. */
  async getUser({ id, token }: { id: string; token: string }): Promise<User> {
    const { user } = await this.#caller.call({ method: "GET", route: "/v2/users/{}", ids: [id], bearer: token });
    return readUser(user);
  }

  /** Whether a user has nothing to log in with. */
  async hasNoCredential(userId: string): Promise<boolean> {
    const answer = await this.#caller.call({ method: "GET", route: "/v2/users/{}/authentication_methods", ids: [userId] });
    const types = answer.authMethodTypes;
    return types === undefined || (Array.isArray(types) && types.length === 0);
  }

  async verifyEmail(userId: string, verificationCode: string): Promise<void> {
    const body = { verificationCode };
    await this.#caller.call({ method: "POST", route: "/v2/users/{}/email/verify", ids: [userId], body });
  }

  async sendEmailCode(userId: string, urlTemplate: string): Promise<void> {
    const body = { sendCode: { urlTemplate } };
    await this.#caller.call({ method: "POST", route: "/v2/users/{}/email/send", ids: [userId], body });
  }

  async sendReset(userId: string, urlTemplate: string): Promise<void> {
    const body = { sendLink: { notificationType: "NOTIFICATION_TYPE_Email", urlTemplate } };
    await this.#caller.call({ method: "POST", route: "/v2/users/{}/password_reset", ids: [userId], body });
  }

  async verifyInvite(userId: string, verificationCode: string): Promise<void> {
    const body = { verificationCode };
    await this.#caller.call({ method: "POST", route: "/v2/users/{}/invite_code/verify", ids: [userId], body });
  }

  /** Gives a password to a user who has none, by the service account's right. */
  async setFirstPassword(userId: string, password: string): Promise<void> {
    const body = { newPassword: { password } };
    await this.#caller.call({ method: "POST", route: "/v2/users/{}/password", ids: [userId], body });
  }

  async resetPassword(userId: string, verificationCode: string, password: string): Promise<void> {
    const body = { newPassword: { password }, verificationCode };
    await this.#caller.call({ method: "POST", route: "/v2/users/{}/password", ids: [userId], body });
  }

  /** Without a current password, Sesame wants fresh proofs in the session. */
  async changePassword(user: { id: string; token: string }, currentPassword: string | undefined, password: string): Promise<void> {
    const body = { newPassword: { password }, ...(currentPassword !== undefined && { currentPassword }) };
    await this.#caller.call({ method: "POST", route: "/v2/users/{}/password", ids: [user.id], body, bearer: user.token });
  }

  async changeEmail(user: { id: string; token: string }, email: string, urlTemplate: string): Promise<void> {
    const body = { email, sendCode: { urlTemplate } };
    await this.#caller.call({ method: "POST", route: "/v2/users/{}/email", ids: [user.id], body, bearer: user.token });
  }

  /** Sends a code by SMS to a number, which replaces the user's number at once. */
  async changePhone(user: { id: string; token: string }, phone: string): Promise<void> {
    const body = { phone, sendCode: {} };
    await this.#caller.call({ method: "POST", route: "/v2/users/{}/phone", ids: [user.id], body, bearer: user.token });
  }

  async verifyPhone(user: { id: string; token: string }, verificationCode: string): Promise<void> {
    const body = { verificationCode };
    await this.#caller.call({ method: "POST", route: "/v2/users/{}/phone/verify", ids: [user.id], body, bearer: user.token });
  }

  /** Checks a password; the user is named by id or by the text that was typed. */
  async createSession(user: { userId: string } | { loginName: string }, password: string, userAgent: Device): Promise<Session> {
    const body = { checks: { user, password: { password } }, userAgent };
    const answer = await this.#caller.call({ method: "POST", route: "/v2/sessions", body });
    return { id: text(answer.sessionId), token: text(answer.sessionToken) };
  }

  /** Checks the password in a session once more. Gives the session with its new token. */
  async renewSession({ id, token }: Session, password: string): Promise<Session> {
    const body = { sessionToken: token, checks: { password: { password } } };
    const answer = await this.#caller.call({ method: "PATCH", route: "/v2/sessions/{}", ids: [id], body });
    return { id, token: text(answer.sessionToken) };
  }

  /**
   * The user of a valid session in which the password or a passkey was checked. Without a password, these pages ask for
   * passkeys alone, so what verified its user is one; and Sesame judges by itself what a session is good for.
   */
  async getSessionUser({ id, token }: Session): Promise<Proof | undefined> {
    const { session } = await this.#caller.call({ method: "GET", route: "/v2/sessions/{}", ids: [id], bearer: token });
    const factors = object(object(session).factors);
    const user = object(factors.user);
    const hasPasskey = object(factors.webAuthN).userVerified === true;
    if (!factors.password && !hasPasskey) {
      return undefined;
    }
    const isFull = hasPasskey || factors.webAuthN !== undefined || provedFactors(factors).length > 0;
    return { id: text(user.id), loginName: text(user.loginName), isFull };
  }

  async listSessions(user: { id: string; token: string }): Promise<ListedSession[]> {
    const body = { query: { limit: 100 }, queries: [{ userIdQuery: { id: user.id } }] };
    const { sessions } = await this.#caller.call({ method: "POST", route: "/v2/sessions/search", body, bearer: user.token });
    return Array.isArray(sessions) ? sessions.map(readSession) : [];
  }

  async deleteSession(id: string, token: string): Promise<void> {
    await this.#caller.call({ method: "DELETE", route: "/v2/sessions/{}", ids: [id], body: {}, bearer: token });
  }
}

/** An id that nobody has, for calls that are made whether or not there is a user. */
export const nobody = (): string => randomUUID();

function readUser(value: unknown): User {
  const user = object(value);
  const human = object(user.human);
  const [email, phone] = [object(human.email), object(human.phone)];
  return {
    id: text(user.userId),
    loginName: text(user.preferredLoginName ?? user.username),
    displayName: optional(object(human.profile).displayName),
    email: optional(email.email),
    isVerified: email.isVerified === true,
    phone: optional(phone.phone),
    isPhoneVerified: phone.isVerified === true,
  };
}

function readSession(value: unknown): ListedSession {
  const session = object(value);
  const device = object(session.userAgent);
  const [description, ip] = [optional(device.description), optional(device.ip)];
  return { id: text(session.id), createdAt: text(session.creationDate), description, ip };
}
