// Verifying an address by the code of a message: after a sign-up, and after a change of the address.

import { CODE_FIELD, forgetLink, linkCode, presentedCode, takeLink, useCode } from "../codes.ts";
import type { Account, Context } from "../context.ts";
import { field, html, type Html } from "../html.ts";
import { link, sendEmailCodes } from "../messages.ts";
import { grantFirstPassword } from "../passwords.ts";
import { redirect, type Reply } from "../reply.ts";
import { SesameError } from "../sesame.ts";

const TITLE = "Verify your e-mail address";

export async function getVerify(context: Context): Promise<Reply> {
  return takeLink(context, "verify") ?? showVerify(context, await context.account());
}

function showVerify(context: Context, account: Account | undefined, login = ""): Reply {
  const { errors } = context.fields;
  const options = { status: errors.size > 0 ? 422 : 200, errors, isSignedIn: account !== undefined };
  if (linkCode(context, "verify")) {
    const text = html`<p>Press the button to confirm that you have read the message.</p>\n`;
    return context.page(TITLE, html`${text}${context.form("/verify", "Verify the address", [])}`, options);
  }
  const whom = account ? [] : [loginField(login, errors)];
  const content = html`${context.form("/verify", "Verify the address", [...whom, field(CODE_FIELD, errors)])}
<h2>No message?</h2>
<p>Look for it among the unwanted ones. A message is sent at most once a minute.</p>
${account ? context.form("/verify/send", "Send another message", []) : html`<p><a href="/verify/send">Send another message</a></p>`}
`;
  return context.page(TITLE, content, options);
}

function loginField(value: string, errors: ReadonlyMap<string, string>): Html {
  return field({ name: "login", label: "E-mail address or user name", type: "text", autocomplete: "username", value }, errors);
}

export async function postVerify(context: Context): Promise<Reply> {
  const { fields, app } = context;
  const since = performance.now();
  context.limitCodes();
  const account = await context.account();
  const presented = await presentedCode(context, "verify", account);
  const again = () => showVerify(context, account, fields.typed("login"));
  if (!presented) {
    return again();
  }
  const { userId, code } = presented;
  let isTaken = false;
  const isVerified = await useCode(context, "verify", since, async () => {
    try {
      await app.sesame.verifyEmail(userId, code);
    } catch (error) {
      // Whoever has the code reads the address's mail, and may know.
      isTaken = error instanceof SesameError && error.id === "V3-DKcYh";
      throw error;
    }
  });
  if (!isVerified) {
    if (isTaken) {
      fields.errors.clear();
      fields.errors.set("", "Another account has this address by now");
    }
    return again();
  }
  forgetLink(context, "verify");
  if (await app.sesame.hasNoCredential(userId)) {
    grantFirstPassword(context, userId);
    return redirect("/choose-password", "verified");
  }
  return redirect(account ? "/" : "/sign-in", "verified");
}

/** Asks for another message: of whoever is signed in, or of a typed address. */
export async function getVerifySend(context: Context): Promise<Reply> {
  return showSend(context);
}

function showSend(context: Context, login = ""): Reply {
  const { errors } = context.fields;
  const form = context.form("/verify/send", "Send a message", loginField(login, errors));
  return context.page("Send another message", form, { status: errors.size > 0 ? 422 : 200, errors });
}

export async function postVerifySend(context: Context): Promise<Reply> {
  const { fields, app } = context;
  const account = await context.account();
  if (account) {
    context.limitMessages();
    app.background.start("send a code", () => app.sesame.sendEmailCode(account.id, link(app, "/verify")));
    return redirect("/verify", "sent");
  }
  const login = fields.line("login", "Enter your e-mail address or user name");
  if (fields.errors.size > 0) {
    return showSend(context, login);
  }
  context.limitMessages();
  app.background.start("send codes", () => sendEmailCodes(app, login));
  return redirect("/verify", "sent");
}
