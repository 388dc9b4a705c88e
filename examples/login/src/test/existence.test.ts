// Nobody learns from these pages who has an account: neither by an answer nor by its time.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";

import type { RecordedCall } from "./fake-sesame.ts";
import { PASSWORD, SECRET, STEP_MS, Site, addUserWith, type Page } from "./harness.ts";

const KNOWN = "ada@example.com";
const UNKNOWN = "nobody@example.com";

let site: Site;

beforeEach(async () => {
  site = await Site.start();
  site.sesame.addUser({ email: KNOWN, password: PASSWORD });
});

afterEach(() => site.stop());

/** What a browser is shown, without the texts that it typed itself and the token of the form. */
const shown = ({ status, location, text, headers }: Page) => ({
  status,
  location,
  retryAfter: headers.get("retry-after"),
  text: text.replaceAll(KNOWN, "…").replaceAll(UNKNOWN, "…").replace(/value="[\w-]{43}"/g, ""),
});

/** The calls by method and route. */
const routes = (calls: RecordedCall[]) => calls.map(({ method, path }) => `${method} ${path.replace(/[0-9a-f-]{36}/, "{}")}`).sort();

async function both(visit: (email: string) => Promise<Page>): Promise<{ pages: Page[]; calls: string[][] }> {
  const pages: Page[] = [];
  const calls: string[][] = [];
  for (const email of [KNOWN, UNKNOWN]) {
    site.sesame.calls.length = 0;
    pages.push(await visit(email));
    calls.push(routes(site.sesame.calls));
    await site.idle();
  }
  return { pages, calls };
}

describe("a message that a stranger asks for", () => {
  const forms: [string, string, (email: string) => Record<string, string>][] = [
    ["/sign-up", "/verify?done=sent", (email) => ({ givenName: "Ada", familyName: "Byron", email })],
    ["/forgot", "/reset?done=forgotten", (login) => ({ login })],
    ["/verify/send", "/verify?done=sent", (login) => ({ login })],
  ];
  for (const [path, next, fields] of forms) {
    test(`${path} answers the same, and before Sesame is asked`, async () => {
      site.sesame.messageMs = 1000;
      let sent = 0;

      const { pages } = await both(async (email) => {
        site.sesame.outbox.length = 0;
        const page = await site.visitor().submit(path, fields(email));
        sent += site.sesame.outbox.length;
        return page;
      });

      assert.deepEqual(shown(pages[0]!), shown(pages[1]!));
      for (const page of pages) {
        assert.equal(page.status, 303);
        assert.equal(page.location, next);
      }
      assert.equal(sent, 0);
    });
  }

  test("that can't be sent is answered in the same way", async () => {
    site.sesame.failure = { status: 503, id: "FAKE-down" };

    const page = await site.visitor().submit("/forgot", { login: KNOWN });

    assert.equal(page.location, "/reset?done=forgotten");
  });

  test("is a reset's for a sign-up with a taken address, and a verification's for a free one", async () => {
    for (const [email, subject] of [
      [KNOWN, "reset"],
      [KNOWN.toUpperCase(), "reset"],
      [UNKNOWN, "email"],
    ] as const) {
      await site.visitor().submit("/sign-up", { givenName: "Eve", familyName: "Moriarty", email });
      await site.idle();
      assert.equal(site.sesame.outbox.at(-1)?.subject, subject, email);
    }
    assert.equal(site.sesame.users.size, 2);
  });
});

describe("a sign-in", () => {
  test("that fails is one answer with the same calls, whatever is wrong", async () => {
    site.sesame.addUser({ email: "none@example.com" });
    site.sesame.addUser({ email: "locked@example.com", password: PASSWORD, failures: 10 });
    const factors = { totp: SECRET, otpEmail: true, recoveryCodes: ["0".repeat(24)] };
    addUserWith(site, factors, { email: "factors@example.com" });
    addUserWith(site, { ...factors, failures: 100 }, { email: "weary@example.com" });
    site.sesame.hashMs = 60;
    const seen = [];
    for (const login of [KNOWN, UNKNOWN, "none@example.com", "locked@example.com", "factors@example.com", "weary@example.com"]) {
      site.sesame.calls.length = 0;
      const page = await site.visitor().submit("/sign-in", { login, password: "a wrong password" });
      seen.push({ ...shown(page), text: shown(page).text.replaceAll(login, "…"), calls: routes(site.sesame.calls) });
      assert.ok(page.ms >= STEP_MS - 1, `${login}: ${page.ms} ms`);
    }
    for (const one of seen) {
      assert.deepEqual(one, seen[0]);
    }
    assert.equal(seen[0]?.status, 422);
    assert.deepEqual(seen[0]?.calls, ["POST /v2/sessions", "POST /v2/users", "POST /v2/users"]);
  });

  test("is paused for a name that nobody has as for one that somebody has", async () => {
    for (let count = 0; count < 10; count += 1) {
      await both((login) => site.visitor().submit("/sign-in", { login, password: "a wrong password" }));
    }
    const { pages, calls } = await both((login) => site.visitor().submit("/sign-in", { login, password: PASSWORD }));

    assert.deepEqual(shown(pages[0]!), shown(pages[1]!));
    assert.equal(pages[0]?.status, 429);
    assert.equal(pages[0]?.headers.get("retry-after"), "30");
    assert.match(pages[0]?.told ?? "", /Try again in 30 seconds/);
    assert.deepEqual(calls, [[], []]);
  });

  test("shows the wait of an address that failed too often", async () => {
    site.sesame.failure = { status: 429, id: "FAKE-address", retryAfter: 600 };

    const { pages } = await both((login) => site.visitor().submit("/sign-in", { login, password: PASSWORD }));

    assert.deepEqual(shown(pages[0]!), shown(pages[1]!));
    assert.equal(pages[0]?.status, 429);
    assert.equal(pages[0]?.headers.get("retry-after"), "600");
    assert.match(pages[0]?.text ?? "", /Try again in 10 minutes/);
  });

  test("of an address that several users have is that of its only verified one", async () => {
    const user = { loginName: "one", password: PASSWORD };
    site.sesame.addUser({ email: "shared@example.com", ...user, isVerified: false });
    const visitor = site.visitor();

    site.sesame.addUser({ email: "shared@example.com", ...user, loginName: "two" });
    assert.equal((await visitor.submit("/sign-in", { login: "shared@example.com", password: PASSWORD })).location, "/");
    assert.match((await visitor.get("/")).text, /<dd>two<\/dd>/);

    site.sesame.addUser({ email: "shared@example.com", ...user, loginName: "three" });
    assert.equal((await site.visitor().submit("/sign-in", { login: "shared@example.com", password: PASSWORD })).status, 422);
  });
});

describe("a typed code that is wrong", () => {
  for (const [path, fields] of [
    ["/verify", {}],
    ["/reset", { password: "a long new password", repeated: "a long new password" }],
    ["/invite", { password: "a long new password", repeated: "a long new password" }],
  ] as const) {
    test(`is one answer of ${path}, whether or not there is the user`, async () => {
      const { pages, calls } = await both((login) => site.visitor().submit(path, { login, code: "2345 6789", ...fields }));

      assert.deepEqual(shown(pages[0]!), shown(pages[1]!));
      assert.deepEqual(calls[0], calls[1]);
      assert.match(pages[0]?.told ?? "", /wrong, used or too old/);
      for (const { ms } of pages) {
        assert.ok(ms >= STEP_MS - 1, `${ms} ms`);
      }
    });
  }

  test("is judged by its password first, so a refused one is one answer too", async () => {
    const fields = { code: "23456789", password: "password1", repeated: "password1" };

    const { pages } = await both((login) => site.visitor().submit("/reset", { login, ...fields }));

    assert.deepEqual(shown(pages[0]!), shown(pages[1]!));
    assert.match(pages[0]?.told ?? "", /Many people/);
  });
});

describe("a change of the address", () => {
  let visitor: Awaited<ReturnType<Site["signedIn"]>>;

  beforeEach(async () => {
    visitor = await site.signedIn("grace@example.com");
  });

  test("doesn't tell whether the new one is somebody's, and doesn't wait for the message", async () => {
    site.sesame.messageMs = 10 * STEP_MS;
    let sent = 0;

    const { pages } = await both(async (email) => {
      const page = await visitor.submit("/email", { email });
      sent += site.sesame.outbox.length;
      return page;
    });

    assert.deepEqual(shown(pages[0]!), shown(pages[1]!));
    assert.equal(pages[0]?.location, "/verify?done=sent");
    for (const { ms } of pages) {
      assert.ok(ms >= STEP_MS - 1, `${ms} ms`);
    }
    assert.equal(sent, 0);
    assert.deepEqual(site.sesame.outbox.map((mail) => mail.to), [UNKNOWN]);
  });
});

