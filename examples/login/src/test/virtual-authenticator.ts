// Chromium's virtual authenticators, by the DevTools protocol.

import type { CDPSession, Page } from "playwright-core";

export interface StoredCredential {
  credentialId: string;
  signCount: number;
  [field: string]: unknown;
}

const PHONE = { transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true };
/** A key that keeps passkeys, and asks for a PIN. */
const PASSKEY_KEY = { ...PHONE, transport: "usb" };
/** An older key: it keeps no passkeys, and asks for nothing but a touch. */
const KEY = { transport: "usb", hasResidentKey: false, hasUserVerification: false, isUserVerified: false };

const KINDS = { phone: PHONE, passkeyKey: PASSKEY_KEY, key: KEY };

/** A device with passkeys, or a security key, in a page's browser. */
export class VirtualAuthenticator {
  readonly #cdp: CDPSession;
  readonly #id: string;

  private constructor(cdp: CDPSession, id: string) {
    this.#cdp = cdp;
    this.#id = id;
  }

  static async add(page: Page, kind: keyof typeof KINDS): Promise<VirtualAuthenticator> {
    const cdp = await page.context().newCDPSession(page);
    await cdp.send("WebAuthn.enable");
    const options = { protocol: "ctap2", automaticPresenceSimulation: false, ...KINDS[kind] } as const;
    const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", { options } as never);
    return new VirtualAuthenticator(cdp, authenticatorId);
  }

  /** Whether its user is there, and takes what a later request offers. While he isn't, requests stay open. */
  async setPresent(enabled: boolean): Promise<void> {
    await this.#cdp.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId: this.#id, enabled });
  }

  /** Whether it recognises its user. */
  async setVerified(isUserVerified: boolean): Promise<void> {
    await this.#cdp.send("WebAuthn.setUserVerified", { authenticatorId: this.#id, isUserVerified });
  }

  async credentials(): Promise<StoredCredential[]> {
    const { credentials } = await this.#cdp.send("WebAuthn.getCredentials", { authenticatorId: this.#id });
    return credentials as unknown as StoredCredential[];
  }

  /** Puts a credential into the place of all others. */
  async replace(credential: StoredCredential): Promise<void> {
    await this.#cdp.send("WebAuthn.clearCredentials", { authenticatorId: this.#id });
    await this.#cdp.send("WebAuthn.addCredential", { authenticatorId: this.#id, credential } as never);
  }

  async remove(): Promise<void> {
    await this.#cdp.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId: this.#id });
  }
}
