// An authenticator in software: passkeys and security keys of ES256, without attestation.

import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

export const ORIGIN = "http://localhost:3000";

const sha256 = (data) => createHash("sha256").update(data).digest();
const base64url = (bytes) => Buffer.from(bytes).toString("base64url");
const PRESENT = 0x01;
const VERIFIED = 0x04;
const ATTESTED = 0x40;

/** CBOR, as far as an authenticator writes it. */
function cbor(value) {
  const head = (major, n) => {
    if (n < 24) return Buffer.from([(major << 5) | n]);
    if (n < 256) return Buffer.from([(major << 5) | 24, n]);
    return Buffer.from([(major << 5) | 25, n >> 8, n & 0xff]);
  };
  if (typeof value === "number") return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === "string") return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  return Buffer.concat([head(5, value.size), ...[...value].flat().map(cbor)]);
}

export class Authenticator {
  #id = randomBytes(32);
  #key = generateKeyPairSync("ec", { namedCurve: "P-256" });
  #count = 0;
  #handle;

  /** `verifies`: whether it verifies its user. */
  constructor({ verifies }) {
    this.flags = PRESENT | (verifies ? VERIFIED : 0);
  }

  get id() {
    return base64url(this.#id);
  }

  #data(rpId, flags, more = Buffer.alloc(0)) {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE((this.#count += 1));
    return Buffer.concat([sha256(rpId), Buffer.from([flags]), counter, more]);
  }

  #answer(type, challenge, response) {
    const clientData = Buffer.from(JSON.stringify({ type, challenge, origin: ORIGIN, crossOrigin: false }));
    return {
      id: this.id,
      rawId: this.id,
      type: "public-key",
      authenticatorAttachment: "cross-platform",
      clientExtensionResults: {},
      response: { clientDataJSON: base64url(clientData), ...response(clientData) },
    };
  }

  /** What `toJSON()` of a browser gives for a registration. */
  register({ publicKey: { rp, user, challenge } }) {
    this.#handle = user.id;
    const { x, y } = this.#key.publicKey.export({ format: "jwk" });
    const key = new Map([[1, 2], [3, -7], [-1, 1], [-2, Buffer.from(x, "base64url")], [-3, Buffer.from(y, "base64url")]]);
    const length = Buffer.from([0, this.#id.length]);
    const attested = Buffer.concat([Buffer.alloc(16), length, this.#id, cbor(key)]);
    const authData = this.#data(rp.id, this.flags | ATTESTED, attested);
    const object = new Map([["fmt", "none"], ["attStmt", new Map()], ["authData", authData]]);
    return this.#answer("webauthn.create", challenge, () => ({
      attestationObject: base64url(cbor(object)),
      transports: ["usb"],
    }));
  }

  /** What `toJSON()` of a browser gives for a login. */
  assert({ publicKey: { rpId, challenge } }) {
    const data = this.#data(rpId, this.flags);
    return this.#answer("webauthn.get", challenge, (clientData) => ({
      authenticatorData: base64url(data),
      signature: base64url(sign("sha256", Buffer.concat([data, sha256(clientData)]), this.#key.privateKey)),
      userHandle: this.#handle ?? base64url(randomBytes(16)),
    }));
  }
}
