// Accepting an invitation, and choosing a first password.

import { CODE_FIELD, forgetLink, linkCode, presentedCode, takeLink, useCode } from "../codes.ts";
import type { Context } from "../context.ts";
import { field, html } from "../html.ts";
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

export function getInvite(context: Context): Reply {
  return takeLink(context, "invite") ?? showInvite(context);
}

function showInvite(context: Context, login = ""): Reply {
  const { errors } = context.fields;
  const typed = [
    field({ name: "login", label: "E-mail address or user name", type: "text", autocomplete: "username", value: login }, errors),
    field(CODE_FIELD, errors),
  ];
  const fields = [...(linkCode(context, "invite") ? [] : typed), ...newPasswordFields(errors)];
  const content = html`<p>Choose the password with which you will sign in.</p>
${context.form("/invite", "Accept the invitation", fields)}`;
  return context.page("Accept an invitation", content, { status: errors.size > 0 ? 422 : 200, errors });
}

export async function postInvite(context: Context): Promise<Reply> {
  const { fields, app } = context;
  const since = performance.now();
  context.limitCodes();
  const again = () => showInvite(context, fields.typed("login"));
  const password = fields.newPassword();
  const presented = await presentedCode(context, "invite");
  if (!presented || fields.errors.size > 0) {
    return again();
  }
  const { userId, code } = presented;
  const fault = await judgePassword(context, userId, password);
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
  return choose(context, userId, password);
}

export function getChoosePassword(context: Context): Reply {
  return firstPasswordUser(context) === undefined ? redirect("/forgot", "late") : showChoosePassword(context);
}

function showChoosePassword(context: Context): Reply {
  const { errors } = context.fields;
  const form = context.form("/choose-password", "Set the password", newPasswordFields(errors));
  return context.page("Choose a password", form, { status: errors.size > 0 ? 422 : 200, errors });
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
