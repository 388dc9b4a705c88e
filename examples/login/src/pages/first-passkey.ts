// The first passkey of a user who has nothing to sign in with, and has just proved an address or an invitation. The service
// account makes a code for it and uses it at once, so these pages see to it themselves that the user has no method yet.

import type { Context } from "../context.ts";
import { keyRisk } from "../factor-texts.ts";
import { registrationFault } from "../faults.ts";
import { html, type Html } from "../html.ts";
import { keyForm, nameField, openState, readName, reply, sealState } from "../key-forms.ts";
import { firstPasswordUser, revokeFirstPassword } from "../passwords.ts";
import { EarlyReply, HttpError, redirect, type Reply } from "../reply.ts";
import { showChoosePassword } from "./invite.ts";

const STATE = "first passkey";

export async function firstPasskeyForm(context: Context): Promise<Html> {
  const { forceMfa } = await context.app.settings.get();
  const fields = nameField(context, "Name of the passkey", context.device.description);
  return html`<h2>With a passkey</h2>
<p>Your phone, your computer or a security key signs you in: by a fingerprint, a face or a PIN, without a password. A forged page gets
nothing of it.</p>
${keyRisk("passkey", forceMfa, false)}${keyForm(context, { ceremony: "create", action: "/choose-password/passkey", button: "Create a passkey", fields })}`;
}

/** Who may have a first passkey in this browser. Others are led to where they belong. */
async function requireFirst(context: Context): Promise<string> {
  const userId = firstPasswordUser(context);
  if (userId === undefined) {
    throw new EarlyReply(redirect("/forgot", "late"));
  }
  if (!(await context.app.sesame.hasNoCredential(userId))) {
    revokeFirstPassword(context);
    throw new EarlyReply(redirect("/sign-in", "taken"));
  }
  return userId;
}

export async function postFirstOptions(context: Context): Promise<Reply> {
  context.limitCodes();
  const userId = await requireFirst(context);
  readName(context);
  for (const [, fault] of context.fields.errors) {
    throw new HttpError(422, fault);
  }
  try {
    const registration = await context.app.sesame.keys.registerFirst(userId);
    return reply(registration, sealState(context, STATE, JSON.stringify([userId, registration.id])));
  } catch (error) {
    throw new HttpError(422, registrationFault(error));
  }
}

export async function postFirst(context: Context): Promise<Reply> {
  const { fields, app } = context;
  const userId = await requireFirst(context);
  const [credential, name, state] = [fields.credential("answer"), readName(context), openState(context, STATE)];
  if (!credential || fields.errors.size > 0) {
    return showChoosePassword(context);
  }
  const [registeredUser, registrationId] = JSON.parse(state ?? "[]") as string[];
  if (registeredUser !== userId || registrationId === undefined) {
    fields.errors.set("", "Too much time has passed. Try again");
    return showChoosePassword(context);
  }
  try {
    await app.sesame.keys.verifyFirst(userId, registrationId, credential, name);
  } catch (error) {
    fields.errors.set("", registrationFault(error));
    return showChoosePassword(context);
  }
  revokeFirstPassword(context);
  return redirect("/sign-in", "passkey");
}
