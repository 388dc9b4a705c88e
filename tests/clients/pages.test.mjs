// The page of `cargo dev` on which one tries it, as somebody would who reads it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch } from "./browser.mjs";
import { LOGIN_NAME, PASSWORD, VERSIONS, addUser, service } from "./service.mjs";

const PROTOCOLS = ["JSON", "Connect", "gRPC-Web"];

// What the page does takes less than a second.
const WITHIN_MS = 10_000;

let browser;

before(async () => {
  browser = await launch();
});

after(() => browser?.close());

/** Opens the page, fills in the form and sends it; gives the answer as the page shows it. */
async function tryIt({ protocol, version, loginName, password }) {
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
    await page.getByRole("radio", { name: protocol, exact: true }).check();
    await page.getByRole("radio", { name: version, exact: true }).check();
    await page.getByLabel("Login name").fill(loginName);
    await page.getByLabel("Password").fill(password);
    const answered = page.waitForResponse((response) => response.request().method() === "POST");
    await page.getByRole("button", { name: "Create the session" }).click();
    const response = await answered;
    const answer = page.getByRole("status");
    await answer.getByText(/The session was created|Refused/).waitFor();
    assert.deepEqual(complaints, []);
    return { path: new URL(response.url()).pathname, shown: await answer.innerText() };
  } finally {
    await page.close();
  }
}

for (const protocol of PROTOCOLS) {
  for (const version of VERSIONS) {
    test(`a login in ${protocol} shows its session, ${version}`, async () => {
      const { path, shown } = await tryIt({ protocol, version, loginName: LOGIN_NAME, password: PASSWORD });

      const rpc = `/zitadel.session.${version}.SessionService/CreateSession`;
      assert.equal(path, protocol === "JSON" ? `/${version}/sessions` : rpc);
      assert.match(shown, /The session was created/);
      assert.match(shown, /"sessionId": "[0-9a-f-]{36}"/);
      assert.match(shown, /"sessionToken": "[\w-]{43,200}"/);
      assert.match(shown, /"sequence": "4"/);
    });
  }

  test(`a wrong password is explained, in ${protocol}`, async () => {
    const loginName = await addUser();

    const { shown } = await tryIt({ protocol, version: "v2", loginName, password: "guessed" });

    assert.match(shown, /Refused/);
    assert.match(shown, /INVALID_ARGUMENT/);
    assert.match(shown, /COMMAND-3M0fs/);
    assert.match(shown, /password/i);
    assert.doesNotMatch(shown, /"sessionToken"/);
  });
}
