// A forgotten password: a message to the user's address, and a new password by its code.

import { CODE_FIELD, forgetLink, linkCode, presentedCode, takeLink, useCode } from "../codes.ts";
import type { Context } from "../context.ts";
import { field, html } from "../html.ts";
import { sendResets } from "../messages.ts";
import { newPasswordFields, passwordFault } from "../passwords.ts";
import { redirect, type Reply } from "../reply.ts";

const LOGIN = { name: "login", label: "E-mail address or user name", type: "text", autocomplete: "username" } as const;

export function showForgot(context: Context, login = ""): Reply {
  const { errors } = context.fields;
  const content = html`<p>A message with a link and a code is sent to the address of the account.</p>
${context.form("/forgot", "Send a message", field({ ...LOGIN, value: login }, errors))}
<p>You have a code already? <a href="/reset">Choose a new password</a>.</p>
`;
  return context.page("Forgotten password", content, { status: errors.size > 0 ? 422 : 200, errors });
}

export function postForgot(context: Context): Reply {
  const { fields, app } = context;
  const login = fields.line("login", "Enter your e-mail address or user name");
  if (fields.errors.size > 0) {
    return showForgot(context, login);
  }
  context.limitMessages();
  app.background.start("send resets", () => sendResets(app, login));
  return redirect("/reset", "forgotten");
}

export function getReset(context: Context): Reply {
  return takeLink(context, "reset") ?? showReset(context);
}

function showReset(context: Context, login = ""): Reply {
  const { errors } = context.fields;
  const typed = [field({ ...LOGIN, value: login }, errors), field(CODE_FIELD, errors)];
  const fields = [...(linkCode(context, "reset") ? [] : typed), ...newPasswordFields(errors)];
  const content = html`${context.form("/reset", "Set the password", fields)}
<p>No message? <a href="/forgot">Have another one sent</a>, once a minute has passed.</p>
`;
  return context.page("Choose a new password", content, { status: errors.size > 0 ? 422 : 200, errors });
}

export async function postReset(context: Context): Promise<Reply> {
  const { fields, app } = context;
  const since = performance.now();
  context.limitCodes();
  const again = () => showReset(context, fields.typed("login"));
  const password = fields.newPassword();
  const presented = await presentedCode(context, "reset");
  if (!presented || fields.errors.size > 0) {
    return again();
  }
  let fault: string | undefined;
  const isSet = await useCode(context, "reset", since, async () => {
    try {
      await app.sesame.resetPassword(presented.userId, presented.code, password);
    } catch (error) {
      fault = passwordFault(error);
      if (fault === undefined) {
        throw error;
      }
    }
  });
  if (fault !== undefined) {
    // The code is as good as before.
    fields.errors.set("password", fault);
  }
  if (!isSet || fault !== undefined) {
    return again();
  }
  forgetLink(context, "reset");
  // Sesame has ended every session of the user.
  context.session = undefined;
  return redirect("/sign-in", "password");
}
