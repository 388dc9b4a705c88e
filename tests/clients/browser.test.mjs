// A page of another origin calls the service from Chromium, which sends preflights first.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { launch, servePage } from "./browser.mjs";
import { codes } from "./codes.mjs";
import { life } from "./life.mjs";
import { DEADLINE_EXCEEDED, NOT_FOUND, UNAUTHENTICATED, login, prove } from "./prove.mjs";
import { Refusal } from "./refusal.mjs";
import { RPCS, lower, methods } from "./rpcs.mjs";
import { VERSIONS, addUser, service, start } from "./service.mjs";
import { users } from "./users.mjs";

const CLIENTS = ["connect-web's gRPC-Web", "connect-web's Connect", "grpc-web in binary", "grpc-web in text"];
const ALL = [...CLIENTS, "fetch on the JSON routes"];
const METADATA = { colour: "Ymx1ZQ==", bytes: "AP8B" };

let browser;
let page;
let other;

before(async () => {
  other = await servePage();
  browser = await launch();
  page = await browser.newPage();
  await page.goto(other.origin);
  await page.waitForFunction(() => globalThis.call);
});

after(async () => {
  await browser?.close();
  other?.close();
});

/** The outcome of a call that the page makes. */
const call = (what) => page.evaluate((what) => globalThis.call(what), { version: "v2", url: service.url, ...what });
const createSession = (what) => call({ method: "createSession", request: {}, ...what });

/** A client on the page, in the form of `prove`. */
const onThePage = (client, version) =>
  methods(async (rpc, request, options) => {
    const { answer, error } = await call({ client, version, method: lower(rpc), request, options });
    if (error) {
      throw new Refusal(error);
    }
    return answer;
  }, RPCS);

for (const client of ALL) {
  prove(`${client} on a page of another origin`, (version) => onThePage(client, version), life);
}

for (const client of ["@zitadel/client/web", "fetch on the JSON routes"]) {
  for (const list of [users, codes]) {
    prove(`${client} on a page of another origin`, (version) => onThePage(client, version), list, ["v2"]);
  }
}

for (const client of CLIENTS) {
  describe(`${client} on a page of another origin`, () => {
    for (const version of VERSIONS) {
      test(`logs in with a token, a timeout and metadata, ${version}`, async () => {
        const request = { checks: login(), metadata: METADATA };
        const options = { token: service.token, timeoutMs: 20_000 };

        const { answer, error } = await createSession({ client, version, request, options });

        assert.equal(error, undefined);
        assert.equal(answer.details.sequence, "5");
        assert.ok(answer.sessionToken);
      });
    }

    test("reads an error's code, message and details", async () => {
      const request = { checks: login("nobody@example.com") };

      const { error } = await createSession({ client, request, options: { token: service.token } });

      assert.equal(error.code, NOT_FOUND);
      assert.equal(error.message, "User could not be found (QUERY-Dfbg2)");
      assert.equal(error.id, "QUERY-Dfbg2");
    });

    test("is told that its token is wrong", async () => {
      const { error } = await createSession({ client, options: { token: "sesame_guessed" } });

      assert.equal(error.code, UNAUTHENTICATED);
    });

    test("is told that a deadline has passed", async () => {
      const request = { checks: login(await addUser()) };

      const { error } = await createSession({ client, request, options: { timeoutMs: 5 } });

      assert.equal(error.code, DEADLINE_EXCEEDED);
    });
  });
}

describe("where origins are named", () => {
  test("pages of other origins may not call", async () => {
    const strict = await start({ ALLOWED_ORIGINS: "http://allowed.example" });
    try {
      for (const client of ALL) {
        const told = page.waitForEvent("console", (message) => message.text().includes("blocked by CORS policy"));
        const { answer } = await createSession({ client, url: strict.url });
        assert.equal(answer, undefined, client);
        assert.match((await told).text(), /preflight/);
      }
    } finally {
      await strict.stop();
    }
  });

  test("pages of allowed origins may call", async () => {
    const strict = await start({ ALLOWED_ORIGINS: `http://allowed.example,${other.origin}` });
    try {
      for (const client of ALL) {
        const { answer } = await createSession({ client, url: strict.url });
        assert.equal(answer?.details.sequence, "2", client);
      }
    } finally {
      await strict.stop();
    }
  });
});
