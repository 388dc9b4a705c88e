// What each client must show of second factors: a user registers, uses and removes each that the client knows.

import assert from "node:assert/strict";
import { randomInt, randomUUID } from "node:crypto";

import {
  ALREADY_EXISTS,
  FAILED_PRECONDITION,
  INVALID_ARGUMENT,
  NOT_FOUND,
  PERMISSION_DENIED,
  login,
  refused,
} from "./prove.mjs";
import { LINK_BASE, PASSWORD, messagesTo, service } from "./service.mjs";
import { App } from "./totp.mjs";

const PROFILE = { givenName: "Ada", familyName: "Lovelace" };
const TEMPLATE = `${LINK_BASE}otp?code={{.Code}}&session={{.SessionID}}`;
// The token of a service account with all permissions.
const all = { token: service.token };

/** What differs between codes by e-mail and by SMS: the check's name, the end of the rpcs' names, ids. */
const METHODS = [
  { name: "otpEmail", suffix: "OTPEmail", type: "OTP_EMAIL", to: "loginName", exists: "COMMAND-Q54j2" },
  { name: "otpSms", suffix: "OTPSMS", type: "OTP_SMS", to: "phone", exists: "COMMAND-Ad3g2" },
];

/** The code in the newest message to an address or a number, and the message's link. */
async function newest(to) {
  const { text } = (await messagesTo(to)).at(-1);
  const [code] = text.match(/(?<!\d)\d{8}(?!\d)/);
  return { code, link: text.match(/https:\S+/)?.[0] };
}

async function register(client, fields = {}) {
  const loginName = `${randomUUID()}@example.com`;
  // A number that no other test has.
  const phone = `+4178${String(randomInt(10_000_000)).padStart(7, "0")}`;
  const { userId } = await client.addHumanUser(
    {
      username: loginName,
      profile: PROFILE,
      email: { email: loginName, isVerified: true },
      phone: { phone, isVerified: true },
      password: { password: PASSWORD },
      ...fields,
    },
    all,
  );
  return { userId, loginName, phone };
}

const logIn = ({ loginName }, client) => client.createSession({ checks: login(loginName) }, all);

/** Checks more in a session, or asks for codes; gives the session with its current token. */
const set = async ({ sessionId, sessionToken }, request, client) => {
  const answer = await client.setSession({ sessionId, sessionToken, ...request }, all);
  return { sessionId, ...answer };
};

/** The factors that were proved in a session. */
async function proved({ sessionId, sessionToken }, client) {
  const { session } = await client.getSession({ sessionId, sessionToken }, all);
  return Object.keys(session.factors).sort();
}

async function types({ userId }, client) {
  const { authMethodTypes } = await client.listAuthenticationMethodTypes({ userId }, all);
  return authMethodTypes.map((type) => type.replace("AUTHENTICATION_METHOD_TYPE_", ""));
}

function app(has) {
  has("a user sets up an authenticator app, uses it and removes it", async (client) => {
    const user = await register(client);
    const { userId } = user;
    const { sessionToken: token } = await logIn(user, client);

    const former = await client.registerTOTP({ userId }, { token });
    const { secret, uri } = await client.registerTOTP({ userId }, { token });
    assert.notEqual(secret, former.secret);
    assert.equal(new URL(uri).searchParams.get("secret"), secret);
    const phone = new App(secret);
    const code = await phone.code();
    await client.verifyTOTPRegistration({ userId, code }, { token });
    assert.deepEqual(await types(user, client), ["PASSWORD", "TOTP"]);
    await refused(client.registerTOTP({ userId }, all), { code: ALREADY_EXISTS, id: "COMMAND-do9se" });

    const half = await logIn(user, client);
    const weak = client.removeTOTP({ userId }, { token: half.sessionToken });
    await refused(weak, { code: PERMISSION_DENIED, id: "AUTHZ-Kl3p0" });
    const used = set(half, { checks: { totp: { code } } }, client);
    await refused(used, { code: INVALID_ARGUMENT, id: "EVENT-8isk2" });
    const full = await set(half, { checks: { totp: { code: await phone.code() } } }, client);
    assert.deepEqual(await proved(full, client), ["password", "totp", "user"]);

    await client.removeTOTP({ userId }, { token: full.sessionToken });
    assert.deepEqual(await types(user, client), ["PASSWORD"]);
    await refused(client.removeTOTP({ userId }, all), { code: NOT_FOUND, id: "COMMAND-Hd9sd" });
  });

  has("a user is created with the secret of his app", async (client) => {
    const totpSecret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
    const user = await register(client, { totpSecret });
    const code = await new App(totpSecret).code();

    const session = await client.createSession({ checks: { ...login(user.loginName), totp: { code } } }, all);

    assert.equal(session.details.sequence, "5");
    assert.deepEqual(await proved(session, client), ["password", "totp", "user"]);
  });
}

function messages(has) {
  for (const { name, suffix, type, to, exists } of METHODS) {
    const ways = { otpEmail: { sendCode: { urlTemplate: TEMPLATE } }, otpSms: {} };
    const returned = { otpEmail: { returnCode: {} }, otpSms: { returnCode: true } };

    has(`a user sets up codes by message, uses one and removes them: ${name}`, async (client) => {
      const user = await register(client);
      const { userId } = user;
      const { sessionToken: token } = await logIn(user, client);

      await client[`add${suffix}`]({ userId }, { token });
      assert.deepEqual(await types(user, client), ["PASSWORD", type]);
      await refused(client[`add${suffix}`]({ userId }, all), { code: ALREADY_EXISTS, id: exists });

      const half = await set(await logIn(user, client), { challenges: { [name]: ways[name] } }, client);
      assert.equal(half.challenges?.[name], undefined);
      const { code, link } = await newest(user[to]);
      if (name === "otpEmail") {
        const { searchParams } = new URL(link);
        assert.deepEqual([...searchParams.values()], [code, half.sessionId]);
      }
      const wrong = set(half, { checks: { [name]: { code: code === "00000000" ? "1" : "00000000" } } }, client);
      await refused(wrong, { code: INVALID_ARGUMENT, id: "CODE-woT0xc" });
      const full = await set(half, { checks: { [name]: { code } } }, client);
      assert.deepEqual(await proved(full, client), [name, "password", "user"]);

      await client[`remove${suffix}`]({ userId }, { token: full.sessionToken });
      assert.deepEqual(await types(user, client), ["PASSWORD"]);
    });

    has(`an application has a code returned, and no message is sent: ${name}`, async (client) => {
      const user = await register(client);
      await client[`add${suffix}`]({ userId: user.userId }, all);
      const sent = (await messagesTo(user[to])).length;

      const challenges = { [name]: returned[name] };
      const created = await client.createSession({ checks: login(user.loginName), challenges }, all);
      const code = created.challenges[name];
      const full = await set(created, { checks: { [name]: { code } } }, client);

      assert.match(code, /^\d{8}$/);
      assert.deepEqual(await proved(full, client), [name, "password", "user"]);
      assert.equal((await messagesTo(user[to])).length, sent);
    });
  }

  has("factors are listed", async (client) => {
    const { userId } = await register(client);
    await client.addOTPEmail({ userId }, all);
    await client.registerTOTP({ userId }, all);
    const states = ["AUTH_FACTOR_STATE_NOT_READY", "AUTH_FACTOR_STATE_READY"];

    const { result } = await client.listAuthenticationFactors({ userId, states }, all);

    const found = result.map(({ state, ...factor }) => [Object.keys(factor)[0], state]).sort();
    assert.deepEqual(found, [
      ["otp", states[0]],
      ["otpEmail", states[1]],
    ]);
  });
}

/** A list, as `prove` takes it. */
export function factors(has) {
  app(has);
  messages(has);
}

/** The list for clients that know recovery codes. */
export function recoveryCodes(has) {
  has("a user makes recovery codes, uses one and removes them", async (client) => {
    const user = await register(client);
    const { userId } = user;
    const { sessionToken: token } = await logIn(user, client);
    const early = client.generateRecoveryCodes({ userId, count: 2 }, { token });
    await refused(early, { code: FAILED_PRECONDITION, id: "SESAME-Frec1" });
    await client.addOTPEmail({ userId }, { token });

    const { recoveryCodes: codes } = await client.generateRecoveryCodes({ userId, count: 2 }, all);
    assert.equal(new Set(codes).size, 2);
    assert.deepEqual(await types(user, client), ["PASSWORD", "OTP_EMAIL", "RECOVERY_CODE"]);
    const typed = codes[0].toLowerCase().replaceAll("-", " ");
    const full = await set(await logIn(user, client), { checks: { recoveryCode: { code: typed } } }, client);
    assert.deepEqual(await proved(full, client), ["password", "recoveryCode", "user"]);
    const used = set(full, { checks: { recoveryCode: { code: codes[0] } } }, client);
    await refused(used, { code: INVALID_ARGUMENT, id: "DOMAIN-6uvh0" });

    await client.removeRecoveryCodes({ userId }, { token: full.sessionToken });
    assert.deepEqual(await types(user, client), ["PASSWORD", "OTP_EMAIL"]);
  });
}
