// Answers to browsers.

export interface Reply {
  status: number;
  body?: string;
  /** What the script for passkeys asked for, in the place of a page. */
  json?: unknown;
  /** Whether the page has that script. */
  usesPasskeys?: boolean;
  location?: string;
  retryAfter?: number;
}

/** A path of these pages. Nothing that a browser sent becomes one, so no redirect leads elsewhere. */
export type Path =
  | "/"
  | "/sign-in"
  | "/forgot"
  | "/verify"
  | "/reset"
  | "/invite"
  | "/choose-password"
  | "/sessions"
  | "/email"
  | "/set-up"
  | "/second-factor"
  | "/second-factor/key"
  | "/second-factor/app"
  | "/second-factor/email"
  | "/second-factor/sms"
  | "/second-factor/recovery"
  | "/security"
  | "/security/passkey"
  | "/security/key"
  | "/security/app"
  | "/security/email"
  | "/security/sms"
  | "/security/recovery"
  | "/security/remove";

/** What is said on the page that a redirect leads to. */
export const NOTICES = {
  sent: "If the address is right, a message is on its way to it. Open its link, or type its code here.",
  forgotten: "If there is such an account, a message is on its way to its address. Open its link, or type its code here.",
  verified: "Your e-mail address is verified.",
  password: "Your password is set.",
  passkey: "Your passkey is set up. Sign in with it.",
  "added-key": "It is set up. Your sign-in needs it from now on, so go on with it here.",
  ended: "The session has ended.",
  "signed-out": "You are signed out.",
  late: "There is no time left to choose a password here. Have a message sent to you, and go on from there.",
  taken: "This account has a password or a passkey already.",
  code: "A code is on its way. It is valid for five minutes. Within a minute of the last message, none is sent.",
  number: "A code is on its way to the number. Type it here.",
  confirmed: "Thank you. Go on with what you wanted to do.",
  added: "It is set up. Your sign-in needs it from now on, so go on with it here. An app's code works once: wait for the next one.",
  "set-up": "It is set up.",
  removed: "It is removed, and your other sessions have ended.",
  malformed: "The link is not complete. Open it again, or type the code of the message here.",
} as const;

export type Notice = keyof typeof NOTICES;

/** After a POST too, the browser gets the next page by GET. */
export function redirect(path: Path, notice?: Notice): Reply {
  return { status: 303, location: notice ? `${path}?done=${notice}` : path };
}

/** Pages that want a fresh proof, by the name under which a form and a cookie have them. */
export const PLACES = {
  security: "/security",
  email: "/email",
  password: "/password",
  passkey: "/security/passkey",
  key: "/security/key",
  app: "/security/app",
  "email-codes": "/security/email",
  "sms-codes": "/security/sms",
  "recovery-codes": "/security/recovery",
  "remove-totp": "/security/remove?factor=totp",
  "remove-otpEmail": "/security/remove?factor=otpEmail",
  "remove-otpSms": "/security/remove?factor=otpSms",
  "remove-recoveryCode": "/security/remove?factor=recoveryCode",
} as const;

export type Place = keyof typeof PLACES;

export function parsePlace(text: string): Place | undefined {
  return Object.hasOwn(PLACES, text) ? (text as Place) : undefined;
}

/** Asks for a fresh proof, and leads to the place after it. */
export const redirectToConfirm = (place: Place): Reply => ({ status: 303, location: `/confirm?to=${place}` });

/** Leads to the place of a proof that was just given. */
export function redirectToPlace(place: Place): Reply {
  const path = PLACES[place];
  return { status: 303, location: `${path}${path.includes("?") ? "&" : "?"}done=confirmed` };
}

/** A request that can't be answered with its page. */
export class HttpError extends Error {
  readonly status: number;
  readonly retryAfter: number | undefined;

  constructor(status: number, message: string, retryAfter?: number) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** Ends a request early with an answer. */
export class EarlyReply extends Error {
  readonly reply: Reply;

  constructor(reply: Reply) {
    super("answered early");
    this.reply = reply;
  }
}

/** A wait, as one says it. */
export function wait(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  if (seconds <= 90) {
    return seconds === 1 ? "1 second" : `${seconds} seconds`;
  }
  return `${minutes} minutes`;
}

export const tooMany = (seconds: number): HttpError =>
  new HttpError(429, `There were too many requests from your network. Try again in ${wait(seconds)}.`, seconds);
