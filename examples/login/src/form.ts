// The body of a POST: read within bounds, and then field by field, by names and types that a page asks for.

import type { IncomingMessage } from "node:http";

import { parseCredential, type Credential } from "./credential.ts";
import { HttpError } from "./reply.ts";
import type { FactorKind } from "./sesame-factors.ts";

/** The answer of an authenticator is the longest field. */
const MAX_BODY_BYTES = 64 * 1024;

/** `local@domain` in ASCII, as Sesame takes it. A stricter rule here would be a field that nobody can fill. */
const LOCAL = /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.]{1,64}$/;
const LABEL = /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/;

/** The alphabet of codes, in which no two characters look alike. */
const CODE = /^[2-9A-HJ-NP-Z]{20}$|^[2-9A-HJ-NP-Z]{8}$/;

/** People type recovery codes from paper: Sesame takes O for 0, and I and L for 1. */
const FACTOR_CODES: Record<FactorKind, { length: number; alphabet: RegExp; rule: string }> = {
  totp: { length: 6, alphabet: /^[0-9]+$/, rule: "The app's code has 6 digits" },
  otpEmail: { length: 8, alphabet: /^[0-9]+$/, rule: "The code of the message has 8 digits" },
  otpSms: { length: 8, alphabet: /^[0-9]+$/, rule: "The code of the message has 8 digits" },
  recoveryCode: { length: 24, alphabet: /^[0-9A-TV-Z]+$/, rule: "A recovery code has 24 letters and digits" },
};

export async function readBody(request: IncomingMessage): Promise<URLSearchParams> {
  const [type = ""] = (request.headers["content-type"] ?? "").split(";");
  if (type.trim().toLowerCase() !== "application/x-www-form-urlencoded") {
    throw new HttpError(415, "Only forms of these pages are read.");
  }
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // Without this option, a refusal would close the connection before it is answered.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) {
        throw new HttpError(413, "The form is too long.");
      }
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof HttpError ? error : new HttpError(400, "The form was cut off.");
  }
  return new URLSearchParams(Buffer.concat(chunks).toString("utf8"));
}

/** The fields of a form. Each is read by its name; the others are not looked at. */
export class Fields {
  readonly errors = new Map<string, string>();
  readonly #body: URLSearchParams;

  constructor(body: URLSearchParams) {
    this.#body = body;
  }

  has(name: string): boolean {
    return this.#body.has(name);
  }

  /** The text as it was sent: at most 200 characters, once, and not broken. */
  #raw(name: string): string {
    const values = this.#body.getAll(name);
    const value = values[0] ?? "";
    if (values.length > 1 || value.includes("\u{fffd}")) {
      throw new HttpError(400, "The form can't be read.");
    }
    return value;
  }

  #check(name: string, value: string, missing: string): string {
    if (value === "") {
      this.errors.set(name, missing);
    } else if ([...value].length > 200) {
      this.errors.set(name, "At most 200 characters are possible");
    }
    return value;
  }

  /** What was typed, to be shown again. */
  typed(name: string): string {
    return this.#raw(name).trim().slice(0, 200);
  }

  /** One line, without the white space around it. */
  line(name: string, missing: string): string {
    const value = this.#check(name, this.#raw(name).trim(), missing);
    if (/[\p{Cc}\u2028\u2029]/u.test(value)) {
      this.errors.set(name, "Only one line of text is possible");
    }
    return value;
  }

  email(name: string): string {
    const value = this.line(name, "Enter an e-mail address");
    const [local = "", domain = "", ...rest] = value.split("@");
    const labels = domain.split(".");
    const isGood = rest.length === 0 && LOCAL.test(local) && labels.length > 1 && labels.every((label) => LABEL.test(label));
    if (!this.errors.has(name) && !isGood) {
      this.errors.set(name, "Enter an e-mail address such as name@example.com");
    }
    return value;
  }

  /** A password is sent on as it is. */
  password(name: string, missing = "Enter your password"): string {
    return this.#check(name, this.#raw(name), missing);
  }

  /** A new password that was typed twice. */
  newPassword(): string {
    const password = this.password("password", "Enter a new password");
    if (!this.errors.has("password") && this.#raw("repeated") !== password) {
      this.errors.set("repeated", "Enter the same password again");
    }
    return password;
  }

  code(name: string): string {
    const code = parseCode(this.line(name, "Enter the code from the message"));
    if (code === undefined && !this.errors.has(name)) {
      this.errors.set(name, "A code has 8 letters and digits");
    }
    return code ?? "";
  }

  /** The code of a second factor: of an app, of a message, or a recovery code. */
  factorCode(name: string, kind: FactorKind): string {
    const { length, alphabet, rule } = FACTOR_CODES[kind];
    const code = this.line(name, "Enter the code").replace(/[\s-]/g, "").toUpperCase();
    if (!this.errors.has(name) && (code.length !== length || !alphabet.test(code))) {
      this.errors.set(name, rule);
    }
    return code;
  }

  /** A phone number with its country, as messages need it. */
  phone(name: string): string {
    const value = this.line(name, "Enter a phone number").replace(/[\s().-]/g, "");
    if (!this.errors.has(name) && !/^\+[0-9]{7,15}$/.test(value)) {
      this.errors.set(name, "Enter a number with its country, such as +44 7700 900123");
    }
    return value;
  }

  /** A text that a form of these pages carries along, with the mark that it is theirs. */
  carried(name: string): string {
    const value = this.#raw(name);
    if (value.length > 2000) {
      throw new HttpError(400, "The form can't be read.");
    }
    return value;
  }

  /** What a browser's authenticator answered. It is missing where the page's script did not run. */
  credential(name: string): Credential | undefined {
    const json = this.#raw(name);
    const credential = parseCredential(json);
    if (credential === undefined) {
      this.errors.set("", json === "" ? "This needs a browser that knows passkeys, and lets this page's script run" : "The answer of your device or key can't be read");
    }
    return credential;
  }

  sessionId(name: string): string {
    const id = this.#raw(name);
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) {
      throw new HttpError(400, "The form can't be read.");
    }
    return id;
  }
}

/** A code in capitals, without the spaces and hyphens that people put into it. */
export function parseCode(text: string): string | undefined {
  const code = text.replace(/[\s-]/g, "").toUpperCase();
  return CODE.test(code) ? code : undefined;
}

/** An id that can stand in a path: `.` and `..` would lead to another call. */
export function parseUserId(text: string): string | undefined {
  return /^[A-Za-z0-9_-][A-Za-z0-9._@:-]{0,199}$/.test(text) ? text : undefined;
}
