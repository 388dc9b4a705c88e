// Sesame's JSON API for passkeys and security keys. What registers or removes one is called with the user's own session;
// the service account does it alone for a user without any method, by the code of a registration link.

import { object, optional, text, type Caller, type Json } from "./call.ts";
import type { Credential } from "./credential.ts";
import type { Device, Session } from "./sesame.ts";
import type { Self } from "./sesame-factors.ts";

/** A passkey verifies its user, and stands in for a password; a security key stands beside one. */
export const KEY_KINDS = ["passkey", "securityKey"] as const;

export type KeyKind = (typeof KEY_KINDS)[number];

/** What is asked of whoever answers a challenge: a passkey, or any credential of the user. */
export type Wanted = "passkey" | "any";

/** What a browser needs for `navigator.credentials`, as Sesame gives it. */
export interface Asked {
  publicKey: Json;
}

export interface Challenge extends Asked {
  session: Session;
}

export interface Registration extends Asked {
  id: string;
}

export interface ListedKey {
  kind: KeyKind;
  id: string;
  name: string;
}

/** Long enough for two challenges; after that, nothing is left of a page that was opened. */
const SIGN_IN_LIFETIME = "600s";

const LEVELS: Record<Wanted, string> = {
  passkey: "USER_VERIFICATION_REQUIREMENT_REQUIRED",
  any: "USER_VERIFICATION_REQUIREMENT_DISCOURAGED",
};

const ROUTES: Record<KeyKind, string> = { passkey: "/v2/users/{}/passkeys", securityKey: "/v2/users/{}/u2f" };

export class SesameKeys {
  readonly #caller: Caller;
  /** The domain that credentials are for. */
  readonly #domain: string;

  constructor(caller: Caller, domain: string) {
    this.#caller = caller;
    this.#domain = domain;
  }

  /** Opens a session that lives for as long as a page needs it, with a challenge for the user, or for whoever answers it. */
  async beginSignIn(userAgent: Device, userId?: string): Promise<Challenge> {
    const checks = userId === undefined ? {} : { checks: { user: { userId } } };
    const body = { ...checks, ...this.#challenges("passkey"), lifetime: SIGN_IN_LIFETIME, userAgent };
    const answer = await this.#caller.call({ method: "POST", route: "/v2/sessions", body });
    return { session: { id: text(answer.sessionId), token: text(answer.sessionToken) }, publicKey: readChallenge(answer) };
  }

  /** Adds a challenge to the session of a user. */
  async challenge({ id, token }: Session, wanted: Wanted): Promise<Challenge> {
    const body = { sessionToken: token, ...this.#challenges(wanted) };
    const answer = await this.#caller.call({ method: "PATCH", route: "/v2/sessions/{}", ids: [id], body });
    return { session: { id, token: text(answer.sessionToken) }, publicKey: readChallenge(answer) };
  }

  #challenges(wanted: Wanted): Json {
    return { challenges: { webAuthN: { domain: this.#domain, userVerificationRequirement: LEVELS[wanted] } } };
  }

  /** Checks the answer to a challenge, once. Gives the session with its new token, and with a lifetime if one is named. */
  async check({ id, token }: Session, credential: Credential, lifetime?: string): Promise<Session> {
    const checks = { webAuthN: { credentialAssertionData: credential } };
    const body = { sessionToken: token, checks, ...(lifetime !== undefined && { lifetime }) };
    const answer = await this.#caller.call({ method: "PATCH", route: "/v2/sessions/{}", ids: [id], body });
    return { id, token: text(answer.sessionToken) };
  }

  async register({ id, token }: Self, kind: KeyKind): Promise<Registration> {
    const body = { domain: this.#domain };
    return readRegistration(await this.#caller.call({ method: "POST", route: ROUTES[kind], ids: [id], body, bearer: token }), kind);
  }

  async verify({ id, token }: Self, kind: KeyKind, registrationId: string, credential: Credential, name: string): Promise<void> {
    const names = kind === "passkey" ? { passkeyName: name } : { tokenName: name };
    const body = { publicKeyCredential: credential, ...names };
    await this.#caller.call({ method: "POST", route: `${ROUTES[kind]}/{}`, ids: [id, registrationId], body, bearer: token });
  }

  /** Begins to register the first credential of a user, by a code that the service account makes and uses. */
  async registerFirst(userId: string): Promise<Registration> {
    const link = { method: "POST", route: `${ROUTES.passkey}/registration_link`, ids: [userId], body: { returnCode: {} } };
    const code = object((await this.#caller.call(link)).code);
    const body = { domain: this.#domain, code: { id: text(code.id), code: text(code.code) } };
    return readRegistration(await this.#caller.call({ method: "POST", route: ROUTES.passkey, ids: [userId], body }), "passkey");
  }

  /** The registration's id, which only the code gave, is the right to it. */
  async verifyFirst(userId: string, registrationId: string, credential: Credential, passkeyName: string): Promise<void> {
    const body = { publicKeyCredential: credential, passkeyName };
    await this.#caller.call({ method: "POST", route: `${ROUTES.passkey}/{}`, ids: [userId, registrationId], body });
  }

  async list({ id, token }: Self): Promise<ListedKey[]> {
    const call = (route: string, body: Json) => this.#caller.call({ method: "POST", route, ids: [id], body, bearer: token });
    const [passkeys, factors] = await Promise.all([
      call("/v2/users/{}/passkeys/_search", {}),
      call("/v2/users/{}/authentication_factors/_search", { authFactors: ["U2F"] }),
    ]);
    const keys = list(factors.result).map(({ u2f }) => readKey("securityKey", object(u2f)));
    return [...list(passkeys.result).map((passkey) => readKey("passkey", passkey)), ...keys];
  }

  /** Removes a credential, which ends the user's other sessions. */
  async remove({ id, token }: Self, kind: KeyKind, keyId: string): Promise<void> {
    await this.#caller.call({ method: "DELETE", route: `${ROUTES[kind]}/{}`, ids: [id, keyId], bearer: token });
  }
}

const list = (value: unknown): Json[] => (Array.isArray(value) ? value.map(object) : []);

function readChallenge(answer: Json): Json {
  return readOptions(object(object(answer.challenges).webAuthN).publicKeyCredentialRequestOptions);
}

function readRegistration(answer: Json, kind: KeyKind): Registration {
  const id = text(kind === "passkey" ? answer.passkeyId : answer.u2fId);
  return { id, publicKey: readOptions(answer.publicKeyCredentialCreationOptions) };
}

function readOptions(options: unknown): Json {
  const publicKey = object(object(options).publicKey);
  text(publicKey.challenge);
  return publicKey;
}

function readKey(kind: KeyKind, { id, name }: Json): ListedKey {
  return { kind, id: text(id), name: optional(name) };
}
