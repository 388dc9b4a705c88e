// What browsers and others send: forms of these pages alone are read, and of them the fields that are known.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, test } from "node:test";

import { routes } from "../routes.ts";
import { PASSWORD, Site, type Visitor } from "./harness.ts";

const EMAIL = "ada@example.com";
const POSTS = Object.entries(routes).flatMap(([path, { POST }]) => (POST ? [path] : []));

let site: Site;

beforeEach(async () => {
  site = await Site.start();
});

afterEach(() => site.stop());

describe("a form of another site", () => {
  let visitor: Visitor;
  let csrf: string;

  beforeEach(async () => {
    visitor = await site.signedIn(EMAIL);
    csrf = await visitor.token("/email");
    site.sesame.calls.length = 0;
  });

  const refused: [string, (token: string) => Promise<[string, Record<string, string>]>][] = [
    ["without a token", async () => ["", {}]],
    ["with a made-up token", async () => ["A".repeat(43), {}]],
    ["with another visitor's token", async () => [await site.visitor().token("/sign-in"), {}]],
    ["that a browser says is another site's", async (token) => [token, { "sec-fetch-site": "cross-site" }]],
    ["that a browser says is a sibling's", async (token) => [token, { "sec-fetch-site": "same-site" }]],
    ["of another origin", async (token) => [token, { origin: "https://evil.example" }]],
    ["of another port", async (token) => [token, { origin: "http://localhost:3002" }]],
    ["of another origin in a browser that says otherwise", async (token) => [token, { origin: "https://evil.example", "sec-fetch-site": "same-origin" }]],
  ];
  for (const [what, forge] of refused) {
    test(`${what} is refused on every page`, async () => {
      const [token, headers] = await forge(csrf);
      for (const path of POSTS) {
        const page = await visitor.post(path, { csrf: token, id: [...site.sesame.sessions.keys()][0] ?? "" }, headers);
        assert.equal(page.status, 403, path);
      }
      assert.deepEqual(site.sesame.calls, []);
      assert.equal(site.sesame.sessions.size, 1);
    });
  }

  test("is told from one of these pages", async () => {
    for (const headers of [{}, { origin: "null", "sec-fetch-site": "same-origin" }, { origin: "http://localhost:3001" }]) {
      assert.equal((await visitor.post("/email", { csrf, email: "" }, headers)).status, 422);
    }
  });

  test("can't use a token of before the sign-in", async () => {
    const other = site.visitor();
    const before = await other.token("/sign-in");
    await other.post("/sign-in", { csrf: before, login: EMAIL, password: PASSWORD });

    assert.equal((await other.post("/sign-out", { csrf: before })).status, 403);
  });
});

describe("a field that a page doesn't know", () => {
  const extra = {
    returnCode: "{}",
    "email.returnCode": "{}",
    "sendCode[urlTemplate]": "https://evil.example/{{.Code}}",
    urlTemplate: "https://evil.example/{{.Code}}",
    isVerified: "true",
    userId: "7",
    username: "admin",
    hashedPassword: "x",
    permission: "user.write",
    next: "https://evil.example",
    returnTo: "//evil.example",
    json: '{"returnCode":{}}',
  };
  const template = (path: string) => `http://localhost:3001${path}?code={{.Code}}&userId={{.UserID}}`;

  /** The bodies that Sesame got by a call. */
  const bodies = (path: string) => site.sesame.calls.filter((call) => call.path === path && call.method === "POST").map(({ body }) => body);

  test("isn't passed on by a sign-up", async () => {
    await site.visitor().submit("/sign-up", { givenName: " Ada ", familyName: "Byron", email: EMAIL, password: PASSWORD, ...extra });
    await site.idle();

    const profile = { givenName: "Ada", familyName: "Byron" };
    assert.deepEqual(bodies("/v2/users/human"), [{ profile, email: { email: EMAIL, sendCode: { urlTemplate: template("/verify") } } }]);
  });

  test("isn't passed on by a forgotten password", async () => {
    const user = site.sesame.addUser({ email: EMAIL });
    await site.visitor().submit("/forgot", { login: EMAIL, ...extra });
    await site.idle();

    const sendLink = { notificationType: "NOTIFICATION_TYPE_Email", urlTemplate: template("/reset") };
    assert.deepEqual(bodies(`/v2/users/${user.id}/password_reset`), [{ sendLink }]);
  });

  test("isn't passed on by a sign-in, and leads nowhere else", async () => {
    const user = site.sesame.addUser({ email: EMAIL, password: PASSWORD });
    const visitor = site.visitor({ "user-agent": "Browser\u{e9} 1", "x-forwarded-for": "203.0.113.9" });
    const page = await visitor.submit("/sign-in?next=https://evil.example&done=//evil.example", { login: EMAIL, password: PASSWORD, ...extra }, "/sign-in");

    assert.equal(page.location, "/");
    const userAgent = { ip: "127.0.0.1", description: "Browser 1" };
    assert.deepEqual(bodies("/v2/sessions"), [{ checks: { user: { userId: user.id }, password: { password: PASSWORD } }, userAgent }]);
  });

  test("isn't passed on by a change of the address", async () => {
    const visitor = await site.signedIn(EMAIL);
    const [user] = site.sesame.users.values();
    await visitor.submit("/email", { email: "new@example.com", ...extra });
    await site.idle();

    assert.deepEqual(bodies(`/v2/users/${user?.id}/email`), [{ email: "new@example.com", sendCode: { urlTemplate: template("/verify") } }]);
  });
});

test("a field is held to its type and length, and Sesame isn't asked", async () => {
  const names = { givenName: "Ada", familyName: "Byron" };
  const cases: [string, Record<string, string>, RegExp][] = [
    ["/sign-up", { ...names, email: "" }, /Enter an e-mail address/],
    ["/sign-up", { ...names, email: "ada" }, /such as/],
    ["/sign-up", { ...names, email: "ada@localhost" }, /such as/],
    ["/sign-up", { ...names, email: "ada@exämple.com" }, /such as/],
    ["/sign-up", { ...names, email: "ada@example.com@example.com" }, /such as/],
    ["/sign-up", { ...names, email: `${"a".repeat(65)}@example.com` }, /such as/],
    ["/sign-up", { ...names, email: `a@${"b.".repeat(100)}com` }, /At most 200/],
    ["/sign-up", { ...names, email: "ada@example.com\r\nbcc: eve@example.com" }, /one line/],
    ["/sign-up", { givenName: " ", familyName: "", email: EMAIL }, /given name.*family name/],
    ["/sign-up", { givenName: "\u{1f600}".repeat(201), familyName: "B", email: EMAIL }, /At most 200/],
    ["/sign-up", { givenName: "A\u0000", familyName: "B", email: EMAIL }, /one line/],
    ["/sign-in", { login: "", password: "" }, /name; Enter your password/],
    ["/sign-in", { login: EMAIL, password: "x".repeat(201) }, /At most 200/],
    ["/forgot", { login: "x".repeat(201) }, /At most 200/],
    ["/verify", { login: EMAIL, code: "1234567O" }, /8 letters and digits/],
    ["/verify", { login: EMAIL, code: "2345678" }, /8 letters and digits/],
    ["/verify", {}, /Open the link/],
    ["/reset", { login: EMAIL, code: "23456789", password: "", repeated: "" }, /Enter a new password/],
  ];
  for (const [path, fields, told] of cases) {
    const page = await site.visitor().submit(path, fields);
    assert.equal(page.status, 422, JSON.stringify(fields));
    assert.match(page.told, told);
    assert.match(page.text, /<title>Error: /);
    assert.match(page.text, /role="alert" tabindex="-1" autofocus/);
  }
  await site.idle();
  assert.deepEqual(site.sesame.calls, []);
});

test("what was typed is shown again as text, and a password never", async () => {
  const page = await site.visitor().submit("/sign-in", { login: `"><script>alert('x')</script>&`, password: "a secret that was typed" });

  assert.ok(page.text.includes('value="&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;"'));
  assert.ok(!page.text.includes("<script>") && !page.text.includes("a secret that was typed"));
  assert.ok(page.text.includes("Acme &amp; Sons"));
});

describe("a body that is no form", () => {
  const FORM = "application/x-www-form-urlencoded";

  test("is refused with a page", async () => {
    const visitor = site.visitor();
    const csrf = await visitor.token("/sign-in");
    const cases: [string, string, number][] = [
      ["application/json", JSON.stringify({ csrf, login: EMAIL, password: PASSWORD }), 415],
      ["multipart/form-data; boundary=x", "--x--", 415],
      ["", `csrf=${csrf}`, 415],
      [FORM, `csrf=${csrf}&login=${"x".repeat(66_000)}`, 413],
      [FORM, `csrf=${csrf}&login=a&login=b&password=c`, 400],
      [FORM, `csrf=${csrf}&login=%ff%fe&password=c`, 400],
      [FORM, "", 403],
      [FORM, "&&&===%%%", 403],
      [`${FORM}; charset=UTF-8`, `csrf=${csrf}&login=%00&password=c`, 422],
    ];
    for (const [type, body, status] of cases) {
      const page = await visitor.request("/sign-in", { method: "POST", body: Buffer.from(body), headers: type ? { "content-type": type } : {} });
      assert.equal(page.status, status, `${type} ${body.slice(0, 40)}`);
      assert.match(page.text, /^<!doctype html>/);
    }
    assert.deepEqual(site.sesame.calls, []);
  });

  test("may be endless or cut off, and the next one is answered", async () => {
    const { port } = new URL(site.url);
    const head = `POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${FORM}\r\n`;
    const cut = connect(Number(port), "127.0.0.1");
    cut.write(`${head}Content-Length: 1000\r\n\r\ncsrf=`);
    await once(cut, "connect");
    cut.destroy();

    const endless = connect(Number(port), "127.0.0.1");
    endless.on("error", () => undefined);
    endless.write(`${head}Transfer-Encoding: chunked\r\n\r\n`);
    for (let count = 0; count < 40; count += 1) {
      endless.write(`1000\r\n${"x".repeat(4096)}\r\n`);
    }
    const [answer] = (await once(endless, "data")) as [Buffer];
    assert.match(answer.toString(), /^HTTP\/1\.1 413 .*connection: close/is);
    endless.destroy();

    assert.equal((await site.visitor().get("/sign-in")).status, 200);
    assert.deepEqual(site.sesame.calls, []);
  });
});

test("cookies that aren't ours are no cookies", async () => {
  const session = "00000000-0000-4000-8000-000000000000.sesametokensesametoken12";
  for (const cookie of ["session=", "session", ";;;=;", "session=%00", "session=x.y", `session="${session}"`, `session=${session}é`, `session=${session}; session=${session}`, `session=../../x.${"t".repeat(43)}`, `csrf=${"x".repeat(5000)}`]) {
    const page = await site.visitor().request("/", { headers: { cookie } });
    assert.equal(page.location, "/sign-in", cookie);
  }
  assert.deepEqual(site.sesame.calls, []);

  // One that looks right is asked for.
  const visitor = site.visitor();
  visitor.cookies.set("session", session);
  assert.equal((await visitor.get("/")).location, "/sign-in");
  assert.ok(!visitor.cookies.has("session"));
  assert.equal(site.sesame.calls.length, 1);
});

describe("messages and codes", () => {
  test("are limited by the client's address", async () => {
    const fields = { givenName: "Ada", familyName: "Byron" };
    for (let count = 0; count < 20; count += 1) {
      const page = await site.visitor().submit("/sign-up", { ...fields, email: `ada${count}@example.com` });
      assert.equal(page.status, 303);
    }
    for (const [path, form] of [
      ["/sign-up", { ...fields, email: EMAIL }],
      ["/forgot", { login: EMAIL }],
      ["/verify/send", { login: EMAIL }],
    ] as const) {
      const page = await site.visitor().submit(path, form);
      assert.equal(page.status, 429, path);
      assert.ok(Number(page.headers.get("retry-after")) > 3500);
      assert.match(page.text, /Try again in 60 minutes/);
    }
    await site.idle();
    assert.equal(site.sesame.outbox.length, 20);

    site.ahead = 3600 * 1000;
    assert.equal((await site.visitor().submit("/forgot", { login: EMAIL })).status, 303);
  });

  test("are limited for codes that are tried too", async () => {
    const visitor = site.visitor();
    const csrf = await visitor.token("/reset");
    const statuses = new Map<number, number>();
    for (let count = 0; count < 101; count += 1) {
      const { status } = await visitor.post("/reset", { csrf, login: EMAIL, code: "1" });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    assert.deepEqual([...statuses], [[422, 100], [429, 1]]);
  });
});

test("behind a proxy, the address is the one that the proxy adds", async () => {
  const proxied = await Site.start({ trustedProxies: 1, messagesPerHour: 1 });
  try {
    const ask = (forwarded: string) => proxied.visitor({ "x-forwarded-for": forwarded }).submit("/forgot", { login: EMAIL });
    assert.equal((await ask("203.0.113.1")).status, 303);
    assert.equal((await ask("198.51.100.7, 203.0.113.1")).status, 429);
    assert.equal((await ask("203.0.113.1, 203.0.113.2")).status, 303);
    assert.equal((await ask("2001:db8:1:2::1")).status, 303);
    assert.equal((await ask("2001:db8:1:2:ffff::9")).status, 429);
    assert.equal((await ask("2001:db8:1:3::1")).status, 303);
  } finally {
    await proxied.stop();
  }
});
