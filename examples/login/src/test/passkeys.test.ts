// Signing in with passkeys and security keys: what the pages ask Sesame for, what they tell, and what they refuse.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";

import { HourlyLimit } from "../limits.ts";
import { FakeAuthenticator } from "./fake-authenticator.ts";
import { SERVICE_TOKEN, type FakeUser } from "./fake-sesame.ts";
import type { FakeKey } from "./fake-types.ts";
import { PASSWORD, SECRET, STEP_MS, Site, addUserWith, ask, type Page, type Visitor } from "./harness.ts";

const EMAIL = "ada@example.com";

let site: Site;
let visitor: Visitor;
let device: FakeAuthenticator;

beforeEach(async () => {
  site = await Site.start();
  visitor = site.visitor();
  device = new FakeAuthenticator();
});

afterEach(() => site.stop());

/** A user with a credential of the device. */
function addUser(kind: FakeKey["kind"], fields: Partial<FakeUser> = {}): FakeUser {
  const key = { kind, id: "key-1", credentialId: device.id, name: "Phone", count: 0 };
  return site.sesame.addUser({ email: EMAIL, keys: [key], ...fields });
}

const askToSignIn = (login = "") => ask(visitor, "/sign-in", "/sign-in/passkey", { login });
const answer = (answer: string, state: string, more: Record<string, string> = {}) => visitor.submit("/sign-in", { answer, state, ...more }, "/sign-in/passkey");
const newestCall = (method: string, path: RegExp) => site.sesame.calls.findLast((call) => call.method === method && path.test(call.path));

async function signIn(): Promise<Page> {
  const { publicKey, state } = await askToSignIn();
  return answer(device.assert(publicKey), state);
}

describe("a sign-in by passkey", () => {
  test("has a session for each page that asks, which nobody is in until it is answered", async () => {
    addUser("passkey");
    const { publicKey, state } = await askToSignIn();

    const domain = "localhost";
    const webAuthN = { domain, userVerificationRequirement: "USER_VERIFICATION_REQUIREMENT_REQUIRED" };
    const created = newestCall("POST", /sessions$/);
    assert.deepEqual(created?.body, { challenges: { webAuthN }, lifetime: "600s", userAgent: { ip: "127.0.0.1", description: "node" } });
    assert.equal(created?.bearer, SERVICE_TOKEN);
    assert.deepEqual(publicKey.allowCredentials, []);
    assert.ok(!visitor.cookies.has("session"));
    assert.equal((await visitor.get("/")).location, "/sign-in");

    await askToSignIn();
    assert.equal(site.sesame.sessions.size, 2);
    assert.equal((await answer(device.assert(publicKey), state)).location, "/");
    const checked = newestCall("PATCH", /sessions/);
    assert.equal(checked?.body.lifetime, "86400s");
    assert.deepEqual(Object.keys(checked?.body.checks.webAuthN.credentialAssertionData), ["id", "rawId", "type", "response"]);
    assert.match((await visitor.get("/")).text, /Your account/);
  });

  test("takes the place of the session that the browser had", async () => {
    addUser("passkey");
    await signIn();
    const former = visitor.cookies.get("session")?.split(".")[0] ?? "";
    assert.equal((await signIn()).location, "/");
    await site.idle();
    assert.ok(!site.sesame.sessions.has(former));
  });

  test("needs no second factor, whatever else the user has", async () => {
    addUser("passkey", { password: PASSWORD, factors: { totp: SECRET, lastStep: 0, recoveryCodes: [], failures: 0 } });
    assert.equal((await signIn()).location, "/");
    assert.equal((await visitor.get("/security")).status, 200);
  });

  test("says what is needed where the script didn't run, and reads nothing else as an answer", async () => {
    for (const [sent, told] of [
      ["", /lets this page&#39;s script run/],
      ["{}", /can&#39;t be read/],
      ["[", /can&#39;t be read/],
      ['{"id":"a","rawId":"b","type":"public-key","response":{"clientDataJSON":"e30"}}', /can&#39;t be read/],
      ['{"id":"../x","rawId":"../x","type":"public-key","response":{"clientDataJSON":"e30"}}', /can&#39;t be read/],
      [`"${"x".repeat(40_000)}"`, /can&#39;t be read/],
    ] as const) {
      const page = await answer(sent, "");
      assert.equal(page.status, 422);
      assert.match(page.told, told, sent.slice(0, 80));
    }
    assert.equal(newestCall("PATCH", /./), undefined);
  });
});

describe("an answer that isn't right", () => {
  type Asked = { publicKey: { challenge: string }; state: string };
  const cases: [string, (asked: Asked) => Promise<[string, string]> | [string, string]][] = [
    ["to another challenge", ({ state }) => [device.assert({ challenge: "x".repeat(43) }), state]],
    ["of an unknown credential", ({ publicKey, state }) => [new FakeAuthenticator().assert(publicKey), state]],
    ["without verification", ({ publicKey, state }) => ((device.verifies = false), [device.assert(publicKey), state])],
    ["in the session of another page", async ({ publicKey }) => [device.assert(publicKey), (await askToSignIn()).state]],
    ["after five minutes", ({ publicKey, state }) => ((site.sesame.ahead = 5 * 60_000), [device.assert(publicKey), state])],
    ["without its session", ({ publicKey }) => [device.assert(publicKey), ""]],
    ["with a session that the browser made up", ({ publicKey, state }) => [device.assert(publicKey), state.replace(/.$/, (end) => (end === "A" ? "B" : "A"))]],
    ["when the session has ended", ({ publicKey, state }) => (site.sesame.sessions.clear(), [device.assert(publicKey), state])],
    ["of a copy", ({ publicKey, state }) => ((device.count = -1), [device.assert(publicKey), state])],
  ];
  for (const [what, make] of cases) {
    test(`${what} signs nobody in`, async () => {
      const { keys } = addUser("passkey");
      keys[0]!.count = what === "of a copy" ? 7 : 0;
      device.count = 8;
      const [json, state] = await make(await askToSignIn());
      const page = await answer(json, state);

      assert.ok([422, 303].includes(page.status), page.text);
      assert.match(page.told, what === "of a copy" ? /seems to have been copied/ : /Too much time has passed|was not accepted/);
      assert.ok(!visitor.cookies.has("session"));
      assert.equal((await visitor.get("/")).location, "/sign-in");
      assert.equal((await signIn()).location, what === "without verification" || what === "of a copy" ? null : "/");
    });
  }

  test("used twice signs in once", async () => {
    addUser("passkey");
    const { publicKey, state } = await askToSignIn();
    const json = device.assert(publicKey);
    assert.equal((await answer(json, state)).location, "/");
    const other = site.visitor();
    other.cookies.set("csrf", visitor.cookies.get("csrf") ?? "");
    assert.equal((await other.submit("/sign-in", { answer: json, state }, "/sign-in/passkey")).status, 422);
    assert.ok(!other.cookies.has("session"));
  });

  test("is nothing in another browser", async () => {
    addUser("passkey");
    const { publicKey, state } = await askToSignIn();
    const page = await site.visitor().submit("/sign-in", { answer: device.assert(publicKey), state }, "/sign-in/passkey");
    assert.match(page.told, /Too much time has passed/);
    assert.equal(newestCall("PATCH", /./), undefined);
  });
});

describe("a challenge after a name", () => {
  test("is for the user's passkeys, and looks the same for whoever has none", async () => {
    addUser("passkey");
    site.sesame.addUser({ email: "grace@example.com", password: PASSWORD });
    const seen = [];
    for (const login of [EMAIL, "grace@example.com", "nobody@example.com"]) {
      const asked = await askToSignIn(login);
      const again = await askToSignIn(login);
      assert.deepEqual(asked.publicKey.allowCredentials, again.publicKey.allowCredentials, login);
      assert.notEqual(asked.publicKey.challenge, again.publicKey.challenge);
      assert.ok(asked.ms >= STEP_MS - 1, `${login}: ${asked.ms}`);
      const { id, ...rest } = asked.publicKey.allowCredentials[0];
      assert.match(id, /^[\w-]{22,43}$/);
      const wrong = await answer(new FakeAuthenticator().assert(asked.publicKey), asked.state);
      seen.push({ members: Object.keys(asked.publicKey), rest, length: asked.state.length, status: wrong.status, told: wrong.told });
    }
    assert.deepEqual(seen[1], seen[0]);
    assert.deepEqual(seen[2], seen[0]);
    assert.equal(seen[0]?.status, 422);

    const { publicKey, state } = await askToSignIn(EMAIL);
    assert.equal(publicKey.allowCredentials[0].id, device.id);
    assert.equal((await answer(device.assert(publicKey), state)).location, "/");
  });

  test("is none for a security key, which stands beside a password", async () => {
    addUser("securityKey", { password: PASSWORD });
    const { publicKey, state } = await askToSignIn(EMAIL);
    assert.notEqual(publicKey.allowCredentials[0].id, device.id);
    assert.equal((await answer(device.assert(publicKey), state)).status, 422);
  });
});

test("challenges that anybody may ask for are limited by the client's address", async () => {
  site.pages.app.challenges = new HourlyLimit(1, () => 0);
  const csrf = await visitor.token("/sign-in");
  assert.equal((await visitor.post("/sign-in/passkey/options", { csrf, login: "" })).status, 200);
  const page = await visitor.post("/sign-in/passkey/options", { csrf, login: "" });
  assert.equal(page.status, 429);
  // What the script shows of such a page is its first paragraph.
  assert.match(page.text, /<main[^>]*>\s*<h1>[^<]*<\/h1>\s*<p>There were too many requests/);
  assert.equal((await visitor.post("/sign-in/passkey/options", { login: "" })).status, 403);
});

test("without passkeys in Sesame, no page speaks of them", async () => {
  site.sesame.settings.offeredKeys = [];
  for (const path of ["/sign-in", "/invite"]) {
    assert.doesNotMatch((await visitor.get(path)).text, /passkey|webauthn|<script/i, path);
  }
  const other = await site.signedIn("grace@example.com");
  assert.doesNotMatch((await other.get("/security")).text, /Add a/);
});

describe("a security key after the password", () => {
  const askForKey = () => ask(visitor, "/second-factor/key", "/second-factor/key");
  const use = (json: string) => visitor.submit("/second-factor/key", { answer: json });
  const givePassword = () => visitor.submit("/sign-in", { login: EMAIL, password: PASSWORD });

  test("finishes the sign-in, in the same session", async () => {
    addUser("securityKey", { password: PASSWORD });
    assert.equal((await givePassword()).location, "/second-factor/key");
    assert.equal((await visitor.get("/")).location, "/second-factor");
    assert.equal((await visitor.get("/second-factor")).location, "/second-factor/key");
    const [session] = site.sesame.sessions.values();
    const { publicKey } = await askForKey();

    const { challenges } = newestCall("PATCH", /sessions/)?.body ?? {};
    assert.deepEqual(challenges, { webAuthN: { domain: "localhost", userVerificationRequirement: "USER_VERIFICATION_REQUIREMENT_DISCOURAGED" } });
    assert.equal(visitor.cookies.get("session"), `${session?.id}.${session?.token}`);
    device.verifies = false;
    assert.match((await use(device.assert({ challenge: "x".repeat(43) }))).told, /was not accepted/);
    const { publicKey: next } = await askForKey();
    assert.equal((await use(device.assert(next))).location, "/");
    assert.notEqual(next.challenge, publicKey.challenge);
    assert.equal((await visitor.get("/")).status, 200);
  });

  test("is one way of several", async () => {
    addUser("securityKey", { password: PASSWORD, factors: { totp: SECRET, lastStep: 0, recoveryCodes: [], failures: 0 } });
    assert.equal((await givePassword()).location, "/second-factor");
    const choice = await visitor.get("/second-factor");
    assert.match(choice.text, /href="\/second-factor\/key".*authenticator app/s);
    assert.match((await visitor.get("/second-factor/app")).text, /Go on in another way/);
  });

  test("may be a passkey, where a second factor is asked for", async () => {
    addUser("passkey", { password: PASSWORD });
    assert.equal((await givePassword()).location, "/");
    site.sesame.settings.forceMfa = true;
    site.ahead = 61_000;
    assert.equal((await visitor.get("/security")).location, "/second-factor");
    const { publicKey } = await askForKey();
    assert.equal((await use(device.assert(publicKey))).location, "/");
    assert.equal((await visitor.get("/security")).status, 200);
  });

  test("that was removed meanwhile leads to another way", async () => {
    const user = addUser("securityKey", { password: PASSWORD });
    await givePassword();
    const csrf = await visitor.token("/second-factor/key");
    site.sesame.moreTypes.push("AUTHENTICATION_METHOD_TYPE_U2F");
    user.keys = [];
    const page = await visitor.post("/second-factor/key/options", { csrf });
    assert.equal(page.status, 422);
    assert.match(page.text, /none that can be used here/);
  });
});

test("a user with an app only isn't led to keys", async () => {
  addUserWith(site, { totp: SECRET });
  assert.equal((await visitor.submit("/sign-in", { login: EMAIL, password: PASSWORD })).location, "/second-factor/app");
  assert.equal((await visitor.get("/second-factor/key")).location, "/second-factor");
});
