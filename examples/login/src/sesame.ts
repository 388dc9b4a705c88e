// Sesame's JSON API, as far as these pages need it.

import { randomUUID } from "node:crypto";

const TIMEOUT_MS = 15_000;

/** Why a call failed. It has nothing of the request, so that it can be logged. */
export class SesameError extends Error {
  /** The method and the route, without ids. */
  readonly call: string;
  /** The HTTP status; 0 if there was no answer. */
  readonly status: number;
  /** The stable id of the error, such as `COMMAND-3M0fs`. */
  readonly id: string | undefined;
  /** The seconds after which Sesame wants to be asked again. */
  readonly retryAfter: number | undefined;
  /** Whether the token was a user's, and not the service account's. */
  readonly isUsers: boolean;
  /** The kind of fault where there was no answer. */
  readonly reason: string | undefined;

  constructor(call: string, fields: { status: number; id?: unknown; retryAfter?: string | null; isUsers: boolean; reason?: string }) {
    super(`${call}: ${fields.status}`);
    this.call = call;
    this.status = fields.status;
    this.id = typeof fields.id === "string" && /^[\w-]{1,40}$/.test(fields.id) ? fields.id : undefined;
    this.retryAfter = /^\d{1,6}$/.test(fields.retryAfter ?? "") ? Number(fields.retryAfter) : undefined;
    this.isUsers = fields.isUsers;
    this.reason = fields.reason;
  }

  /** Whether the same call may succeed later. Others who change the same user at once are a 409 without an id. */
  get isUnavailable(): boolean {
    return this.status === 0 || this.status >= 500 || (this.status === 409 && this.id === undefined);
  }

  /** Whether Sesame refused what was sent, and not whoever sent it. */
  get isRefusal(): boolean {
    return [400, 404, 409].includes(this.status) && !this.isUnavailable;
  }
}

export interface User {
  id: string;
  loginName: string;
  displayName: string;
  email: string;
  isVerified: boolean;
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

type Json = Record<string, unknown>;
interface Call {
  method: string;
  /** With `{}` in the place of each id. */
  route: string;
  ids?: string[];
  body?: Json;
  /** A user's session token; without one, the service account's token is sent. */
  bearer?: string;
}

export class Sesame {
  readonly #url: string;
  readonly #token: string;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  /** Registers a user without a password, and sends a code to the address. */
  async addUser(givenName: string, familyName: string, email: string, urlTemplate: string): Promise<void> {
    const body = { profile: { givenName, familyName }, email: { email, sendCode: { urlTemplate } } };
    await this.#call({ method: "POST", route: "/v2/users/human", body });
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
    const { result } = await this.#call({ method: "POST", route: "/v2/users", body });
    return Array.isArray(result) ? result.map(readUser) : [];
  }

  /** A user's own data. */
  async getUser({ id, token }: { id: string; token: string }): Promise<User> {
    const { user } = await this.#call({ method: "GET", route: "/v2/users/{}", ids: [id], bearer: token });
    return readUser(user);
  }

  /** Whether a user has nothing to log in with. */
  async hasNoCredential(userId: string): Promise<boolean> {
    const answer = await this.#call({ method: "GET", route: "/v2/users/{}/authentication_methods", ids: [userId] });
    const types = answer.authMethodTypes;
    return types === undefined || (Array.isArray(types) && types.length === 0);
  }

  async verifyEmail(userId: string, verificationCode: string): Promise<void> {
    const body = { verificationCode };
    await this.#call({ method: "POST", route: "/v2/users/{}/email/verify", ids: [userId], body });
  }

  async sendEmailCode(userId: string, urlTemplate: string): Promise<void> {
    const body = { sendCode: { urlTemplate } };
    await this.#call({ method: "POST", route: "/v2/users/{}/email/send", ids: [userId], body });
  }

  async sendReset(userId: string, urlTemplate: string): Promise<void> {
    const body = { sendLink: { notificationType: "NOTIFICATION_TYPE_Email", urlTemplate } };
    await this.#call({ method: "POST", route: "/v2/users/{}/password_reset", ids: [userId], body });
  }

  async verifyInvite(userId: string, verificationCode: string): Promise<void> {
    const body = { verificationCode };
    await this.#call({ method: "POST", route: "/v2/users/{}/invite_code/verify", ids: [userId], body });
  }

  /** Gives a password to a user who has none, by the service account's right. */
  async setFirstPassword(userId: string, password: string): Promise<void> {
    const body = { newPassword: { password } };
    await this.#call({ method: "POST", route: "/v2/users/{}/password", ids: [userId], body });
  }

  async resetPassword(userId: string, verificationCode: string, password: string): Promise<void> {
    const body = { newPassword: { password }, verificationCode };
    await this.#call({ method: "POST", route: "/v2/users/{}/password", ids: [userId], body });
  }

  async changePassword(user: { id: string; token: string }, currentPassword: string, password: string): Promise<void> {
    const body = { newPassword: { password }, currentPassword };
    await this.#call({ method: "POST", route: "/v2/users/{}/password", ids: [user.id], body, bearer: user.token });
  }

  async changeEmail(user: { id: string; token: string }, email: string, urlTemplate: string): Promise<void> {
    const body = { email, sendCode: { urlTemplate } };
    await this.#call({ method: "POST", route: "/v2/users/{}/email", ids: [user.id], body, bearer: user.token });
  }

  /** Checks a password; the user is named by id or by the text that was typed. */
  async createSession(user: { userId: string } | { loginName: string }, password: string, userAgent: Device): Promise<Session> {
    const body = { checks: { user, password: { password } }, userAgent };
    const answer = await this.#call({ method: "POST", route: "/v2/sessions", body });
    return { id: text(answer.sessionId), token: text(answer.sessionToken) };
  }

  /** Checks the password in a session once more. Gives the session with its new token. */
  async renewSession({ id, token }: Session, password: string): Promise<Session> {
    const body = { sessionToken: token, checks: { password: { password } } };
    const answer = await this.#call({ method: "PATCH", route: "/v2/sessions/{}", ids: [id], body });
    return { id, token: text(answer.sessionToken) };
  }

  /** The user of a valid session in which the password was checked. */
  async getSessionUser({ id, token }: Session): Promise<{ id: string; loginName: string } | undefined> {
    const { session } = await this.#call({ method: "GET", route: "/v2/sessions/{}", ids: [id], bearer: token });
    const factors = object(object(session).factors);
    const user = object(factors.user);
    return factors.password ? { id: text(user.id), loginName: text(user.loginName) } : undefined;
  }

  async listSessions(user: { id: string; token: string }): Promise<ListedSession[]> {
    const body = { query: { limit: 100 }, queries: [{ userIdQuery: { id: user.id } }] };
    const { sessions } = await this.#call({ method: "POST", route: "/v2/sessions/search", body, bearer: user.token });
    return Array.isArray(sessions) ? sessions.map(readSession) : [];
  }

  async deleteSession(id: string, token: string): Promise<void> {
    await this.#call({ method: "DELETE", route: "/v2/sessions/{}", ids: [id], body: {}, bearer: token });
  }

  async #call({ method, route, ids = [], body, bearer }: Call): Promise<Json> {
    const [call, isUsers] = [`${method} ${route}`, bearer !== undefined];
    const rest = [...ids];
    const path = route.replace(/\{\}/g, () => encodeURIComponent(rest.shift() ?? ""));
    const headers: Record<string, string> = { authorization: `Bearer ${bearer ?? this.#token}` };
    if (body) {
      headers["content-type"] = "application/json";
    }
    let response: Response;
    let answer: Json;
    try {
      response = await fetch(this.#url + path, {
        method,
        headers,
        body: body ? JSON.stringify(body) : null,
        redirect: "error",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      answer = object(JSON.parse((await response.text()) || "{}"));
    } catch (error) {
      throw new SesameError(call, { status: 0, isUsers, reason: error instanceof Error ? error.name : "error" });
    }
    if (!response.ok) {
      const [detail] = Array.isArray(answer.details) ? answer.details : [];
      const retryAfter = response.headers.get("retry-after");
      throw new SesameError(call, { status: response.status, id: object(detail).id, retryAfter, isUsers });
    }
    return answer;
  }
}

/** An id that nobody has, for calls that are made whether or not there is a user. */
export const nobody = (): string => randomUUID();

function readUser(value: unknown): User {
  const user = object(value);
  const human = object(user.human);
  const email = object(human.email);
  return {
    id: text(user.userId),
    loginName: text(user.preferredLoginName ?? user.username),
    displayName: optional(object(human.profile).displayName),
    email: optional(email.email),
    isVerified: email.isVerified === true,
  };
}

function readSession(value: unknown): ListedSession {
  const session = object(value);
  const device = object(session.userAgent);
  const [description, ip] = [optional(device.description), optional(device.ip)];
  return { id: text(session.id), createdAt: text(session.creationDate), description, ip };
}

function object(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function optional(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A text that every answer has. */
function text(value: unknown): string {
  if (typeof value !== "string" || value === "") {
    throw new TypeError("an answer of Sesame lacks a text");
  }
  return value;
}
