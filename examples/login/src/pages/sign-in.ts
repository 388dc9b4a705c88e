// Signing in by login name or e-mail address, and signing out.

import type { Context } from "../context.ts";
import { field, html } from "../html.ts";
import { keyForm, offeredKeys } from "../key-forms.ts";
import { findUser } from "../messages.ts";
import { nextStep } from "../pace.ts";
import { redirect, tooMany, wait, type Reply } from "../reply.ts";
import { forgetReturn } from "../second-step.ts";
import { SesameError, type Session } from "../sesame.ts";
import { continueSignIn } from "./second-factor.ts";

/** One text for an unknown user, a wrong password, none, a lock, and a user who was deactivated. */
const WRONG = "The name or the password is wrong, or it was tried too often. A wait or a new password may help";

export async function showSignIn(context: Context, login = "", retryAfter?: number): Promise<Reply> {
  const { errors } = context.fields;
  const usesPasskeys = (await offeredKeys(context.app)).includes("passkey");
  const offers = usesPasskeys ? " webauthn" : "";
  const fields = [
    field({ name: "login", label: "E-mail address or user name", type: "text", autocomplete: `username${offers}`, value: login }, errors),
    field({ name: "password", label: "Password", type: "password", autocomplete: `current-password${offers}` }, errors),
  ];
  const form = { ceremony: "get", action: "/sign-in/passkey", button: "Sign in with a passkey", isAutofilled: true, loginField: "login" } as const;
  const passkey = html`<div class="other-way">
${keyForm(context, form)}<p class="hint">Without a name, or for the one that is typed above</p>
</div>
`;
  const content = html`${context.form("/sign-in", "Sign in", fields)}
${usesPasskeys && passkey}<p><a href="/forgot">Forgotten password${usesPasskeys && ", or lost passkeys"}?</a></p>
<p>No account? <a href="/sign-up">Sign up</a>.</p>
`;
  const status = retryAfter ? 429 : errors.size > 0 ? 422 : 200;
  return context.page("Sign in", content, { status, errors, usesPasskeys, ...(retryAfter && { retryAfter }) });
}

export async function postSignIn(context: Context): Promise<Reply> {
  const { fields, app } = context;
  const since = performance.now();
  const login = fields.line("login", "Enter your e-mail address or user name");
  const password = fields.password("password");
  if (fields.errors.size > 0) {
    return showSignIn(context, login);
  }
  const pause = app.pauses.attempt(login);
  if (pause > 0) {
    fields.errors.set("", `There were too many tries for this name. Try again in ${wait(pause)}`);
    return showSignIn(context, login, pause);
  }
  let session: Session;
  try {
    const user = await findUser(app.sesame, login);
    const named = user ? { userId: user.id } : { loginName: login };
    session = await app.sesame.createSession(named, password, context.device);
  } catch (error) {
    if (!(error instanceof SesameError && error.isRefusal)) {
      app.pauses.forgive(login);
    }
    // Sesame refuses an address, or anybody while it is overloaded, before it looks for the user.
    if (error instanceof SesameError && error.status === 429) {
      throw tooMany(error.retryAfter ?? 60);
    }
    if (!(error instanceof SesameError && error.isRefusal)) {
      throw error;
    }
    // Sesame computes no hash for a name that nobody has.
    await nextStep(since, app.stepMs);
    fields.errors.set("", WRONG);
    return showSignIn(context, login);
  }
  app.pauses.succeeded(login);
  return beginAccount(context, session);
}

/** Goes on in a new session, in the place of the one that the browser had. */
export async function beginAccount(context: Context, session: Session): Promise<Reply> {
  const { app } = context;
  const former = context.session;
  if (former) {
    app.background.start("end the former session", () => app.sesame.deleteSession(former.id, former.token));
  }
  context.session = session;
  forgetReturn(context);
  return continueSignIn(context);
}

export async function postSignOut(context: Context): Promise<Reply> {
  const { session, app } = context;
  context.session = undefined;
  if (session) {
    try {
      await app.sesame.deleteSession(session.id, session.token);
    } catch (error) {
      // Of 401 and 403 the session has ended already, or its token was replaced.
      if (!(error instanceof SesameError) || error.isUnavailable) {
        app.log.failure("sign out", error);
        const text = "You are signed out in this browser, but the session could not be ended. It ends by itself, or from your list of sessions.";
        return context.page("Signed out here alone", html`<p>${text}</p>\n<p><a href="/sign-in">Sign in</a></p>\n`, { status: 503 });
      }
    }
  }
  return redirect("/sign-in", "signed-out");
}
