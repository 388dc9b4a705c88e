// Accepting an invitation, and choosing a first password.

import { CODE_FIELD, forgetLink, linkCode, presentedCode, takeLink, useCode } from "../codes.ts";
import type { Context } from "../context.ts";
import { field, html } from "../html.ts";
import { offeredKeys } from "../key-forms.ts";
import {
  firstPasswordUser,
  grantFirstPassword,
  judgePassword,
  newPasswordFields,
  passwordFault,
  revokeFirstPassword,
  setFirstPassword,
} from "../passwords.ts";
import { redirect, type Reply } from "../reply.ts";
import { firstPasskeyForm } from "./first-passkey.ts";

export async function getInvite(context: Context): Promise<Reply> {
  return takeLink(context, "invite") ?? showInvite(context);
}

async function showInvite(context: Context, login = ""): Promise<Reply> {
  const { errors } = context.fields;
  const offersPasskeys = (await offeredKeys(context.app)).includes("passkey");
  const typed = [
    field({ name: "login", label: "E-mail address or user name", type: "text", autocomplete: "username", value: login }, errors),
    field(CODE_FIELD, errors),
  ];
  const fields = [...(linkCode(context, "invite") ? [] : typed), ...newPasswordFields(errors)];
  // It needs no password, and stands behind the other button, which the Enter key of a field presses.
  const after = html`<button class="other" type="submit" name="by" value="passkey" formnovalidate>Accept it, and sign in with a passkey</button>\n`;
  const content = html`<p>Choose the password with which you will sign in${offersPasskeys && ", or do without one"}.</p>
${context.form("/invite", "Accept the invitation", fields, offersPasskeys ? { after } : {})}`;
  return context.page("Accept an invitation", content, { status: errors.size > 0 ? 422 : 200, errors });
}

export async function postInvite(context: Context): Promise<Reply> {
  const { fields, app } = context;
  const since = performance.now();
  context.limitCodes();
  const again = () => showInvite(context, fields.typed("login"));
  const isByPasskey = fields.has("by");
  const password = isByPasskey ? "" : fields.newPassword();
  const presented = await presentedCode(context, "invite");
  if (!presented || fields.errors.size > 0) {
    return again();
  }
  const { userId, code } = presented;
  const fault = isByPasskey ? undefined : await judgePassword(context, userId, password);
  if (fault !== undefined) {
    fields.errors.set("password", fault);
    return again();
  }
  if (!(await useCode(context, "invite", since, () => app.sesame.verifyInvite(userId, code)))) {
    return again();
  }
  // The code is used from here on. Whatever happens to the password, this browser may choose another one.
  forgetLink(context, "invite");
  grantFirstPassword(context, userId);
  return isByPasskey ? redirect("/choose-password") : choose(context, userId, password);
}

export async function getChoosePassword(context: Context): Promise<Reply> {
  return firstPasswordUser(context) === undefined ? redirect("/forgot", "late") : showChoosePassword(context);
}

export async function showChoosePassword(context: Context): Promise<Reply> {
  const { errors } = context.fields;
  const form = context.form("/choose-password", "Set the password", newPasswordFields(errors));
  const status = errors.size > 0 ? 422 : 200;
  if (!(await offeredKeys(context.app)).includes("passkey")) {
    return context.page("Choose a password", form, { status, errors });
  }
  const content = html`${await firstPasskeyForm(context)}
<h2>With a password</h2>
${form}`;
  return context.page("Choose how you sign in", content, { status, errors, usesPasskeys: true });
}

export async function postChoosePassword(context: Context): Promise<Reply> {
  const { fields } = context;
  const userId = firstPasswordUser(context);
  if (userId === undefined) {
    revokeFirstPassword(context);
    return redirect("/forgot", "late");
  }
  const password = fields.newPassword();
  return fields.errors.size > 0 ? showChoosePassword(context) : choose(context, userId, password);
}

async function choose(context: Context, userId: string, password: string): Promise<Reply> {
  try {
    const isSet = await setFirstPassword(context, userId, password);
    return redirect("/sign-in", isSet ? "password" : "taken");
  } catch (error) {
    const fault = passwordFault(error);
    if (fault === undefined) {
      throw error;
    }
    context.fields.errors.set("password", fault);
    return showChoosePassword(context);
  }
}
