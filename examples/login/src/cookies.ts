// The cookies of a request, and those that its answer sets.

/** The value of each cookie that is there once. Of a name that is there twice, somebody else set one. */
export function parseCookies(header: string | undefined): Map<string, string> {
  const cookies = new Map<string, string>();
  const twice = new Set<string>();
  for (const part of (header ?? "").split(";")) {
    const [, name, value] = /^\s*([\w-]+)=([\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*)\s*$/.exec(part) ?? [];
    if (name === undefined || value === undefined) {
      continue;
    }
    if (cookies.has(name)) {
      twice.add(name);
    }
    cookies.set(name, value);
  }
  for (const name of twice) {
    cookies.delete(name);
  }
  return cookies;
}

export class Cookies {
  readonly #received: Map<string, string>;
  readonly #isSecure: boolean;
  readonly #set = new Map<string, string>();

  constructor(header: string | undefined, isSecure: boolean) {
    this.#received = parseCookies(header);
    this.#isSecure = isSecure;
  }

  /** With the prefix, browsers take the cookie from this host alone, over TLS alone. */
  #name(name: string): string {
    return this.#isSecure ? `__Host-${name}` : name;
  }

  get(name: string): string | undefined {
    return this.#received.get(this.#name(name));
  }

  /** Without seconds, the cookie stays until the browser is closed. */
  set(name: string, value: string, seconds?: number): void {
    const secure = this.#isSecure ? "; Secure" : "";
    const age = seconds === undefined ? "" : `; Max-Age=${seconds}`;
    this.#received.set(this.#name(name), value);
    this.#set.set(name, `${this.#name(name)}=${value}; Path=/; HttpOnly; SameSite=Lax${secure}${age}`);
  }

  clear(name: string): void {
    if (this.get(name) !== undefined) {
      this.set(name, "", 0);
      this.#received.delete(this.#name(name));
    }
  }

  /** The values of `Set-Cookie`. */
  get headers(): string[] {
    return [...this.#set.values()];
  }
}
