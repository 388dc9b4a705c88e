// The form: a request as each protocol has it, what was answered, and what that means.

import { h, load, prose } from "./page.js";
import * as wire from "./wire.js";

const HIDDEN = "••••••••";

const form = document.getElementById("form");
const field = (id) => document.getElementById(id);
const chosen = (name) => form.elements[name].value;
const errors = load("/pages/errors.json");

/** The fields that are filled in, as the protocols' messages name them. */
function message() {
  const [userId, loginName, password] = ["user-id", "login-name", "password"].map((id) => field(id).value || undefined);
  const user = userId || loginName ? { userId, loginName } : undefined;
  const entries = [...document.querySelectorAll(".entry")].filter((entry) => entry.querySelector(".key").value);
  const seconds = chosen("version") === "v2alpha" ? undefined : field("lifetime").value || undefined;
  return {
    checks: user || password ? { user, password: password && { password } } : undefined,
    metadata: entries.map((entry) => ({ key: entry.querySelector(".key").value, value: bytes(entry) })),
    lifetime: seconds && { seconds },
  };
}

function bytes(entry) {
  const { value } = entry.querySelector(".value");
  if (entry.querySelector(".kind").value === "text") {
    return new TextEncoder().encode(value);
  }
  try {
    return wire.fromBase64(value);
  } catch {
    throw new Error(`The metadata of ${entry.querySelector(".key").value} isn't base64.`);
  }
}

function json({ checks, metadata, lifetime }) {
  return {
    checks,
    metadata: Object.fromEntries(metadata.map(({ key, value }) => [key, wire.toBase64(value)])),
    lifetime: lifetime && `${lifetime.seconds}s`,
  };
}

function hidden({ checks, ...others }) {
  const password = checks?.password && { password: HIDDEN };
  return { checks: checks && { ...checks, password }, ...others };
}

/** What is sent, and how it is shown with and without its secrets. */
function request() {
  const [protocol, version] = [chosen("protocol"), chosen("version")];
  const sent = message();
  const headers = { "content-type": "application/json" };
  const rpc = `/zitadel.session.${version}.SessionService/CreateSession`;
  const text = (value) => JSON.stringify(json(value), null, 2);
  let path = rpc;
  let body;
  let shown;
  if (protocol === "grpc-web") {
    headers["content-type"] = "application/grpc-web+proto";
    headers["x-grpc-web"] = "1";
    const chunks = wire.frame(wire.CreateSessionRequest, sent);
    body = wire.join(chunks);
    const masked = ({ bytes, secret }) => (secret ? "**" : wire.toHex(bytes));
    shown = (secrets) =>
      (secrets ? [wire.toHex(body)] : chunks.map(masked)).filter((part) => part).join(" ");
  } else {
    if (protocol === "connect") {
      headers["connect-protocol-version"] = "1";
    } else {
      path = `/${version}/sessions`;
      headers.accept = "application/json";
    }
    body = JSON.stringify(json(sent));
    shown = (secrets) => text(secrets ? sent : hidden(sent));
  }
  const token = field("token").value.trim();
  if (token) {
    headers.authorization = `Bearer ${token}`;
  }
  return { protocol, path, headers, body, shown };
}

const block = (text) => h("pre", { tabindex: "0" }, text);

const lines = (headers) => Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
const head = (first, headers) => block([first, ...lines(headers)].join("\n"));

function showRequest() {
  let parts;
  try {
    const { path, headers, shown } = request();
    const secrets = field("secrets").checked;
    const told = headers.authorization && !secrets ? { ...headers, authorization: `Bearer ${HIDDEN}` } : headers;
    parts = [head(`POST ${path}`, told), block(shown(secrets))];
  } catch (error) {
    parts = [h("p", { class: "problem" }, error.message)];
  }
  field("request").replaceChildren(...parts);
  const version = chosen("version");
  field("lifetimes").hidden = version === "v2alpha";
  const both = field("user-id").value && field("login-name").value;
  field("both").hidden = !(both && chosen("protocol") === "grpc-web");
}

const parsed = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** What an answer says, whatever its protocol: `raw` as it came, `decoded`, and an error. */
function reading(protocol, response, bytes) {
  if (response.headers.get("content-type")?.startsWith("application/grpc-web")) {
    return grpcWeb(response, bytes);
  }
  const text = new TextDecoder().decode(bytes);
  const decoded = parsed(text);
  if (response.ok) {
    return { raw: decoded ? undefined : text, decoded };
  }
  const { code, details = [] } = decoded ?? {};
  const detail = details[0];
  const id = detail?.id ?? (detail?.value && wire.errorDetail(detail.value).id);
  return { raw: decoded ? undefined : text, decoded, error: { code, id, http: protocol === "json" ? response.status : undefined } };
}

function grpcWeb(response, bytes) {
  const { message: data, trailers } = wire.unframe(bytes);
  const status = trailers["grpc-status"] ?? response.headers.get("grpc-status");
  const details = trailers["grpc-status-details-bin"] ?? response.headers.get("grpc-status-details-bin");
  const answer = { raw: wire.toHex(bytes), trailers };
  if (data) {
    answer.decoded = wire.decode(wire.CreateSessionResponse, data);
  }
  if (status !== "0") {
    const told = details ? wire.decode(wire.Status, wire.fromBase64(details)) : undefined;
    answer.decoded = told ?? answer.decoded;
    answer.error = { code: Number(status), id: told?.details?.[0]?.id };
  }
  return answer;
}

/** The rows of the errors' table that an error can be. Connect names codes in lower case. */
async function explained({ code, id, http }) {
  const rows = (await errors).filter((row) => row.code === code || row.name.toLowerCase() === code);
  const byId = rows.filter((row) => row.id === (id ?? null));
  const byHttp = byId.filter((row) => row.http === http);
  return byHttp.length > 0 ? byHttp : byId.length > 0 ? byId : rows;
}

function explanation({ id, code, name, means, remedy }) {
  const title = [`${name} (${code})`, id].filter((part) => part).join(" · ");
  return h("div", { class: "problem" }, h("h3", {}, title), h("p", {}, prose(means)), h("p", {}, prose(remedy)));
}

async function showAnswer(protocol, response, bytes) {
  const { raw, trailers, decoded, error } = reading(protocol, response, bytes);
  const failed = error !== undefined;
  const rows = failed ? await explained(error) : [];
  const pretty = decoded && block(JSON.stringify(decoded, null, 2));
  field("answer").replaceChildren(
    ...[
      h("p", { class: failed ? "bad" : "good" }, failed ? "Refused." : "The session was created."),
      ...rows.map(explanation),
      head(`HTTP ${response.status}`, Object.fromEntries(response.headers)),
      trailers && [h("h3", {}, "Trailers"), block(lines(trailers).join("\n"))],
      pretty && [h("h3", {}, raw ? "Body, decoded" : "Body"), pretty],
      raw && [h("h3", {}, "Body, as it came"), block(raw)],
    ]
      .flat()
      .filter((part) => part),
  );
}

async function send(event) {
  event.preventDefault();
  const button = field("send");
  button.disabled = true;
  try {
    const { protocol, path, headers, body } = request();
    const response = await fetch(path, { method: "POST", headers, body, credentials: "omit" });
    await showAnswer(protocol, response, new Uint8Array(await response.arrayBuffer()));
  } catch (error) {
    const reason = error instanceof TypeError ? "The service can't be reached. Is cargo dev still running?" : error.message;
    field("answer").replaceChildren(h("p", { class: "problem" }, reason));
  } finally {
    button.disabled = false;
  }
}

function addEntry() {
  const entry = document.getElementById("entry").content.cloneNode(true).firstElementChild;
  entry.querySelector(".remove").addEventListener("click", () => {
    entry.remove();
    showRequest();
    field("add").focus();
  });
  field("entries").append(entry);
  entry.querySelector(".key").focus();
}

form.addEventListener("submit", send);
form.addEventListener("input", showRequest);
field("secrets").addEventListener("change", showRequest);
field("add").addEventListener("click", () => {
  addEntry();
  showRequest();
});
showRequest();
