// Fresh proofs in the session of whoever is signed in: a passkey, or the password and a second factor if the user has one.

import type { Account, Context } from "../context.ts";
import { keyFault, wrongPassword } from "../faults.ts";
import { field, html, type Html } from "../html.ts";
import { keyForm } from "../key-forms.ts";
import { parsePlace, redirect, redirectToPlace, type Place, type Reply } from "../reply.ts";
import { returnTo } from "../second-step.ts";
import { readSignInState } from "../strength.ts";
import { challenge } from "./second-factor-key.ts";
import { beginSecond } from "./second-factor.ts";

export async function getConfirm(context: Context): Promise<Reply> {
  const account = await context.requireProof();
  const place = parsePlace(context.query.get("to") ?? "");
  return place === undefined ? redirect("/") : showConfirm(context, account, place);
}

async function showConfirm(context: Context, account: Account, place: Place): Promise<Reply> {
  const { errors } = context.fields;
  const { hasPassword, hasPasskey } = await readSignInState(context.app, account);
  const to = html`<input type="hidden" name="to" value="${place}">\n`;
  const passkey = keyForm(context, { ceremony: "get", action: "/confirm/passkey", button: "Use a passkey", fields: to });
  const content = html`<p>What you want to do needs proofs that are fresh: a passkey, or your password and a second factor if your account has one.</p>
${hasPassword && passwordForm(context, account, to)}${hasPasskey && html`<div class="other-way">\n${passkey}</div>\n`}${
    !hasPassword && !hasPasskey && html`<p>Your account has neither. An administrator can help you.</p>\n`
  }
<p><a href="/">Leave it</a></p>
`;
  return context.page("Confirm that it is you", content, { status: errors.size > 0 ? 422 : 200, errors, usesPasskeys: hasPasskey });
}

function passwordForm(context: Context, { loginName }: Account, to: Html): Html {
  const fields = [
    to,
    html`<input type="text" autocomplete="username" value="${loginName}" readonly hidden>\n`,
    field({ name: "password", label: "Your password", type: "password", autocomplete: "current-password" }, context.fields.errors),
  ];
  return context.form("/confirm", "Go on", fields);
}

const readPlace = ({ fields }: Context): Place => parsePlace(fields.carried("to")) ?? "security";

export async function postConfirm(context: Context): Promise<Reply> {
  const { fields, app } = context;
  const account = await context.requireProof();
  const place = readPlace(context);
  const password = fields.password("password");
  if (fields.errors.size > 0) {
    return showConfirm(context, account, place);
  }
  try {
    context.session = await app.sesame.renewSession(account.session, password);
  } catch (error) {
    fields.errors.set("password", wrongPassword(error));
    return showConfirm(context, account, place);
  }
  const renewed = await context.requireProof();
  const state = await readSignInState(app, renewed);
  if (state.kinds.length === 0 && !state.hasKey && !state.hasRecoveryCodes && !state.demandsSecond) {
    return redirectToPlace(place);
  }
  returnTo(context, place);
  return beginSecond(context, { account: renewed, state });
}

export async function postConfirmOptions(context: Context): Promise<Reply> {
  const { session } = await context.requireProof();
  return challenge(context, session, "passkey");
}

export async function postConfirmPasskey(context: Context): Promise<Reply> {
  const { fields, app } = context;
  const account = await context.requireProof();
  const place = readPlace(context);
  const credential = fields.credential("answer");
  if (!credential) {
    return showConfirm(context, account, place);
  }
  try {
    context.session = await app.sesame.keys.check(account.session, credential);
  } catch (error) {
    fields.errors.set("", keyFault(error));
    return showConfirm(context, account, place);
  }
  return redirectToPlace(place);
}
