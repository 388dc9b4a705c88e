// What each client must show of a session's life: create, get, set, list, delete.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import {
  ABORTED,
  ALREADY_EXISTS,
  FAILED_PRECONDITION,
  INVALID_ARGUMENT,
  NOT_FOUND,
  PERMISSION_DENIED,
  UNAUTHENTICATED,
  login,
  refused,
} from "./prove.mjs";
import { LOGIN_NAME, PASSWORD, addUser, service } from "./service.mjs";

const RED = "cmVk";
const BLUE = "Ymx1ZQ==";
const USER_AGENT = {
  fingerprintId: "f-1",
  ip: "192.0.2.7",
  description: "a browser",
  header: { "accept-language": { values: ["de", "en"] } },
};

/** The fields by which get, set and delete name a session. */
const key = ({ sessionId, sessionToken }) => ({ sessionId, sessionToken });

/** A list, as `prove` takes it. */
export function life(has, version) {
  const isLater = version !== "v2alpha";
  const { token } = service;
  const read = async (client, created) => (await client.getSession(key(created))).session;
  const ids = (...sessions) => ({ idsQuery: { ids: sessions.map(({ sessionId }) => sessionId) } });
  const found = ({ sessions = [] }) => sessions.map(({ id }) => id);

  has("its token reads a session as it was created", async (client) => {
    const metadata = { colour: BLUE, bytes: "AP8B", "schlüssel €": "Z3LDtsOfZQ==" };
    const later = isLater && { lifetime: "3600s", userAgent: USER_AGENT };
    const created = await client.createSession({ checks: login(), metadata, ...later });

    const session = await read(client, created);

    const { sequence, changeDate } = created.details;
    assert.equal(session.id, created.sessionId);
    assert.equal(session.sequence, sequence);
    assert.equal(session.changeDate, changeDate);
    assert.equal(session.creationDate, changeDate);
    assert.ok(Math.abs(Date.parse(changeDate) - Date.now()) < 60_000, changeDate);
    assert.deepEqual(session.metadata, metadata);
    const { verifiedAt, id, loginName, displayName } = session.factors.user;
    assert.deepEqual({ loginName, displayName }, { loginName: LOGIN_NAME, displayName: "Mini Mouse" });
    assert.ok(id);
    for (const at of [verifiedAt, session.factors.password.verifiedAt]) {
      assert.ok(Math.abs(Date.parse(at) - Date.parse(changeDate)) < 60_000, at);
    }
    assert.deepEqual(session.userAgent, isLater ? USER_AGENT : undefined);
    const lives = Date.parse(session.expirationDate) - Date.parse(changeDate);
    assert.equal(lives, isLater ? 3600_000 : NaN);
  });

  has("metadata is set and removed key by key", async (client) => {
    const metadata = { changed: BLUE, removed: BLUE, kept: BLUE };
    const created = await client.createSession({ metadata });

    const set = await client.setSession({ ...key(created), metadata: { changed: RED, removed: "", added: RED } });

    const session = await read(client, { ...created, ...set });
    assert.deepEqual(session.metadata, { changed: RED, kept: BLUE, added: RED });
    // Metadata and token.
    assert.equal(Number(session.sequence), Number(created.details.sequence) + 2);
    assert.deepEqual([session.sequence, session.changeDate], [set.details.sequence, set.details.changeDate]);
    assert.equal(session.creationDate, created.details.changeDate);
  });

  has("a change replaces the token, and the old one is dead", async (client) => {
    const created = await client.createSession({});

    const set = await client.setSession({ ...key(created), metadata: { colour: RED } });

    assert.match(set.sessionToken, /^[\w-]{43,200}$/);
    assert.notEqual(set.sessionToken, created.sessionToken);
    const dead = { code: PERMISSION_DENIED, id: "COMMAND-sGr42" };
    await refused(client.setSession({ ...key(created), metadata: { colour: BLUE } }), dead);
    await refused(client.deleteSession(key(created)), dead);
    await refused(client.getSession(key(created)), { code: PERMISSION_DENIED, id: "QUERY-dsfr3" });
    const session = await read(client, { ...created, ...set });
    assert.deepEqual(session.metadata, { colour: RED });
  });

  has("a password is checked later than its user", async (client) => {
    const loginName = await addUser();
    // Only a principal with session.write is told which users exist.
    await refused(client.createSession({ checks: { user: { loginName } } }), { code: UNAUTHENTICATED });
    const created = await client.createSession({ checks: { user: { loginName } } }, { token });
    const check = (password) => client.setSession({ ...key(created), checks: { password: { password } } });

    await refused(check("guessed"), { code: INVALID_ARGUMENT, id: "COMMAND-3M0fs" });
    const set = await check(PASSWORD);

    assert.deepEqual([created.details.sequence, set.details.sequence], ["3", "5"]);
    const { factors } = await read(client, { ...created, ...set });
    assert.equal(factors.user.loginName, loginName);
    assert.ok(factors.password.verifiedAt);
  });

  has("a set that changes nothing leaves the sequence and the token", async (client) => {
    const created = await client.createSession({});

    const set = await client.setSession(key(created));

    assert.deepEqual(set.details, created.details);
    assert.equal((await read(client, created)).sequence, "2");
  });

  has("a list has the sessions that were named, page by page", async (client) => {
    const user = { loginName: LOGIN_NAME };
    const sessions = [];
    for (const colour of [RED, BLUE, RED]) {
      sessions.push(await client.createSession({ checks: { user }, metadata: { colour } }, { token }));
    }
    const inOrder = sessions.map(({ sessionId }) => sessionId);
    const list = (query = {}) => client.listSessions({ query, queries: [ids(...sessions)] }, { token });

    const { details, sessions: all } = await list();

    assert.equal(details.totalResult, "3");
    assert.ok(details.timestamp);
    // The newest first.
    assert.deepEqual(found({ sessions: all }), inOrder.toReversed());
    assert.deepEqual(all[0], await read(client, sessions[2]));
    for (const [query, expected] of [
      [{ asc: true }, inOrder],
      [{ asc: true, limit: 1 }, inOrder.slice(0, 1)],
      [{ asc: true, limit: 1, offset: "1" }, inOrder.slice(1, 2)],
      [{ limit: 2, offset: "2" }, inOrder.slice(0, 1)],
      [{ offset: "3" }, []],
    ]) {
      const page = await list(query);
      assert.deepEqual(found(page), expected, JSON.stringify(query));
      assert.equal(page.details.totalResult, "3");
    }
  });

  has("a filter that is empty matches nothing", async (client) => {
    await client.createSession({});
    const filters = [{ idsQuery: {} }, ...(isLater ? [{ userIdQuery: {} }] : [])];

    for (const filter of filters) {
      const { details, sessions } = await client.listSessions({ queries: [filter] }, { token });
      assert.deepEqual([details.totalResult, sessions], [undefined, undefined], JSON.stringify(filter));
    }
  });

  has("a deleted session is gone", async (client) => {
    const created = await client.createSession({});

    const { details } = await client.deleteSession(key(created));

    assert.ok(details.changeDate);
    assert.equal(details.resourceOwner, created.details.resourceOwner);
    await refused(client.getSession(key(created)), { code: NOT_FOUND, id: "QUERY-SFeaa" });
    await client.deleteSession(key(created));
    await refused(client.setSession({ ...key(created), metadata: { colour: RED } }), {
      code: FAILED_PRECONDITION,
      id: "COMMAND-Hewfq",
    });
    assert.deepEqual(found(await client.listSessions({ queries: [ids(created)] }, { token })), []);
  });

  has("a create may be repeated under its key, and only that one", async (client) => {
    const headers = { "idempotency-key": randomUUID() };
    const create = (colour) => client.createSession({ checks: login(), metadata: { colour } }, { token, headers });

    const first = await create(BLUE);
    const second = await create(BLUE);

    assert.deepEqual(second, first);
    await refused(create(RED), { code: ALREADY_EXISTS });
    assert.deepEqual((await read(client, first)).metadata, { colour: BLUE });
  });

  has("a set may depend on the sequence", async (client) => {
    const created = await client.createSession({});
    const set = (sequence) =>
      client.setSession({ ...key(created), metadata: { colour: RED } }, { headers: { "if-match": `"${sequence}"` } });

    await refused(set(3), { code: ABORTED });
    assert.equal((await set(2)).details.sequence, "4");
  });

  has("whoever is not known needs the token", async (client) => {
    const { sessionId, sessionToken } = await client.createSession({});

    const unknown = { code: UNAUTHENTICATED };
    await refused(client.getSession({ sessionId }), unknown);
    await refused(client.deleteSession({ sessionId }), unknown);
    await refused(client.listSessions({ queries: [ids({ sessionId })] }), unknown);
    // Before v2 the message must have one.
    const needed = version === "v2" ? unknown : { code: INVALID_ARGUMENT };
    await refused(client.setSession({ sessionId, metadata: { colour: RED } }), needed);
    assert.equal((await read(client, { sessionId, sessionToken })).sequence, "2");
  });

  has("a session's own user reads, lists and deletes it", async (client) => {
    const loginName = await addUser();
    const { sessionId } = await client.createSession({ checks: login(loginName) });
    const own = { token: (await client.createSession({ checks: login(loginName) })).sessionToken };
    const other = { token: (await client.createSession({ checks: login() })).sessionToken };
    const named = await client.createSession({ checks: { user: { loginName } } }, { token });
    const unproven = { token: named.sessionToken };

    const denied = { code: PERMISSION_DENIED, id: "AUTH-5mWD2" };
    await refused(client.getSession({ sessionId }, other), denied);
    await refused(client.deleteSession({ sessionId }, other), denied);
    await refused(client.getSession({ sessionId }, unproven), { code: UNAUTHENTICATED });
    assert.deepEqual(found(await client.listSessions({ queries: [ids({ sessionId })] }, other)), []);
    assert.deepEqual(found(await client.listSessions({ queries: [ids({ sessionId })] }, own)), [sessionId]);
    const { session } = await client.getSession({ sessionId }, own);
    assert.equal(session.factors.user.loginName, loginName);
    await client.deleteSession({ sessionId }, own);
    await refused(client.getSession({ sessionId }, own), { code: NOT_FOUND, id: "QUERY-SFeaa" });
  });

  if (version === "v2") {
    has("a caller who may write needs no token to set", async (client) => {
      const { sessionId } = await client.createSession({});

      const set = await client.setSession({ sessionId, metadata: { colour: RED } }, { token });

      assert.deepEqual((await read(client, { sessionId, ...set })).metadata, { colour: RED });
    });
  }

  if (!isLater) {
    return;
  }

  has("a list has a user's sessions", async (client) => {
    const loginName = await addUser();
    const sessions = [];
    for (let n = 0; n < 2; n++) {
      sessions.push(await client.createSession({ checks: login(loginName) }));
    }
    await client.createSession({ checks: login() });
    // It has no password factor, so it is found by its id alone.
    await client.createSession({ checks: { user: { loginName } } }, { token });
    const { id } = (await read(client, sessions[0])).factors.user;

    const request = { query: { asc: true }, queries: [{ userIdQuery: { id } }] };
    const { details, sessions: listed } = await client.listSessions(request, { token });

    assert.equal(details.totalResult, "2");
    assert.deepEqual(
      listed.map((session) => session.id),
      sessions.map(({ sessionId }) => sessionId),
    );
  });

  has("a set moves the end of a session", async (client) => {
    const created = await client.createSession({});

    const set = await client.setSession({ ...key(created), lifetime: "60s" });

    const { sequence, changeDate, expirationDate } = await read(client, { ...created, ...set });
    assert.equal(sequence, "4");
    assert.equal(Date.parse(expirationDate) - Date.parse(changeDate), 60_000);
  });
}
