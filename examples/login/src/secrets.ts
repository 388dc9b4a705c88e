// What is signed with the key of these pages: tokens of forms, and cookies that grant something.

import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";

/**
 * Signs texts for a purpose. The key follows from the service account's token, so all processes with that token have
 * the same one, and a new token ends what was signed before.
 */
export class Signer {
  readonly #key: Buffer;

  constructor(token: string) {
    this.#key = Buffer.from(hkdfSync("sha256", token, "", "sesame login pages", 32));
  }

  mac(purpose: string, ...parts: string[]): string {
    return createHmac("sha256", this.#key).update(JSON.stringify([purpose, ...parts])).digest("base64url");
  }

  /** A text that `open` reads until that time. */
  seal(purpose: string, text: string, endsAt: number): string {
    const payload = Buffer.from(text).toString("base64url");
    return `${payload}.${endsAt}.${this.mac(purpose, payload, `${endsAt}`)}`;
  }

  open(purpose: string, sealed: string, now: number): string | undefined {
    const [, payload, endsAt, mac] = /^([\w-]{1,1000})\.(\d{1,15})\.([\w-]{43})$/.exec(sealed) ?? [];
    if (payload === undefined || endsAt === undefined || mac === undefined || Number(endsAt) <= now) {
      return undefined;
    }
    return equal(mac, this.mac(purpose, payload, endsAt)) ? Buffer.from(payload, "base64url").toString() : undefined;
  }
}

export const randomToken = (): string => randomBytes(32).toString("base64url");

/** Compares in a time that doesn't depend on where the texts differ. */
export function equal(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
