// What users change of their own, and their sessions.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";

import type { FakeSession, FakeUser } from "./fake-sesame.ts";
import { SERVICE_TOKEN } from "./fake-sesame.ts";
import { PASSWORD, Site, type Visitor } from "./harness.ts";

const EMAIL = "ada@example.com";
const NEW = "another long password";

let site: Site;
let visitor: Visitor;
let user: FakeUser;
let session: FakeSession;

beforeEach(async () => {
  site = await Site.start();
  visitor = await site.signedIn(EMAIL);
  [user] = site.sesame.users.values() as unknown as [FakeUser];
  [session] = site.sesame.sessions.values() as unknown as [FakeSession];
  site.sesame.calls.length = 0;
});

afterEach(() => site.stop());

const another = async () => {
  const other = site.visitor({ "user-agent": "Other <browser>" });
  await other.submit("/sign-in", { login: EMAIL, password: PASSWORD });
  return other;
};

describe("a change of the password", () => {
  const fields = { current: PASSWORD, password: NEW, repeated: NEW };

  test("is made with the user's session, which has a new token after it, and ends the others", async () => {
    const other = await another();
    const { token } = session;
    site.sesame.calls.length = 0;

    assert.equal((await visitor.submit("/password", fields)).location, "/?done=password");

    const change = site.sesame.calls.find(({ path }) => path === `/v2/users/${user.id}/password`);
    assert.equal(change?.bearer, token);
    assert.deepEqual(change?.body, { newPassword: { password: NEW }, currentPassword: PASSWORD });
    assert.notEqual(session.token, token);
    assert.equal(visitor.cookies.get("session"), `${session.id}.${session.token}`);
    assert.match((await visitor.get("/?done=password")).told, /Your password is set/);
    assert.equal((await other.get("/")).location, "/sign-in");
  });

  test("says what is wrong", async () => {
    for (const [form, told] of [
      [{ ...fields, current: "wrong" }, /not your current password/],
      [{ ...fields, password: "short", repeated: "short" }, /too short/],
      [{ ...fields, repeated: "x" }, /same password again/],
      [{ ...fields, current: "" }, /current password/],
    ] as const) {
      const page = await visitor.submit("/password", form);
      assert.equal(page.status, 422);
      assert.match(page.told, told);
    }
    assert.equal(user.password, PASSWORD);
  });
});

describe("a change of the address", () => {
  test("asks for the password if the proof is too old, and goes on with it", async () => {
    session.isFresh = false;
    const { token } = session;

    const refused = await visitor.submit("/email", { email: "new@example.com" });
    assert.equal(refused.status, 422);
    assert.match(refused.told, /password again/);
    assert.match(refused.text, /value="new@example.com"/);
    assert.match(refused.text, /name="password"/);
    assert.equal(user.email, EMAIL);

    const wrong = await visitor.submit("/email", { email: "new@example.com", password: "wrong" });
    assert.match(wrong.told, /not your current password/);

    const done = await visitor.submit("/email", { email: "new@example.com", password: PASSWORD });
    assert.equal(done.location, "/verify?done=sent");
    await site.idle();
    assert.notEqual(session.token, token);
    assert.equal(visitor.cookies.get("session"), `${session.id}.${session.token}`);
    const change = site.sesame.calls.find(({ path, body }) => path.endsWith("/email") && body.email);
    assert.equal(change?.bearer, token);
    assert.deepEqual([user.email, user.isVerified, user.verified], ["new@example.com", false, EMAIL]);
  });

  test("ends with the code, which whoever is signed in types alone", async () => {
    await visitor.submit("/email", { email: "new@example.com" });
    await site.idle();
    const page = await visitor.get("/verify?done=sent");
    assert.doesNotMatch(page.text, /name="login"/);
    assert.match((await visitor.get("/")).text, /new@example.com \(not verified/);

    assert.equal((await visitor.submit("/verify", { code: site.sesame.newestCode("new@example.com").slice(0, 8) })).location, "/?done=verified");

    assert.deepEqual([user.isVerified, user.verified], [true, "new@example.com"]);
  });

  test("can be sent again with the user's own address", async () => {
    await visitor.submit("/email", { email: "new@example.com" });
    await site.idle();
    assert.equal((await visitor.submit("/verify", {}, "/verify/send")).location, "/verify?done=sent");
    await site.idle();

    assert.deepEqual(site.sesame.outbox.map(({ to }) => to), ["new@example.com", "new@example.com"]);
  });

  test("to the address of now is told", async () => {
    assert.match((await visitor.submit("/email", { email: EMAIL })).told, /your address already/);
  });
});

describe("sessions", () => {
  test("are listed with their devices, and end one by one", async () => {
    const other = await another();
    const page = await visitor.get("/sessions");
    assert.match(page.text, /Other &lt;browser&gt;/);
    assert.equal(page.text.match(/\(this session\)/g)?.length, 1);
    const [, otherId = ""] = [...site.sesame.sessions.keys()];

    assert.equal((await visitor.submit("/sessions", { id: otherId }, "/sessions/end")).location, "/sessions?done=ended");
    assert.equal((await other.get("/")).location, "/sign-in");
    assert.equal((await visitor.get("/")).status, 200);

    assert.equal((await visitor.submit("/sessions", { id: session.id }, "/sessions/end")).location, "/sign-in?done=signed-out");
    assert.ok(!visitor.cookies.has("session"));
  });

  test("of other users can't be ended, and no other text is an id", async () => {
    const stranger = await site.signedIn("eve@example.com");
    const [, eves = ""] = [...site.sesame.sessions.keys()];

    assert.equal((await visitor.submit("/sessions", { id: eves }, "/sessions/end")).status, 303);
    assert.equal((await stranger.get("/")).status, 200);
    for (const id of ["", "../users/7", "search", eves.toUpperCase(), `${eves}/x`]) {
      assert.equal((await visitor.submit("/sessions", { id }, "/sessions/end")).status, 400, id);
    }
  });

  test("end all at once, this one last", async () => {
    await another();
    await another();
    const csrf = await visitor.token("/sessions");
    site.sesame.calls.length = 0;

    assert.equal((await visitor.post("/sessions/end-all", { csrf })).location, "/sign-in?done=signed-out");

    assert.equal(site.sesame.sessions.size, 0);
    assert.ok(!visitor.cookies.has("session"));
    const ended = site.sesame.calls.filter(({ method }) => method === "DELETE");
    assert.equal(ended.length, 3);
    assert.ok(ended.at(-1)?.path.endsWith(session.id));
    assert.ok(ended.every(({ bearer }) => bearer !== SERVICE_TOKEN));
  });
});

test("a sign-out ends the session", async () => {
  assert.equal((await visitor.submit("/", {}, "/sign-out")).location, "/sign-in?done=signed-out");

  assert.equal(site.sesame.sessions.size, 0);
  assert.ok(!visitor.cookies.has("session"));
});

test("a sign-out without Sesame is one in this browser, and says so", async () => {
  const csrf = await visitor.token("/");
  site.sesame.failure = { status: 503, id: "FAKE-down" };

  const page = await visitor.post("/sign-out", { csrf });

  assert.equal(page.status, 503);
  assert.match(page.text, /could not be ended/);
  assert.ok(!visitor.cookies.has("session"));
});

test("a second sign-in in a browser ends the session of before", async () => {
  await visitor.submit("/sign-in", { login: EMAIL, password: PASSWORD });
  await site.idle();

  assert.equal(site.sesame.sessions.size, 1);
  assert.ok(!site.sesame.sessions.has(session.id));
});

test("a session that has ended leads to the sign-in from every page of the account", async () => {
  for (const path of ["/", "/password", "/email", "/sessions"]) {
    const csrf = await visitor.token("/email");
    site.sesame.sessions.clear();
    const cookies = new Map(visitor.cookies);
    const posted = path === "/" ? undefined : await visitor.post(path === "/sessions" ? "/sessions/end-all" : path, { csrf });
    assert.ok(!posted || posted.location === "/sign-in", path);
    cookies.forEach((value, name) => visitor.cookies.set(name, value));
    assert.equal((await visitor.get(path)).location, "/sign-in", path);
    assert.ok(!visitor.cookies.has("session"));
    cookies.forEach((value, name) => visitor.cookies.set(name, value));
    site.sesame.sessions.set(session.id, session);
  }
});
