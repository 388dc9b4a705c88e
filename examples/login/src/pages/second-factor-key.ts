// A security key, or a passkey, as the second factor after the password.

import type { Context } from "../context.ts";
import { keyFault } from "../faults.ts";
import { html } from "../html.ts";
import { keyForm, reply } from "../key-forms.ts";
import { HttpError, redirect, type Reply } from "../reply.ts";
import { FACTOR_PAGES, finishSecond, requireSecondStep, type SecondStep } from "../second-step.ts";
import { SesameError } from "../sesame.ts";
import { show, wayOut } from "./second-factor.ts";

const PAGE = FACTOR_PAGES.key;

export async function getKey(context: Context): Promise<Reply> {
  const step = await requireSecondStep(context);
  return step.state.hasKey ? showKey(context, step) : redirect("/second-factor");
}

function showKey(context: Context, { state }: SecondStep): Reply {
  const content = html`<p>Have your key at hand, or the device with your passkey. Press the button, and then do what your browser asks for.</p>
${keyForm(context, { ceremony: "get", action: PAGE, button: "Use the key" })}${
    state.kinds.length > 0 && html`<p><a href="/second-factor">Go on in another way</a></p>\n`
  }
${wayOut(context, state)}`;
  return show(context, "Security key or passkey", content, { usesPasskeys: true });
}

export async function postKeyOptions(context: Context): Promise<Reply> {
  const { account } = await requireSecondStep(context);
  return challenge(context, account.session, "any");
}

/** A challenge replaces the session's token. */
export async function challenge(context: Context, session: { id: string; token: string }, wanted: "any" | "passkey"): Promise<Reply> {
  try {
    const asked = await context.app.sesame.keys.challenge(session, wanted);
    context.session = asked.session;
    return reply(asked);
  } catch (error) {
    if (error instanceof SesameError && error.id === "WEBAU-4G8sw") {
      throw new HttpError(422, "Your account has none that can be used here. Use another way");
    }
    throw error;
  }
}

export async function postKey(context: Context): Promise<Reply> {
  const { fields, app } = context;
  const step = await requireSecondStep(context);
  const credential = fields.credential("answer");
  if (!credential) {
    return showKey(context, step);
  }
  try {
    return finishSecond(context, await app.sesame.keys.check(step.account.session, credential));
  } catch (error) {
    fields.errors.set("", keyFault(error));
    return showKey(context, step);
  }
}
