// As much of protobuf and of gRPC-Web as creating a session takes.

// A message's fields: name, number, type. A type is another message, or one of `string`,
// `secret` (a string), `bytes`, `int`, `uint64`, `time` and `any`.
const CheckUser = { userId: [1, "string"], loginName: [2, "string"] };
const CheckPassword = { password: [1, "secret"] };
const Checks = { user: [1, CheckUser], password: [2, CheckPassword] };
const MetadataEntry = { key: [1, "string"], value: [2, "bytes"] };
const Duration = { seconds: [1, "int"] };
const Timestamp = { seconds: [1, "int"], nanos: [2, "int"] };
const Details = { sequence: [1, "uint64"], changeDate: [2, "time"], resourceOwner: [3, "string"] };
const Any = { type: [1, "string"], value: [2, "bytes"] };
const ErrorDetail = { id: [1, "string"], message: [2, "string"] };

export const CreateSessionRequest = {
  checks: [1, Checks],
  metadata: [2, MetadataEntry],
  lifetime: [5, Duration],
};
export const CreateSessionResponse = {
  details: [1, Details],
  sessionId: [2, "string"],
  sessionToken: [3, "string"],
};
export const Status = { code: [1, "int"], message: [2, "string"], details: [3, "any"] };

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
      if (type === "int") {
        return [{ bytes: [...varint((number << 3) | VARINT), ...varint(value)] }];
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
  const known = Object.entries(fields).map(([name, [at, type]]) => [at, { name, type }]);
  const byNumber = new Map(known);
  const message = {};
  while (left() > 0) {
    const tag = Number(number());
    const wire = tag & 7;
    const { name, type } = byNumber.get(tag >> 3) ?? { name: `field ${tag >> 3}` };
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
    message[name] = type === "any" ? [...(message[name] ?? []), any(decode(Any, value))] : read(type, value);
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
    case "bytes":
      return value;
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
