// Codes of an authenticator app, by RFC 6238 with SHA-1, 6 digits and 30 seconds.

import { createHmac } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const STEP_MS = 30_000;

function fromBase32(text) {
  const bits = [...text].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
}

function codeAt(secret, step) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac("sha1", fromBase32(secret)).update(counter).digest();
  const number = mac.readUInt32BE(mac.at(-1) & 0xf) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/**
 * An authenticator app that shows no code twice. The service accepts the steps beside its own too, so there are two
 * codes at once.
 */
export class App {
  #secret;
  #lastStep = 0;

  constructor(secret) {
    this.#secret = secret;
  }

  /** The next code: the oldest one that is good, so that few are waited for. */
  async code() {
    for (;;) {
      const now = Date.now();
      const current = Math.floor(now / STEP_MS);
      // A call takes time, so the step before is left out where its end is near.
      const oldest = now % STEP_MS < STEP_MS / 2 ? current - 1 : current;
      const step = Math.max(oldest, this.#lastStep + 1);
      if (step <= current + 1) {
        this.#lastStep = step;
        return codeAt(this.#secret, step);
      }
      await delay((step - 1) * STEP_MS - now + 1);
    }
  }
}
