// What each client must show of a user's life: register, find, change, lock, delete.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import {
  ALREADY_EXISTS,
  FAILED_PRECONDITION,
  INVALID_ARGUMENT,
  NOT_FOUND,
  login,
  refused,
} from "./prove.mjs";
import { PASSWORD, service } from "./service.mjs";

const NEW_PASSWORD = "An0ther-Secret!";
const PROFILE = { givenName: "Ada", familyName: "Lovelace" };
const WRONG_PASSWORD = { code: INVALID_ARGUMENT, id: "COMMAND-3M0fs" };
const GONE = { code: NOT_FOUND, id: "QUERY-SFeaa" };
// The token of a service account with all permissions.
const all = { token: service.token };

/** A list, as `prove` takes it. */
export function users(has) {
  const register = async (client) => {
    const loginName = `${randomUUID()}@example.com`;
    const { userId, details } = await client.addHumanUser(
      {
        username: loginName,
        profile: PROFILE,
        email: { email: loginName, isVerified: true },
        password: { password: PASSWORD },
      },
      all,
    );
    return { userId, loginName, details };
  };
  const logIn = ({ loginName }, client, password = PASSWORD) =>
    client.createSession({ checks: login(loginName, password) }, all);
  const read = async ({ sessionId, sessionToken }, client) =>
    (await client.getSession({ sessionId, sessionToken }, all)).session;
  const get = async ({ userId }, client) => (await client.getUserByID({ userId }, all)).user;

  has("a user who registers logs in", async (client) => {
    const user = await register(client);
    const { userId, loginName } = user;

    const { factors } = await read(await logIn(user, client), client);

    assert.equal(factors.user.id, userId);
    assert.equal(factors.user.loginName, loginName);
    assert.equal(factors.user.displayName, "Ada Lovelace");
    assert.ok(factors.password.verifiedAt);
  });

  has("CreateUser registers too, but no name twice", async (client) => {
    const { loginName, details } = await register(client);
    const human = {
      profile: PROFILE,
      email: { email: loginName, isVerified: true },
      password: { password: PASSWORD },
    };
    const create = (username) =>
      client.createUser({ organizationId: details.resourceOwner, username, human }, all);

    const username = randomUUID();
    const { id, creationDate } = await create(username);

    assert.ok(creationDate);
    const { factors } = await read(await logIn({ loginName: username }, client), client);
    assert.equal(factors.user.id, id);
    await refused(create(loginName), { code: ALREADY_EXISTS, id: "V3-DKcYh" });
  });

  has("a user is found by id", async (client) => {
    const user = await register(client);
    const { userId, loginName } = user;

    const found = await get(user, client);

    assert.deepEqual(found.details, user.details);
    assert.equal(found.userId, userId);
    assert.equal(found.state, "USER_STATE_ACTIVE");
    assert.equal(found.username, loginName);
    assert.equal(found.preferredLoginName, loginName);
    assert.deepEqual(found.loginNames, [loginName]);
    const { profile, email, passwordChanged } = found.human;
    assert.deepEqual(profile, { ...PROFILE, displayName: "Ada Lovelace" });
    assert.deepEqual(email, { email: loginName, isVerified: true });
    assert.ok(passwordChanged);
  });

  has("a search finds a user by id, login name and e-mail", async (client) => {
    const user = await register(client);
    const { userId, loginName } = user;
    const expected = await get(user, client);
    const search = (query) => client.listUsers({ queries: [query] }, all);

    for (const query of [
      { inUserIdsQuery: { userIds: [userId] } },
      { loginNameQuery: { loginName } },
      { emailQuery: { emailAddress: loginName } },
    ]) {
      const { details, result } = await search(query);

      assert.deepEqual(result, [expected]);
      assert.equal(details.totalResult, "1");
      assert.ok(details.timestamp);
    }
    const { details } = await search({ loginNameQuery: { loginName: randomUUID() } });
    assert.equal(details.totalResult, undefined);
  });

  has("a profile is changed", async (client) => {
    const user = await register(client);
    const { userId } = user;
    const { sessionToken } = await logIn(user, client);

    const { details } = await client.updateHumanUser(
      { userId, profile: { givenName: "Augusta", familyName: "King", nickName: "Ada" } },
      all,
    );
    // By the user himself.
    await client.updateUser({ userId, human: { profile: { preferredLanguage: "fr" } } }, { token: sessionToken });

    assert.equal(details.sequence, "2");
    const { details: changed, human } = await get(user, client);
    assert.equal(changed.sequence, "3");
    assert.deepEqual(human.profile, {
      givenName: "Augusta",
      familyName: "King",
      nickName: "Ada",
      displayName: "Augusta King",
      preferredLanguage: "fr",
    });
  });

  has("a user changes his password with the current one", async (client) => {
    const user = await register(client);
    const { userId } = user;
    const own = await logIn(user, client);
    const other = await logIn(user, client);
    const change = (currentPassword, token) =>
      client.setPassword({ userId, newPassword: { password: NEW_PASSWORD }, currentPassword }, { token });

    await refused(change("guessed", own.sessionToken), WRONG_PASSWORD);
    await refused(change("guessed", service.token), WRONG_PASSWORD);
    await change(PASSWORD, own.sessionToken);

    assert.equal((await read(own, client)).factors.user.id, userId);
    await refused(read(other, client), GONE);
    await refused(logIn(user, client), WRONG_PASSWORD);
    await logIn(user, client, NEW_PASSWORD);
  });

  has("a user changes his password with his session's token alone, and goes on in it", async (client) => {
    const user = await register(client);
    const { userId, loginName } = user;
    const named = await client.createSession({ checks: { user: { loginName } } }, all);
    const own = await logIn(user, client);
    const check = ({ sessionId, sessionToken }, password) =>
      client.setSession({ sessionId, sessionToken, checks: { password: { password } } }, all);

    await client.setPassword({ userId, newPassword: { password: NEW_PASSWORD } }, { token: own.sessionToken });

    await refused(check(own, PASSWORD), WRONG_PASSWORD);
    // ZITADEL's login checks the new password in the first, or in one that only named the user.
    for (const session of [own, named]) {
      const set = await check(session, NEW_PASSWORD);
      const { factors } = await read({ ...session, ...set }, client);
      assert.equal(factors.user.id, userId);
      assert.ok(factors.password.verifiedAt);
    }
  });

  has("a user is locked and unlocked", async (client) => {
    const user = await register(client);
    const { userId } = user;
    const session = await logIn(user, client);

    await client.lockUser({ userId }, all);

    assert.equal((await get(user, client)).state, "USER_STATE_LOCKED");
    await refused(logIn(user, client), { code: FAILED_PRECONDITION, id: "SESSION-Gj4ko" });
    await refused(read(session, client), GONE);
    await refused(client.lockUser({ userId }, all), { code: FAILED_PRECONDITION, id: "COMMAND-lgws8wtsqf" });
    await client.unlockUser({ userId }, all);
    assert.equal((await get(user, client)).state, "USER_STATE_ACTIVE");
    await logIn(user, client);
    await refused(client.unlockUser({ userId }, all), { code: FAILED_PRECONDITION, id: "COMMAND-olb9vb0oca" });
  });

  has("a deleted user is gone", async (client) => {
    const user = await register(client);
    const { userId } = user;
    const session = await logIn(user, client);

    const { details } = await client.deleteUser({ userId }, all);

    assert.ok(details.changeDate);
    const unknown = { code: NOT_FOUND, id: "QUERY-Dfbg2" };
    await refused(get(user, client), unknown);
    await refused(logIn(user, client), unknown);
    await refused(read(session, client), GONE);
    await refused(client.deleteUser({ userId }, all), { code: NOT_FOUND, id: "COMMAND-bd4ir1mblj" });
  });
}
