// What each client must show of codes: verify an address, reset a password, invite, change an address.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { INVALID_ARGUMENT, NOT_FOUND, login, refused } from "./prove.mjs";
import { LINK_BASE, PASSWORD, messagesTo, service } from "./service.mjs";

const NEW_PASSWORD = "An0ther-Secret!";
const PROFILE = { givenName: "Ada", familyName: "Lovelace" };
const TEMPLATE = `${LINK_BASE}go?code={{.Code}}&user={{.UserID}}&org={{.OrgID}}`;
// The token of a service account with all permissions.
const all = { token: service.token };

const newAddress = () => `${randomUUID()}@example.com`;

/** The only message that was sent to an address and has that subject. */
async function messageTo(address, subject) {
  const messages = (await messagesTo(address)).filter((message) => subject.test(message.subject));
  assert.equal(messages.length, 1, `${address} has ${messages.length} messages of ${subject}`);
  const [message] = messages;
  assert.equal(message.channel, "email");
  return message;
}

/** The code that a message shows for typing. */
const typed = ({ text }) => text.match(/^[2-9A-HJ-NP-Z]{8}$/m)[0];

/** The whole code, which a link carries. */
function ofLink({ text, html }, { userId, details }) {
  const [link] = text.match(/https:\S+/);
  assert.ok(link.startsWith(LINK_BASE));
  assert.ok(html.includes(link.replaceAll("&", "&amp;")), "the HTML has the same link");
  const { searchParams } = new URL(link);
  assert.equal(searchParams.get("user"), userId);
  assert.equal(searchParams.get("org"), details.resourceOwner);
  assert.match(searchParams.get("code"), /^[2-9A-HJ-NP-Z]{20}$/);
  return searchParams.get("code");
}

const VERIFY = /^Confirm your e-mail address/;
const RESET = /^Set a new password/;
const INVITATION = /^Your invitation/;
const ADDRESS_CHANGED = /^Your e-mail address .* was changed/;

/** A list, as `prove` takes it. */
export function codes(has) {
  const register = async (client, verification, password = { password: { password: PASSWORD } }) => {
    const address = newAddress();
    const email = { email: address, ...verification };
    const { userId, details } = await client.addHumanUser(
      { username: address, profile: PROFILE, email, ...password },
      all,
    );
    return { userId, address, details };
  };
  const email = async ({ userId }, client) => (await client.getUserByID({ userId }, all)).user.human.email;
  const logIn = ({ address }, client, password = PASSWORD) =>
    client.createSession({ checks: login(address, password) }, all);
  const verify = ({ userId }, verificationCode, client) => client.verifyEmail({ userId, verificationCode }, all);
  /** Registers a user whose address is verified. */
  const registerVerified = async (client) => {
    const user = await register(client, { sendCode: {} });
    await verify(user, typed(await messageTo(user.address, VERIFY)), client);
    return user;
  };

  has("a user who registers verifies his address with the code that he types", async (client) => {
    const user = await register(client);
    const { address } = user;

    assert.deepEqual(await email(user, client), { email: address });
    const wrong = { code: INVALID_ARGUMENT, id: "COMMAND-eis9R" };
    await refused(verify(user, "WR2NGC3D", client), wrong);
    const code = typed(await messageTo(address, VERIFY));
    // As people type it.
    await verify(user, `${code.slice(0, 4)}-${code.slice(4)} `.toLowerCase(), client);

    assert.deepEqual(await email(user, client), { email: address, isVerified: true });
    await refused(verify(user, code, client), wrong);
  });

  has("a user who registers verifies his address with the code of a link", async (client) => {
    const user = await register(client, { sendCode: { urlTemplate: TEMPLATE } });
    const { userId, address } = user;

    // Asked for twice within a minute, it is sent once.
    await client.sendEmailCode({ userId, sendCode: { urlTemplate: TEMPLATE } }, all);
    await client.resendEmailCode({ userId, sendCode: { urlTemplate: TEMPLATE } }, all);
    await verify(user, ofLink(await messageTo(address, VERIFY), user), client);

    assert.deepEqual(await email(user, client), { email: address, isVerified: true });
  });

  for (const [way, readCode] of [
    ["the code of a link", ofLink],
    ["the code that he types", typed],
  ]) {
    has(`a user who forgot his password sets another with ${way}`, async (client) => {
      const user = await registerVerified(client);
      const { userId, address } = user;
      const session = await logIn(user, client);
      const set = (verificationCode) =>
        client.setPassword({ userId, newPassword: { password: NEW_PASSWORD }, verificationCode }, all);

      const sendLink = { notificationType: "NOTIFICATION_TYPE_Email", urlTemplate: TEMPLATE };
      await client.passwordReset({ userId, sendLink }, all);
      const code = readCode(await messageTo(address, RESET), user);
      await refused(set("WR2NGC3D"), { code: INVALID_ARGUMENT, id: "CODE-woT0xc" });
      await set(code);

      await refused(set(code), { code: INVALID_ARGUMENT, id: "CODE-woT0xc" });
      await refused(logIn(user, client), { code: INVALID_ARGUMENT, id: "COMMAND-3M0fs" });
      await logIn(user, client, NEW_PASSWORD);
      const { sessionId, sessionToken } = session;
      const ended = client.getSession({ sessionId, sessionToken }, all);
      await refused(ended, { code: NOT_FOUND, id: "QUERY-SFeaa" });
    });
  }

  has("an invited user gets his first password", async (client) => {
    const user = await register(client, { isVerified: false }, {});
    const { userId, address } = user;
    const accept = (verificationCode) => client.verifyInviteCode({ userId, verificationCode }, all);

    const sendCode = { urlTemplate: TEMPLATE, applicationName: "Analytical Engine" };
    await client.createInviteCode({ userId, sendCode }, all);
    const message = await messageTo(address, INVITATION);
    assert.match(message.text, /The invitation is to Analytical Engine\./);
    await refused(accept("WR2NGC3D"), { code: INVALID_ARGUMENT, id: "COMMAND-Wgn4q" });
    await accept(ofLink(message, user));

    assert.deepEqual(await email(user, client), { email: address, isVerified: true });
    await client.setPassword({ userId, newPassword: { password: PASSWORD } }, all);
    await logIn(user, client);
  });

  has("an application may ask for a code instead of a message", async (client) => {
    const user = await register(client, { isVerified: false }, {});
    const { userId, address } = user;

    const { inviteCode } = await client.createInviteCode({ userId, returnCode: {} }, all);
    await client.verifyInviteCode({ userId, verificationCode: inviteCode }, all);
    const { verificationCode } = await client.passwordReset({ userId, returnCode: {} }, all);
    await client.setPassword({ userId, newPassword: { password: PASSWORD }, verificationCode }, all);

    await logIn(user, client);
    assert.deepEqual(await email(user, client), { email: address, isVerified: true });
    // That the password was set is told, but without a code.
    assert.deepEqual((await messagesTo(address)).map(({ text }) => /^[2-9A-HJ-NP-Z]{8}$/m.test(text)), [false]);
  });

  has("a user changes his address, and the former one is told", async (client) => {
    const user = await registerVerified(client);
    const { userId, address: former } = user;
    const { sessionToken: token } = await logIn(user, client);
    const find = async (emailAddress) =>
      (await client.listUsers({ queries: [{ emailQuery: { emailAddress } }] }, all)).result?.map((found) => found.userId);

    const address = newAddress();
    await client.setEmail({ userId, email: address, sendCode: { urlTemplate: TEMPLATE } }, { token });

    assert.deepEqual(await email(user, client), { email: address });
    assert.deepEqual(await find(former), [userId]);
    assert.equal(await find(address), undefined);
    await client.verifyEmail(
      { userId, verificationCode: ofLink(await messageTo(address, VERIFY), user) },
      { token },
    );
    assert.deepEqual(await email(user, client), { email: address, isVerified: true });
    assert.deepEqual(await find(address), [userId]);
    const { text } = await messageTo(former, ADDRESS_CHANGED);
    assert.ok(text.includes(address));
    assert.doesNotMatch(text, /https?:/);
  });

  has("UpdateHumanUser returns the code of an address", async (client) => {
    const user = await registerVerified(client);
    const { userId } = user;
    const address = newAddress();

    const { emailCode } = await client.updateHumanUser({ userId, email: { email: address, returnCode: {} } }, all);

    assert.match(emailCode, /^[2-9A-HJ-NP-Z]{8}$/);
    await verify(user, emailCode, client);
    assert.deepEqual(await email(user, client), { email: address, isVerified: true });
    assert.deepEqual(await messagesTo(address), []);
  });
}
