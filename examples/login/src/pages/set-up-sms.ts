// Setting up codes by SMS: a number that is verified, and the codes that go to it.

import { CODE_FIELD, WRONG_CODE } from "../codes.ts";
import type { Context } from "../context.ts";
import { withFreshProof } from "../faults.ts";
import { field, html, type Html } from "../html.ts";
import { redirect, wait, type Reply } from "../reply.ts";
import { SesameError, type User } from "../sesame.ts";
import { addCodes, requireSetUp, showSetUp, type SetUp } from "./set-up.ts";

export async function getSmsCodes(context: Context): Promise<Reply> {
  return showSmsCodes(context, await requireSetUp(context, "otpSms"));
}

async function showSmsCodes(context: Context, setUp: SetUp, typed = ""): Promise<Reply> {
  const user = await context.app.sesame.getUser(setUp.account);
  return showSetUp(context, setUp, "otpSms", html`${showNumber(context, user)}${!setUp.isDemanded && showNewNumber(context, user, typed)}`);
}

function showNumber(context: Context, { phone, isPhoneVerified }: User): Html {
  if (phone === "") {
    return html`<p>Your account has no number yet.</p>\n`;
  }
  if (isPhoneVerified) {
    return html`<p>Codes go to ${phone}.</p>\n${context.form("/security/sms", "Set up codes by SMS", [])}`;
  }
  const code = field({ ...CODE_FIELD, hint: "8 letters and digits, in the message to your phone" }, context.fields.errors);
  return html`<h2>Verify ${phone}</h2>\n${context.form("/security/sms/verify", "Verify the number", code)}`;
}

/** Who has to set up a first factor can't change the number: Sesame lets only the signed-in do that. */
function showNewNumber(context: Context, { phone }: User, typed: string): Html {
  const hint = "With its country, such as +44 7700 900123. A message with a code is sent to it";
  const number = { name: "phone", label: "Phone number", type: "tel", autocomplete: "tel", hint, value: typed } as const;
  return html`<h2>${phone === "" ? "Your number" : "Another number"}</h2>
${context.form("/security/sms/number", "Send a code to the number", field(number, context.fields.errors))}`;
}

export async function postSmsCodes(context: Context): Promise<Reply> {
  const setUp = await requireSetUp(context, "otpSms");
  return (await addCodes(context, setUp, "otpSms")) ?? showSmsCodes(context, setUp);
}

const NUMBER_FAULTS: Record<string, string> = {
  "PHONE-so0wa": "Enter a number with its country, such as +44 7700 900123",
  "PHONE-Zt0NV": "Enter a phone number",
};

export async function postNumber(context: Context): Promise<Reply> {
  const { fields, app } = context;
  const account = await context.requireAccount();
  const setUp = await requireSetUp(context, "otpSms");
  const phone = fields.phone("phone");
  if (fields.errors.size > 0) {
    return showSmsCodes(context, setUp, fields.typed("phone"));
  }
  context.limitMessages();
  try {
    await withFreshProof("sms-codes", () => app.sesame.changePhone(account, phone));
  } catch (error) {
    // How many others have the number isn't told.
    if (error instanceof SesameError && error.id === "SESAME-Eadr1") {
      return redirect("/security/sms", "number");
    }
    fields.errors.set("phone", numberFault(error));
    return showSmsCodes(context, setUp, fields.typed("phone"));
  }
  return redirect("/security/sms", "number");
}

function numberFault(error: unknown): string {
  if (!(error instanceof SesameError)) {
    throw error;
  }
  const { id = "", retryAfter, status } = error;
  const text = NUMBER_FAULTS[id];
  if (text !== undefined) {
    return text;
  }
  if (status === 429) {
    return `Too many messages were sent. Try again ${retryAfter ? `in ${wait(retryAfter)}` : "tomorrow"}`;
  }
  if (status === 501) {
    return "No messages can be sent to phones here";
  }
  if (status === 503) {
    return `The message could not be sent. Try again ${retryAfter ? `in ${wait(retryAfter)}` : "in a moment"}`;
  }
  throw error;
}

export async function postNumberCode(context: Context): Promise<Reply> {
  const { fields, app } = context;
  context.limitCodes();
  const setUp = await requireSetUp(context, "otpSms");
  const code = fields.code("code");
  if (fields.errors.size > 0) {
    return showSmsCodes(context, setUp);
  }
  try {
    await withFreshProof("sms-codes", () => app.sesame.verifyPhone(setUp.account, code));
  } catch (error) {
    if (!(error instanceof SesameError && error.isRefusal)) {
      throw error;
    }
    fields.errors.set("code", WRONG_CODE);
    return showSmsCodes(context, setUp);
  }
  return (await addCodes(context, setUp, "otpSms")) ?? showSmsCodes(context, setUp);
}
