// The part of the stand-in for Sesame that knows passkeys and security keys: challenges, answers, registrations, lists and
// removals. It reads what an authenticator answers, and believes its signature: Sesame's own tests verify those.

import { randomBytes, randomUUID } from "node:crypto";

import type { KeyKind } from "../sesame-keys.ts";
import { Refusal, type FakeKey, type FakeSession, type FakeSettings, type FakeUser } from "./fake-types.ts";

const MINUTE = 60_000;
const CHALLENGES = 5;
const MOST_KEYS = 20;

interface Fake {
  readonly users: Map<string, FakeUser>;
  readonly settings: FakeSettings;
  now(): number;
}

interface Changes {
  /** Refuses a session of the user whose proofs are too weak or too old. */
  requireFresh(own: FakeSession | undefined, user: FakeUser): void;
  endOthers(user: FakeUser, own: FakeSession | undefined): void;
}

export class FakeKeyCalls {
  readonly #fake: Fake;
  readonly #changes: Changes;

  constructor(fake: Fake, changes: Changes) {
    this.#fake = fake;
    this.#changes = changes;
  }

  /** Adds a challenge to a session, for its user or for whoever answers. Gives the answer's part of it. */
  challenge(session: FakeSession, { domain, userVerificationRequirement }: any): unknown {
    const isRequired = userVerificationRequirement === "USER_VERIFICATION_REQUIREMENT_REQUIRED";
    const user = this.#fake.users.get(session.userId);
    const keys = (user?.keys ?? []).filter(({ kind }) => !isRequired || kind === "passkey");
    if (user && keys.length === 0) {
      throw new Refusal(400, "WEBAU-4G8sw");
    }
    if (!user && !isRequired) {
      throw new Refusal(400, "COMMAND-eeR2e");
    }
    const challenge = randomBytes(32).toString("base64url");
    session.challenges = [...session.challenges, { challenge, isRequired, endsAt: this.#fake.now() + 5 * MINUTE }].slice(-CHALLENGES);
    const publicKey = {
      challenge,
      timeout: 5 * MINUTE,
      rpId: domain,
      allowCredentials: keys.map(({ credentialId }) => ({ type: "public-key", id: credentialId })),
      userVerification: isRequired ? "required" : "discouraged",
    };
    return { webAuthN: { publicKeyCredentialRequestOptions: { publicKey } } };
  }

  /** Checks the answer to one of the session's challenges, which is used up by that. */
  check(session: FakeSession, { credentialAssertionData: data }: any): void {
    if (session.challenges.length === 0) {
      throw new Refusal(400, "COMMAND-Ioqu5");
    }
    const named = clientData(data).challenge;
    const found = session.challenges.find(({ challenge }) => challenge === named);
    session.challenges = session.challenges.filter((challenge) => challenge !== found);
    const owner = [...this.#fake.users.values()].find(({ keys }) => keys.some(({ credentialId }) => credentialId === data.id));
    const key = owner?.keys.find(({ credentialId }) => credentialId === data.id);
    const authenticatorData = Buffer.from(data.response.authenticatorData, "base64url");
    const isVerified = (authenticatorData.readUInt8(32) & 4) !== 0;
    if (!found || found.endsAt <= this.#fake.now() || (found.isRequired && (!isVerified || (key && key.kind !== "passkey")))) {
      throw new Refusal(400, "WEBAU-3M9si");
    }
    if (!owner || !key || (session.userId !== "" && session.userId !== owner.id)) {
      throw new Refusal(400, session.userId === "" ? "WEBAU-3M9si" : "COMMAND-Aej7i");
    }
    const count = authenticatorData.readUInt32BE(33);
    if ((count > 0 || key.count > 0) && count <= key.count) {
      throw new Refusal(400, "WEBAU-4M90s");
    }
    key.count = count;
    session.userId = owner.id;
    session.key = { isPasskey: key.kind === "passkey" && isVerified, isVerified, isFresh: true };
  }

  /** A call for a user's credentials; `undefined` if it is another one. */
  run(call: string, user: FakeUser, own: FakeSession | undefined, body: any): unknown {
    const [method, route = ""] = call.split(" ");
    const [first = "", second] = route.split("/");
    if (route === "authentication_factors/_search") {
      return { result: user.keys.filter(({ kind }) => kind === "securityKey").map(({ id, name }) => ({ state: "AUTH_FACTOR_STATE_READY", u2f: { id, name } })) };
    }
    const kind: KeyKind | undefined = first === "passkeys" ? "passkey" : first === "u2f" ? "securityKey" : undefined;
    if (kind === undefined) {
      return undefined;
    }
    if (second === "_search") {
      return { result: user.keys.filter((key) => key.kind === "passkey").map(({ id, name }) => ({ id, name, state: "AUTH_FACTOR_STATE_READY" })) };
    }
    if (second === "registration_link") {
      user.linkCode = { id: randomUUID(), code: randomBytes(9).toString("base64url") };
      return { code: user.linkCode };
    }
    if (method === "DELETE") {
      this.#changes.requireFresh(own, user);
      return this.#remove(user, own, kind, second ?? "");
    }
    if (second !== undefined) {
      return this.#verify(user, own, kind, second, body);
    }
    this.#mayRegister(user, own, body.code);
    return this.#register(user, kind, body.domain);
  }

  #mayRegister(user: FakeUser, own: FakeSession | undefined, code: any): void {
    if (code === undefined) {
      this.#changes.requireFresh(own, user);
    } else if (user.linkCode?.id !== code.id || user.linkCode?.code !== code.code) {
      throw new Refusal(400, "COMMAND-Eeb2a");
    } else {
      delete user.linkCode;
    }
  }

  #register(user: FakeUser, kind: KeyKind, domain: string): unknown {
    if (!this.#fake.settings.offeredKeys.includes(kind)) {
      throw new Refusal(400, "SESAME-Foff1");
    }
    if (user.keys.length >= MOST_KEYS) {
      throw new Refusal(400, "SESAME-Kmax1");
    }
    const pending = { id: randomUUID(), kind, challenge: randomBytes(32).toString("base64url") };
    user.pendingKeys = [...user.pendingKeys, pending].slice(-CHALLENGES);
    const level = kind === "passkey" ? { residentKey: "preferred", userVerification: "required" } : { residentKey: "discouraged", userVerification: "discouraged" };
    const publicKey = {
      rp: { id: domain, name: "Sesame" },
      user: { id: user.handle, name: user.loginName, displayName: user.displayName },
      challenge: pending.challenge,
      pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: "public-key", alg })),
      timeout: 5 * MINUTE,
      excludeCredentials: user.keys.map(({ credentialId }) => ({ type: "public-key", id: credentialId })),
      authenticatorSelection: level,
      attestation: "none",
    };
    return { [kind === "passkey" ? "passkeyId" : "u2fId"]: pending.id, publicKeyCredentialCreationOptions: { publicKey } };
  }

  #verify(user: FakeUser, own: FakeSession | undefined, kind: KeyKind, id: string, body: any): unknown {
    if (own) {
      this.#changes.requireFresh(own, user);
    }
    const pending = user.pendingKeys.find((pending) => pending.id === id && pending.kind === kind);
    if (!pending) {
      throw new Refusal(400, "WEBAU-5M9so");
    }
    user.pendingKeys = user.pendingKeys.filter((other) => other !== pending);
    const data = body.publicKeyCredential;
    const isTaken = [...this.#fake.users.values()].some(({ keys }) => keys.some(({ credentialId }) => credentialId === data.id));
    if (isTaken || clientData(data).challenge !== pending.challenge || !data.response.attestationObject) {
      throw new Refusal(400, "WEBAU-3Vb9s");
    }
    const name = kind === "passkey" ? body.passkeyName : body.tokenName;
    user.keys.push({ kind, id, credentialId: data.id, name, count: 0 });
    return {};
  }

  #remove(user: FakeUser, own: FakeSession | undefined, kind: KeyKind, id: string): unknown {
    const rest = user.keys.filter((key) => key.kind !== kind || key.id !== id);
    if (rest.length === user.keys.length) {
      throw new Refusal(404, "COMMAND-DAfb2");
    }
    const isLastWay = user.password === undefined && !rest.some((key) => key.kind === "passkey");
    if (isLastWay || (this.#fake.settings.forceMfa && rest.length === 0)) {
      throw new Refusal(400, "SESAME-Flst1");
    }
    user.keys = rest;
    this.#changes.endOthers(user, own);
    return {};
  }
}

export function keyTypes({ keys }: FakeUser): string[] {
  const kinds = new Set(keys.map(({ kind }: FakeKey) => kind));
  return [...(kinds.has("passkey") ? ["PASSKEY"] : []), ...(kinds.has("securityKey") ? ["U2F"] : [])];
}

function clientData(data: any): { challenge?: string } {
  return JSON.parse(Buffer.from(data.response.clientDataJSON, "base64url").toString());
}
