// Signing in with a passkey: one that the browser offers where the name is typed, one that a button asks for, or one of
// the user whose name was typed.

import type { App, Context } from "../context.ts";
import { isSessionOver, keyFault } from "../faults.ts";
import { openState, reply, sealState } from "../key-forms.ts";
import { findUser } from "../messages.ts";
import { nextStep } from "../pace.ts";
import type { Reply } from "../reply.ts";
import { SesameError, type Session } from "../sesame.ts";
import type { Challenge } from "../sesame-keys.ts";
import { beginAccount, showSignIn } from "./sign-in.ts";

const STATE = "sign in";

/** Each challenge has a session of its own. It proves nothing yet, and ends with the page that asked. */
export async function postPasskeyOptions(context: Context): Promise<Reply> {
  const { fields, app, device } = context;
  const since = performance.now();
  const login = fields.typed("login");
  context.limitChallenges();
  if (login === "") {
    return answer(context, await app.sesame.keys.beginSignIn(device));
  }
  const challenge = await challengeByName(context, login);
  await nextStep(since, app.stepMs);
  return answer(context, challenge);
}

function answer(context: Context, { session, publicKey }: Challenge): Reply {
  return reply({ publicKey }, sealState(context, STATE, `${session.id} ${session.token}`));
}

/**
 * A challenge for the passkeys of a user, whose ids the browser needs where an authenticator keeps none itself. So that
 * this doesn't tell who exists, a name without a user or without a passkey has ids too: imagined ones, the same each time.
 */
async function challengeByName({ app, device }: Context, login: string): Promise<Challenge> {
  const user = await findUser(app.sesame, login);
  if (user) {
    try {
      const challenge = await app.sesame.keys.beginSignIn(device, user.id);
      return { ...challenge, publicKey: { ...challenge.publicKey, allowCredentials: describe(challenge.publicKey.allowCredentials) } };
    } catch (error) {
      if (!(error instanceof SesameError && error.isRefusal)) {
        throw error;
      }
    }
  }
  const challenge = await app.sesame.keys.beginSignIn(device);
  const allowCredentials = imagine(app, user?.id ?? login.normalize("NFC").toLowerCase());
  return { ...challenge, publicKey: { ...challenge.publicKey, allowCredentials } };
}

/** Real and imagined ones in one form, as those of a phone or a computer have it. */
const descriptor = (id: unknown) => ({ type: "public-key", id, transports: ["hybrid", "internal", "usb", "nfc", "ble"] });

function describe(credentials: unknown): unknown[] {
  return Array.isArray(credentials) ? credentials.map(({ id }: { id?: unknown }) => descriptor(id)) : [];
}

/** In bytes: ids of passkeys that are kept by password managers, by Apple's, and by most others. */
const ID_LENGTHS = [16, 20, 32, 32];

function imagine({ signer }: App, name: string): unknown[] {
  const bytes = (number: number) => Buffer.from(signer.mac("imagined credential", name, `${number}`), "base64url");
  const [kind = 0, count = 0] = bytes(0);
  const numbers = count % 4 === 0 ? [1, 2] : [1];
  return numbers.map((number) => descriptor(bytes(number).subarray(0, ID_LENGTHS[(kind + number) % ID_LENGTHS.length]).toString("base64url")));
}

export async function postPasskeySignIn(context: Context): Promise<Reply> {
  const { fields, app } = context;
  const since = performance.now();
  const credential = fields.credential("answer");
  if (!credential) {
    return showSignIn(context);
  }
  const [id, token] = (openState(context, STATE) ?? "").split(" ");
  if (!id || !token) {
    fields.errors.set("", "Too much time has passed. Try again");
    return showSignIn(context);
  }
  let session: Session;
  try {
    const { lifetime } = await app.settings.get();
    session = await app.sesame.keys.check({ id, token }, credential, lifetime);
  } catch (error) {
    // Whatever is wrong is one answer, after the same time.
    fields.errors.set("", isSessionOver(error) ? "Too much time has passed. Try again" : keyFault(error));
    await nextStep(since, app.stepMs);
    return showSignIn(context);
  }
  return beginAccount(context, session);
}
