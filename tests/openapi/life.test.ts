// The life of a session by the TypeScript client that openapi-generator makes of openapi.json. `.ci/clients` generates the
// client before.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  Configuration,
  type CreateSessionRequest,
  ResponseError,
  SessionApi,
  StatusFromJSON,
} from "../../target/clients/openapi/typescript/index.js";

const ready = JSON.parse(process.env.SESAME_READY ?? "") as { url: string; token: string };
const api = new SessionApi(new Configuration({ basePath: ready.url, accessToken: ready.token }));

/** A login of the demo user. */
const login = (password: string): CreateSessionRequest => ({
  checks: { user: { loginName: "mini@mouse.com" }, password: { password } },
  metadata: { device: "a2l0Y2hlbg==" },
  lifetime: "3600s",
});

/** The HTTP status, the code and the id of the error that a call ends with. */
async function refusal(call: Promise<unknown>): Promise<[number, number, string | undefined]> {
  const error = await call.then(
    () => assert.fail("the call was carried out"),
    (error: unknown) => error,
  );
  assert.ok(error instanceof ResponseError);
  const status = StatusFromJSON(await error.response.json());
  return [error.response.status, status.code, status.details?.[0]?.id];
}

test("a session is created, changed, read, listed and ended", async () => {
  const created = await api.createSessionV2({ createSessionRequest: login("V3ryS3cure!") });
  const { sessionId } = created;

  const change = { sessionToken: created.sessionToken, metadata: { room: "Z2FyZGVu" } };
  const changed = await api.setSessionV2({ sessionId, setSessionRequest: change });
  const { sessionToken } = changed;
  assert.ok(sessionToken);
  assert.notEqual(sessionToken, created.sessionToken);

  const { session } = await api.getSessionV2({ sessionId, sessionToken });
  assert.equal(session.factors?.user?.loginName, "mini@mouse.com");
  // So the password was sent.
  assert.ok(session.factors?.password?.verifiedAt instanceof Date);
  assert.deepEqual(session.metadata, { device: "a2l0Y2hlbg==", room: "Z2FyZGVu" });

  const query = { offset: "0", limit: 5 };
  const queries = [{ idsQuery: { ids: [sessionId] } }];
  const listed = await api.listSessionsV2({ listSessionsRequest: { query, queries } });
  assert.deepEqual(listed.sessions, [session]);

  await api.deleteSessionV2({ sessionId, deleteSessionRequest: { sessionToken } });
  assert.deepEqual(await refusal(api.getSessionV2({ sessionId, sessionToken })), [404, 5, "QUERY-SFeaa"]);
});

test("a wrong password is refused with a typed error", async () => {
  const wrong = api.createSessionV2({ createSessionRequest: login("guessed") });

  assert.deepEqual(await refusal(wrong), [400, 3, "COMMAND-3M0fs"]);
});
