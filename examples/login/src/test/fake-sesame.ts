// A stand-in for Sesame in tests: the calls that the pages make, over HTTP, with Sesame's rules and error ids as far as
// the pages depend on them. Users, codes and sessions are in memory.

import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

import type { FactorKind } from "../sesame-factors.ts";
import { FakeFactorCalls } from "./fake-factors.ts";
import { FakeKeyCalls } from "./fake-keys.ts";
import { Refusal, type FakeSession, type FakeSettings, type FakeUser, type Mail, type RecordedCall } from "./fake-types.ts";

export type { FakeSession, FakeUser, Mail, RecordedCall } from "./fake-types.ts";

export const SERVICE_TOKEN = "sesame_service_account_token";
const ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

export class FakeSesame {
  readonly users = new Map<string, FakeUser>();
  readonly sessions = new Map<string, FakeSession>();
  readonly calls: RecordedCall[] = [];
  readonly outbox: Mail[] = [];
  /** How long the provider takes for a message. */
  messageMs = 0;
  /** How long a check of a password takes, which is made for users alone. */
  hashMs = 0;
  /** What every call is answered with, if set. */
  failure: { status: number; id: string; retryAfter?: number } | undefined;
  /** What calls of a method are answered with. */
  readonly failures = new Map<string, { status: number; id: string; retryAfter?: number }>();
  /** Types of factors that every user has too. */
  readonly moreTypes: string[] = [];
  /** What sending a code of a second factor is answered with, if set. */
  sendFailure: { status: number; id: string; retryAfter?: number } | undefined;
  readonly settings: FakeSettings = { forceMfa: false, offered: ["totp", "otpEmail", "otpSms"], offeredKeys: ["passkey", "securityKey"] };
  /** How far its clock is ahead, in milliseconds. */
  ahead = 0;
  readonly #factors = new FakeFactorCalls(this);
  readonly #keys = new FakeKeyCalls(this, this.#factors);
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => void this.#respond(request, response));
  }

  async start(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  now(): number {
    return Date.now() + this.ahead;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  addUser(fields: Partial<FakeUser> & { email: string }): FakeUser {
    const verified = fields.isVerified === false ? {} : { verified: fields.email };
    const factors = { lastStep: 0, recoveryCodes: [], failures: 0 };
    const base = { id: randomUUID(), loginName: fields.email, displayName: "Ada Lovelace", isVerified: true, failures: 0, codes: {}, factors };
    const keys = { keys: [], pendingKeys: [], handle: randomBytes(16).toString("base64url") };
    const user: FakeUser = { ...base, ...keys, ...verified, ...fields };
    this.users.set(user.id, user);
    return user;
  }

  /** The code of the newest message to an address: the long one of its link. */
  newestCode(to: string): string {
    const mail = this.outbox.findLast((mail) => mail.to === to);
    return /code=([2-9A-Z]{20})/.exec(mail?.text ?? "")?.[1] ?? "";
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) {
      chunks.push(chunk);
    }
    const path = request.url ?? "";
    response.setHeader("content-type", "application/json");
    if (path === "/outbox") {
      response.end(JSON.stringify(this.outbox));
      return;
    }
    const bearer = (request.headers.authorization ?? "").replace("Bearer ", "");
    const body = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : {};
    const method = request.method ?? "";
    // Whether the settings are asked for depends on the time since the last page.
    if (path !== "/v2/settings/login") {
      this.calls.push({ method, path, bearer, body });
    }
    try {
      const failure = this.failure ?? this.failures.get(method);
      if (failure) {
        throw new Refusal(failure.status, failure.id, failure.retryAfter);
      }
      response.end(JSON.stringify(await this.#run(method, path, bearer, body)));
    } catch (error) {
      const { status, id, retryAfter } = error instanceof Refusal ? error : new Refusal(500, "FAKE-fault");
      response.statusCode = status;
      if (retryAfter !== undefined) {
        response.setHeader("retry-after", retryAfter);
      }
      response.end(JSON.stringify({ code: 0, message: id, details: [{ id }] }));
    }
  }

  async #run(method: string, path: string, bearer: string, body: any): Promise<unknown> {
    const parts = path.split("/").slice(2).map(decodeURIComponent);
    const own = [...this.sessions.values()].find((session) => session.token === bearer);
    if (bearer !== SERVICE_TOKEN && !own) {
      throw new Refusal(401, "AUTH-bearer");
    }
    if (path.startsWith("/v2/settings/login")) {
      return this.#factors.loginSettings();
    }
    if (parts[0] === "sessions") {
      return this.#runSession(method, parts[1] ?? "", own, body);
    }
    const [, id = "", ...rest] = parts;
    if (method === "POST" && id === "human") {
      return this.#addHuman(body);
    }
    if (method === "POST" && id === "") {
      return { result: this.#find(body.queries[0]).map(shown) };
    }
    const call = `${method} ${rest.join("/")}`;
    if (own && own.userId !== id) {
      throw new Refusal(403, "AUTH-5mWD2");
    }
    const user = this.users.get(id);
    if (own) {
      this.#factors.requireStrength(own, this.#known(user), call);
    }
    const changed = user && (this.#factors.run(call, user, own, body) ?? this.#keys.run(call, user, own, body));
    if (changed) {
      return changed;
    }
    switch (call) {
      case "GET ":
        return { user: shown(this.#known(user)) };
      case "GET authentication_methods":
        return { authMethodTypes: [...this.#factors.methodTypes(user), ...this.moreTypes] };
      case "POST email/verify":
        return this.#verifyEmail(user, body.verificationCode);
      case "POST invite_code/verify":
        this.#take(user, "invite", body.verificationCode, "COMMAND-Wgn4q").isVerified = true;
        return {};
      case "POST invite_code":
        return this.#send(this.#known(user), "invite", this.#known(user).email, body.sendCode);
      case "POST email/send":
        return this.#known(user).isVerified ? {} : this.#send(this.#known(user), "email", this.#known(user).email, body.sendCode);
      case "POST password_reset":
        return this.#send(this.#known(user), "reset", this.#known(user).verified ?? this.#known(user).email, body.sendLink);
      case "POST email":
        return this.#setEmail(this.#known(user), own, body);
      case "POST phone":
        return this.#setPhone(this.#known(user), own, body.phone);
      case "POST phone/verify":
        this.#take(user, "phone", body.verificationCode, "COMMAND-eis9R").isPhoneVerified = true;
        return {};
      case "POST password":
        return this.#setPassword(user, own, body);
      default:
        throw new Refusal(501, "FAKE-unknown");
    }
  }

  async #addHuman(body: any): Promise<unknown> {
    const { email, sendCode, isVerified } = body.email;
    const isTaken = [...this.users.values()].some((user) => same(user.loginName, email) || same(user.email, email));
    if (isTaken) {
      throw new Refusal(409, "V3-DKcYh");
    }
    const displayName = `${body.profile.givenName} ${body.profile.familyName}`;
    const { phone, password } = body;
    const more = { ...(phone && { phone: phone.phone, isPhoneVerified: phone.isVerified }), ...(password && { password: password.password }) };
    const user = this.addUser({ email, isVerified: isVerified === true, displayName, ...more });
    return isVerified === undefined ? this.#send(user, "email", email, sendCode) : { userId: user.id };
  }

  #find(query: any): FakeUser[] {
    const users = [...this.users.values()];
    if (query.loginNameQuery) {
      return users.filter((user) => same(user.loginName, query.loginNameQuery.loginName));
    }
    return users.filter((user) => same(user.verified ?? user.email, query.emailQuery.emailAddress));
  }

  #known(user: FakeUser | undefined): FakeUser {
    if (!user) {
      throw new Refusal(404, "COMMAND-4g3xq");
    }
    return user;
  }

  /** A user whose code it is; the code is used by that. */
  #take(user: FakeUser | undefined, purpose: keyof FakeUser["codes"], sent: string, id: string): FakeUser {
    const code = user?.codes[purpose];
    if (!user || code === undefined || (sent !== code && sent !== code.slice(0, 8))) {
      throw new Refusal(user ? 400 : 404, user ? id : "COMMAND-4g3xq");
    }
    delete user.codes[purpose];
    return user;
  }

  #verifyEmail(found: FakeUser | undefined, code: string): unknown {
    const user = this.#take(found, "email", code, "COMMAND-eis9R");
    user.isVerified = true;
    user.verified = user.email;
    return {};
  }

  #setEmail(user: FakeUser, own: FakeSession | undefined, body: any): unknown {
    if (own) {
      this.#factors.requireFresh(own, user);
    }
    if (user.email === body.email) {
      throw new Refusal(400, "COMMAND-Uch5e");
    }
    if ([...this.users.values()].some((other) => other !== user && same(other.loginName, body.email))) {
      throw new Refusal(409, "V3-DKcYh");
    }
    user.email = body.email;
    user.isVerified = false;
    delete user.codes.email;
    return this.#send(user, "email", body.email, body.sendCode);
  }

  async #setPhone(user: FakeUser, own: FakeSession | undefined, phone: string): Promise<unknown> {
    this.#factors.requireFresh(own, user);
    user.phone = phone;
    user.isPhoneVerified = false;
    const code = (user.codes.phone = newCode());
    this.outbox.push({ sentAt: new Date().toISOString(), channel: "sms", to: phone, subject: "", text: `${code.slice(0, 8)} confirms it`, html: "" });
    return {};
  }

  async #setPassword(found: FakeUser | undefined, own: FakeSession | undefined, body: any): Promise<unknown> {
    const { password } = body.newPassword;
    if ([...password].length < 8) {
      throw new Refusal(400, "DOMAIN-HuJf6");
    }
    if (password === "password1") {
      throw new Refusal(400, "SESAME-Pcom1");
    }
    const isOfNames = (user: FakeUser | undefined) => user?.displayName.split(" ").some((name) => password.toLowerCase() === `${name.toLowerCase()}1`);
    if (body.verificationCode !== undefined) {
      const code = found?.codes.reset;
      this.#take(found, "reset", body.verificationCode, "CODE-woT0xc");
      if (isOfNames(found)) {
        found!.codes.reset = code!;
        throw new Refusal(400, "SESAME-Pwor1");
      }
    } else if (body.currentPassword !== undefined) {
      await delay(this.hashMs);
      if (this.#known(found).password !== body.currentPassword) {
        throw new Refusal(400, "COMMAND-3M0fs");
      }
    } else if (own && !own.isFresh && !own.key?.isFresh) {
      throw new Refusal(403, "SESAME-Fres1");
    }
    const user = this.#known(found);
    if (isOfNames(user)) {
      throw new Refusal(400, "SESAME-Pwor1");
    }
    user.password = password;
    for (const session of this.sessions.values()) {
      if (session.userId === user.id && session !== own) {
        this.sessions.delete(session.id);
      }
    }
    return {};
  }

  async #send(user: FakeUser, purpose: "email" | "reset" | "invite", to: string, by: { urlTemplate: string }): Promise<unknown> {
    await delay(this.messageMs);
    const code = (user.codes[purpose] ??= newCode());
    const link = by.urlTemplate.replace("{{.Code}}", code).replace("{{.UserID}}", user.id);
    const text = `${purpose}: ${code.slice(0, 8)}\n${link}\n`;
    this.outbox.push({ sentAt: new Date().toISOString(), channel: "email", to, subject: purpose, text, html: "" });
    return { userId: user.id };
  }

  async #runSession(method: string, id: string, own: FakeSession | undefined, body: any): Promise<unknown> {
    if (method === "POST" && id === "search") {
      if (own) {
        this.#factors.requireStrength(own, this.#known(this.users.get(own.userId)), "GET ");
      }
      const sessions = [...this.sessions.values()].filter((session) => session.userId === own?.userId);
      return { sessions: sessions.map((session) => this.#shownSession(session)) };
    }
    if (method === "POST") {
      return this.#createSession(body);
    }
    const session = this.sessions.get(id);
    if (method === "DELETE") {
      if (session && own?.userId !== session.userId) {
        throw new Refusal(403, "AUTH-5mWD2");
      }
      this.sessions.delete(id);
      return {};
    }
    if (!session) {
      throw new Refusal(404, "QUERY-SFeaa");
    }
    if (method === "PATCH") {
      if (body.sessionToken !== session.token) {
        throw new Refusal(403, "COMMAND-sGr42");
      }
      const asked = await this.#setSession(session, body);
      session.token = newToken();
      return { sessionToken: session.token, ...(asked as object) };
    }
    return { session: this.#shownSession(session) };
  }

  async #createSession({ checks = {}, challenges, userAgent }: any): Promise<unknown> {
    const { user, password } = checks;
    const found = user?.userId ? this.users.get(user.userId) : user && this.#find({ loginNameQuery: user })[0];
    if (user && !found) {
      throw new Refusal(404, "QUERY-Dfbg2");
    }
    if (password) {
      await this.#checkPassword(found, password.password);
    }
    const proved = { userId: found?.id ?? "", hasPassword: password !== undefined, isFresh: password !== undefined };
    const session: FakeSession = { id: randomUUID(), token: newToken(), ...proved, ...newSession(), userAgent };
    const asked = challenges ? { challenges: this.#keys.challenge(session, challenges.webAuthN) } : {};
    this.sessions.set(session.id, session);
    return { sessionId: session.id, sessionToken: session.token, ...asked };
  }

  async #setSession(session: FakeSession, { checks = {}, challenges }: any): Promise<unknown> {
    const { password, webAuthN, ...seconds } = checks;
    if (webAuthN) {
      this.#keys.check(session, webAuthN);
    }
    if (challenges?.webAuthN) {
      return { challenges: this.#keys.challenge(session, challenges.webAuthN) };
    }
    const user = this.#known(this.users.get(session.userId));
    if (password) {
      await this.#checkPassword(user, password.password);
      session.hasPassword = true;
      session.isFresh = true;
    }
    for (const [kind, check] of Object.entries<any>(seconds)) {
      this.#factors.check(session, user, kind as FactorKind, check);
    }
    if (challenges) {
      this.#factors.challenge(session, user, challenges);
    }
    return {};
  }

  async #checkPassword(user: FakeUser, password: string): Promise<void> {
    if (user.failures >= 10) {
      throw new Refusal(400, "COMMAND-JLK35", 30);
    }
    user.failures += 1;
    if (user.password === undefined) {
      throw new Refusal(400, "COMMAND-3nJ4t");
    }
    await delay(this.hashMs);
    if (user.password !== password) {
      throw new Refusal(400, "COMMAND-3M0fs");
    }
    user.failures = 0;
  }

  #shownSession({ id, userId, createdAt, userAgent, seconds, hasPassword, key }: FakeSession): unknown {
    const user = this.users.get(userId);
    const others = Object.fromEntries([...seconds.keys()].map((kind) => [kind, { verifiedAt: createdAt }]));
    const password = hasPassword ? { password: { verifiedAt: createdAt } } : {};
    const webAuthN = key ? { webAuthN: { verifiedAt: createdAt, userVerified: key.isVerified } } : {};
    const factors = { user: { id: userId, loginName: user?.loginName }, ...password, ...webAuthN, ...others };
    return { id, creationDate: createdAt, factors, userAgent };
  }
}

function shown({ id, loginName, email, isVerified, displayName, phone, isPhoneVerified }: FakeUser): unknown {
  const number = phone === undefined ? {} : { phone: { phone, isVerified: isPhoneVerified ?? false } };
  return { userId: id, preferredLoginName: loginName, human: { profile: { displayName }, email: { email, isVerified }, ...number } };
}

const newSession = () => ({ createdAt: new Date().toISOString(), seconds: new Map<FactorKind, boolean>(), sent: {}, challenges: [] });

const same = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();
const newToken = () => randomBytes(32).toString("base64url");
const newCode = () => [...randomBytes(20)].map((byte) => ALPHABET[byte % 32]).join("");
