// The pages of whoever is signed in. What they change is changed with the user's own session, by Sesame's rules.

import type { Account, Context } from "../context.ts";
import { wantsProof, withFreshProof, wrongPassword } from "../faults.ts";
import { field, html } from "../html.ts";
import { link } from "../messages.ts";
import { newPasswordFields, passwordFault } from "../passwords.ts";
import { waitForFailure } from "../pace.ts";
import { redirect, redirectToConfirm, type Reply } from "../reply.ts";
import { SesameError } from "../sesame.ts";

export async function getAccount(context: Context): Promise<Reply> {
  const account = await context.requireAccount();
  const { sesame } = context.app;
  const [user, { hasPassword }] = await Promise.all([sesame.getUser(account), sesame.factors.listMethods(account)]);
  const state = user.isVerified ? "verified" : html`not verified: <a href="/verify">type the code</a>`;
  const content = html`<dl>
<div><dt>Name</dt><dd>${user.displayName || account.loginName}</dd></div>
<div><dt>User name</dt><dd>${account.loginName}</dd></div>
${user.email && html`<div><dt>E-mail address</dt><dd>${user.email} (${state})</dd></div>`}
</dl>
<ul>
<li><a href="/password">${hasPassword ? "Change the password" : "Choose a password"}</a></li>
<li><a href="/email">Change the e-mail address</a></li>
<li><a href="/security">Security: passkeys, second factors and recovery codes</a></li>
<li><a href="/sessions">Sessions</a></li>
</ul>
${context.form("/sign-out", "Sign out", [])}`;
  return context.page("Your account", content, { isSignedIn: true });
}

export async function getPassword(context: Context): Promise<Reply> {
  const account = await context.requireAccount();
  return showPassword(context, account, await hasPassword(context, account));
}

const hasPassword = async ({ app }: Context, account: Account) => (await app.sesame.factors.listMethods(account)).hasPassword;

function showPassword(context: Context, { loginName }: Account, isChange: boolean): Reply {
  const { errors } = context.fields;
  const current = field({ name: "current", label: "Current password", type: "password", autocomplete: "current-password" }, errors);
  const fields = [
    // Password managers want to know whose password it is.
    html`<input type="text" autocomplete="username" value="${loginName}" readonly hidden>\n`,
    ...(isChange ? [current] : []),
    ...newPasswordFields(errors),
  ];
  const title = isChange ? "Change the password" : "Choose a password";
  const content = html`${!isChange && html`<p>You have none, and need none while you have a passkey. It is another way in, for you and for whoever guesses it.</p>\n`}
<p>Your other sessions end.</p>
${context.form("/password", title, fields)}`;
  return context.page(title, content, { status: errors.size > 0 ? 422 : 200, errors, isSignedIn: true });
}

export async function postPassword(context: Context): Promise<Reply> {
  const { fields, app } = context;
  const account = await context.requireAccount();
  const isChange = await hasPassword(context, account);
  const current = isChange ? fields.password("current", "Enter your current password") : undefined;
  const password = fields.newPassword();
  if (fields.errors.size > 0) {
    return showPassword(context, account, isChange);
  }
  const change = () => app.sesame.changePassword(account, current, password);
  try {
    await (isChange ? change() : withFreshProof("password", change));
  } catch (error) {
    const fault = passwordFault(error);
    if (fault !== undefined) {
      fields.errors.set("password", fault);
    } else if (!isChange) {
      throw error;
    } else {
      fields.errors.set("current", wrongPassword(error));
    }
    return showPassword(context, account, isChange);
  }
  // A check replaces the session's token, of which somebody else may have a copy.
  try {
    context.session = await app.sesame.renewSession(account.session, password);
  } catch (error) {
    app.log.failure("renew the session", error);
  }
  return redirect("/", "password");
}

export async function getEmail(context: Context): Promise<Reply> {
  return showEmail(context, await context.requireAccount());
}

/** With `asksPassword`, the form has the password too, because Sesame wants a fresh proof. */
async function showEmail(context: Context, account: Account, email = "", asksPassword = false): Promise<Reply> {
  const { errors } = context.fields;
  const user = await context.app.sesame.getUser(account);
  const password = { name: "password", label: "Your password", type: "password", autocomplete: "current-password" } as const;
  const fields = [
    field({ name: "email", label: "New e-mail address", type: "email", autocomplete: "email", value: email }, errors),
    ...(asksPassword ? [field(password, errors)] : []),
  ];
  const content = html`<p>Your address is ${user.email || "not known"}. The new one takes its place when you have verified it.</p>
${context.form("/email", "Change the address", fields)}`;
  return context.page("Change the e-mail address", content, { status: errors.size > 0 ? 422 : 200, errors, isSignedIn: true });
}

const MAY_SHOW: Record<string, string> = {
  "COMMAND-Uch5e": "This is your address already",
  "EMAIL-599BI": "Enter an e-mail address such as name@example.com",
};

export async function postEmail(context: Context): Promise<Reply> {
  const { fields, app } = context;
  let account = await context.requireAccount();
  const asksPassword = fields.has("password");
  const email = fields.email("email");
  const password = asksPassword ? fields.password("password") : undefined;
  if (fields.errors.size > 0) {
    return showEmail(context, account, email, asksPassword);
  }
  context.limitMessages();
  if (password !== undefined) {
    try {
      const session = await app.sesame.renewSession(account.session, password);
      context.session = session;
      account = { ...account, session, token: session.token };
    } catch (error) {
      fields.errors.set("password", wrongPassword(error));
      return showEmail(context, account, email, true);
    }
  }
  // Whether the address is somebody's login name, and whether a message was sent, isn't told.
  const mayShow = (error: unknown) =>
    error instanceof SesameError && (error.status === 401 || error.status === 403 || (error.id ?? "") in MAY_SHOW);
  const change = app.sesame.changeEmail(account, email, link(app, "/verify"));
  app.background.start("change an address", () => change.catch((error: unknown) => {
    if (!mayShow(error)) {
      throw error;
    }
  }));
  try {
    await waitForFailure(change, mayShow, app.stepMs);
  } catch (error) {
    if (wantsProof(error)) {
      if (account.isFull || password !== undefined) {
        return redirectToConfirm("email");
      }
      fields.errors.set("password", "Enter your password again: it was some time ago");
      return showEmail(context, account, email, true);
    }
    const shown = error instanceof SesameError ? MAY_SHOW[error.id ?? ""] : undefined;
    if (shown === undefined) {
      throw error;
    }
    fields.errors.set("email", shown);
    return showEmail(context, account, email, asksPassword);
  }
  return redirect("/verify", "sent");
}
