// Limits in the memory of this process. Each has a bound on what it holds: beyond that, the oldest entry goes.

import { createHash } from "node:crypto";

const CAPACITY = 10_000;
const SECOND = 1000;
const HOUR = 3600 * SECOND;

/** A map in the order of the last write, of at most that many entries. */
export class BoundedMap<T> {
  readonly #entries = new Map<string, T>();
  readonly #capacity: number;

  constructor(capacity = CAPACITY) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): T | undefined {
    return this.#entries.get(key);
  }

  set(key: string, entry: T): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > this.#capacity) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    }
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}

/** So many requests of a client's address in an hour. */
export class HourlyLimit {
  readonly #windows: BoundedMap<{ endsAt: number; count: number }>;
  readonly #most: number;
  readonly #now: () => number;

  constructor(most: number, now: () => number, capacity = CAPACITY) {
    this.#most = most;
    this.#now = now;
    this.#windows = new BoundedMap(capacity);
  }

  /** Counts a request. Gives the seconds to wait if it is over the limit, else 0. */
  take(group: string): number {
    const now = this.#now();
    const found = this.#windows.get(group);
    const window = found && found.endsAt > now ? found : { endsAt: now + HOUR, count: 0 };
    if (window.count >= this.#most) {
      return Math.ceil((window.endsAt - now) / SECOND);
    }
    this.#windows.set(group, { ...window, count: window.count + 1 });
    return 0;
  }
}

/** As Sesame locks a password by default: after ten failures for 30 s, then twice as long each time, up to an hour. */
const FAILURES = 10;
const FIRST_PAUSE = 30 * SECOND;

/**
 * Pauses the sign-in of a name after failures in a row, whether or not there is a user of that name.
 *
 * Sesame tells a service account how long a user is locked. Shown to a browser, that would tell who exists, so these
 * pages count by themselves and show their own pauses alone.
 */
export class NamePauses {
  readonly #names: BoundedMap<{ failures: number; until: number }>;
  readonly #now: () => number;

  constructor(now: () => number, capacity = CAPACITY) {
    this.#now = now;
    this.#names = new BoundedMap(capacity);
  }

  /** Counts an attempt as failed until it succeeds, so that many at once get no more. Gives the seconds to wait, or 0. */
  attempt(name: string): number {
    const now = this.#now();
    const { failures, until } = this.#names.get(key(name)) ?? { failures: 0, until: 0 };
    if (until > now) {
      return Math.ceil((until - now) / SECOND);
    }
    const next = failures + 1;
    const pause = next < FAILURES ? 0 : Math.min(FIRST_PAUSE * 2 ** (next - FAILURES), HOUR);
    this.#names.set(key(name), { failures: next, until: now + pause });
    return 0;
  }

  succeeded(name: string): void {
    this.#names.delete(key(name));
  }

  /** Takes an attempt back that was not decided, because Sesame could not be asked. */
  forgive(name: string): void {
    const found = this.#names.get(key(name));
    if (found) {
      this.#names.set(key(name), { failures: found.failures - 1, until: 0 });
    }
  }
}

/** Of a fixed size, and without the name, into which people type passwords. */
function key(name: string): string {
  return createHash("sha256").update(name.normalize("NFC").trim().toLowerCase()).digest("base64");
}
