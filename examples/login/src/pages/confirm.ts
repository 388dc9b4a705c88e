// Fresh proofs in the session of whoever is signed in: the password, and a second factor if the user has one.

import type { Account, Context } from "../context.ts";
import { wrongPassword } from "../faults.ts";
import { field, html } from "../html.ts";
import { parsePlace, redirect, redirectToPlace, type Place, type Reply } from "../reply.ts";
import { returnTo } from "../second-step.ts";
import { readSignInState } from "../strength.ts";
import { beginSecond } from "./second-factor.ts";

export async function getConfirm(context: Context): Promise<Reply> {
  const account = await context.requirePassword();
  const place = parsePlace(context.query.get("to") ?? "");
  return place === undefined ? redirect("/") : showConfirm(context, account, place);
}

function showConfirm(context: Context, { loginName }: Account, place: Place): Reply {
  const { errors } = context.fields;
  const fields = [
    html`<input type="hidden" name="to" value="${place}">\n<input type="text" autocomplete="username" value="${loginName}" readonly hidden>\n`,
    field({ name: "password", label: "Your password", type: "password", autocomplete: "current-password" }, errors),
  ];
  const content = html`<p>What you want to do needs proofs that are fresh: your password, and a second factor if your account has one.</p>
${context.form("/confirm", "Go on", fields)}
<p><a href="/">Leave it</a></p>
`;
  return context.page("Confirm that it is you", content, { status: errors.size > 0 ? 422 : 200, errors });
}

export async function postConfirm(context: Context): Promise<Reply> {
  const { fields, app } = context;
  const account = await context.requirePassword();
  const place = parsePlace(fields.carried("to")) ?? "security";
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
  const renewed = await context.requirePassword();
  const state = await readSignInState(app, renewed);
  if (state.kinds.length === 0 && !state.hasRecoveryCodes && !state.demandsSecond) {
    return redirectToPlace(place);
  }
  returnTo(context, place);
  return beginSecond(context, { account: renewed, state });
}
