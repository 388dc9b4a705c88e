// The log: a JSON line for each request and each failure, without addresses, codes, names, tokens or URLs.

import { SesameError } from "./sesame.ts";

export type Line = Record<string, string | number | undefined>;

export class Log {
  readonly #write: (line: string) => void;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  line(fields: Line): void {
    this.#write(JSON.stringify({ time: new Date().toISOString(), ...fields }));
  }

  /** An error's message may quote a request, so of one that is not Sesame's answer only kind and place are logged. */
  failure(what: string, error: unknown): void {
    if (error instanceof SesameError) {
      this.line({ failed: what, call: error.call, status: error.status, id: error.id, cause: error.reason });
      return;
    }
    const place = error instanceof Error ? error.stack?.split("\n").find((text) => /^\s+at /.test(text))?.trim() : undefined;
    this.line({ failed: what, error: error instanceof Error ? error.name : typeof error, place });
  }
}
