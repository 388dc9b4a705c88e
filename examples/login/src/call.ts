// A call of Sesame's JSON API, and what comes of it.

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

export type Json = Record<string, unknown>;

export interface Call {
  method: string;
  /** With `{}` in the place of each id. */
  route: string;
  ids?: string[];
  body?: Json;
  /** A user's session token; without one, the service account's token is sent. */
  bearer?: string;
}

/** Makes calls, as a service account or as a user. */
export class Caller {
  readonly #url: string;
  readonly #token: string;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  async call({ method, route, ids = [], body, bearer }: Call): Promise<Json> {
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

export function object(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

export function optional(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A text that every answer has. */
export function text(value: unknown): string {
  if (typeof value !== "string" || value === "") {
    throw new TypeError("an answer of Sesame lacks a text");
  }
  return value;
}
