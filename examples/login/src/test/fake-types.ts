// What the stand-in for Sesame keeps and answers.

import type { FactorKind, Kind, SentKind } from "../sesame-factors.ts";

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
  userId: string;
  /** Whether the proof by the password is fresh. */
  isFresh: boolean;
  /** The second factors that were checked, and whether that is fresh. */
  seconds: Map<FactorKind, boolean>;
  sent: Partial<Record<SentKind, { code: string; endsAt: number; sentAt: number }>>;
  createdAt: string;
  userAgent: unknown;
}

export interface FakeSettings {
  forceMfa: boolean;
  offered: Kind[];
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
