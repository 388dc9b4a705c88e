// What holds for every answer, and what is answered when something fails.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { routes } from "../routes.ts";
import { SERVICE_TOKEN } from "./fake-sesame.ts";
import { PASSWORD, Site, type Page } from "./harness.ts";

const EMAIL = "ada@example.com";

const POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/** Of the pages that passkeys need. */
const SCRIPT = '<script src="/passkeys.js" type="module"></script>\n';

const HEADERS = {
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

let site: Site;

beforeEach(async () => {
  site = await Site.start();
});

afterEach(() => site.stop());

function assertHeaders({ headers, text }: Page, what: string) {
  for (const [name, value] of Object.entries(HEADERS)) {
    assert.equal(headers.get(name), value, `${what}: ${name}`);
  }
  const policy = headers.get("content-security-policy");
  const mayHaveScript = text.includes(SCRIPT) || what.startsWith("HEAD");
  assert.ok(policy === POLICY || (mayHaveScript && policy === `${POLICY}; script-src 'self'; connect-src 'self'`), what);
  assert.doesNotMatch(headers.get("content-type") === "text/javascript; charset=utf-8" ? "" : text.replace(SCRIPT, ""), /<script|<style|style=|\son\w+=|javascript:/i, what);
}

test("every answer has the headers that protect it, and no script but the one for passkeys", async () => {
  const visitor = await site.signedIn(EMAIL);
  const paths = [...Object.keys(routes), "/style.css", "/icon.svg", "/passkeys.js", "/unknown", "/..%2f", "/constructor", "/__proto__", "/?done=sent"];
  for (const path of paths) {
    assertHeaders(await visitor.get(path), `GET ${path}`);
    assertHeaders(await visitor.post(path, {}), `POST ${path}`);
    assertHeaders(await visitor.request(path, { method: "PUT" }), `PUT ${path}`);
    assertHeaders(await visitor.request(path, { method: "HEAD" }), `HEAD ${path}`);
  }
});

test("an unknown page and another method are told apart", async () => {
  const visitor = site.visitor();
  assert.equal((await visitor.get("/unknown")).status, 404);
  assert.equal((await visitor.get("/toString")).status, 404);
  const wrong = await visitor.request("/sign-in", { method: "DELETE" });
  assert.deepEqual([wrong.status, wrong.headers.get("allow")], [405, "GET, HEAD, POST"]);
  const got = await visitor.get("/sign-out");
  assert.deepEqual([got.status, got.headers.get("allow")], [405, "POST"]);
});

test("cookies are for this host and for no script, and over TLS for TLS alone", async () => {
  const plain = await site.signedIn(EMAIL);
  assert.deepEqual([...plain.cookies.keys()].sort(), ["csrf", "session"]);

  const secure = await Site.start({ isSecure: true, baseUrl: "https://login.example.com" });
  try {
    const user = secure.sesame.addUser({ email: EMAIL, password: PASSWORD, codes: { reset: "ABCDEFGH23456789ABCD" } });
    const visitor = secure.visitor();
    const first = await visitor.get("/sign-in");
    const csrf = /name="csrf" value="([^"]+)"/.exec(first.text)?.[1] ?? "";
    const signedIn = await visitor.post("/sign-in", { csrf, login: EMAIL, password: PASSWORD });
    const linked = await visitor.get(`/reset?code=${user.codes.reset}&userId=${user.id}`);
    const lines = [first, signedIn, linked].flatMap(({ headers }) => headers.getSetCookie());

    assert.deepEqual(lines.map((line) => line.split("=")[0]), ["__Host-csrf", "__Host-session", "__Host-link-reset"]);
    for (const line of lines) {
      assert.match(line, /^[^;]+; Path=\/; HttpOnly; SameSite=Lax; Secure(; Max-Age=900)?$/);
    }
    assert.equal(first.headers.get("strict-transport-security"), "max-age=31536000");
    // A cookie without the prefix is somebody else's.
    visitor.cookies.set("session", visitor.cookies.get("__Host-session") ?? "");
    visitor.cookies.delete("__Host-session");
    assert.equal((await visitor.get("/")).location, "/sign-in");
  } finally {
    await secure.stop();
  }
});

test("without Sesame, pages that need none are there, and others say that it is gone", async () => {
  const visitor = await site.signedIn(EMAIL);
  const failures = [() => (site.sesame.failure = { status: 503, id: "FAKE-down", retryAfter: 7 }), () => site.sesame.stop()];
  for (const fail of failures) {
    fail();
    for (const path of ["/sign-up", "/sign-in", "/forgot", "/reset", "/invite", "/style.css"]) {
      assert.equal((await site.visitor().get(path)).status, 200, path);
    }
    for (const path of ["/", "/password", "/email", "/sessions", "/verify"]) {
      const page = await visitor.get(path);
      assert.equal(page.status, 503, path);
      assert.match(page.headers.get("retry-after") ?? "", /^[57]$/);
      assertHeaders(page, path);
    }
    const page = await site.visitor().submit("/sign-in", { login: EMAIL, password: PASSWORD });
    assert.equal(page.status, 503);
    assert.ok(visitor.cookies.has("session"));
  }
});

test("an attempt that Sesame couldn't decide isn't counted", async () => {
  site.sesame.addUser({ email: EMAIL, password: PASSWORD });
  const visitor = site.visitor();
  site.sesame.failure = { status: 503, id: "FAKE-down" };
  for (let count = 0; count < 12; count += 1) {
    assert.equal((await visitor.submit("/sign-in", { login: EMAIL, password: PASSWORD })).status, 503);
  }
  site.sesame.failure = undefined;

  assert.equal((await visitor.submit("/sign-in", { login: EMAIL, password: PASSWORD })).location, "/");
});

test("a refused service account is a fault of the site, and no answer has its token", async () => {
  for (const status of [401, 403]) {
    site.sesame.failure = { status, id: "AUTH-service" };
    const page = await site.visitor().submit("/sign-in", { login: EMAIL, password: PASSWORD });
    assert.equal(page.status, 500);
    assert.ok(!page.text.includes(SERVICE_TOKEN));
    assert.match(site.log.join("\n"), new RegExp(`"failed":"answer","call":"POST /v2/users","status":${status}`));
  }
});
