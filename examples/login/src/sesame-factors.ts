// Sesame's JSON API for second factors with codes. What registers or removes one is called with the user's own session, so that
// Sesame demands a session of the strongest kind that the user's factors allow, with proofs that are fresh.

import { object, optional, text, type Caller, type Json } from "./call.ts";
import type { Session } from "./sesame.ts";
import { KEY_KINDS, type KeyKind } from "./sesame-keys.ts";

/** The second factors whose codes are typed, as checks of a session name them, in the order of their strength. */
export const KINDS = ["totp", "otpEmail", "otpSms"] as const;

/** A factor that a login may demand. */
export type Kind = (typeof KINDS)[number];
export type SentKind = Exclude<Kind, "totp">;
/** Recovery codes stand in for the others, and no login demands them. */
export type FactorKind = Kind | "recoveryCode";

/** Who proved in a session that it is he. */
export interface Proof {
  id: string;
  loginName: string;
  /** Whether that was a passkey, or the password and a second factor. */
  isFull: boolean;
}

/** A user, by the token of a session of his own. */
export interface Self {
  id: string;
  token: string;
}

/** What a user can sign in with. */
export interface Methods {
  hasPassword: boolean;
  /** What takes the password's place. */
  hasPasskey: boolean;
  /** Whether a passkey or a security key can be the second factor. */
  hasKey: boolean;
  kinds: Kind[];
  hasRecoveryCodes: boolean;
  /** Whether a login demands a second factor, which may be one that these pages don't know. */
  demandsSecond: boolean;
}

export interface LoginSettings {
  forceMfa: boolean;
  /** Those that may be set up. */
  offered: Kind[];
  offeredKeys: KeyKind[];
  /** How long a session lives after a sign-in, such as `86400s`. */
  lifetime: string;
}

const METHOD = "AUTHENTICATION_METHOD_TYPE_";
const METHODS: Record<FactorKind, string> = {
  totp: `${METHOD}TOTP`,
  otpEmail: `${METHOD}OTP_EMAIL`,
  otpSms: `${METHOD}OTP_SMS`,
  recoveryCode: `${METHOD}RECOVERY_CODE`,
};
/** What a user may have without being asked for a second factor. */
const UNDEMANDING = new Set(["PASSWORD", "PASSKEY", "IDP", "RECOVERY_CODE"].map((name) => METHOD + name));

const OFFERED: Record<Kind, string> = {
  totp: "SECOND_FACTOR_TYPE_OTP",
  otpEmail: "SECOND_FACTOR_TYPE_OTP_EMAIL",
  otpSms: "SECOND_FACTOR_TYPE_OTP_SMS",
};

const PASSKEYS = "PASSKEYS_TYPE_ALLOWED";
const SECURITY_KEYS = "SECOND_FACTOR_TYPE_U2F";

const ROUTES: Record<FactorKind, string> = {
  totp: "/v2/users/{}/totp",
  otpEmail: "/v2/users/{}/otp_email",
  otpSms: "/v2/users/{}/otp_sms",
  recoveryCode: "/v2/users/{}/recovery_codes",
};

/** The second factors among those of a session. */
export function provedFactors(factors: Json): FactorKind[] {
  return ([...KINDS, "recoveryCode"] as const).filter((kind) => factors[kind] !== undefined);
}

export class SesameFactors {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  async getLoginSettings(): Promise<LoginSettings> {
    const answer = await this.#caller.call({ method: "GET", route: "/v2/settings/login" });
    const { forceMfa, secondFactors, passkeysType, passwordCheckLifetime } = object(answer.settings);
    const seconds = Array.isArray(secondFactors) ? secondFactors : [];
    const offeredKeys = KEY_KINDS.filter((kind) => (kind === "passkey" ? passkeysType === PASSKEYS : seconds.includes(SECURITY_KEYS)));
    const offered = KINDS.filter((kind) => seconds.includes(OFFERED[kind]));
    return { forceMfa: forceMfa === true, offered, offeredKeys, lifetime: text(passwordCheckLifetime) };
  }

  async listMethods({ id, token }: Self): Promise<Methods> {
    const route = "/v2/users/{}/authentication_methods";
    const answer = await this.#caller.call({ method: "GET", route, ids: [id], bearer: token });
    const types = (Array.isArray(answer.authMethodTypes) ? answer.authMethodTypes : []).map(optional);
    const hasPasskey = types.includes(`${METHOD}PASSKEY`);
    return {
      hasPassword: types.includes(`${METHOD}PASSWORD`),
      hasPasskey,
      hasKey: hasPasskey || types.includes(`${METHOD}U2F`),
      kinds: KINDS.filter((kind) => types.includes(METHODS[kind])),
      hasRecoveryCodes: types.includes(METHODS.recoveryCode),
      demandsSecond: types.some((type) => !UNDEMANDING.has(type)),
    };
  }

  /** Checks a code in a session, once: a code that was used is a wrong one. Gives the session with its new token. */
  async check({ id, token }: Session, kind: FactorKind, code: string): Promise<Session> {
    return this.#setSession({ id, token }, { checks: { [kind]: { code } } });
  }

  /** Sends a code by e-mail, with a link. Within a minute of the last one, nothing is sent. */
  async sendByEmail(session: Session, urlTemplate: string): Promise<Session> {
    return this.#setSession(session, { challenges: { otpEmail: { sendCode: { urlTemplate } } } });
  }

  /** Sends a code by SMS. Within a minute of the last one, nothing is sent. */
  async sendBySms(session: Session): Promise<Session> {
    return this.#setSession(session, { challenges: { otpSms: {} } });
  }

  async #setSession({ id, token }: Session, change: Json): Promise<Session> {
    const body = { sessionToken: token, ...change };
    const answer = await this.#caller.call({ method: "PATCH", route: "/v2/sessions/{}", ids: [id], body });
    // Where nothing was sent, nothing may have changed.
    return { id, token: optional(answer.sessionToken) || token };
  }

  /** Begins to set up an authenticator app. The secret is told this once; the next call makes another one. */
  async registerTotp(self: Self): Promise<{ uri: string; secret: string }> {
    const answer = await this.#asSelf(self, "POST", ROUTES.totp);
    return { uri: text(answer.uri), secret: text(answer.secret) };
  }

  async verifyTotp(self: Self, code: string): Promise<void> {
    await this.#asSelf(self, "POST", `${ROUTES.totp}/verify`, { code });
  }

  /** Sets up codes that go to the user's verified address or number. */
  async addCodes(self: Self, kind: SentKind): Promise<void> {
    await this.#asSelf(self, "POST", ROUTES[kind]);
  }

  /** Removes a factor, which ends the user's other sessions. */
  async remove(self: Self, kind: FactorKind): Promise<void> {
    await this.#asSelf(self, "DELETE", ROUTES[kind]);
  }

  /** Makes new recovery codes, in the place of those before. They are told this once. */
  async generateRecoveryCodes(self: Self, count: number): Promise<string[]> {
    const { recoveryCodes } = await this.#asSelf(self, "POST", ROUTES.recoveryCode, { count });
    return Array.isArray(recoveryCodes) ? recoveryCodes.map(text) : [];
  }

  #asSelf({ id, token }: Self, method: string, route: string, body: Json = {}): Promise<Json> {
    return this.#caller.call({ method, route, ids: [id], bearer: token, ...(method === "DELETE" ? {} : { body }) });
  }
}
