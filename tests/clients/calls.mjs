// What each client must show of creating sessions, and of the protocol that it speaks.

import assert from "node:assert/strict";

import { life } from "./life.mjs";
import {
  DEADLINE_EXCEEDED,
  FAILED_PRECONDITION,
  INVALID_ARGUMENT,
  NOT_FOUND,
  UNAUTHENTICATED,
  UNIMPLEMENTED,
  login,
  prove,
  refused,
} from "./prove.mjs";
import { LOGIN_NAME, PASSWORD, addUser, service } from "./service.mjs";

/** Runs all tests of creates with a client; `open` is as `prove` takes it. */
export const proves = (name, open) =>
  prove(name, open, (has, version) => {
    calls(has, version);
    life(has, version);
  });

function calls(has, version) {
  has("a login gives a session and its token", async (client) => {
    // Of one, two and three bytes, as UTF-8 and as none.
    const metadata = { colour: "Ymx1ZQ==", bytes: "AP8B", "schlüssel €": "Z3LDtsOfZQ==" };

    const answer = await client.createSession({ checks: login(), metadata });

    assert.equal(answer.details.sequence, "5");
    assert.match(answer.sessionId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.match(answer.sessionToken, /^[\w-]{43,200}$/);
    assert.equal(answer.details.resourceOwner, "69629023906488334");
  });

  has("the sequence counts what is recorded", async (client) => {
    const user = { loginName: LOGIN_NAME };
    for (const [request, sequence] of [
      [{}, "2"],
      [{ checks: { user } }, "3"],
      [{ checks: login() }, "4"],
    ]) {
      assert.equal((await client.createSession(request, { token: service.token })).details.sequence, sequence);
    }
  });

  has("much metadata arrives whole", async (client) => {
    // Long enough to be worth compressing.
    const metadata = { much: Buffer.alloc(48 * 1024, "blue").toString("base64") };

    assert.equal((await client.createSession({ checks: login(), metadata })).details.sequence, "5");
  });

  has("a wrong password is an invalid argument", async (client) => {
    const loginName = await addUser();

    await refused(client.createSession({ checks: login(loginName, "guessed") }), {
      code: INVALID_ARGUMENT,
      id: "COMMAND-3M0fs",
    });
    assert.equal((await client.createSession({ checks: login(loginName) })).details.sequence, "4");
  });

  has("only a known caller hears that nobody has a name", async (client) => {
    const request = { checks: login("nobody@example.com") };

    const { token } = service;
    await refused(client.createSession(request, { token }), { code: NOT_FOUND, id: "QUERY-Dfbg2" });
    await refused(client.createSession(request), { code: INVALID_ARGUMENT, id: "COMMAND-3M0fs" });
  });

  has("a password needs a user", async (client) => {
    const request = { checks: { password: { password: PASSWORD } } };

    await refused(client.createSession(request), { code: FAILED_PRECONDITION, id: "COMMAND-Sfw3f" });
  });

  has("a token that nobody was given is refused", async (client) => {
    const token = "sesame_guessed";

    await refused(client.createSession({ checks: login() }, { token }), { code: UNAUTHENTICATED });
  });

  has("a deadline shorter than the password's check passes", async (client) => {
    const loginName = await addUser();

    await refused(client.createSession({ checks: login(loginName) }, { timeoutMs: 5 }), {
      code: DEADLINE_EXCEEDED,
    });
  });

  has("a deadline that is far off changes nothing", async (client) => {
    assert.equal((await client.createSession({}, { timeoutMs: 20_000 })).details.sequence, "2");
  });

  has("an rpc that does not exist is unimplemented", async (client) => {
    await refused(client.unknown(), { code: UNIMPLEMENTED });
  });

  if (version === "v2alpha") {
    return;
  }

  has("a lifetime and a user agent are accepted", async (client) => {
    const userAgent = {
      fingerprintId: "f-1",
      ip: "192.0.2.7",
      description: "a browser",
      header: { "accept-language": { values: ["de", "en"] } },
    };

    const answer = await client.createSession({ checks: login(), lifetime: "3600s", userAgent });

    assert.equal(answer.details.sequence, "5");
  });

  has("a lifetime must be longer than nothing", async (client) => {
    for (const lifetime of ["0s", "-1s"]) {
      await refused(client.createSession({ checks: login(), lifetime }), { code: INVALID_ARGUMENT });
    }
  });

  has("what is not carried out is refused by name", async (client) => {
    const request = { checks: { ...login(), idpIntent: {} } };
    await assert.rejects(client.createSession(request), (error) => {
      assert.equal(error.code, UNIMPLEMENTED);
      assert.match(error.message, /idp_intent/);
      return true;
    });
  });
}
