// Codes of an authenticator app, by RFC 6238 with SHA-1, 6 digits and 30 seconds.

import { createHmac } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
export const STEP_MS = 30_000;

export function base32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{1,5}/g) ?? []).map((five) => ALPHABET[parseInt(five.padEnd(5, "0"), 2)]).join("");
}

function fromBase32(text: string): Buffer {
  const bits = [...text].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
}

export const stepAt = (ms: number): number => Math.floor(ms / STEP_MS);

export function totpCode(secret: string, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac("sha1", fromBase32(secret)).update(counter).digest();
  const offset = mac[mac.length - 1]! & 0xf;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** An app of which no code is taken twice. A service accepts the steps beside its own, so there are three at first. */
export class AuthenticatorApp {
  readonly #secret: string;
  #last = 0;

  constructor(secret: string) {
    this.#secret = secret;
  }

  /** The next code that is good: the oldest one, so that few are waited for. */
  async code(): Promise<string> {
    // The step before is left out where its end is near, because a call takes time.
    for (;;) {
      const now = Date.now();
      const oldest = now % STEP_MS < STEP_MS / 2 ? stepAt(now) - 1 : stepAt(now);
      const step = Math.max(oldest, this.#last + 1);
      if (step <= stepAt(now) + 1) {
        this.#last = step;
        return totpCode(this.#secret, step);
      }
      await delay((step - 1) * STEP_MS - now + 1);
    }
  }
}
