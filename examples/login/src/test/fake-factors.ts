// The part of the stand-in for Sesame that knows second factors: who may do what with them, checks, challenges, and
// what registers and removes them.

import { randomBytes, randomInt } from "node:crypto";

import { KINDS, type FactorKind, type SentKind } from "../sesame-factors.ts";
import { Refusal, type FakeSession, type FakeSettings, type FakeUser, type Mail } from "./fake-types.ts";
import { keyTypes } from "./fake-keys.ts";
import { base32, stepAt, totpCode } from "./totp.ts";

const METHOD = "AUTHENTICATION_METHOD_TYPE_";
const TYPES = { totp: "TOTP", otpEmail: "OTP_EMAIL", otpSms: "OTP_SMS", recoveryCode: "RECOVERY_CODE" } as const;
const OFFERED = { totp: "OTP", otpEmail: "OTP_EMAIL", otpSms: "OTP_SMS" } as const;
const MINUTE = 60_000;
const ATTEMPTS = 5;
const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** What a user without a second factor may still call while one is required. */
const BEFORE_SET_UP = /^(GET |POST (totp|totp\/verify|otp_email|otp_sms|(passkeys|u2f)(\/[^_/]+)?))$/;

interface Fake {
  readonly sessions: Map<string, FakeSession>;
  readonly outbox: Mail[];
  readonly settings: FakeSettings;
  /** What sending a code is answered with, if set. */
  sendFailure: { status: number; id: string; retryAfter?: number } | undefined;
  now(): number;
}

export class FakeFactorCalls {
  readonly #fake: Fake;

  constructor(fake: Fake) {
    this.#fake = fake;
  }

  loginSettings(): unknown {
    const { forceMfa, offered, offeredKeys } = this.#fake.settings;
    const seconds = [...offered.map((kind) => OFFERED[kind]), ...(offeredKeys.includes("securityKey") ? ["U2F"] : [])];
    const passkeys = offeredKeys.includes("passkey") ? { passkeysType: "PASSKEYS_TYPE_ALLOWED" } : {};
    const secondFactors = seconds.map((name) => `SECOND_FACTOR_TYPE_${name}`);
    return { settings: { ...(forceMfa && { forceMfa }), ...passkeys, secondFactors, passwordCheckLifetime: "86400s" } };
  }

  methodTypes(user: FakeUser | undefined): string[] {
    const types = user ? [...kindsOf(user).map((kind) => METHOD + TYPES[kind]), ...keyTypes(user).map((type) => METHOD + type)] : [];
    return user?.password === undefined ? types : [...types, `${METHOD}PASSWORD`];
  }

  /** Refuses a session's token where the session proves too little for the call. */
  requireStrength(own: FakeSession, user: FakeUser, call: string): void {
    if (own.seconds.size > 0 || own.key || call === "GET authentication_methods") {
      return;
    }
    const [hasPasskey, hasSecurityKey] = ["PASSKEY", "U2F"].map((type) => keyTypes(user).includes(type));
    const demandsSecond = hasSecurityKey || kindsOf(user).some((kind) => kind !== "recoveryCode");
    const isAllowed = this.#fake.settings.forceMfa ? !demandsSecond && !hasPasskey && BEFORE_SET_UP.test(call) : !demandsSecond;
    if (!isAllowed) {
      throw new Refusal(403, "AUTHZ-Kl3p0");
    }
  }

  /** What changes a user's factors takes the strongest session that they allow, with fresh proofs. */
  requireFresh(own: FakeSession | undefined, user: FakeUser): void {
    if (!own) {
      throw new Refusal(403, "AUTH-5mWD2");
    }
    if (own.key?.isPasskey && own.key.isFresh) {
      return;
    }
    const needsSecond = kindsOf(user).length > 0 || user.keys.length > 0;
    if (needsSecond && own.seconds.size === 0 && !own.key) {
      throw new Refusal(403, "AUTHZ-Kl3p0");
    }
    if (!own.isFresh || (needsSecond && !own.key?.isFresh && ![...own.seconds.values()].includes(true))) {
      throw new Refusal(403, "SESAME-Fres1");
    }
  }

  check(session: FakeSession, user: FakeUser, kind: FactorKind, { code }: { code: string }): void {
    const { factors } = user;
    if (!kindsOf(user).includes(kind)) {
      throw new Refusal(400, { totp: "COMMAND-3Mif9s", otpEmail: "COMMAND-d2r52", otpSms: "COMMAND-d2r52", recoveryCode: "COMMAND-84rgg" }[kind]);
    }
    if (factors.failures >= ATTEMPTS) {
      const id = { totp: "COMMAND-SF3fg", otpEmail: "COMMAND-S6h4R", otpSms: "COMMAND-S6h4R", recoveryCode: "COMMAND-2w6oa" }[kind];
      throw new Refusal(400, id, ...(factors.failures >= 100 ? [] : [30]));
    }
    factors.failures += 1;
    this.#judge(session, user, kind, code);
    factors.failures = 0;
    session.seconds.set(kind, true);
  }

  #judge(session: FakeSession, { factors }: FakeUser, kind: FactorKind, code: string): void {
    if (kind === "totp") {
      factors.lastStep = this.#acceptedStep(factors.totp ?? "", code, factors.lastStep);
      return;
    }
    if (kind === "recoveryCode") {
      const index = factors.recoveryCodes.indexOf(canonical(code));
      if (index < 0) {
        throw new Refusal(400, "DOMAIN-6uvh0");
      }
      factors.recoveryCodes.splice(index, 1);
      return;
    }
    const sent = session.sent[kind];
    if (!sent) {
      throw new Refusal(400, "COMMAND-S34gh");
    }
    if (sent.endsAt <= this.#fake.now()) {
      throw new Refusal(400, "CODE-QvUQ4P");
    }
    if (sent.code !== code) {
      throw new Refusal(400, "CODE-woT0xc");
    }
    delete session.sent[kind];
  }

  #acceptedStep(secret: string, code: string, last: number): number {
    const now = stepAt(this.#fake.now());
    const step = [now - 1, now, now + 1].find((step) => step > last && totpCode(secret, step) === code);
    if (step === undefined) {
      throw new Refusal(400, "EVENT-8isk2");
    }
    return step;
  }

  /** Sends a code, but within a minute of the last one. */
  challenge(session: FakeSession, user: FakeUser, { otpEmail }: any): void {
    const kind: SentKind = otpEmail ? "otpEmail" : "otpSms";
    const to = otpEmail ? user.verified : user.isPhoneVerified ? user.phone : undefined;
    if (!user.factors[kind] || to === undefined) {
      throw new Refusal(400, otpEmail ? "COMMAND-JKLJ3" : "COMMAND-BJ2g3");
    }
    const { sendFailure, outbox } = this.#fake;
    if (sendFailure) {
      throw new Refusal(sendFailure.status, sendFailure.id, sendFailure.retryAfter);
    }
    const now = this.#fake.now();
    const before = session.sent[kind];
    if (before && before.sentAt + MINUTE > now) {
      return;
    }
    const code = before && before.endsAt > now + 2 * MINUTE ? before.code : String(randomInt(1e8)).padStart(8, "0");
    session.sent[kind] = { code, sentAt: now, endsAt: before?.code === code ? before.endsAt : now + 5 * MINUTE };
    const link = otpEmail?.sendCode.urlTemplate.replace("{{.Code}}", code).replace("{{.SessionID}}", session.id);
    const text = `Your code: ${code}\n${link ?? ""}\n`;
    outbox.push({ sentAt: new Date(now).toISOString(), channel: otpEmail ? "email" : "sms", to, subject: kind, text, html: "" });
  }

  /** A call for a user's factors; `undefined` if it is another one. */
  run(call: string, user: FakeUser, own: FakeSession | undefined, body: any): unknown {
    const { factors } = user;
    const [method, route = ""] = call.split(" ");
    const kind = ({ totp: "totp", "totp/verify": "totp", otp_email: "otpEmail", otp_sms: "otpSms", recovery_codes: "recoveryCode" } as const)[route];
    if (kind === undefined) {
      return undefined;
    }
    this.requireFresh(own, user);
    if (method === "DELETE") {
      return this.#remove(user, own, kind);
    }
    if (kind !== "recoveryCode" && factors[kind]) {
      throw new Refusal(409, { totp: "COMMAND-do9se", otpEmail: "COMMAND-Q54j2", otpSms: "COMMAND-Ad3g2" }[kind]);
    }
    switch (route) {
      case "totp/verify":
        return this.#verifyTotp(user, body.code);
      case "recovery_codes":
        return this.#generate(user, own, body.count);
      default:
        return this.#register(user, kind as Exclude<FactorKind, "recoveryCode">);
    }
  }

  #register(user: FakeUser, kind: Exclude<FactorKind, "recoveryCode">): unknown {
    const { factors } = user;
    if (!this.#fake.settings.offered.includes(kind)) {
      throw new Refusal(400, "SESAME-Foff1");
    }
    if (kind === "totp") {
      factors.pending = base32(randomBytes(20));
      const account = encodeURIComponent(user.loginName);
      const uri = `otpauth://totp/Sesame:${account}?algorithm=SHA1&digits=6&issuer=Sesame&period=30&secret=${factors.pending}`;
      return { uri, secret: factors.pending };
    }
    const isReady = kind === "otpEmail" ? user.isVerified : user.isPhoneVerified;
    if (!isReady) {
      throw new Refusal(400, kind === "otpEmail" ? "COMMAND-KLJ2d" : "COMMAND-MKL2s");
    }
    factors[kind] = true;
    return {};
  }

  #verifyTotp({ factors }: FakeUser, code: string): unknown {
    if (factors.pending === undefined) {
      throw new Refusal(404, "COMMAND-3Mif9s");
    }
    factors.lastStep = this.#acceptedStep(factors.pending, code, 0);
    factors.totp = factors.pending;
    delete factors.pending;
    return {};
  }

  #generate(user: FakeUser, own: FakeSession | undefined, count: number): unknown {
    const kinds = kindsOf(user);
    if (kinds.length === 0 && user.keys.length === 0) {
      throw new Refusal(400, "SESAME-Frec1");
    }
    const newCode = () => [...randomBytes(24)].map((byte) => CROCKFORD[byte % 32]).join("");
    const codes = Array.from({ length: count }, newCode);
    if (user.factors.recoveryCodes.length > 0) {
      this.endOthers(user, own);
    }
    user.factors.recoveryCodes = codes;
    return { recoveryCodes: codes.map((code) => code.match(/.{4}/g)?.join("-")) };
  }

  #remove(user: FakeUser, own: FakeSession | undefined, kind: FactorKind): unknown {
    const { factors } = user;
    const kinds = kindsOf(user);
    if (kind === "recoveryCode") {
      factors.recoveryCodes = [];
    } else if (!kinds.includes(kind)) {
      throw new Refusal(404, "COMMAND-Hd9sd");
    } else if (this.#fake.settings.forceMfa && kinds.filter((other) => other !== "recoveryCode").length === 1) {
      throw new Refusal(400, "SESAME-Flst1");
    } else {
      delete factors[kind];
    }
    this.endOthers(user, own);
    return {};
  }

  endOthers(user: FakeUser, own: FakeSession | undefined): void {
    for (const session of this.#fake.sessions.values()) {
      if (session.userId === user.id && session !== own) {
        this.#fake.sessions.delete(session.id);
      }
    }
  }
}

/** The factors that a user has. */
export function kindsOf({ factors }: FakeUser): FactorKind[] {
  const kinds: FactorKind[] = KINDS.filter((kind) => factors[kind]);
  return factors.recoveryCodes.length > 0 ? [...kinds, "recoveryCode"] : kinds;
}

function canonical(code: string): string {
  return code.replace(/[\s-]/g, "").toUpperCase().replaceAll("O", "0").replace(/[IL]/g, "1");
}
