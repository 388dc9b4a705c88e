// What the pages say of each factor: what it is, and what it is good against.

import { html, type Html } from "./html.ts";
import type { Path } from "./reply.ts";
import type { FactorKind, Kind } from "./sesame-factors.ts";
import type { KeyKind } from "./sesame-keys.ts";

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
export const LOSS = html`<p><strong>If you lose your phone, your key or your mailbox</strong>, you sign in with a recovery code, or an administrator
helps you. A new password alone doesn't let you in.</p>
`;

export const RISKS: Record<Kind, Html> = {
  totp: html`<p>This is the safest of the codes: none goes through networks of others. A forged page can still ask you for
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

export const KEY_NAMES: Record<KeyKind, string> = { passkey: "Passkey", securityKey: "Security key" };

export const KEY_PAGES: Record<KeyKind, Path> = { passkey: "/security/passkey", securityKey: "/security/key" };

export const ABOUT_KEYS: Record<KeyKind, string> = {
  passkey: "Your phone, your computer or a key signs you in by a fingerprint, a face or a PIN, without a password.",
  securityKey: "A key that you touch after your password. A forged page gets nothing of it.",
};

/** What a passkey is worth depends on what else lets its user in. */
export function keyRisk(kind: KeyKind, forceMfa: boolean, hasPassword: boolean): Html {
  if (kind === "securityKey") {
    return html`<p>From then on, every sign-in with your password asks for a key, or for another second factor of yours.</p>\n`;
  }
  if (forceMfa) {
    return html`<p>No forged page gets a passkey. Here, a password alone lets nobody in, not even one that was reset by mail: beside it, a
second factor, a passkey or a recovery code is needed.</p>
`;
  }
  return html`<div class="warning">
<p><strong>Your mailbox stays a way in.</strong> ${hasPassword ? "Your password still lets you in, and whoever reads your mail can reset it." : "Whoever reads your mail can have a password given to your account, and come in with it."}
A second factor, such as a security key or an app, closes that way.</p>
</div>
`;
}

export const KEY_LOSS: Record<KeyKind, Html> = {
  passkey: html`<p><strong>If you lose all your passkeys</strong>, choose a new password by a message to your address. Beside it, you need a second
factor, a recovery code or an administrator to change your passkeys, and to sign in if your account has a second factor. So add more than
one, and make recovery codes.</p>
`,
  securityKey: LOSS,
};
