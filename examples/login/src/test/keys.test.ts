// What users change of their passkeys and security keys: the first one after a code, the others with their own session.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";

import { FakeAuthenticator } from "./fake-authenticator.ts";
import { SERVICE_TOKEN, type FakeUser } from "./fake-sesame.ts";
import type { FakeKey } from "./fake-types.ts";
import { PASSWORD, SECRET, Site, ask, type Page, type Visitor } from "./harness.ts";

const EMAIL = "ada@example.com";
const CODE = "ABCDEFGH23456789ABCD";

let site: Site;
let visitor: Visitor;
let device: FakeAuthenticator;

beforeEach(async () => {
  site = await Site.start();
  visitor = site.visitor();
  device = new FakeAuthenticator();
});

afterEach(() => site.stop());

const calls = (method: string, path: RegExp) => site.sesame.calls.filter((call) => call.method === method && path.test(call.path));

describe("a first passkey", () => {
  let user: FakeUser;

  beforeEach(async () => {
    user = site.sesame.addUser({ email: EMAIL, isVerified: false, codes: { email: CODE } });
    await visitor.get(`/verify?code=${CODE}&userId=${user.id}`);
    assert.equal((await visitor.submit("/verify", {})).location, "/choose-password?done=verified");
  });

  const askFirst = (from = visitor) => ask(from, "/choose-password", "/choose-password/passkey", { name: "Phone" });
  const create = (answer: string, state: string, name = "Phone", from = visitor) =>
    from.submit("/choose-password", { answer, state, name }, "/choose-password/passkey");

  test("is registered after a code by the service account, and signs in", async () => {
    assert.match((await visitor.get("/choose-password")).text, /Your mailbox stays a way in/);
    const { publicKey, state } = await askFirst();
    assert.deepEqual(calls("POST", /registration_link$/).map(({ body }) => body), [{ returnCode: {} }]);
    const [registered] = calls("POST", /passkeys$/);
    assert.deepEqual(Object.keys(registered?.body), ["domain", "code"]);
    assert.equal(registered?.body.domain, "localhost");
    assert.equal((await create(device.register(publicKey), state, " My phone ")).location, "/sign-in?done=passkey");
    assert.deepEqual(user.keys.map(({ kind, name }) => [kind, name]), [["passkey", "My phone"]]);
    assert.equal(user.password, undefined);

    const asked = await ask(visitor, "/sign-in", "/sign-in/passkey");
    const signedIn = await visitor.submit("/sign-in", { answer: device.assert(asked.publicKey), state: asked.state }, "/sign-in/passkey");
    assert.equal(signedIn.location, "/");
    // The right was for one method.
    assert.equal((await visitor.get("/choose-password")).location, "/forgot?done=late");
  });

  test("is for nobody who has a method, whatever the browser kept", async () => {
    const { publicKey, state } = await askFirst();
    const csrf = await visitor.token("/choose-password");
    user.password = PASSWORD;
    const late = await visitor.post("/choose-password/passkey", { csrf, answer: device.register(publicKey), state, name: "Phone" });
    assert.equal(late.location, "/sign-in?done=taken");
    assert.equal((await visitor.post("/choose-password/passkey/options", { csrf, name: "Phone" })).location, "/forgot?done=late");
    assert.deepEqual(user.keys, []);
    assert.equal(calls("POST", /registration_link$/).length, 1);
  });

  test("is for nobody who has used no code", async () => {
    const stranger = site.visitor();
    const csrf = await stranger.token("/sign-in");
    for (const path of ["/choose-password/passkey/options", "/choose-password/passkey"]) {
      assert.equal((await stranger.post(path, { csrf, name: "Phone", userId: user.id })).location, "/forgot?done=late");
    }
    assert.deepEqual(calls("POST", /passkeys/), []);
  });

  test("is of the user who was asked, in the browser that was", async () => {
    const { publicKey, state } = await askFirst();
    const other = site.sesame.addUser({ email: "grace@example.com", isVerified: false, codes: { email: CODE } });
    const grace = site.visitor();
    await grace.get(`/verify?code=${CODE}&userId=${other.id}`);
    await grace.submit("/verify", {});
    assert.match((await create(device.register(publicKey), state, "Phone", grace)).told, /Too much time has passed/);
    assert.deepEqual([user.keys, other.keys], [[], []]);
  });

  test("that comes too late, or isn't the one that was asked for, is begun again", async () => {
    const { publicKey, state } = await askFirst();
    assert.match((await create(device.register({ challenge: "x".repeat(43) }), state)).told, /was not accepted/);
    assert.match((await create(device.register(publicKey), state)).told, /Too much time has passed/);
    const again = await askFirst();
    site.ahead = 11 * 60_000;
    assert.match((await create(device.register(again.publicKey), again.state)).told, /Too much time has passed/);
    assert.deepEqual(user.keys, []);
  });

  test("has a name of 1 to 200 characters", async () => {
    const { publicKey, state } = await askFirst();
    const csrf = await visitor.token("/choose-password");
    for (const name of ["", " ", "x".repeat(201), "two\nlines"]) {
      assert.equal((await visitor.post("/choose-password/passkey/options", { csrf, name })).status, 422, name);
      assert.equal((await create(device.register(publicKey), state, name)).status, 422, name);
    }
    assert.equal(calls("POST", /registration_link$/).length, 1);
    assert.equal((await create(device.register(publicKey), state, "é".repeat(200))).location, "/sign-in?done=passkey");
  });
});

test("an invitation can be accepted without a password", async () => {
  const user = site.sesame.addUser({ email: EMAIL, isVerified: false, codes: { invite: CODE } });
  await visitor.get(`/invite?code=${CODE}&userId=${user.id}`);
  assert.equal((await visitor.submit("/invite", { by: "passkey" })).location, "/choose-password");
  assert.equal(user.codes.invite, undefined);
  const { publicKey, state } = await ask(visitor, "/choose-password", "/choose-password/passkey", { name: "Phone" });
  const form = { answer: device.register(publicKey), state, name: "Phone" };
  assert.equal((await visitor.submit("/choose-password", form, "/choose-password/passkey")).location, "/sign-in?done=passkey");
});

const PAGES = { passkey: "/security/passkey", securityKey: "/security/key" } as const;

/** Adds a credential to the account of whoever is signed in. */
async function add(kind: keyof typeof PAGES, by = device): Promise<Page> {
  const { publicKey, state } = await ask(visitor, PAGES[kind], PAGES[kind], { name: "Key" });
  return visitor.submit(PAGES[kind], { answer: by.register(publicKey), state, name: "Key" });
}

async function signInByPasskey(): Promise<void> {
  const { publicKey, state } = await ask(visitor, "/sign-in", "/sign-in/passkey");
  assert.equal((await visitor.submit("/sign-in", { answer: device.assert(publicKey), state }, "/sign-in/passkey")).location, "/");
}

describe("another one", () => {
  test("is registered with the user's own session, and proved at once where it is demanded", async () => {
    visitor = await site.signedIn(EMAIL);
    assert.equal((await add("passkey")).location, "/security?done=set-up");
    // A password beside a passkey is too weak to change anything, so the passkey is asked for.
    const csrf = await visitor.token("/security/key");
    assert.equal((await visitor.post("/security/key/options", { csrf, name: "Key" })).location, "/confirm?to=key");
    const { publicKey } = await ask(visitor, "/confirm?to=key", "/confirm/passkey");
    const confirmed = await visitor.submit("/confirm?to=key", { to: "key", answer: device.assert(publicKey) }, "/confirm/passkey");
    assert.equal(confirmed.location, "/security/key?done=confirmed");
    assert.equal((await add("securityKey", new FakeAuthenticator())).location, "/security?done=set-up");
    const made = calls("POST", /\/(passkeys|u2f)/);
    assert.deepEqual(new Set(made.map(({ bearer }) => bearer === SERVICE_TOKEN)), new Set([false]));
    const names = made.filter(({ body }) => body.publicKeyCredential).map(({ body }) => body.passkeyName ?? body.tokenName);
    assert.deepEqual(names, ["Key", "Key"]);
    assert.match((await visitor.get("/security")).text, /Remove the passkey: Key.*Remove the security key: Key/s);
  });

  test("that is a first security key is asked for at once", async () => {
    visitor = await site.signedIn(EMAIL);
    assert.equal((await add("securityKey")).location, "/second-factor/key?done=added-key");
    const { publicKey } = await ask(visitor, "/second-factor/key", "/second-factor/key");
    assert.equal((await visitor.submit("/second-factor/key", { answer: device.assert(publicKey) })).location, "/security?done=confirmed");
  });

  test("is demanded where a second factor is required, and a passkey will do", async () => {
    site.sesame.settings.forceMfa = true;
    site.sesame.addUser({ email: EMAIL, password: PASSWORD });
    assert.equal((await visitor.submit("/sign-in", { login: EMAIL, password: PASSWORD })).location, "/set-up");
    assert.match((await visitor.get("/set-up")).text, /Add a passkey.*Add a security key.*Authenticator app/s);
    assert.match((await visitor.get("/security/passkey")).text, /a password alone lets nobody in/);
    assert.equal((await add("passkey")).location, "/second-factor/key?done=added-key");
    const { publicKey } = await ask(visitor, "/second-factor/key", "/second-factor/key");
    assert.equal((await visitor.submit("/second-factor/key", { answer: device.assert(publicKey) })).location, "/security?done=confirmed");
    assert.equal((await visitor.get("/")).status, 200);
  });

  test("is refused with its reason", async () => {
    visitor = await site.signedIn(EMAIL);
    const csrf = await visitor.token("/security/passkey");
    const post = () => visitor.post("/security/passkey/options", { csrf, name: "Key" });
    for (const [failure, told] of [
      [{ status: 400, id: "SESAME-Kmax1" }, /as many passkeys and security keys as it may have/],
      [{ status: 400, id: "SESAME-Foff1" }, /can&#39;t be set up here/],
      [{ status: 501, id: "FAKE-off" }, /can&#39;t be set up here/],
    ] as const) {
      site.sesame.failures.set("POST", failure);
      const page = await post();
      assert.equal(page.status, 422);
      assert.match(page.text, told);
    }
    site.sesame.failures.clear();
    await add("passkey");
    await visitor.submit("/confirm?to=passkey", { to: "passkey", password: PASSWORD }, "/confirm");
    const { publicKey } = await ask(visitor, "/second-factor/key", "/second-factor/key");
    await visitor.submit("/second-factor/key", { answer: device.assert(publicKey) });
    assert.match((await add("passkey")).told, /was not accepted. It may be known already/);
  });
});

describe("a proof that is too old", () => {
  test("is made anew by a passkey, and the way leads back", async () => {
    const key: FakeKey = { kind: "passkey", id: "key-1", credentialId: device.id, name: "Phone", count: 0 };
    site.sesame.addUser({ email: EMAIL, keys: [key] });
    await signInByPasskey();
    const session = [...site.sesame.sessions.values()].find(({ key }) => key);
    session!.key!.isFresh = false;
    const csrf = await visitor.token("/security/passkey");
    assert.equal((await visitor.post("/security/passkey/options", { csrf, name: "Key" })).location, "/confirm?to=passkey");
    const shown = await visitor.get("/confirm?to=passkey");
    assert.doesNotMatch(shown.text, /Your password</);

    const { publicKey } = await ask(visitor, "/confirm?to=passkey", "/confirm/passkey");
    const wrong = await visitor.submit("/confirm?to=passkey", { to: "passkey", answer: device.assert({ challenge: "x".repeat(43) }) }, "/confirm/passkey");
    assert.match(wrong.told, /was not accepted/);
    assert.notEqual(publicKey.challenge, "");
    const again = await ask(visitor, "/confirm?to=passkey", "/confirm/passkey");
    const done = await visitor.submit("/confirm?to=passkey", { to: "https://evil.example", answer: device.assert(again.publicKey) }, "/confirm/passkey");
    assert.equal(done.location, "/security?done=confirmed");
    assert.equal(visitor.cookies.get("session"), `${session!.id}.${session!.token}`);
    assert.equal((await add("passkey", new FakeAuthenticator())).location, "/security?done=set-up");
  });
});

describe("a removal", () => {
  const keys = (): FakeKey[] => [
    { kind: "passkey", id: "key-1", credentialId: device.id, name: "Phone <1>", count: 0 },
    { kind: "securityKey", id: "key-2", credentialId: "other", name: "Key", count: 0 },
  ];
  const remove = (kind: string, id: string) => visitor.submit(`/security/keys/remove?kind=${kind}&id=${id}`, { kind, id }, "/security/keys/remove");

  test("tells its effects, and takes the user's own session", async () => {
    const user = site.sesame.addUser({ email: EMAIL, keys: keys() });
    await signInByPasskey();
    const page = await visitor.get("/security/keys/remove?kind=securityKey&id=key-2");
    assert.match(page.text, /<strong>Key<\/strong>.*other sessions end/s);
    assert.equal((await remove("securityKey", "key-2")).location, "/security?done=removed");
    assert.deepEqual(user.keys.map(({ id }) => id), ["key-1"]);
    assert.deepEqual(calls("DELETE", /u2f\/key-2$/).map(({ bearer }) => bearer === SERVICE_TOKEN), [false]);
  });

  test("of the last way in is refused", async () => {
    const user = site.sesame.addUser({ email: EMAIL, keys: keys() });
    await signInByPasskey();
    const page = await remove("passkey", "key-1");
    assert.equal(page.status, 422);
    assert.match(page.told, /last way to sign in/);
    assert.match(page.text, /Phone &lt;1&gt;/);
    assert.equal(user.keys.length, 2);
  });

  test("of what isn't the user's own does nothing", async () => {
    site.sesame.addUser({ email: EMAIL, keys: keys() });
    const other = site.sesame.addUser({ email: "grace@example.com", keys: [{ ...keys()[1]!, id: "key-9", credentialId: "hers" }] });
    await signInByPasskey();
    const csrf = await visitor.token("/password");
    for (const [kind, id] of [["securityKey", "key-9"], ["passkey", "key-2"], ["passkey", "../../x"], ["", ""], ["constructor", "key-1"]] as const) {
      const query = new URLSearchParams({ kind, id }).toString();
      assert.equal((await visitor.get(`/security/keys/remove?${query}`)).location, "/security");
      assert.equal((await visitor.post("/security/keys/remove", { csrf, kind, id })).location, "/security?done=removed");
    }
    assert.equal(other.keys.length, 1);
    assert.deepEqual(calls("DELETE", /./), []);
  });
});

test("a user without a password chooses one with a session, and changes it after that", async () => {
  const key: FakeKey = { kind: "passkey", id: "key-1", credentialId: device.id, name: "Phone", count: 0 };
  const user = site.sesame.addUser({ email: EMAIL, keys: [key] });
  await signInByPasskey();
  assert.match((await visitor.get("/")).text, /Choose a password/);
  assert.doesNotMatch((await visitor.get("/password")).text, /Current password/);
  const fields = { password: "several plain words", repeated: "several plain words" };
  assert.match((await visitor.submit("/password", { password: "short", repeated: "short" })).told, /too short/);
  assert.equal((await visitor.submit("/password", fields)).location, "/?done=password");
  assert.equal(user.password, "several plain words");
  const [set] = calls("POST", /\/password$/).slice(-1);
  assert.deepEqual(set?.body, { newPassword: { password: "several plain words" } });
  assert.notEqual(set?.bearer, SERVICE_TOKEN);
  assert.match((await visitor.get("/password")).text, /Current password/);
});

test("no log has an answer, a challenge, a code or a session's token", async () => {
  const factors = { totp: SECRET, lastStep: 0, recoveryCodes: [], failures: 0 };
  site.sesame.addUser({ email: EMAIL, keys: [{ kind: "passkey", id: "key-1", credentialId: device.id, name: "Phone", count: 0 }], factors });
  await signInByPasskey();
  await add("passkey", new FakeAuthenticator());
  const log = site.log.join("");
  assert.match(log, /"route":"\/sign-in\/passkey\/options","status":200/);
  for (const { token, userId } of site.sesame.sessions.values()) {
    assert.ok(!log.includes(token) && (userId === "" || !log.includes(userId)));
  }
  assert.ok(!log.includes(device.id) && !log.includes(EMAIL));
});
