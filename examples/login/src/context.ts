// A request, and what its page does with it.

import { addressGroup } from "./address.ts";
import type { Background } from "./background.ts";
import type { Config } from "./config.ts";
import { Cookies } from "./cookies.ts";
import type { Fields } from "./form.ts";
import { errorSummary, html, layout, notice, type Errors, type Html } from "./html.ts";
import type { HourlyLimit, NamePauses } from "./limits.ts";
import type { Log } from "./log.ts";
import type { CachedSettings } from "./login-settings.ts";
import { EarlyReply, HttpError, NOTICES, redirect, tooMany, type Notice, type Reply } from "./reply.ts";
import { equal, randomToken, type Signer } from "./secrets.ts";
import { SesameError, type Device, type Sesame, type Session } from "./sesame.ts";
import type { Proof } from "./sesame-factors.ts";
import { readSignInState } from "./strength.ts";

export interface App {
  config: Config;
  sesame: Sesame;
  settings: CachedSettings;
  signer: Signer;
  log: Log;
  background: Background;
  /** Posts that send a message, and posts of codes, by the client's address. */
  messages: HourlyLimit;
  codes: HourlyLimit;
  /** Challenges of passkeys that anybody may ask for, by the client's address. */
  challenges: HourlyLimit;
  pauses: NamePauses;
  /** In milliseconds. */
  now: () => number;
  /** Answers whose duration could tell something are given after whole multiples of this. */
  stepMs: number;
}

/** Who gave the right password, or a passkey. A second factor may be missing beside the password. */
export interface Account extends Proof {
  session: Session;
  /** The session's token, with which changes of one's own are made. */
  token: string;
}

export interface PageOptions {
  status?: number;
  errors?: Errors;
  isSignedIn?: boolean;
  /** Whether the page has the script for passkeys, which its policy then lets in. */
  usesPasskeys?: boolean;
  retryAfter?: number;
}

export interface FormOptions {
  /** What the button is called where its text alone doesn't say what it is for. */
  label?: string;
  attributes?: Html;
  /** What follows the button. */
  after?: Html;
}

const SESSION = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([\w-]{20,500})$/;
const NONE: Errors = new Map();

export class Context {
  readonly app: App;
  readonly query: URLSearchParams;
  readonly cookies: Cookies;
  readonly device: Device;
  /** Not read before the request is known to come from a form of these pages. */
  readonly fields: Fields;

  constructor(app: App, request: { query: URLSearchParams; cookies: Cookies; device: Device; fields: Fields }) {
    this.app = app;
    this.query = request.query;
    this.cookies = request.cookies;
    this.device = request.device;
    this.fields = request.fields;
  }

  page(title: string, content: Html, options: PageOptions = {}): Reply {
    const { status = 200, errors = NONE, isSignedIn = false, usesPasskeys = false, retryAfter } = options;
    const done = this.query.get("done") ?? "";
    const told = errors.size === 0 && Object.hasOwn(NOTICES, done) ? NOTICES[done as Notice] : undefined;
    const body = layout({
      title,
      organization: this.app.config.organization,
      content: html`${errorSummary(errors)}${notice(told)}${content}`,
      isSignedIn,
      hasErrors: errors.size > 0,
      usesPasskeys,
    });
    return { status, body, usesPasskeys, ...(retryAfter && { retryAfter }) };
  }

  /** A form with its token. */
  form(action: string, button: string, fields: Html | Html[], { label, attributes, after }: FormOptions = {}): Html {
    return html`<form method="post" action="${action}"${attributes}>
<input type="hidden" name="csrf" value="${this.#formToken()}">
${fields}<button type="submit"${label && html` aria-label="${label}"`}>${button}</button>
${after}</form>
`;
  }

  /** A form's token is bound to a cookie of the browser and to the session. */
  #formToken(): string {
    let cookie = this.cookies.get("csrf");
    if (cookie === undefined || !/^[\w-]{43}$/.test(cookie)) {
      cookie = randomToken();
      this.cookies.set("csrf", cookie);
    }
    return this.app.signer.mac("csrf", cookie, this.session?.id ?? "");
  }

  hasToken(sent: string): boolean {
    const cookie = this.cookies.get("csrf") ?? "";
    return /^[\w-]{43}$/.test(cookie) && equal(sent, this.app.signer.mac("csrf", cookie, this.session?.id ?? ""));
  }

  /** The session of the cookie, which may have ended. */
  get session(): Session | undefined {
    const [, id, token] = SESSION.exec(this.cookies.get("session") ?? "") ?? [];
    return id === undefined || token === undefined ? undefined : { id, token };
  }

  set session(session: Session | undefined) {
    if (session) {
      this.cookies.set("session", `${session.id}.${session.token}`);
    } else {
      this.cookies.clear("session");
    }
  }

  /** Who proved in this browser's session that it is he, if somebody did. */
  async account(): Promise<Account | undefined> {
    const { session } = this;
    if (!session) {
      this.session = undefined;
      return undefined;
    }
    try {
      const user = await this.app.sesame.getSessionUser(session);
      if (user) {
        return { ...user, session, token: session.token };
      }
    } catch (error) {
      if (!(error instanceof SesameError) || ![401, 403, 404].includes(error.status)) {
        throw error;
      }
    }
    this.session = undefined;
    return undefined;
  }

  /** Who gave the right password, or a passkey; everybody else is led to the sign-in. */
  async requireProof(): Promise<Account> {
    const account = await this.account();
    if (!account) {
      throw new EarlyReply(redirect("/sign-in"));
    }
    return account;
  }

  /** Who is signed in; everybody else is led to what is missing. */
  async requireAccount(): Promise<Account> {
    const account = await this.requireProof();
    const missing = account.isFull ? undefined : (await readSignInState(this.app, account)).missing;
    if (missing) {
      throw new EarlyReply(redirect(missing === "second" ? "/second-factor" : "/set-up"));
    }
    return account;
  }

  /** Refuses a post that sends a message if there were too many. */
  limitMessages(): void {
    this.#limit(this.app.messages);
    if (this.app.background.isFull) {
      throw new HttpError(503, "There is too much to do. Try again in a moment.", 5);
    }
  }

  limitCodes(): void {
    this.#limit(this.app.codes);
  }

  limitChallenges(): void {
    this.#limit(this.app.challenges);
  }

  #limit(limit: HourlyLimit): void {
    const seconds = limit.take(addressGroup(this.device.ip));
    if (seconds > 0) {
      throw tooMany(seconds);
    }
  }
}
