// Signing up takes names and an address. A password or a passkey is chosen once the address is proved: so nobody can register
// somebody else's address with a password, and no sign-in tells whether an address was free.

import type { Context } from "../context.ts";
import { field, html } from "../html.ts";
import { signUp } from "../messages.ts";
import { redirect, type Reply } from "../reply.ts";

interface Values {
  givenName: string;
  familyName: string;
  email: string;
}

const EMPTY: Values = { givenName: "", familyName: "", email: "" };

export function showSignUp(context: Context, values = EMPTY): Reply {
  const { errors } = context.fields;
  const fields = [
    field({ name: "givenName", label: "Given name", type: "text", autocomplete: "given-name", value: values.givenName }, errors),
    field({ name: "familyName", label: "Family name", type: "text", autocomplete: "family-name", value: values.familyName }, errors),
    field(
      {
        name: "email",
        label: "E-mail address",
        type: "email",
        autocomplete: "email",
        hint: "You are sent a message, and choose how you sign in after that",
        value: values.email,
      },
      errors,
    ),
  ];
  const content = html`${context.form("/sign-up", "Sign up", fields)}
<p>You have an account? <a href="/sign-in">Sign in</a>.</p>
`;
  return context.page("Sign up", content, { status: errors.size > 0 ? 422 : 200, errors });
}

export function postSignUp(context: Context): Reply {
  const { fields, app } = context;
  const values = {
    givenName: fields.line("givenName", "Enter your given name"),
    familyName: fields.line("familyName", "Enter your family name"),
    email: fields.email("email"),
  };
  if (fields.errors.size > 0) {
    return showSignUp(context, values);
  }
  context.limitMessages();
  app.background.start("sign up", () => signUp(app, values));
  return redirect("/verify", "sent");
}
