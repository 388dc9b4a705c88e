// An authenticator for tests without a browser. The stand-in for Sesame doesn't look at signatures, so it makes none.

import { randomBytes } from "node:crypto";

const ORIGIN = "http://localhost:3001";
const [PRESENT, VERIFIED] = [1, 4];

export class FakeAuthenticator {
  readonly id = randomBytes(32).toString("base64url");
  /** Whether it verifies its user. */
  verifies = true;
  count = 0;

  /** What a browser's script puts into the form, for what it was asked. */
  register({ challenge }: { challenge: string }): string {
    const attestationObject = randomBytes(64).toString("base64url");
    return this.#write({ clientDataJSON: clientData("webauthn.create", challenge), attestationObject, transports: ["usb"] });
  }

  assert({ challenge }: { challenge: string }): string {
    this.count += 1;
    const data = Buffer.alloc(37);
    data.writeUInt8(this.verifies ? PRESENT | VERIFIED : PRESENT, 32);
    data.writeUInt32BE(this.count, 33);
    const [authenticatorData, signature] = [data.toString("base64url"), randomBytes(70).toString("base64url")];
    return this.#write({ clientDataJSON: clientData("webauthn.get", challenge), authenticatorData, signature, userHandle: null });
  }

  #write(response: unknown): string {
    const extra = { authenticatorAttachment: "cross-platform", clientExtensionResults: {} };
    return JSON.stringify({ id: this.id, rawId: this.id, type: "public-key", response, ...extra });
  }
}

function clientData(type: string, challenge: string): string {
  return Buffer.from(JSON.stringify({ type, challenge, origin: ORIGIN, crossOrigin: false })).toString("base64url");
}
