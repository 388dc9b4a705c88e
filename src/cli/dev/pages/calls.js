// The calls, as /pages/calls.json has them: what of the form each one uses, and how each protocol encodes it.

import { load } from "./page.js";
import * as wire from "./wire.js";

const HIDDEN = "••••••••";

/** The calls by version and the name of the rpc, and all messages, which refer to each other by their place. */
const { calls: SCHEMA, messages: MESSAGES } = await load("/pages/calls.json");

for (const field of MESSAGES.flatMap((message) => Object.values(message))) {
  field.of = field.type === "message" ? MESSAGES[field.of] : field.of;
}
for (const call of Object.values(SCHEMA).flatMap((calls) => Object.values(calls))) {
  call.request = MESSAGES[call.request];
  call.reply = MESSAGES[call.reply];
}

/** Words for a call. A list takes a bearer token in any access mode, so the session's own token stands in for one. */
const TEXTS = {
  CreateSession: {
    name: "Create",
    whom: "The demo user is filled in. Name the user either way; with nothing here, the session is anonymous.",
    act: "Create the session",
    done: "The session was created.",
  },
  SetSession: {
    name: "Change",
    whom: "What is filled in is checked again. A password alone is that of the session's user.",
    act: "Change the session",
    done: "The session is as it was to be.",
  },
  GetSession: { name: "Read", act: "Read the session", done: "The session was read." },
  DeleteSession: { name: "End", act: "End the session", done: "The session has ended." },
  ListSessions: { name: "List", ownToken: true, act: "List the sessions", done: "The sessions were listed." },
};

/** The rpcs, the usual ones first. */
const RPCS = [...new Set([...Object.keys(TEXTS), ...Object.keys(SCHEMA.v2)])];

/** Such as `Session` of `zitadel.session.v2.SessionService`. */
const serviceOf = (rpc) => SCHEMA.v2[rpc].service.split(".").at(-1).replace(/Service$/, "");

/** The services by name, each with its rpcs. */
export const SERVICES = [...new Set(RPCS.map(serviceOf))].map((name) => ({ name, rpcs: RPCS.filter((rpc) => serviceOf(rpc) === name) }));

export const hasVersion = (rpc, version) => SCHEMA[version][rpc] !== undefined;

/** Only calls about sessions can be open to everybody. */
const textsFor = (rpc) => ({ name: rpc, needsToken: serviceOf(rpc) !== "Session", act: `Call ${rpc}`, done: "The call was carried out." });

export const textsOf = (rpc) => TEXTS[rpc] ?? textsFor(rpc);

/** The parts of the form by the fields that they are for, of requests about sessions. */
const PARTS = { sessionId: "session", sessionToken: "session", checks: "who", metadata: "metadata", lifetime: "lifetimes", query: "filters", queries: "filters" };

const fieldsOf = (rpc, version) => SCHEMA[version][rpc]?.request ?? {};

const partOf = (rpc, name) => (serviceOf(rpc) === "Session" && PARTS[name]) || "others";

/** The parts of the form that a call has. */
export const partsOf = (rpc, version) => new Set(Object.keys(fieldsOf(rpc, version)).map((name) => partOf(rpc, name)));

/** The fields of a call that have no part of their own. */
export const othersOf = (rpc, version) => Object.keys(fieldsOf(rpc, version)).filter((name) => partOf(rpc, name) === "others");

export const listsByUser = (version) => fieldsOf("ListSessions", version).queries.of.userIdQuery !== undefined;

const some = (fields) => (Object.values(fields).some((value) => value !== undefined) ? fields : undefined);

/** The message of a call, as `form` has its values. */
function message(rpc, version, form) {
  const { userId, loginName, password, ids, ofUser, limit, oldest, lifetime, metadata, others, ...named } = form;
  const filters = [ids && { idsQuery: { ids } }, ofUser && listsByUser(version) && { userIdQuery: { id: ofUser } }];
  const own = {
    ...named,
    checks: some({ user: some({ userId, loginName }), password: password && { password } }),
    metadata: Object.fromEntries(metadata.map(({ key, value }) => [key, wire.toBase64(value)])),
    lifetime: lifetime && `${lifetime}s`,
    query: some({ limit, asc: oldest || undefined }),
    queries: filters.filter((filter) => filter),
  };
  const all = { ...Object.fromEntries(Object.entries(own).filter(([name]) => partOf(rpc, name) !== "others")), ...others };
  if (partsOf(rpc, version).has("session") && !form.sessionId) {
    throw new Error("Which session? Creating one fills in its id and its token.");
  }
  const names = Object.keys(fieldsOf(rpc, version));
  return Object.fromEntries(names.filter((name) => all[name] !== undefined).map((name) => [name, all[name]]));
}

/** A value without its secrets. */
function hidden(value, name) {
  if (typeof value === "string") {
    return wire.SECRET.test(name) ? HIDDEN : value;
  }
  if (Array.isArray(value) || typeof value !== "object") {
    return value;
  }
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, hidden(inner, name)]));
}

/** The fields of a message that stand in a query: those of messages in it with dots. */
const queryOf = (message, start = "") =>
  Object.entries(message).flatMap(([name, value]) =>
    typeof value === "object" ? queryOf(value, `${start}${name}.`) : [`${start}${name}=${encodeURIComponent(value)}`],
  );

/** The JSON route of a message: what stands in the path and in the query, and the rest. */
function route(rpc, version, sent) {
  const { method, path, hasBody } = SCHEMA[version][rpc];
  const rest = { ...sent };
  const filled = path.replace(/{(\w+)}/g, (_, name) => {
    if (sent[name] === undefined) {
      throw new Error(`The path needs ${name}, one of the other fields.`);
    }
    delete rest[name];
    return encodeURIComponent(sent[name]);
  });
  if (hasBody) {
    return { method, path: filled, body: rest };
  }
  const query = queryOf(rest).join("&");
  return { method, path: query ? `${filled}?${query}` : filled };
}

/** What is sent; `shown` is how people see path, headers and body, with or without secrets. */
export function request({ rpc, protocol, version, bearer, form }) {
  const sent = message(rpc, version, form);
  const headers = bearer ? { authorization: `Bearer ${bearer}` } : {};
  const told = (secrets) => (bearer && !secrets ? { ...headers, authorization: `Bearer ${HIDDEN}` } : headers);
  const path = `/${SCHEMA[version][rpc].service}/${rpc}`;
  const text = (value) => value && JSON.stringify(value, null, 2);
  if (protocol === "json") {
    headers.accept = "application/json";
    const all = route(rpc, version, sent);
    if (all.body) {
      headers["content-type"] = "application/json";
    }
    const shown = (secrets) => {
      const { path, body } = secrets ? all : route(rpc, version, hidden(sent));
      return { path: decodeURI(path), headers: told(secrets), body: text(body) };
    };
    return { ...all, headers, body: all.body && JSON.stringify(all.body), shown };
  }
  if (protocol === "connect") {
    Object.assign(headers, { "content-type": "application/json", "connect-protocol-version": "1" });
    const shown = (secrets) => ({ path, headers: told(secrets), body: text(secrets ? sent : hidden(sent)) });
    return { method: "POST", path, headers, body: JSON.stringify(sent), shown };
  }
  Object.assign(headers, { "content-type": "application/grpc-web+proto", "x-grpc-web": "1" });
  const chunks = wire.frame(fieldsOf(rpc, version), sent);
  const masked = ({ bytes, secret }) => (secret ? "**" : wire.toHex(bytes));
  const shown = (secrets) => {
    const parts = secrets ? [wire.toHex(wire.join(chunks))] : chunks.map(masked);
    return { path, headers: told(secrets), body: parts.filter((part) => part).join(" ") };
  };
  return { method: "POST", path, headers, body: wire.join(chunks), shown };
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

const octal = (bytes) => Array.from(bytes, (byte) => `\\0${byte.toString(8).padStart(3, "0")}`).join("");

/** A command for a shell that sends a request. A body of bytes goes through pipes, and so does the answer. */
export function shellCommand(origin, { method, path, headers, body }) {
  const lines = [`curl -sS -X ${method} ${quoted(origin + path)}`];
  lines.push(...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`));
  if (body instanceof Uint8Array) {
    lines.push("--data-binary @- | od -A n -t x1");
    lines[0] = `printf %b ${quoted(octal(body))} | ${lines[0]}`;
  } else if (body) {
    lines.push(`--data-raw ${quoted(body)}`);
  }
  return lines.join(" \\\n  ");
}

const parsed = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** What an answer says, whatever its protocol: `raw` as it came, `decoded`, and an error. */
export function reading({ rpc, version }, response, bytes) {
  if (response.headers.get("content-type")?.startsWith("application/grpc-web")) {
    return grpcWeb(SCHEMA[version][rpc].reply, response, bytes);
  }
  const text = new TextDecoder().decode(bytes);
  const decoded = parsed(text);
  if (response.ok) {
    return { raw: decoded ? undefined : text, decoded };
  }
  const { code, details = [] } = decoded ?? {};
  const detail = details[0];
  const id = detail?.id ?? (detail?.value && wire.errorDetail(detail.type, detail.value).id);
  return { raw: decoded ? undefined : text, decoded, error: { code, id } };
}

function grpcWeb(reply, response, bytes) {
  const { message: data, trailers } = wire.unframe(bytes);
  const status = trailers["grpc-status"] ?? response.headers.get("grpc-status");
  const details = trailers["grpc-status-details-bin"] ?? response.headers.get("grpc-status-details-bin");
  const answer = { raw: wire.toHex(bytes), trailers };
  if (data) {
    answer.decoded = wire.decode(reply, data);
  }
  if (status !== "0") {
    const told = details ? wire.decode(wire.Status, wire.fromBase64(details)) : undefined;
    answer.decoded = told ?? answer.decoded;
    answer.error = { code: Number(status), id: told?.details?.[0]?.id };
  }
  return answer;
}
