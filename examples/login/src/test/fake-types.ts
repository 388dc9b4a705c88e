// What the stand-in for Sesame keeps and answers.

import type { FactorKind, Kind, SentKind } from "../sesame-factors.ts";
import type { KeyKind } from "../sesame-keys.ts";

export interface FakeUser {
  id: string;
  loginName: string;
  /** The address as it is shown, which may be a new one. */
  email: string;
  isVerified: boolean;
  /** The address that is verified, and takes the messages of resets. */
  verified?: string;
  phone?: string;
  isPhoneVerified?: boolean;
  displayName: string;
  password?: string;
  failures: number;
  codes: Partial<Record<"email" | "reset" | "invite" | "phone", string>>;
  factors: FakeFactors;
  keys: FakeKey[];
  pendingKeys: { id: string; kind: KeyKind; challenge: string }[];
  linkCode?: { id: string; code: string };
  /** By which authenticators know the user. */
  handle: string;
}

export interface FakeKey {
  kind: KeyKind;
  id: string;
  /** The authenticator's own. */
  credentialId: string;
  name: string;
  /** How often it has signed, or 0 if it doesn't say. */
  count: number;
}

export interface FakeFactors {
  /** The app's secret, in base32. */
  totp?: string;
  /** The step of the last code that was accepted. */
  lastStep: number;
  pending?: string;
  otpEmail?: boolean;
  otpSms?: boolean;
  recoveryCodes: string[];
  /** Wrong codes in a row, of whichever factor. */
  failures: number;
}

export interface FakeSession {
  id: string;
  token: string;
  /** Empty until somebody answers a challenge for whoever does. */
  userId: string;
  hasPassword: boolean;
  /** Whether the proof by the password is fresh. */
  isFresh: boolean;
  challenges: { challenge: string; isRequired: boolean; endsAt: number }[];
  /** The credential that was checked. */
  key?: { isPasskey: boolean; isVerified: boolean; isFresh: boolean };
  /** The second factors that were checked, and whether that is fresh. */
  seconds: Map<FactorKind, boolean>;
  sent: Partial<Record<SentKind, { code: string; endsAt: number; sentAt: number }>>;
  createdAt: string;
  userAgent: unknown;
}

export interface FakeSettings {
  forceMfa: boolean;
  offered: Kind[];
  offeredKeys: KeyKind[];
}

export interface RecordedCall {
  method: string;
  path: string;
  bearer: string;
  body: any;
}

export interface Mail {
  sentAt: string;
  channel: string;
  to: string;
  subject: string;
  text: string;
  html: string;
}

export class Refusal extends Error {
  readonly status: number;
  readonly id: string;
  readonly retryAfter: number | undefined;

  constructor(status: number, id: string, retryAfter?: number) {
    super(id);
    this.status = status;
    this.id = id;
    this.retryAfter = retryAfter;
  }
}
