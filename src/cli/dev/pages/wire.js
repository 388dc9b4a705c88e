// The parts of protobuf and gRPC-Web that the calls need. Messages are as JSON has them.

// A table has the fields of a message by name: their number, their type, what it is a type `of` (the table of a message, the
// numbers of an enum), and whether a field is `single`, `repeated` or a `map`. /pages/calls.json has those of the calls.
const one = (number, type, of) => ({ number, type, of, label: "single" });
const Seconds = { seconds: one(1, "int64"), nanos: one(2, "int32") };
const Any = { type: one(1, "string"), value: one(2, "raw") };
const ErrorDetail = { id: one(1, "string"), message: one(2, "string") };
// What a detail is, by the end of its type's name.
const DETAILS = {
  "zitadel.v1.ErrorDetail": ErrorDetail,
  "zitadel.v1.CredentialsCheckError": { ...ErrorDetail, failedAttempts: one(3, "int32") },
  "google.rpc.RetryInfo": { retryDelay: one(1, "duration") },
};
const entryOf = ({ type, of }) => ({ key: one(1, "string"), value: one(2, type, of) });
export const Status = { code: one(1, "int32"), message: one(2, "string"), details: { ...one(3, "any"), label: "repeated" } };

/** The names of texts that are shown on request only. */
export const SECRET = /^(password|currentPassword|hash|sessionToken)$/;

const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;

function varint(value) {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes = [];
  for (; rest > 127n; rest >>= 7n) {
    bytes.push(Number(rest & 127n) | 128);
  }
  return [...bytes, Number(rest)];
}

const sizeOf = (chunks) => chunks.reduce((size, { bytes }) => size + bytes.length, 0);

const delimited = (number, inner) => [{ bytes: [...varint((number << 3) | BYTES), ...varint(sizeOf(inner))] }, ...inner];

/** A message as chunks of bytes, so that those that are secret can be told. */
function encode(table, message) {
  // Of two members of a oneof, the last one counts.
  const byNumber = Object.entries(table).sort(([, one], [, other]) => one.number - other.number);
  return byNumber.flatMap(([name, field]) => {
    const value = message[name] ?? [];
    if (field.label === "map") {
      return Object.entries(value).flatMap(([key, value]) => delimited(field.number, encode(entryOf(field), { key, value })));
    }
    return [value].flat().flatMap((value) => encodeOne(name, field, value));
  });
}

function encodeOne(name, { number, type, of }, value) {
  switch (type) {
    case "string":
      return delimited(number, [{ bytes: new TextEncoder().encode(value), secret: SECRET.test(name) }]);
    case "bytes":
      return delimited(number, [{ bytes: fromBase64(value) }]);
    case "message":
      return delimited(number, encode(of, value));
    case "duration":
      return delimited(number, encode(Seconds, seconds(value.replace("s", ""))));
    case "timestamp":
      return delimited(number, encode(Seconds, { ...seconds(value.match(/[.]\d+/)?.[0] ?? ""), seconds: Math.floor(Date.parse(value) / 1000) }));
    case "bool":
    case "enum":
    case "int32":
    case "int64":
    case "uint32":
    case "uint64":
      return [{ bytes: [...varint((number << 3) | VARINT), ...varint(of?.[value] ?? value)] }];
    default:
      throw new Error(`${name} is a ${type}, which this page sends in JSON only.`);
  }
}

function seconds(text) {
  const [whole, fraction = ""] = text.split(".");
  return { seconds: whole || 0, nanos: Number(fraction.padEnd(9, "0")) };
}

/** The one frame of a request: no compression, the length in four bytes, the message. */
export function frame(table, message) {
  const chunks = encode(table, message);
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
export function decode(table, bytes) {
  const { take, number, left } = reader(bytes);
  const byNumber = new Map(Object.entries(table).map(([name, field]) => [field.number, { name, ...field }]));
  const message = {};
  while (left() > 0) {
    const tag = Number(number());
    const wire = tag & 7;
    const field = byNumber.get(tag >> 3) ?? { name: `field ${tag >> 3}` };
    const { name, label } = field;
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
    if (label === "map") {
      const entry = decode(entryOf(field), value);
      message[name] = { ...message[name], [entry.key ?? ""]: entry.value };
    } else {
      const one = read(field, value);
      message[name] = label === "repeated" ? [...(message[name] ?? []), one] : one;
    }
  }
  return message;
}

function read({ type, of }, value) {
  switch (type) {
    case "message":
      return decode(of, value);
    case "bool":
      return value !== 0n;
    case "enum":
      return Object.keys(of).find((name) => BigInt(of[name]) === value) ?? Number(value);
    case "int32":
    case "uint32":
      return Number(BigInt.asIntN(64, value));
    case "int64":
      return String(BigInt.asIntN(64, value));
    case "string":
      return new TextDecoder().decode(value);
    case "timestamp":
      return rfc3339(decode(Seconds, value));
    case "duration":
      return `${decode(Seconds, value).seconds ?? 0}s`;
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
  const known = DETAILS[type.slice(type.lastIndexOf("/") + 1)];
  return known
    ? { "@type": type, ...decode(known, value) }
    : { "@type": type, value: toHex(value) };
}

/** A detail of a Connect error, of the type with this name: its bytes are base64. */
export const errorDetail = (type, value) => decode(DETAILS[type] ?? ErrorDetail, fromBase64(value));

function rfc3339({ seconds = 0, nanos = 0 }) {
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
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
