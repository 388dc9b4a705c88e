// The page of `cargo dev` on which a reader tries the calls.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";

import { launch } from "./browser.mjs";
import { LOGIN_NAME, PASSWORD, VERSIONS, addUser, service } from "./service.mjs";

const PROTOCOLS = ["JSON", "Connect", "gRPC-Web"];

// Each action of the page takes less than a second.
const WITHIN_MS = 10_000;

let browser;

before(async () => {
  browser = await launch();
});

after(() => browser?.close());

/** Opens the page, works with it, and checks that the browser reported no error. */
async function visit(work) {
  const page = await browser.newPage();
  try {
    page.setDefaultTimeout(WITHIN_MS);
    const complaints = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) {
        complaints.push(message.text());
      }
    });
    await page.goto(service.url);
    await work(page);
    assert.deepEqual(complaints, []);
  } finally {
    await page.close();
  }
}

const choose = (page, name) => page.getByRole("radio", { name, exact: true }).check();

/** Sends the form; gives the call, the request and the answer as the page shows them. */
async function send(page) {
  const isCall = (response) => /^\/(v2|zitadel)/.test(new URL(response.url()).pathname);
  const request = await page.locator("#request").innerText();
  const answered = page.waitForResponse(isCall);
  await page.locator("#send").click();
  const response = await answered;
  const answer = page.locator("#answer");
  await answer.getByText(/^(Refused|The sessions? .*)\.$/).waitFor();
  const path = new URL(response.url()).pathname;
  return { method: response.request().method(), path, request, shown: await answer.innerText() };
}

/** A call's name in the chooser, and its JSON route. */
const CALLS = {
  CreateSession: ["Create", "POST", ""],
  SetSession: ["Change", "PATCH", "/:id"],
  GetSession: ["Read", "GET", "/:id"],
  DeleteSession: ["End", "DELETE", "/:id"],
  ListSessions: ["List", "POST", "/search"],
};

/** Makes a call as it is filled in, in that protocol and version. */
async function call(page, rpc, protocol, version) {
  const [name, method, route] = CALLS[rpc];
  await choose(page, name);
  const answer = await send(page);
  if (protocol === "JSON") {
    const id = await page.locator("#session-id").inputValue();
    assert.equal(answer.method, method);
    assert.equal(answer.path, `/${version}/sessions${route.replace(":id", id)}`);
  } else {
    assert.equal(answer.method, "POST");
    assert.equal(answer.path, `/zitadel.session.${version}.SessionService/${rpc}`);
  }
  return answer.shown;
}

async function logIn(page, { protocol, version, loginName, password }) {
  await choose(page, protocol);
  await choose(page, version);
  await page.getByLabel("Login name").fill(loginName);
  await page.getByLabel("Password", { exact: true }).fill(password);
  return call(page, "CreateSession", protocol, version);
}

const sessionToken = (shown) => shown.match(/"sessionToken": "([\w-]{43,200})"/)?.[1];

for (const protocol of PROTOCOLS) {
  for (const version of VERSIONS) {
    test(`a session is created, changed, read, listed and ended in ${protocol}, ${version}`, () =>
      visit(async (page) => {
        const later = version !== "v2alpha";
        const created = await logIn(page, { protocol, version, loginName: LOGIN_NAME, password: PASSWORD });
        assert.match(created, /The session was created/);
        assert.match(created, /"sequence": "4"/);
        const id = created.match(/"sessionId": "([0-9a-f-]{36})"/)[1];
        const token = sessionToken(created);
        assert.ok(token);

        await choose(page, "Change");
        await page.getByRole("button", { name: "Add an entry" }).click();
        await page.getByLabel("Key", { exact: true }).fill("room");
        await page.getByLabel("Value").fill("garden");
        if (later) {
          await page.getByLabel(/^Seconds/).fill("60");
        }
        const changed = await call(page, "SetSession", protocol, version);
        // Metadata set, the lifetime set where there is one, and a token.
        assert.match(changed, later ? /"sequence": "7"/ : /"sequence": "6"/);
        assert.notEqual(sessionToken(changed), token);

        const read = await call(page, "GetSession", protocol, version);
        assert.match(read, new RegExp(`"id": "${id}"`));
        assert.match(read, /"room": "Z2FyZGVu"/);
        assert.match(read, /"verifiedAt": "20\d\d-\d\d-\d\dT[\d:.]+Z"/);
        assert.match(read, new RegExp(`"loginName": "${LOGIN_NAME}"`));
        assert.equal(read.includes('"expirationDate"'), later);

        // Without a bearer token, the session's own is sent.
        const listed = await call(page, "ListSessions", protocol, version);
        assert.match(listed, /"totalResult": "1"/);
        assert.match(listed, new RegExp(`"id": "${id}"`));

        const ended = await call(page, "DeleteSession", protocol, version);
        assert.match(ended, /The session has ended/);

        const gone = await call(page, "GetSession", protocol, version);
        assert.match(gone, /Refused/);
        assert.match(gone, /QUERY-SFeaa/);
        assert.match(gone, /NOT_FOUND/);
      }));
  }

  test(`a wrong password is explained, in ${protocol}`, () =>
    visit(async (page) => {
      const loginName = await addUser();

      const shown = await logIn(page, { protocol, version: "v2", loginName, password: "guessed" });

      assert.match(shown, /Refused/);
      assert.match(shown, /INVALID_ARGUMENT/);
      assert.match(shown, /COMMAND-3M0fs/);
      assert.match(shown, /password/i);
      assert.doesNotMatch(shown, /"sessionToken"/);
    }));

  test(`a user's own sessions are listed by one of them, in ${protocol}`, () =>
    visit(async (page) => {
      const loginName = await addUser();
      const created = await logIn(page, { protocol, version: "v2", loginName, password: PASSWORD });

      await choose(page, "List");
      await page.getByLabel("Session ids").fill("");
      await page.getByLabel("How many at most").fill("5");
      await page.getByLabel("The oldest first").check();
      const listed = await call(page, "ListSessions", protocol, "v2");

      assert.match(listed, /"totalResult": "1"/);
      assert.match(listed, new RegExp(`"loginName": "${loginName}"`));
    }));

  test(`the request hides its secrets until they are asked for, in ${protocol}`, () =>
    visit(async (page) => {
      const created = await logIn(page, { protocol, version: "v2", loginName: LOGIN_NAME, password: PASSWORD });
      const token = sessionToken(created);
      await page.getByLabel("Bearer token").fill(service.token);
      // In gRPC-Web, both are read as bytes.
      const spelt = (text) => (protocol === "gRPC-Web" ? Buffer.from(text).toString("hex").replace(/..(?!$)/g, "$& ") : text);

      for (const [name, secret] of [
        ["Create", spelt(PASSWORD)],
        ["Change", spelt(PASSWORD)],
        ["Change", spelt(token)],
        ["Read", spelt(token)],
        ["End", spelt(token)],
        ["List", service.token],
      ]) {
        await choose(page, name);
        if (name === "Change") {
          await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
        }
        await page.getByLabel("Show secrets").uncheck();
        const hidden = await page.locator("#request").innerText();
        await page.getByLabel("Show secrets").check();
        const shown = await page.locator("#request").innerText();

        assert.ok(shown.includes(secret) && !hidden.includes(secret), `${name}: ${hidden}`);
        assert.ok(!hidden.includes(service.token), name);
      }
    }));
}

test("v2 is chosen, and the first on both pages", () =>
  visit(async (page) => {
    assert.ok(await page.getByRole("radio", { name: "v2", exact: true }).isChecked());
    const versions = await page.locator("#versions label").allInnerTexts();
    assert.deepEqual(
      versions.map((version) => version.trim()),
      ["v2", "v2beta", "v2alpha"],
    );
    await page.getByRole("link", { name: "Reference" }).click();
    assert.match(await page.locator(".route").first().innerText(), /\/v2\//);
  }));

test("status and body of an answer come first, and its headers are folded", () =>
  visit(async (page) => {
    for (const protocol of PROTOCOLS) {
      const shown = await logIn(page, { protocol, version: "v2", loginName: LOGIN_NAME, password: PASSWORD });

      assert.match(shown, /^The session was created\. HTTP 200\n+Body/);
      assert.doesNotMatch(shown, /content-type/);
      await page.locator("#answer summary").first().click();
      assert.match(await page.locator("#answer").innerText(), /content-type: application\//);
    }
  }));

test("the answer is in view on a large and on a small screen", () =>
  visit(async (page) => {
    for (const size of [
      { width: 1280, height: 800 },
      { width: 390, height: 844 },
    ]) {
      await page.setViewportSize(size);
      await logIn(page, { protocol: "JSON", version: "v2", loginName: LOGIN_NAME, password: PASSWORD });

      const place = await page.locator("#answer").getByText('"sessionToken"').boundingBox();
      assert.ok(place.y >= 0 && place.y < size.height, JSON.stringify({ size, place }));
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= size.width, `${width}`);
    }
  }));

test("a change sends what was typed for it, and nothing that was typed for a create", () =>
  visit(async (page) => {
    const created = await logIn(page, { protocol: "JSON", version: "v2", loginName: LOGIN_NAME, password: PASSWORD });
    assert.match(created, /"sequence": "4"/);

    await choose(page, "Change");
    await page.getByLabel(/^Seconds/).fill("60");
    const { request, shown } = await send(page);

    assert.doesNotMatch(request, /checks|password|loginName/);
    // The lifetime set, and a token.
    assert.match(shown, /"sequence": "6"/);
    await choose(page, "Create");
    assert.equal(await page.getByLabel("Login name").inputValue(), LOGIN_NAME);
    assert.equal(await page.getByLabel("Password", { exact: true }).inputValue(), PASSWORD);
    await choose(page, "Change");
    assert.equal(await page.getByLabel(/^Seconds/).inputValue(), "60");
  }));

test("a request copied as curl does the same from a shell", () =>
  visit(async (page) => {
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin: service.url });
    for (const [protocol, expected] of [
      ["JSON", /"sessionToken":"/],
      ["Connect", /"sessionToken":"/],
      // The message's flag and, at its end, those of the trailers.
      ["gRPC-Web", /^ 00 00 .* 80 00 /s],
    ]) {
      await choose(page, "Create");
      await choose(page, protocol);
      await page.getByLabel("Login name").fill(LOGIN_NAME);
      await page.getByRole("button", { name: "Add an entry" }).click();
      await page.getByLabel("Key", { exact: true }).last().fill(`it's 100% of "${protocol}"`);
      await page.getByLabel("Value").last().fill("a");
      await page.getByRole("button", { name: "Copy as curl" }).click();
      await page.getByText("Copied, with its secrets.").waitFor();
      const command = await page.evaluate(() => navigator.clipboard.readText());

      assert.match(execFileSync("sh", ["-c", command], { encoding: "utf8" }), expected, command);
      await page.getByRole("button", { name: "Remove" }).click();
    }
  }));

test("a call about no session is not made", () =>
  visit(async (page) => {
    for (const name of ["Change", "Read", "End"]) {
      await choose(page, name);
      await page.locator("#send").click();
      await page.getByRole("status").getByText("Which session?").waitFor();
    }
  }));

test("the reference shows one version, what is searched, and on a phone the meaning under its field", () =>
  visit(async (page) => {
    const routes = async () => {
      await page.locator(".route:visible").first().waitFor();
      return page.locator(".route:visible").allInnerTexts();
    };
    await page.goto(`${service.url}/reference`);
    assert.deepEqual(new Set((await routes()).map((route) => route.split("/")[1])), new Set(["v2"]));
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    assert.ok(height < 25_000, `${height}`);

    await choose(page, "v2alpha");
    assert.ok((await routes()).includes("POST /v2alpha/sessions/_search"));
    await page.goto(`${service.url}/reference#setSessionV2beta`);
    assert.ok((await routes()).every((route) => route.includes("/v2beta/")));

    await page.getByLabel("Search").fill("fingerprintId");
    const fields = await page.locator("tbody th:visible code").allInnerTexts();
    assert.deepEqual(new Set(fields), new Set(["userAgent", "fingerprintId", "session", "sessions"]));
    await page.getByLabel("Search").fill("COMMAND-Hkl3d");
    assert.deepEqual(await routes(), ["PATCH /v2beta/sessions/{session_id}"]);
    await page.getByText("The session to change has expired.").waitFor();
    await page.getByLabel("Search").fill("nothing like it");
    await page.getByText("Nothing has these words.").waitFor();

    await page.setViewportSize({ width: 390, height: 844 });
    await page.getByLabel("Search").fill("fingerprintId");
    const row = page.locator("tbody tr:visible", { hasText: "What tells the device from others" }).first();
    const [name, meaning] = await Promise.all([row.locator("th").boundingBox(), row.locator("td").last().boundingBox()]);
    assert.ok(meaning.y >= name.y + name.height, JSON.stringify({ name, meaning }));
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 390, `${width}`);
  }));
