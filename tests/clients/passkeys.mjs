// What each client must show of passkeys and security keys: a user registers, uses and removes each.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { Authenticator } from "./authenticator.mjs";
import { FAILED_PRECONDITION, INVALID_ARGUMENT, NOT_FOUND, login, refused } from "./prove.mjs";
import { PASSWORD, service } from "./service.mjs";

const all = { token: service.token };
const DOMAIN = "localhost";
const REQUIRED = "USER_VERIFICATION_REQUIREMENT_REQUIRED";
const DISCOURAGED = "USER_VERIFICATION_REQUIREMENT_DISCOURAGED";

async function register(client) {
  const loginName = `${randomUUID()}@example.com`;
  const { userId } = await client.addHumanUser(
    {
      username: loginName,
      profile: { givenName: "Ada", familyName: "Lovelace" },
      email: { email: loginName, isVerified: true },
      password: { password: PASSWORD },
    },
    all,
  );
  return { userId, loginName };
}

const challenge = (level) => ({ webAuthN: { domain: DOMAIN, userVerificationRequirement: level } });
const optionsOf = ({ challenges }) => challenges.webAuthN.publicKeyCredentialRequestOptions;

/** Has an authenticator answer the challenge of a session. */
async function answer(session, authenticator, client) {
  const credentialAssertionData = authenticator.assert(optionsOf(session));
  const { sessionId, sessionToken } = session;
  const set = await client.setSession(
    { sessionId, sessionToken, checks: { webAuthN: { credentialAssertionData } } },
    all,
  );
  return { ...session, ...set };
}

async function factors({ sessionId, sessionToken }, client) {
  const { session } = await client.getSession({ sessionId, sessionToken }, all);
  return session.factors;
}

async function types({ userId }, client) {
  const { authMethodTypes } = await client.listAuthenticationMethodTypes({ userId }, all);
  return authMethodTypes.map((type) => type.replace("AUTHENTICATION_METHOD_TYPE_", ""));
}

async function addPasskey({ userId }, client, code = undefined) {
  const authenticator = new Authenticator({ verifies: true });
  const begun = await client.registerPasskey({ userId, domain: DOMAIN, ...(code && { code }) }, all);
  const publicKeyCredential = authenticator.register(begun.publicKeyCredentialCreationOptions);
  const { passkeyId } = begun;
  await client.verifyPasskeyRegistration({ userId, passkeyId, publicKeyCredential, passkeyName: "A phone" }, all);
  return { authenticator, passkeyId };
}

/** A list, as `prove` takes it. */
export function passkeys(has) {
  has("a user registers a passkey, logs in with it and removes it", async (client) => {
    const user = await register(client);
    const { userId, loginName } = user;
    const { authenticator, passkeyId } = await addPasskey(user, client);
    assert.deepEqual(await types(user, client), ["PASSWORD", "PASSKEY"]);
    const { result } = await client.listPasskeys({ userId }, all);
    assert.deepEqual(result.map(({ id, name }) => [id, name]), [[passkeyId, "A phone"]]);

    const half = await client.createSession(
      { checks: { user: { loginName } }, challenges: challenge(REQUIRED) },
      all,
    );
    const { publicKey } = optionsOf(half);
    assert.deepEqual(publicKey.allowCredentials.map(({ id }) => id), [authenticator.id]);
    const full = await answer(half, authenticator, client);
    const { webAuthN } = await factors(full, client);
    assert.equal(webAuthN.userVerified, true);
    assert.ok(webAuthN.verifiedAt);

    const again = answer({ ...half, sessionToken: full.sessionToken }, authenticator, client);
    await refused(again, { code: FAILED_PRECONDITION, id: "COMMAND-Ioqu5" });
    await client.removePasskey({ userId, passkeyId }, { token: full.sessionToken });
    await refused(client.removePasskey({ userId, passkeyId }, all), { code: NOT_FOUND, id: "COMMAND-DAfb2" });
  });

  has("a passkey finds its user", async (client) => {
    const user = await register(client);
    const { code } = await client.createPasskeyRegistrationLink(
      { userId: user.userId, returnCode: {} },
      all,
    );
    const { authenticator } = await addPasskey(user, client, code);

    const nobody = await client.createSession({ challenges: challenge(REQUIRED) }, all);
    assert.deepEqual(optionsOf(nobody).publicKey.allowCredentials, []);
    const found = await factors(await answer(nobody, authenticator, client), client);

    assert.equal(found.user.id, user.userId);
    const stranger = await client.createSession({ challenges: challenge(REQUIRED) }, all);
    const unknown = answer(stranger, new Authenticator({ verifies: true }), client);
    await refused(unknown, { code: INVALID_ARGUMENT, id: "WEBAU-3M9si" });
  });

  has("a user registers a security key, uses it beside the password and removes it", async (client) => {
    const user = await register(client);
    const { userId, loginName } = user;
    const authenticator = new Authenticator({ verifies: false });
    const { u2fId, publicKeyCredentialCreationOptions: options } = await client.registerU2F(
      { userId, domain: DOMAIN },
      all,
    );
    const publicKeyCredential = authenticator.register(options);
    await client.verifyU2FRegistration({ userId, u2fId, publicKeyCredential, tokenName: "A key" }, all);
    assert.deepEqual(await types(user, client), ["PASSWORD", "U2F"]);
    const { result } = await client.listAuthenticationFactors({ userId }, all);
    assert.deepEqual(result.map(({ u2f }) => [u2f.id, u2f.name]), [[u2fId, "A key"]]);

    const half = await client.createSession({ checks: login(loginName), challenges: challenge(DISCOURAGED) }, all);
    const full = await answer(half, authenticator, client);
    const { webAuthN } = await factors(full, client);
    assert.ok(!webAuthN.userVerified);
    await client.removeU2F({ userId, u2fId }, { token: full.sessionToken });
    assert.deepEqual(await types(user, client), ["PASSWORD"]);
  });
}
