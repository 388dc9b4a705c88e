// The parts of protobuf and gRPC-Web that the calls need.

// A message's fields: name, number, type, and whether it is a `list` or a `map`. A type is
// another message, or one of `string`, `secret` (a string), `bytes`, `int`, `bool`, `uint64`,
// `time`, `any` and `raw` (bytes that are read further).
const CheckUser = { userId: [1, "string"], loginName: [2, "string"] };
const CheckPassword = { password: [1, "secret"] };
const Checks = { user: [1, CheckUser], password: [2, CheckPassword] };
const MetadataEntry = { key: [1, "string"], value: [2, "bytes"] };
const ListQuery = { offset: [1, "int"], limit: [2, "int"], asc: [3, "bool"] };
const IdsQuery = { ids: [1, "string", "list"] };
const UserIdQuery = { id: [1, "string"] };
const SearchQuery = { idsQuery: [1, IdsQuery], userIdQuery: [2, UserIdQuery] };
const Duration = { seconds: [1, "int"] };
const Timestamp = { seconds: [1, "int"], nanos: [2, "int"] };
const Details = { sequence: [1, "uint64"], changeDate: [2, "time"], resourceOwner: [3, "string"] };
const ListDetails = { totalResult: [1, "uint64"], processedSequence: [2, "uint64"], timestamp: [3, "time"] };
const UserFactor = {
  verifiedAt: [1, "time"],
  id: [2, "string"],
  loginName: [3, "string"],
  displayName: [4, "string"],
  organizationId: [6, "string"],
};
const Factors = { user: [1, UserFactor], password: [2, { verifiedAt: [1, "time"] }] };
const HeaderEntry = { key: [1, "string"], value: [2, { values: [1, "string", "list"] }] };
const UserAgent = {
  fingerprintId: [1, "string"],
  ip: [2, "string"],
  description: [3, "string"],
  header: [4, HeaderEntry, "map"],
};
const Session = {
  id: [1, "string"],
  creationDate: [2, "time"],
  changeDate: [3, "time"],
  sequence: [4, "uint64"],
  factors: [5, Factors],
  metadata: [6, MetadataEntry, "map"],
  userAgent: [7, UserAgent],
  expirationDate: [8, "time"],
};
const Any = { type: [1, "string"], value: [2, "raw"] };
const ErrorDetail = { id: [1, "string"], message: [2, "string"] };

export const CreateSessionRequest = {
  checks: [1, Checks],
  metadata: [2, MetadataEntry, "list"],
  lifetime: [5, Duration],
};
export const CreateSessionResponse = {
  details: [1, Details],
  sessionId: [2, "string"],
  sessionToken: [3, "string"],
};
export const SetSessionRequest = {
  sessionId: [1, "string"],
  sessionToken: [2, "secret"],
  checks: [3, Checks],
  metadata: [4, MetadataEntry, "list"],
  lifetime: [6, Duration],
};
export const SetSessionResponse = { details: [1, Details], sessionToken: [2, "string"] };
export const GetSessionRequest = { sessionId: [1, "string"], sessionToken: [2, "secret"] };
export const GetSessionResponse = { session: [1, Session] };
export const DeleteSessionRequest = GetSessionRequest;
export const DeleteSessionResponse = { details: [1, Details] };
export const ListSessionsRequest = { query: [1, ListQuery], queries: [2, SearchQuery, "list"] };
export const ListSessionsResponse = { details: [1, ListDetails], sessions: [2, Session, "list"] };
export const Status = { code: [1, "int"], message: [2, "string"], details: [3, "any", "list"] };

const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;

function varint(value) {
  let rest = BigInt(value);
  const bytes = [];
  for (; rest > 127n; rest >>= 7n) {
    bytes.push(Number(rest & 127n) | 128);
  }
  return [...bytes, Number(rest)];
}

const sizeOf = (chunks) => chunks.reduce((size, { bytes }) => size + bytes.length, 0);

/** A message as chunks of bytes, so that those that are secret can be told. */
function encode(fields, message) {
  return Object.entries(fields).flatMap(([name, [number, type]]) =>
    [message[name] ?? []].flat().flatMap((value) => {
      if (type === "int" || type === "bool") {
        return [{ bytes: [...varint((number << 3) | VARINT), ...varint(Number(value))] }];
      }
      const inner =
        typeof type === "object"
          ? encode(type, value)
          : [{ bytes: type === "bytes" ? value : new TextEncoder().encode(value), secret: type === "secret" }];
      return [{ bytes: [...varint((number << 3) | BYTES), ...varint(sizeOf(inner))] }, ...inner];
    }),
  );
}

/** The one frame of a request: no compression, the length in four bytes, the message. */
export function frame(fields, message) {
  const chunks = encode(fields, message);
  const head = new Uint8Array(5);
  new DataView(head.buffer).setUint32(1, sizeOf(chunks));
  return [{ bytes: head }, ...chunks];
}

export const join = (chunks) => Uint8Array.from(chunks.flatMap(({ bytes }) => [...bytes]));

function reader(bytes) {
  let at = 0;
  const take = (count) => {
    if (at + count > bytes.length) {
      throw new Error("the message breaks off");
    }
    at += count;
    return bytes.subarray(at - count, at);
  };
  const number = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const [byte] = take(1);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) {
        return BigInt.asUintN(64, value);
      }
    }
  };
  return { take, number, left: () => bytes.length - at };
}

/** The fields that are known of a message; those of others under their numbers. */
export function decode(fields, bytes) {
  const { take, number, left } = reader(bytes);
  const known = Object.entries(fields).map(([name, [at, type, many]]) => [at, { name, type, many }]);
  const byNumber = new Map(known);
  const message = {};
  while (left() > 0) {
    const tag = Number(number());
    const wire = tag & 7;
    const { name, type, many } = byNumber.get(tag >> 3) ?? { name: `field ${tag >> 3}` };
    let value;
    if (wire === VARINT) {
      value = number();
    } else if (wire === BYTES) {
      value = take(Number(number()));
    } else if (wire === FIXED_64 || wire === FIXED_32) {
      value = take(wire === FIXED_64 ? 8 : 4);
    } else {
      throw new Error(`wire type ${wire} is none`);
    }
    const one = read(type, value);
    if (many === "map") {
      message[name] = { ...message[name], [one.key ?? ""]: one.value };
    } else {
      message[name] = many === "list" ? [...(message[name] ?? []), one] : one;
    }
  }
  return message;
}

function read(type, value) {
  if (typeof type === "object") {
    return decode(type, value);
  }
  switch (type) {
    case "int":
      return Number(BigInt.asIntN(64, value));
    case "uint64":
      return String(value);
    case "string":
      return new TextDecoder().decode(value);
    case "time":
      return rfc3339(decode(Timestamp, value));
    case "any":
      return any(decode(Any, value));
    case "raw":
      return value;
    case "bytes":
      return toBase64(value);
    default:
      return typeof value === "bigint" ? String(value) : toHex(value);
  }
}

function any({ type = "", value = new Uint8Array() }) {
  return type.endsWith("/zitadel.v1.ErrorDetail")
    ? { "@type": type, ...decode(ErrorDetail, value) }
    : { "@type": type, value: toHex(value) };
}

/** A detail of a Connect error: its bytes are base64. */
export const errorDetail = (value) => decode(ErrorDetail, fromBase64(value));

function rfc3339({ seconds = 0, nanos = 0 }) {
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  const digits = String(nanos).padStart(9, "0").replace(/(000){1,3}$/, "");
  return `${whole}${digits && "."}${digits}Z`;
}

/** The message and the trailers of an answer. */
export function unframe(bytes) {
  const { take, left } = reader(bytes);
  const answer = { message: undefined, trailers: {} };
  while (left() > 0) {
    const head = take(5);
    const data = take(new DataView(head.buffer, head.byteOffset).getUint32(1));
    if (head[0] & 0x80) {
      const lines = new TextDecoder().decode(data).split("\r\n").filter((line) => line);
      answer.trailers = Object.fromEntries(
        lines.map((line) => {
          const [name, ...value] = line.split(":");
          return [name.trim().toLowerCase(), value.join(":").trim()];
        }),
      );
    } else {
      answer.message = data;
    }
  }
  return answer;
}

export const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");

/** Base64 of either alphabet, padded or not. */
export const fromBase64 = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));

export const toBase64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
