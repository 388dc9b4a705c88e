// Work that an answer doesn't wait for, because its duration would tell whether a user exists.

import { setTimeout as delay } from "node:timers/promises";

import type { Log } from "./log.ts";
import { SesameError } from "./sesame.ts";

const MOST_AT_ONCE = 200;
const RETRY_MS = 1000;

export class Background {
  readonly #jobs = new Set<Promise<void>>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  get isFull(): boolean {
    return this.#jobs.size >= MOST_AT_ONCE;
  }

  /** Starts a job, which is tried twice if Sesame is out of reach. The log gets its failure without its data. */
  start(name: string, job: () => Promise<void>): void {
    const running = attempt(job)
      .catch((error: unknown) => this.#log.failure(name, error))
      .finally(() => this.#jobs.delete(running));
    this.#jobs.add(running);
  }

  /** Resolves when nothing is left to do. */
  async idle(): Promise<void> {
    while (this.#jobs.size > 0) {
      await Promise.all(this.#jobs);
    }
  }
}

async function attempt(job: () => Promise<void>): Promise<void> {
  // The answer goes out first.
  await delay(0);
  try {
    await job();
  } catch (error) {
    if (!(error instanceof SesameError && error.isUnavailable)) {
      throw error;
    }
    await delay(RETRY_MS);
    await job();
  }
}
