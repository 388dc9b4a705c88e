// The pages over the fake of Sesame, and visitors of them with cookies of their own.

import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

import type { Config } from "../config.ts";
import { Log } from "../log.ts";
import { createPages, type Pages } from "../server.ts";
import { FakeSesame, SERVICE_TOKEN, type FakeUser } from "./fake-sesame.ts";
import type { FakeFactors } from "./fake-types.ts";
import { STEP_MS as APP_STEP_MS, stepAt, totpCode } from "./totp.ts";

/** Short, so that tests are; long against what a call of the fake takes. */
export const STEP_MS = 150;

const START = Date.now();

export const PASSWORD = "correct horse battery";

export class Site {
  readonly sesame: FakeSesame;
  readonly log: string[] = [];
  /** How far the clock of the pages was moved, in milliseconds. Else it stands still. */
  ahead = 0;
  url = "";
  readonly pages: Pages;

  private constructor(sesame: FakeSesame, config: Config) {
    this.sesame = sesame;
    const log = new Log((line) => this.log.push(line));
    this.pages = createPages(config, log, () => START + this.ahead, STEP_MS);
  }

  static async start(settings: Partial<Config> = {}): Promise<Site> {
    const sesame = new FakeSesame();
    const sesameUrl = await sesame.start();
    const config: Config = {
      sesameUrl,
      token: SERVICE_TOKEN,
      baseUrl: "http://localhost:3001",
      isSecure: false,
      host: "127.0.0.1",
      port: 0,
      passkeyDomain: "localhost",
      organization: "Acme & Sons",
      trustedProxies: 0,
      messagesPerHour: 20,
      ...settings,
    };
    const site = new Site(sesame, config);
    site.pages.server.listen(0, "127.0.0.1");
    await once(site.pages.server, "listening");
    site.url = `http://127.0.0.1:${(site.pages.server.address() as AddressInfo).port}`;
    return site;
  }

  /** Waits for what was started behind answers. */
  idle(): Promise<void> {
    return this.pages.app.background.idle();
  }

  async stop(): Promise<void> {
    await this.idle();
    this.pages.server.closeAllConnections();
    this.pages.server.close();
    this.sesame.stop();
  }

  visitor(headers: Record<string, string> = {}): Visitor {
    return new Visitor(this.url, headers);
  }

  /** A visitor who is signed in as a user with the password. */
  async signedIn(email: string): Promise<Visitor> {
    this.sesame.addUser({ email, password: PASSWORD });
    const visitor = this.visitor();
    const page = await visitor.submit("/sign-in", { login: email, password: PASSWORD });
    assert.equal(page.location, "/", page.text);
    return visitor;
  }
}

/** A user who has a password and these factors. */
export function addUserWith(site: Site, factors: Partial<FakeFactors>, fields: Partial<FakeUser> = {}): FakeUser {
  const phone = { phone: "+447700900123", isPhoneVerified: true };
  const all = { lastStep: 0, recoveryCodes: [], failures: 0, ...factors };
  return site.sesame.addUser({ email: "ada@example.com", password: PASSWORD, ...phone, ...fields, factors: all });
}

export const SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

/** The next code of a user's app that was not used yet. The stand-in's clock moves on if there is none now. */
export function appCode({ sesame }: Site, { factors }: FakeUser, secret = factors.totp ?? ""): string {
  const step = Math.max(factors.lastStep + 1, stepAt(sesame.now()));
  if (step > stepAt(sesame.now()) + 1) {
    sesame.ahead += APP_STEP_MS;
  }
  return totpCode(secret, step);
}

export interface Page {
  status: number;
  location: string | null;
  headers: Headers;
  text: string;
  /** What the summary of errors and the notice say. */
  told: string;
  ms: number;
}

export class Visitor {
  readonly cookies = new Map<string, string>();
  readonly #url: string;
  readonly #headers: Record<string, string>;

  constructor(url: string, headers: Record<string, string>) {
    this.#url = url;
    this.#headers = headers;
  }

  async request(path: string, init: RequestInit = {}): Promise<Page> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const started = performance.now();
    const response = await fetch(this.#url + path, {
      redirect: "manual",
      ...init,
      headers: { ...(cookie && { cookie }), ...this.#headers, ...(init.headers as Record<string, string>) },
    });
    const text = await response.text();
    const ms = performance.now() - started;
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (line.includes("Max-Age=0")) {
        this.cookies.delete(name);
      } else {
        this.cookies.set(name, value);
      }
    }
    const told = [...text.matchAll(/<li>(?:<a href="#[\w]*">)?([^<]*)|role="status">([^<]*)/g)].map((match) => match[1] ?? match[2]);
    return { status: response.status, location: response.headers.get("location"), headers: response.headers, text, told: told.join("; "), ms };
  }

  get(path: string): Promise<Page> {
    return this.request(path);
  }

  post(path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Page> {
    return this.request(path, { method: "POST", body: new URLSearchParams(fields), headers });
  }

  /** Loads a page, and sends a form with its token. The form may be that of another action on the page. */
  async submit(path: string, fields: Record<string, string>, action = path): Promise<Page> {
    const csrf = await this.token(path);
    return this.post(action, { csrf, ...fields });
  }

  async token(path: string): Promise<string> {
    const { text } = await this.get(path);
    return /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? "";
  }
}

/** What the script of a page gets when it asks for a challenge. */
export async function ask(visitor: Visitor, page: string, action: string, fields: Record<string, string> = {}): Promise<any> {
  const reply = await visitor.submit(page, fields, `${action}/options`);
  assert.equal(reply.status, 200, `${reply.location} ${reply.text}`);
  return { ...JSON.parse(reply.text), ms: reply.ms };
}
