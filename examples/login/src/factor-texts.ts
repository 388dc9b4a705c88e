// What the pages say of each factor: what it is, and what it is good against.

import { html, type Html } from "./html.ts";
import type { Path } from "./reply.ts";
import type { FactorKind, Kind } from "./sesame-factors.ts";

export const NAMES: Record<FactorKind, string> = {
  totp: "Authenticator app",
  otpEmail: "Codes by e-mail",
  otpSms: "Codes by SMS",
  recoveryCode: "Recovery codes",
};

export const ABOUT: Record<FactorKind, string> = {
  totp: "An app on your phone or computer shows a code of six digits, without any network.",
  otpEmail: "A code is sent to your verified e-mail address. Whoever reads your mail reads the codes.",
  otpSms: "A code is sent to your verified phone number. Such messages can be redirected.",
  recoveryCode: "Codes on paper, for the day on which you have lost the rest. Each works once.",
};

export const SET_UP_PAGES: Record<Kind, Path> = {
  totp: "/security/app",
  otpEmail: "/security/email",
  otpSms: "/security/sms",
};

/** What a user has to know before he depends on a factor. */
export const LOSS = html`<p><strong>If you lose your phone or your mailbox</strong>, you sign in with a recovery code, or an administrator
helps you. A new password alone doesn't let you in.</p>
`;

export const RISKS: Record<Kind, Html> = {
  totp: html`<p>This is the safest factor here: no code goes through networks of others. A forged page can still ask you for
one, so look at the address before you type it.</p>
`,
  otpEmail: html`<div class="warning">
<p><strong>Codes by e-mail are weaker than an app.</strong> Your password can be reset by the same mailbox, so whoever reads
your mail has both. They help against a guessed password, not against a mailbox in the wrong hands.</p>
</div>
`,
  otpSms: html`<div class="warning">
<p><strong>Codes by SMS are weaker than an app.</strong> Others can have your number moved to a card of theirs, or read messages
on the way; and without reception you get none.</p>
</div>
`,
};
