// What the deployment says of logins, which is asked for once a minute.

import type { LoginSettings } from "./sesame-factors.ts";

const KEPT_MS = 60_000;

export class CachedSettings {
  readonly #read: () => Promise<LoginSettings>;
  readonly #now: () => number;
  #kept: { settings: LoginSettings; endsAt: number } | undefined;

  constructor(read: () => Promise<LoginSettings>, now: () => number) {
    this.#read = read;
    this.#now = now;
  }

  async get(): Promise<LoginSettings> {
    if (!this.#kept || this.#kept.endsAt <= this.#now()) {
      this.#kept = { settings: await this.#read(), endsAt: this.#now() + KEPT_MS };
    }
    return this.#kept.settings;
  }

  /** Has them asked for again, because Sesame judged by others. */
  forget(): void {
    this.#kept = undefined;
  }
}
