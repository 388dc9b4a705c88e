// Adding a passkey or a security key, with the user's own session.

import type { Context } from "../context.ts";
import { ABOUT_KEYS, KEY_LOSS, KEY_NAMES, KEY_PAGES, keyRisk } from "../factor-texts.ts";
import { registrationFault, withFreshProof } from "../faults.ts";
import { html } from "../html.ts";
import { keyForm, nameField, offeredKeys, openState, readName, reply, sealState } from "../key-forms.ts";
import { HttpError, redirect, type Reply } from "../reply.ts";
import { FACTOR_PAGES, returnTo } from "../second-step.ts";
import type { KeyKind } from "../sesame-keys.ts";
import { requireSetUp, type SetUp } from "./set-up.ts";

const PLACE = { passkey: "passkey", securityKey: "key" } as const satisfies Record<KeyKind, string>;

async function showSetUp(context: Context, { isDemanded, state }: SetUp, kind: KeyKind): Promise<Reply> {
  const { errors } = context.fields;
  const { forceMfa } = await context.app.settings.get();
  // A passkey is in the browser's device more often than not.
  const suggestion = kind === "passkey" ? context.device.description : KEY_NAMES[kind];
  const [action, name] = [KEY_PAGES[kind], KEY_NAMES[kind].toLowerCase()];
  const back = isDemanded ? html`<a href="/set-up">Choose another factor</a>` : html`<a href="/security">Leave it</a>`;
  const form = keyForm(context, { ceremony: "create", action, button: `Add a ${name}`, fields: nameField(context, `Name of the ${name}`, suggestion) });
  const isOffered = (await offeredKeys(context.app)).includes(kind);
  const content = html`<p>${ABOUT_KEYS[kind]}</p>
${keyRisk(kind, forceMfa, state.hasPassword)}${KEY_LOSS[kind]}${isOffered ? form : html`<p>It can't be set up here.</p>\n`}<p>${back}</p>
`;
  const status = errors.size > 0 ? 422 : 200;
  return context.page(`Add a ${name}`, content, { status, errors, isSignedIn: !isDemanded, usesPasskeys: true });
}

const getPage = (kind: KeyKind) => async (context: Context) => showSetUp(context, await requireSetUp(context), kind);

const postOptions = (kind: KeyKind) => async (context: Context) => {
  const { account } = await requireSetUp(context);
  readName(context);
  for (const [, fault] of context.fields.errors) {
    throw new HttpError(422, fault);
  }
  const registration = await withFreshProof(PLACE[kind], async () => {
    try {
      return await context.app.sesame.keys.register(account, kind);
    } catch (error) {
      throw new HttpError(422, registrationFault(error));
    }
  });
  return reply(registration, sealState(context, stateOf(kind, account.id), registration.id));
};

const stateOf = (kind: KeyKind, userId: string): string => `${kind} of ${userId}`;

const postPage = (kind: KeyKind) => async (context: Context) => {
  const { fields, app } = context;
  const setUp = await requireSetUp(context);
  const { account } = setUp;
  const [credential, name] = [fields.credential("answer"), readName(context)];
  const registrationId = openState(context, stateOf(kind, account.id));
  if (!credential || fields.errors.size > 0) {
    return showSetUp(context, setUp, kind);
  }
  if (registrationId === undefined) {
    fields.errors.set("", "Too much time has passed. Try again");
    return showSetUp(context, setUp, kind);
  }
  try {
    await withFreshProof(PLACE[kind], () => app.sesame.keys.verify(account, kind, registrationId, credential, name));
  } catch (error) {
    fields.errors.set("", registrationFault(error));
    return showSetUp(context, setUp, kind);
  }
  return finish(context, setUp, kind);
};

/** A passkey beside a password is demanded by nobody who doesn't demand a second factor of all; a security key is at once. */
function finish(context: Context, { account, isDemanded }: SetUp, kind: KeyKind): Reply {
  if (account.isFull || (kind === "passkey" && !isDemanded)) {
    return redirect("/security", "set-up");
  }
  returnTo(context, "security");
  return redirect(FACTOR_PAGES.key, "added-key");
}

export const getPasskey = getPage("passkey");
export const postPasskeyOptions = postOptions("passkey");
export const postPasskey = postPage("passkey");
export const getSecurityKey = getPage("securityKey");
export const postSecurityKeyOptions = postOptions("securityKey");
export const postSecurityKey = postPage("securityKey");
