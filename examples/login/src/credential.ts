// What a browser's authenticator answers, as `toJSON()` of a credential writes it. Only the members that Sesame reads
// are passed on, each with its form.

/** Bytes are base64url without padding. */
export interface Credential {
  id: string;
  rawId: string;
  type: "public-key";
  response: Record<string, string | string[]>;
}

/** Sesame reads 64 KiB. A credential's id has up to 1,023 bytes, and a key of RSA some 500. */
const MAX_LENGTH = 32_000;

const BYTES = /^[A-Za-z0-9_-]+$/;
const MEMBERS = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
const TRANSPORT = /^[a-z-]{1,32}$/;

export function parseCredential(json: string): Credential | undefined {
  if (json.length > MAX_LENGTH) {
    return undefined;
  }
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  const { id, rawId, type, response: sent } = members(value);
  if (!isBytes(id) || rawId !== id || type !== "public-key") {
    return undefined;
  }
  const all = members(sent);
  const response: Credential["response"] = Object.fromEntries(MEMBERS.flatMap((name) => (isBytes(all[name]) ? [[name, all[name]]] : [])));
  if (Array.isArray(all.transports)) {
    response.transports = all.transports.filter((name) => typeof name === "string" && TRANSPORT.test(name)).slice(0, 8);
  }
  return response.clientDataJSON === undefined ? undefined : { id, rawId: id, type, response };
}

function isBytes(value: unknown): value is string {
  return typeof value === "string" && BYTES.test(value);
}

function members(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
