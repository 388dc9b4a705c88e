// Codes: only a click uses one, a refused password costs none, and none is where others can read it.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";

import { PASSWORD, Site } from "./harness.ts";

const EMAIL = "ada@example.com";
const NEW_PASSWORDS = { password: PASSWORD, repeated: PASSWORD };

let site: Site;

beforeEach(async () => {
  site = await Site.start();
});

afterEach(() => site.stop());

/** A user with a code of each kind. */
function addUserWithCodes() {
  const codes = { email: "ABCDEFGH23456789ABCD", reset: "BBCDEFGH23456789ABCD", invite: "CBCDEFGH23456789ABCD" };
  return site.sesame.addUser({ email: EMAIL, isVerified: false, codes: { ...codes } });
}

const LINKS = [
  ["verify", "email"],
  ["reset", "reset"],
  ["invite", "invite"],
] as const;

for (const [page, kind] of LINKS) {
  test(`opening a link of /${page} uses no code and takes it out of the address bar`, async () => {
    const user = addUserWithCodes();
    const code = user.codes[kind] ?? "";
    const visitor = site.visitor();

    const opened = await visitor.get(`/${page}?code=${code}&userId=${user.id}`);
    const shown = await visitor.get(opened.location ?? "");

    assert.equal(opened.status, 303);
    assert.equal(opened.location, `/${page}`);
    assert.match(opened.headers.get("set-cookie") ?? "", /^link-\w+=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=900$/);
    assert.equal(opened.headers.get("referrer-policy"), "no-referrer");
    assert.equal(shown.status, 200);
    assert.ok(!shown.text.includes(code) && !shown.text.includes('name="code"'));
    assert.equal(user.codes[kind], code);
    assert.deepEqual(site.sesame.calls, []);
  });

  test(`the button of /${page} uses the link's code once`, async () => {
    const user = addUserWithCodes();
    const visitor = site.visitor();
    await visitor.get(`/${page}?code=${user.codes[kind]}&userId=${user.id}`);
    const csrf = await visitor.token(`/${page}`);

    const used = await visitor.post(`/${page}`, { csrf, ...NEW_PASSWORDS });
    const again = await visitor.post(`/${page}`, { csrf, ...NEW_PASSWORDS });

    assert.equal(used.status, 303);
    assert.equal(user.codes[kind], undefined);
    assert.equal(again.status, 422);
    assert.ok(!visitor.cookies.has(`link-${page}`));
  });

  test(`a link of /${page} that isn't right is no code`, async () => {
    const code = "ABCDEFGH23456789ABCD";
    for (const query of ["code=", `code=${code}`, `code=${code}&userId=..`, `code=${code}&userId=a/b`, `code=${code}&userId=%2e%2e`, "code=0&userId=7", `code=${code}&userId=${"7".repeat(201)}`]) {
      const visitor = site.visitor();
      const opened = await visitor.get(`/${page}?${query}`);
      assert.equal(opened.location, `/${page}?done=malformed`, query);
      assert.equal(visitor.cookies.size, 0, query);
      assert.match((await visitor.get(opened.location)).told, /not complete/);
    }
  });
}

test("a sign-up, its code, a password and a sign-in", async () => {
  const visitor = site.visitor();
  assert.equal((await visitor.submit("/sign-up", { givenName: "Ada", familyName: "Byron", email: EMAIL })).location, "/verify?done=sent");
  await site.idle();
  const code = site.sesame.newestCode(EMAIL).slice(0, 8);

  // Codes are read in lower case too, and with what people put between.
  const typed = `${code.slice(0, 4)} - ${code.slice(4)}`.toLowerCase();
  assert.equal((await visitor.submit("/verify", { login: EMAIL, code: typed })).location, "/choose-password?done=verified");
  assert.equal((await visitor.submit("/choose-password", NEW_PASSWORDS)).location, "/sign-in?done=password");
  assert.equal((await visitor.submit("/sign-in", { login: EMAIL, password: PASSWORD })).location, "/");

  assert.match((await visitor.get("/")).text, /Ada Byron.*ada@example\.com \(verified\)/s);
});

describe("a refused password", () => {
  test("costs no invitation, if a rule refuses it that needs no user", async () => {
    const user = addUserWithCodes();
    const visitor = site.visitor();
    await visitor.get(`/invite?code=${user.codes.invite}&userId=${user.id}`);

    const refused = await visitor.submit("/invite", { password: "password1", repeated: "password1" });
    assert.equal(refused.status, 422);
    assert.match(refused.told, /Many people have this password/);
    assert.equal(user.codes.invite, "CBCDEFGH23456789ABCD");

    assert.equal((await visitor.submit("/invite", NEW_PASSWORDS)).location, "/sign-in?done=password");
    assert.deepEqual([user.password, user.isVerified], [PASSWORD, true]);
  });

  test("leaves the right to choose another one, if the user's names refuse it", async () => {
    const user = addUserWithCodes();
    const visitor = site.visitor();
    await visitor.get(`/invite?code=${user.codes.invite}&userId=${user.id}`);

    const refused = await visitor.submit("/invite", { password: "lovelace1", repeated: "lovelace1" });
    assert.match(refused.told, /your own names/);
    assert.match(refused.text, /action="\/choose-password"/);
    assert.equal(user.codes.invite, undefined);

    assert.equal((await visitor.submit("/choose-password", NEW_PASSWORDS)).location, "/sign-in?done=password");
    assert.equal(user.password, PASSWORD);
  });

  test("leaves that right too, if Sesame is gone just then", async () => {
    const user = addUserWithCodes();
    const visitor = site.visitor();
    await visitor.get(`/invite?code=${user.codes.invite}&userId=${user.id}`);
    const csrf = await visitor.token("/invite");
    const { verifyInvite } = site.pages.app.sesame;
    site.pages.app.sesame.verifyInvite = async function (...parameters) {
      await verifyInvite.apply(this, parameters);
      site.sesame.failure = { status: 503, id: "FAKE-down" };
    };

    assert.equal((await visitor.post("/invite", { csrf, ...NEW_PASSWORDS })).status, 503);
    site.sesame.failure = undefined;
    assert.equal((await visitor.submit("/choose-password", NEW_PASSWORDS)).location, "/sign-in?done=password");
  });

  test("costs no reset", async () => {
    const user = addUserWithCodes();
    const visitor = site.visitor();
    await visitor.get(`/reset?code=${user.codes.reset}&userId=${user.id}`);

    for (const [password, told] of [
      ["short", /too short/],
      ["lovelace1", /your own names/],
    ] as const) {
      const refused = await visitor.submit("/reset", { password, repeated: password });
      assert.match(refused.told, told);
      assert.equal(user.codes.reset, "BBCDEFGH23456789ABCD");
    }
    assert.equal((await visitor.submit("/reset", NEW_PASSWORDS)).location, "/sign-in?done=password");
    assert.equal(user.password, PASSWORD);
  });

  test("that was typed in two ways isn't sent", async () => {
    const user = addUserWithCodes();
    const visitor = site.visitor();
    await visitor.get(`/reset?code=${user.codes.reset}&userId=${user.id}`);

    const refused = await visitor.submit("/reset", { password: PASSWORD, repeated: `${PASSWORD} ` });

    assert.match(refused.told, /same password again/);
    assert.deepEqual(site.sesame.calls, []);
  });
});

describe("the right to choose a first password", () => {
  async function granted() {
    const user = addUserWithCodes();
    const visitor = site.visitor();
    await visitor.get(`/verify?code=${user.codes.email}&userId=${user.id}`);
    assert.equal((await visitor.submit("/verify", {})).location, "/choose-password?done=verified");
    return { user, visitor, cookie: visitor.cookies.get("first-password") ?? "" };
  }

  test("ends with its use, also for who has a copy of the cookie", async () => {
    const { user, visitor, cookie } = await granted();
    const thief = site.visitor();
    thief.cookies.set("first-password", cookie);
    const csrf = await thief.token("/choose-password");

    assert.equal((await visitor.submit("/choose-password", NEW_PASSWORDS)).location, "/sign-in?done=password");
    assert.ok(!visitor.cookies.has("first-password"));
    const late = await thief.post("/choose-password", { csrf, password: "another long one", repeated: "another long one" });

    assert.equal(late.location, "/sign-in?done=taken");
    assert.equal(user.password, PASSWORD);
  });

  test("ends after 15 minutes, and can't be made up", async () => {
    const { user, cookie } = await granted();
    const [payload, endsAt, mac] = cookie.split(".");
    const other = Buffer.from("7").toString("base64url");
    for (const forged of ["", "x", `${other}.${endsAt}.${mac}`, `${payload}.${Number(endsAt) + 1}.${mac}`, `${payload}.${endsAt}.${"A".repeat(43)}`]) {
      const visitor = site.visitor();
      visitor.cookies.set("first-password", forged);
      assert.equal((await visitor.get("/choose-password")).location, "/forgot?done=late", forged);
    }
    const visitor = site.visitor();
    visitor.cookies.set("first-password", cookie);
    const csrf = await visitor.token("/choose-password");
    site.ahead = 15 * 60 * 1000 + 1;
    assert.equal((await visitor.post("/choose-password", { csrf, ...NEW_PASSWORDS })).location, "/forgot?done=late");
    assert.equal(user.password, undefined);
  });

  test("isn't given to a user who has a password", async () => {
    const user = addUserWithCodes();
    user.password = "the one of before";
    const visitor = site.visitor();
    await visitor.get(`/verify?code=${user.codes.email}&userId=${user.id}`);

    assert.equal((await visitor.submit("/verify", {})).location, "/sign-in?done=verified");
    assert.ok(!visitor.cookies.has("first-password"));
  });
});

test("a code that can't be used just now is no wrong one", async () => {
  const user = addUserWithCodes();
  const visitor = site.visitor();
  await visitor.get(`/reset?code=${user.codes.reset}&userId=${user.id}`);
  const csrf = await visitor.token("/reset");
  for (const failure of [
    { status: 409, id: "" },
    { status: 503, id: "FAKE-down" },
    { status: 501, id: "" },
  ]) {
    site.sesame.failure = failure;
    const page = await visitor.post("/reset", { csrf, ...NEW_PASSWORDS });
    assert.equal(page.status, 503);
    assert.ok(visitor.cookies.has("link-reset"));
  }
  site.sesame.failure = undefined;

  assert.equal((await visitor.post("/reset", { csrf, ...NEW_PASSWORDS })).location, "/sign-in?done=password");
});

test("no code, address, name, password or token is in the log", async () => {
  const user = addUserWithCodes();
  const visitor = site.visitor();
  await visitor.get(`/verify?code=${user.codes.email}&userId=${user.id}`);
  await visitor.submit("/verify", {});
  await visitor.submit("/choose-password", NEW_PASSWORDS);
  await visitor.submit("/sign-in", { login: EMAIL, password: "wrong password" });
  await visitor.submit("/sign-in", { login: EMAIL, password: PASSWORD });
  await visitor.submit("/verify", { code: "23456789" });
  await visitor.get(`/${user.codes.reset}`);
  site.sesame.failure = { status: 503, id: EMAIL };
  await visitor.submit("/forgot", { login: EMAIL });
  await visitor.submit("/sign-in", { login: EMAIL, password: PASSWORD });
  await site.idle();

  const log = site.log.join("\n");
  const secrets = [EMAIL, "Lovelace", PASSWORD, "wrong password", user.id, "BBCDEFGH", "ABCDEFGH", "23456789", ...visitor.cookies.values()];
  for (const secret of [...secrets, ...[...site.sesame.sessions.values()].flatMap(({ id, token }) => [id, token])]) {
    assert.ok(!log.includes(secret), `${secret}\n${log}`);
  }
  assert.match(log, /"route":"\/verify"/);
  assert.match(log, /"failed":"send resets","call":"POST \/v2\/users","status":503/);
});
