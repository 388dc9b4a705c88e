// What each client must show, in its own words for it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Refusal } from "./refusal.mjs";
import { LOGIN_NAME, PASSWORD, VERSIONS, addUser, service } from "./service.mjs";

/** Codes of gRPC: https://grpc.io/docs/guides/status-codes/ */
export const INVALID_ARGUMENT = 3;
export const DEADLINE_EXCEEDED = 4;
export const NOT_FOUND = 5;
export const FAILED_PRECONDITION = 9;
export const UNIMPLEMENTED = 12;
export const UNAUTHENTICATED = 16;

export const login = (loginName = LOGIN_NAME, password = PASSWORD) => ({ user: { loginName }, password: { password } });

/**
 * Proves a client. `open(version)` gives what calls that version of the service:
 *
 * - `create(request, { token, timeoutMs })`, where `request` is a CreateSessionRequest in JSON,
 *   gives `{ sequence, sessionId, sessionToken, resourceOwner }`, the sequence as a string;
 * - `unknown()` calls an rpc that does not exist;
 * - both throw a `Refusal`;
 * - `close()`, where there is something to close.
 */
export function proves(name, open) {
  for (const version of VERSIONS) {
    describe(`${name}, ${version}`, () => prove(() => open(version), version));
  }
}

function prove(open, version) {
  const has = (title, body) =>
    test(title, async () => {
      const client = await open();
      try {
        await body(client);
      } finally {
        client.close?.();
      }
    });
  const refused = (call, expected) =>
    assert.rejects(call, (error) => {
      assert.ok(error instanceof Refusal, error);
      const { code, id } = error;
      assert.deepEqual({ code, id }, { id: undefined, ...expected });
      return true;
    });

  has("a login gives a session and its token", async (client) => {
    // Of one, two and three bytes, as UTF-8 and as none.
    const metadata = { colour: "Ymx1ZQ==", bytes: "AP8B", "schlüssel €": "Z3LDtsOfZQ==" };

    const answer = await client.create({ checks: login(), metadata });

    assert.equal(answer.sequence, "5");
    assert.match(answer.sessionId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.match(answer.sessionToken, /^[\w-]{43,200}$/);
    assert.equal(answer.resourceOwner, "69629023906488334");
  });

  has("the sequence counts what is recorded", async (client) => {
    const user = { loginName: LOGIN_NAME };
    for (const [request, sequence] of [
      [{}, "2"],
      [{ checks: { user } }, "3"],
      [{ checks: login() }, "4"],
    ]) {
      assert.equal((await client.create(request)).sequence, sequence);
    }
  });

  has("much metadata arrives whole", async (client) => {
    // Long enough for clients that compress to find it worth it.
    const metadata = { much: Buffer.alloc(48 * 1024, "blue").toString("base64") };

    assert.equal((await client.create({ checks: login(), metadata })).sequence, "5");
  });

  has("a wrong password is an invalid argument", async (client) => {
    const loginName = await addUser();

    await refused(client.create({ checks: login(loginName, "guessed") }), {
      code: INVALID_ARGUMENT,
      id: "COMMAND-3M0fs",
    });
    assert.equal((await client.create({ checks: login(loginName) })).sequence, "4");
  });

  has("only a known caller hears that nobody has a name", async (client) => {
    const request = { checks: login("nobody@example.com") };

    const { token } = service;
    await refused(client.create(request, { token }), { code: NOT_FOUND, id: "QUERY-Dfbg2" });
    await refused(client.create(request), { code: INVALID_ARGUMENT, id: "COMMAND-3M0fs" });
  });

  has("a password needs a user", async (client) => {
    const request = { checks: { password: { password: PASSWORD } } };

    await refused(client.create(request), { code: FAILED_PRECONDITION, id: "COMMAND-Sfw3f" });
  });

  has("a token that nobody was given is refused", async (client) => {
    const token = "sesame_guessed";

    await refused(client.create({ checks: login() }, { token }), { code: UNAUTHENTICATED });
  });

  has("a deadline shorter than the password's check passes", async (client) => {
    const loginName = await addUser();

    await refused(client.create({ checks: login(loginName) }, { timeoutMs: 5 }), {
      code: DEADLINE_EXCEEDED,
    });
  });

  has("a deadline that is far off changes nothing", async (client) => {
    assert.equal((await client.create({}, { timeoutMs: 20_000 })).sequence, "2");
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

    const answer = await client.create({ checks: login(), lifetime: "3600s", userAgent });

    assert.equal(answer.sequence, "5");
  });

  has("a lifetime must be longer than nothing", async (client) => {
    for (const lifetime of ["0s", "-1s"]) {
      await refused(client.create({ checks: login(), lifetime }), { code: INVALID_ARGUMENT });
    }
  });

  has("what is not carried out is refused by name", async (client) => {
    for (const [request, name] of [
      [{ checks: login(), challenges: { otpSms: {} } }, /otp_sms/],
      [{ checks: login(), challenges: { webAuthN: {} } }, /web_auth_n/],
      [{ checks: { ...login(), totp: { code: "123456" } } }, /totp/],
    ]) {
      await assert.rejects(client.create(request), (error) => {
        assert.equal(error.code, UNIMPLEMENTED);
        assert.match(error.message, name);
        return true;
      });
    }
  });
}
