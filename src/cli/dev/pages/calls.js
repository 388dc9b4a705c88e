// The calls: which fields of the form each one uses, and how each protocol encodes it.

import * as wire from "./wire.js";

const HIDDEN = "••••••••";

const sessions = (version) => `/${version}/sessions`;
const session = (version, { sessionId }) => `/${version}/sessions/${encodeURIComponent(sessionId)}`;
const search = (version) => `/${version}/sessions/search`;

/** By the name of their rpc: the JSON route, the parts of the form, and words for it. A list takes a bearer token in any
 * access mode, so the session's own token stands in for one. */
export const CALLS = {
  CreateSession: {
    method: "POST",
    path: sessions,
    parts: ["who", "metadata", "lifetimes"],
    whom: "The demo user is filled in. Name the user either way; with nothing here, the session is anonymous.",
    act: "Create the session",
    done: "The session was created.",
  },
  SetSession: {
    method: "PATCH",
    path: session,
    parts: ["session", "who", "metadata", "lifetimes"],
    whom: "What is filled in is checked again. A password alone is that of the session's user.",
    act: "Change the session",
    done: "The session is as it was to be.",
  },
  GetSession: { method: "GET", path: session, parts: ["session"], act: "Read the session", done: "The session was read." },
  DeleteSession: { method: "DELETE", path: session, parts: ["session"], act: "End the session", done: "The session has ended." },
  ListSessions: { method: "POST", path: search, parts: ["filters"], ownToken: true, act: "List the sessions", done: "The sessions were listed." },
};

export const has = (rpc, part) => CALLS[rpc].parts.includes(part);

const some = (fields) => (Object.values(fields).some((value) => value !== undefined) ? fields : undefined);

/** The message of a call, as `form` has its values. Metadata is a list of `key` and `value`. */
export function message(rpc, version, form) {
  const later = version !== "v2alpha";
  const { userId, loginName, password, ids, ofUser, limit, oldest } = form;
  const user = some({ userId, loginName });
  const filters = [ids && { idsQuery: { ids } }, later && ofUser && { userIdQuery: { id: ofUser } }];
  const parts = {
    session: { sessionId: form.sessionId, sessionToken: form.sessionToken },
    who: { checks: some({ user, password: password && { password } }) },
    metadata: { metadata: form.metadata },
    lifetimes: { lifetime: later && form.lifetime ? { seconds: form.lifetime } : undefined },
    filters: { query: some({ limit, asc: oldest || undefined }), queries: filters.filter((filter) => filter) },
  };
  if (has(rpc, "session") && !form.sessionId) {
    throw new Error("Which session? Creating one fills in its id and its token.");
  }
  return Object.assign({}, ...CALLS[rpc].parts.map((part) => parts[part]));
}

function json({ metadata, lifetime, ...others }) {
  return {
    ...others,
    metadata: metadata && Object.fromEntries(metadata.map(({ key, value }) => [key, wire.toBase64(value)])),
    lifetime: lifetime && `${lifetime.seconds}s`,
  };
}

function hidden({ checks, sessionToken, ...others }) {
  const password = checks?.password && { password: HIDDEN };
  return { ...others, sessionToken: sessionToken && HIDDEN, checks: checks && { ...checks, password } };
}

/** The JSON route of a message: what stands in the path and in the query, and the rest. */
function route(rpc, version, sent) {
  const { method, path } = CALLS[rpc];
  const { sessionId, ...body } = sent;
  if (method !== "GET") {
    return { method, path: path(version, sent), body };
  }
  const { sessionToken } = body;
  const query = sessionToken ? `?sessionToken=${encodeURIComponent(sessionToken)}` : "";
  return { method, path: path(version, sent) + query };
}

/** What is sent; `shown` is how people see path, headers and body, with or without secrets. */
export function request({ rpc, protocol, version, bearer, form }) {
  const sent = message(rpc, version, form);
  const headers = bearer ? { authorization: `Bearer ${bearer}` } : {};
  const told = (secrets) => (bearer && !secrets ? { ...headers, authorization: `Bearer ${HIDDEN}` } : headers);
  const path = `/zitadel.session.${version}.SessionService/${rpc}`;
  const text = (value) => value && JSON.stringify(json(value), null, 2);
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
    return { ...all, headers, body: all.body && JSON.stringify(json(all.body)), shown };
  }
  if (protocol === "connect") {
    Object.assign(headers, { "content-type": "application/json", "connect-protocol-version": "1" });
    const shown = (secrets) => ({ path, headers: told(secrets), body: text(secrets ? sent : hidden(sent)) });
    return { method: "POST", path, headers, body: JSON.stringify(json(sent)), shown };
  }
  Object.assign(headers, { "content-type": "application/grpc-web+proto", "x-grpc-web": "1" });
  const chunks = wire.frame(wire[`${rpc}Request`], sent);
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
export function reading(rpc, response, bytes) {
  if (response.headers.get("content-type")?.startsWith("application/grpc-web")) {
    return grpcWeb(rpc, response, bytes);
  }
  const text = new TextDecoder().decode(bytes);
  const decoded = parsed(text);
  if (response.ok) {
    return { raw: decoded ? undefined : text, decoded };
  }
  const { code, details = [] } = decoded ?? {};
  const detail = details[0];
  const id = detail?.id ?? (detail?.value && wire.errorDetail(detail.value).id);
  return { raw: decoded ? undefined : text, decoded, error: { code, id } };
}

function grpcWeb(rpc, response, bytes) {
  const { message: data, trailers } = wire.unframe(bytes);
  const status = trailers["grpc-status"] ?? response.headers.get("grpc-status");
  const details = trailers["grpc-status-details-bin"] ?? response.headers.get("grpc-status-details-bin");
  const answer = { raw: wire.toHex(bytes), trailers };
  if (data) {
    answer.decoded = wire.decode(wire[`${rpc}Response`], data);
  }
  if (status !== "0") {
    const told = details ? wire.decode(wire.Status, wire.fromBase64(details)) : undefined;
    answer.decoded = told ?? answer.decoded;
    answer.error = { code: Number(status), id: told?.details?.[0]?.id };
  }
  return answer;
}
