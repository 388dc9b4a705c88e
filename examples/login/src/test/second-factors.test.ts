// The second factor of a sign-in: the way to it, its codes, and all that can be wrong with them.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";

import type { FakeSession, FakeUser } from "./fake-sesame.ts";
import type { FakeFactors } from "./fake-types.ts";
import { PASSWORD, SECRET, Site, addUserWith, appCode, type Page, type Visitor } from "./harness.ts";

const EMAIL = "ada@example.com";
const RECOVERY = "0123456789ABCDEFGHJKMNPQ";
const WRONG_RECOVERY = "ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ";

let site: Site;
let visitor: Visitor;

beforeEach(async () => {
  site = await Site.start();
  visitor = site.visitor();
});

afterEach(() => site.stop());

const signIn = () => visitor.submit("/sign-in", { login: EMAIL, password: PASSWORD });

/** A user with factors, whose password was checked in the visitor's browser. */
async function begin(factors: Partial<FakeFactors>): Promise<{ user: FakeUser; session: FakeSession; page: Page }> {
  const user = addUserWith(site, factors);
  const page = await signIn();
  const [session] = site.sesame.sessions.values();
  return { user, session: session!, page };
}

const changes = () => site.sesame.calls.filter(({ method }) => method === "PATCH").map(({ body }) => body);
const newestOtp = () => /\b(\d{8})\b/.exec(site.sesame.outbox.at(-1)?.text ?? "")?.[1] ?? "";

describe("after the password", () => {
  const ways: [string, Partial<FakeFactors>, string, number][] = [
    ["no factor", {}, "/", 0],
    ["recovery codes alone", { recoveryCodes: [RECOVERY] }, "/", 0],
    ["an app", { totp: SECRET }, "/second-factor/app", 0],
    ["codes by e-mail", { otpEmail: true }, "/second-factor/email?done=code", 1],
    ["codes by SMS", { otpSms: true }, "/second-factor/sms?done=code", 1],
    ["two factors", { totp: SECRET, otpEmail: true }, "/second-factor", 0],
  ];
  for (const [what, factors, location, messages] of ways) {
    test(`a user with ${what} is led to ${location}`, async () => {
      const { page } = await begin(factors);

      assert.equal(page.location, location);
      assert.equal(site.sesame.outbox.length, messages);
      assert.equal((await visitor.get(location)).status, 200);
    });
  }

  test("no page of the account opens before the second factor", async () => {
    await begin({ totp: SECRET });
    for (const path of ["/", "/password", "/email", "/sessions", "/security", "/security/app", "/security/recovery", "/security/remove?factor=totp"]) {
      assert.equal((await visitor.get(path)).location, "/second-factor", path);
    }
    const csrf = await visitor.token("/second-factor/app");
    for (const path of ["/security/app", "/security/email", "/security/sms/number", "/security/recovery", "/security/remove", "/sessions/end-all"]) {
      assert.equal((await visitor.post(path, { csrf, factor: "totp" })).location, "/second-factor", path);
    }
    assert.equal(site.sesame.sessions.size, 1);
  });

  test("the choice has what the user has, and the way out if there is one", async () => {
    const { user } = await begin({ totp: SECRET, otpEmail: true });
    const page = await visitor.get("/second-factor");
    assert.match(page.text, /authenticator app/);
    assert.match(page.text, /by e-mail/);
    assert.doesNotMatch(page.text, /by SMS|Use a recovery code/);
    assert.match(page.text, /an administrator can help you/);

    user.factors.recoveryCodes.push(RECOVERY);
    for (const path of ["/second-factor", "/second-factor/app", "/second-factor/email"]) {
      assert.match((await visitor.get(path)).text, /Use a recovery code/, path);
    }
    assert.equal((await visitor.get("/second-factor/sms")).location, "/second-factor");
  });

  test("a factor of a kind that these pages don't know is demanded, and said to be missing here", async () => {
    const user = addUserWith(site, { recoveryCodes: [] });
    site.sesame.moreTypes.push("AUTHENTICATION_METHOD_TYPE_IRIS");
    assert.equal((await signIn()).location, "/second-factor");
    assert.match((await visitor.get("/second-factor")).text, /can&#39;t be used on these pages/);

    user.factors.recoveryCodes.push(RECOVERY);
    assert.equal((await visitor.get("/second-factor")).location, "/second-factor/recovery");
  });

  test("the pages of factors are for whoever gave the password", async () => {
    for (const path of ["/second-factor", "/second-factor/app", "/second-factor/email", "/second-factor/recovery", "/set-up", "/confirm?to=app", "/security"]) {
      assert.equal((await site.visitor().get(path)).location, "/sign-in", path);
    }
    const other = await site.signedIn("grace@example.com");
    for (const path of ["/second-factor", "/second-factor/app", "/second-factor/recovery", "/set-up"]) {
      assert.equal((await other.get(path)).location, "/", path);
    }
  });
});

describe("a right code", () => {
  test("of an app finishes the sign-in, once", async () => {
    const { user, session } = await begin({ totp: SECRET });
    const { token } = session;
    const code = appCode(site, user);
    const page = await visitor.submit("/second-factor/app", { code: `${code.slice(0, 3)} ${code.slice(3)}`, returnCode: "{}", sessionToken: "x" });

    assert.equal(page.location, "/");
    assert.deepEqual(changes(), [{ sessionToken: token, checks: { totp: { code } } }]);
    assert.equal(visitor.cookies.get("session"), `${session.id}.${session.token}`);
    assert.notEqual(session.token, token);
    assert.match((await visitor.get("/")).text, /Your account/);

    visitor = site.visitor();
    await signIn();
    assert.match((await visitor.submit("/second-factor/app", { code })).told, /wrong, or was used already/);
  });

  test("by e-mail is asked for without returnCode, whatever the form has", async () => {
    const { session, page } = await begin({ otpEmail: true });
    assert.match((await visitor.get(page.location ?? "")).told, /on its way/);
    const extra = { returnCode: "{}", "otpEmail.returnCode": "{}", urlTemplate: "https://evil.example/{{.Code}}", otpSms: '{"returnCode":true}' };
    site.sesame.ahead = 61_000;
    await visitor.submit("/second-factor/email", extra, "/second-factor/email/send");

    const urlTemplate = "http://localhost:3001/second-factor/email?code={{.Code}}&sessionId={{.SessionID}}";
    assert.deepEqual(changes().map(({ challenges }) => challenges), [{ otpEmail: { sendCode: { urlTemplate } } }, { otpEmail: { sendCode: { urlTemplate } } }]);
    assert.equal(site.sesame.outbox.length, 2);
    assert.equal(visitor.cookies.get("session"), `${session.id}.${session.token}`);
    assert.equal((await visitor.submit("/second-factor/email", { code: newestOtp(), ...extra })).location, "/");
  });

  test("by SMS is asked for with nothing beside, and sent once a minute", async () => {
    await begin({ totp: SECRET, otpSms: true });
    for (let count = 0; count < 2; count += 1) {
      const sent = await visitor.submit("/second-factor", { returnCode: "true" }, "/second-factor/sms/send");
      assert.equal(sent.location, "/second-factor/sms?done=code");
    }
    assert.deepEqual(changes().map(({ challenges }) => challenges), [{ otpSms: {} }, { otpSms: {} }]);
    assert.equal(site.sesame.outbox.length, 1);
    assert.equal((await visitor.submit("/second-factor/sms", { code: newestOtp() })).location, "/");
  });

  test("for recovery is one that people copy from paper, and works once", async () => {
    const { user } = await begin({ totp: SECRET, recoveryCodes: [RECOVERY] });
    const code = "oi23 4567 89ab cdef-ghjk-mnpq";
    assert.equal((await visitor.submit("/second-factor/recovery", { code })).location, "/");
    assert.deepEqual(user.factors.recoveryCodes, []);
    assert.equal((await visitor.get("/")).status, 200);
  });
});

describe("a code that isn't right", () => {
  const all = { totp: SECRET, otpEmail: true, otpSms: true, recoveryCodes: [RECOVERY] };
  const pages = { totp: "app", otpEmail: "email", otpSms: "sms", recoveryCode: "recovery" } as const;
  const cases: [string, keyof typeof pages, string, Partial<FakeFactors>, RegExp, number, string | null][] = [
    ["a wrong one of an app", "totp", "000000", all, /wrong, or was used already/, 422, null],
    ["a wrong one by e-mail", "otpEmail", "00000000", all, /belongs to another sign-in/, 422, null],
    ["a wrong one by SMS", "otpSms", "00000000", all, /belongs to another sign-in/, 422, null],
    ["a wrong one for recovery", "recoveryCode", WRONG_RECOVERY, all, /Each works once/, 422, null],
    ["one while they are locked", "totp", "000000", { ...all, failures: 5 }, /too many wrong codes.*in 30 seconds/, 429, "30"],
    ["one by e-mail while they are locked", "otpEmail", "00000000", { ...all, failures: 5 }, /in 30 seconds/, 429, "30"],
    ["a recovery code while they are locked", "recoveryCode", RECOVERY, { ...all, failures: 5 }, /in 30 seconds/, 429, "30"],
    ["one that only an administrator unlocks", "totp", "000000", { ...all, failures: 100 }, /until an administrator unlocks/, 422, null],
  ];
  for (const [what, kind, code, factors, told, status, retryAfter] of cases) {
    test(`${what} is told, and the sign-in stays where it is`, async () => {
      const { session } = await begin(factors);
      const path = `/second-factor/${pages[kind]}`;
      if (kind === "otpEmail" || kind === "otpSms") {
        await visitor.submit("/second-factor", {}, `${path}/send`);
        session.sent[kind]!.code = "12345678";
      }
      const page = await visitor.submit(path, { code });

      assert.equal(page.status, status, page.told);
      assert.match(page.told, told);
      assert.equal(page.headers.get("retry-after"), retryAfter);
      assert.ok(!page.text.includes(`value="${code}"`));
      assert.equal((await visitor.get("/")).location, "/second-factor");
      assert.equal(visitor.cookies.get("session"), `${session.id}.${session.token}`);
    });
  }

  test("because it is too old, was never sent, or its factor is gone, is told", async () => {
    const { user } = await begin(all);
    assert.match((await visitor.submit("/second-factor/email", { code: "12345678" })).told, /Have one sent/);
    await visitor.submit("/second-factor", {}, "/second-factor/email/send");
    site.sesame.ahead = 5 * 60_000;
    assert.match((await visitor.submit("/second-factor/email", { code: newestOtp() })).told, /older than five minutes/);

    const csrf = await visitor.token("/second-factor/recovery");
    user.factors.recoveryCodes = [];
    assert.match((await visitor.post("/second-factor/recovery", { csrf, code: RECOVERY })).told, /not set up for your account any more/);
  });

  test("by its form isn't tried at all", async () => {
    await begin(all);
    for (const [kind, codes, told] of [
      ["totp", ["", "12345", "1234567", "12345a", "１２３４５６"], /Enter the code|6 digits/],
      ["otpEmail", ["1234567", "ABCDEFGH"], /8 digits/],
      ["recoveryCode", ["ABCD", `${RECOVERY}0`, "U".repeat(24), "x".repeat(201)], /24 letters and digits|At most 200/],
    ] as const) {
      for (const code of codes) {
        const page = await visitor.submit(`/second-factor/${pages[kind]}`, { code });
        assert.equal(page.status, 422, code);
        assert.match(page.told, told, code);
      }
    }
    assert.deepEqual(changes(), []);
  });
});

test("a recovery code whose call fails isn't tried again by itself, nor in another session", async () => {
  const { user } = await begin({ totp: SECRET, recoveryCodes: [RECOVERY] });
  const csrf = await visitor.token("/second-factor/recovery");
  site.sesame.calls.length = 0;
  site.sesame.failures.set("PATCH", { status: 503, id: "FAKE-down" });
  const page = await visitor.post("/second-factor/recovery", { csrf, code: RECOVERY });
  await site.idle();

  assert.equal(page.status, 503);
  assert.match(page.told, /may be used up/);
  assert.equal(page.headers.get("retry-after"), "5");
  assert.deepEqual(site.sesame.calls.map(({ method }) => method), ["GET", "GET", "PATCH"]);
  assert.deepEqual(user.factors.recoveryCodes, [RECOVERY]);
});

describe("a code that can't be sent", () => {
  const cases: [{ status: number; id: string; retryAfter?: number }, number, RegExp][] = [
    [{ status: 429, id: "FAKE-many", retryAfter: 3600 }, 429, /Too many codes were sent.*in 60 minutes/],
    [{ status: 503, id: "FAKE-provider", retryAfter: 9 }, 503, /could not be sent. Try again in 9 seconds/],
    [{ status: 501, id: "FAKE-key" }, 422, /No codes can be sent here/],
    [{ status: 400, id: "COMMAND-BJ2g3" }, 422, /no verified address or number any more/],
  ];
  for (const [failure, status, told] of cases) {
    test(`because of ${failure.status} is told by the sign-in and by the button`, async () => {
      site.sesame.sendFailure = failure;
      const { page, session } = await begin({ otpSms: true, recoveryCodes: [RECOVERY] });
      const again = await visitor.submit("/second-factor/sms", {}, "/second-factor/sms/send");

      for (const one of [page, again]) {
        assert.equal(one.status, status);
        assert.match(one.told, told);
        assert.equal(one.headers.get("retry-after"), failure.retryAfter === undefined ? null : String(failure.retryAfter));
        assert.match(one.text, /Use a recovery code/);
      }
      assert.equal(visitor.cookies.get("session"), `${session.id}.${session.token}`);
    });
  }
});

describe("the link of a code by e-mail", () => {
  const link = () => /http:\/\/localhost:3001(\S+)/.exec(site.sesame.outbox.at(-1)?.text ?? "")?.[1] ?? "";

  test("changes nothing, and leads back to the page with the code filled in", async () => {
    const { session } = await begin({ otpEmail: true });
    const code = newestOtp();
    site.sesame.calls.length = 0;
    const opened = await visitor.get(link());

    assert.equal(opened.location, "/second-factor/email");
    assert.deepEqual(site.sesame.calls, []);
    assert.match(opened.headers.get("set-cookie") ?? "", /^link-code=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=300$/);
    const page = await visitor.get("/second-factor/email");
    assert.match(page.text, new RegExp(`value="${code}"`));
    assert.ok(session.sent.otpEmail);

    assert.equal((await visitor.submit("/second-factor/email", { code })).location, "/");
    assert.ok(!visitor.cookies.has("link-code"));
  });

  test("is nothing to another browser, and no other code is filled in", async () => {
    await begin({ otpEmail: true });
    const other = site.visitor();
    assert.equal((await other.get(link())).status, 409);
    assert.ok(!other.cookies.has("link-code"));

    for (const query of ["code=1234567", "code=12345678", `code=12345678&sessionId=..`, `code=x&sessionId=${[...site.sesame.sessions.keys()][0]}`]) {
      assert.equal((await visitor.get(`/second-factor/email?${query}`)).location, "/second-factor/email?done=malformed", query);
    }
    assert.ok(!visitor.cookies.has("link-code"));
  });
});

describe("where a second factor is required", () => {
  beforeEach(() => {
    site.sesame.settings.forceMfa = true;
    site.sesame.settings.offered = ["totp", "otpEmail"];
  });

  test("its set-up is demanded before the sign-in is finished", async () => {
    const { page } = await begin({});
    assert.equal(page.location, "/set-up");
    const shown = await visitor.get("/set-up");
    assert.match(shown.text, /Authenticator app/);
    assert.doesNotMatch(shown.text, /Codes by SMS/);
    for (const path of ["/", "/password", "/sessions", "/security", "/security/recovery"]) {
      assert.equal((await visitor.get(path)).location, "/set-up", path);
    }

    assert.equal((await visitor.submit("/security/email", {})).location, "/second-factor/email?done=code");
    assert.equal((await visitor.get("/")).location, "/second-factor");
    assert.equal((await visitor.submit("/second-factor/email", { code: newestOtp() })).location, "/security?done=confirmed");
    assert.equal((await visitor.get("/")).status, 200);
  });

  test("a requirement that comes later is met at the next call", async () => {
    site.sesame.settings.forceMfa = false;
    await begin({});
    assert.equal((await visitor.get("/")).status, 200);
    site.sesame.settings.forceMfa = true;
    // The settings are kept for a minute, but Sesame decides.
    const change = { current: PASSWORD, password: "another long password", repeated: "another long password" };
    assert.equal((await visitor.submit("/password", change)).location, "/second-factor");
    assert.equal((await visitor.get("/second-factor")).location, "/set-up");
  });
});

test("a factor that was set up elsewhere is demanded at the next call", async () => {
  const { user } = await begin({});
  assert.equal((await visitor.get("/")).status, 200);
  user.factors.totp = SECRET;
  for (const path of ["/", "/sessions", "/security"]) {
    assert.equal((await visitor.get(path)).location, "/second-factor", path);
  }
  assert.equal((await visitor.submit("/second-factor/app", { code: appCode(site, user) })).location, "/");
});
