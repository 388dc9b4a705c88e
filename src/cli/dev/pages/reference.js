// /openapi.json, for people to read: one service and one version at a time.

import { h, load, paragraphs, prose } from "./page.js";

const main = document.getElementById("reference");
const api = await load("/openapi.json").catch((error) => {
  main.replaceChildren(h("p", { class: "problem" }, `The document can't be shown: ${error.message}`));
  throw error;
});

const resolve = (node) => (node?.$ref ? resolve(node.$ref.slice(2).split("/").reduce((at, key) => at[key], api)) : node);

/** All calls: their service, version, path, method and description. */
const operations = Object.entries(api.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, op]) => ({
    service: op.tags[0],
    version: path.split("/")[1],
    path,
    method: method.toUpperCase(),
    ...op,
  })),
);

const isOfSessions = (service) => service.startsWith("Session");
// Sessions are what most people look for.
const services = [...new Set(operations.map(({ service }) => service))].sort((one, other) => isOfSessions(other) - isOfSessions(one));

/** The newest first: v2, v2beta, v2alpha. */
const versions = [...new Set(operations.map(({ version }) => version))].sort((one, other) => one.length - other.length);

const range = (least, most, unit) => {
  if (least === undefined && most === undefined) {
    return undefined;
  }
  const words = most === undefined ? `at least ${least}` : least === undefined ? `at most ${most}` : `${least} to ${most}`;
  return `${words} ${unit}`.trim();
};

/** A schema's limits in words. */
const limits = (schema) =>
  [
    range(schema.minLength, schema.maxLength, "characters"),
    range(schema.minItems, schema.maxItems, "items"),
    range(schema.minProperties, schema.maxProperties, "keys"),
    range(schema.minimum, schema.maximum, ""),
    schema.propertyNames && range(schema.propertyNames.minLength, schema.propertyNames.maxLength, "characters a key"),
    schema.format,
    schema.contentEncoding,
    schema.enum && `one of ${schema.enum.join(", ")}`,
  ].filter((limit) => limit);

/** Every field below a schema, one row each. What a schema has within itself is shown once. */
function rows(schema, around = []) {
  const own = Object.entries(schema.properties ?? {});
  const keyed = typeof schema.additionalProperties === "object" ? [["any key", schema.additionalProperties]] : [];
  return [...own, ...keyed].flatMap(([name, node]) => {
    const field = resolve(node);
    const inner = resolve(field.items) ?? field;
    const type = field.items ? `list of ${inner.type}` : field.type;
    const required = schema.required?.includes(name);
    const row = { name, depth: around.length, type, required, limits: limits(field), description: field.description };
    return around.includes(inner) || inner === schema ? [row] : [row, ...rows(inner, [...around, schema])];
  });
}

/** What stands outside of the body; its type is where. */
const parameterRows = (nodes = []) =>
  nodes.map(resolve).map(({ name, in: type, required, schema, description }) => {
    const field = resolve(schema);
    return { name, depth: 0, type, required, limits: limits(field), description };
  });

function table(title, second, all) {
  if (all.length === 0) {
    return [];
  }
  const row = ({ name, depth, type, required, limits, description }) =>
    h(
      "tr",
      { "data-depth": depth },
      h("th", { scope: "row", class: `depth-${Math.min(depth, 4)}` }, h("code", {}, name), required ? h("span", { class: "hint" }, " required") : ""),
      h("td", {}, type),
      h("td", {}, limits.join("; ")),
      h("td", {}, prose(description ?? "")),
    );
  const head = [title, second, "Limits", "Meaning"].map((title) => h("th", { scope: "col" }, title));
  return [h("table", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, all.map(row)))];
}

function examples(content) {
  return Object.entries(content?.examples ?? {}).map(([name, node]) => {
    const { summary, value } = resolve(node);
    return h("details", {}, h("summary", {}, prose(summary ?? name)), h("pre", { tabindex: "0" }, JSON.stringify(value, null, 2)));
  });
}

const json = (part) => part?.content?.["application/json"];

function headers(answer) {
  const all = Object.entries(answer.headers ?? {}).map(([name, node]) => h("li", {}, h("code", {}, name), " ", prose(resolve(node).description)));
  return h("details", {}, h("summary", {}, "Headers"), h("ul", {}, all));
}

/** An answer; what an error says is folded. */
function response([status, node]) {
  const answer = resolve(node);
  const content = json(answer);
  if (status.startsWith("2")) {
    const fields = status === "200" ? table("Field", "Type", rows(resolve(content.schema))) : [];
    return h("section", { class: "answer good" }, h("h4", {}, status), paragraphs(answer.description), fields, examples(content), headers(answer));
  }
  return h(
    "details",
    { class: "answer bad" },
    h("summary", {}, h("strong", {}, status), ` ${Object.keys(content.examples).join(", ")}`),
    paragraphs(answer.description),
    examples(content),
    headers(answer),
  );
}

function article(op) {
  const body = json(op.requestBody);
  const schema = body && resolve(body.schema);
  return h(
    "article",
    { id: op.operationId, "aria-labelledby": `${op.operationId}-title` },
    h("h2", { id: `${op.operationId}-title` }, op.summary),
    h("p", { class: "route" }, h("span", { class: "method" }, op.method), " ", h("code", {}, op.path)),
    paragraphs(op.description),
    h("h3", {}, "Request"),
    table("Parameter", "Where", parameterRows(op.parameters)),
    schema ? [...paragraphs(schema.description ?? ""), ...table("Field", "Type", rows(schema)), ...examples(body)] : [],
    h("h3", {}, "Answers"),
    Object.entries(op.responses).map(response),
  );
}

const bearer = api.components.securitySchemes.bearer;
const status = resolve(api.components.schemas.Status);
const principals = h("article", { id: "bearer" }, h("h2", {}, "Principals"), h("p", {}, h("code", {}, "Authorization: Bearer …")), paragraphs(bearer.description));
const errors = h("article", { id: "errors" }, h("h2", {}, "Errors"), paragraphs(status.description), table("Field", "Type", rows(status)));

const contents = h("nav", { "aria-label": "Contents" });
const calls = h("div");
const none = h("p", { class: "hint", role: "status" });
const search = h("input", { type: "search", id: "search", placeholder: "A field, an error, a path …" });

/** Shows what has the words that are searched: calls, fields with those that they are in, and errors. */
function find() {
  const words = search.value.trim().toLowerCase();
  const has = (node) => node.textContent.toLowerCase().includes(words);
  const articles = [...main.querySelectorAll("article")];
  for (const article of articles) {
    article.hidden = !has(article);
    contents.querySelector(`[href="#${article.id}"]`).parentElement.hidden = article.hidden;
    for (const answer of article.querySelectorAll("details.answer")) {
      answer.hidden = !has(answer);
      answer.open = words !== "" && has(answer);
    }
    for (const table of article.querySelectorAll("table")) {
      let shown = -1;
      for (const row of [...table.querySelectorAll("tbody tr")].reverse()) {
        const depth = Number(row.dataset.depth);
        row.hidden = !has(row) && depth >= shown;
        shown = row.hidden ? shown : depth;
      }
      table.hidden = shown < 0;
    }
  }
  none.textContent = articles.every((one) => one.hidden) ? "Nothing has these words." : "";
}

function show(service, version) {
  const shown = operations.filter((op) => op.service === service && op.version === version);
  const link = (id, ...text) => h("li", {}, h("a", { href: `#${id}` }, ...text));
  const named = ({ operationId, method, path }) => link(operationId, h("span", { class: "method" }, method), " ", h("code", {}, path));
  contents.replaceChildren(h("ul", {}, shown.map(named), link("bearer", "Principals"), link("errors", "Errors")));
  calls.replaceChildren(...shown.map(article));
  find();
}

const chooser = (name, title, values) =>
  h(
    "fieldset",
    { id: `${name}s` },
    h("legend", {}, title),
    values.map((value) => h("label", {}, h("input", { type: "radio", name, value }), ` ${value}`)),
  );
const choosers = [chooser("service", "Service", services), chooser("version", "Version", versions)];
const chosen = () => choosers.map((one) => one.querySelector(":checked")?.value);

/** Shows a service in a version: in its newest, if it lacks that one. */
function choose(service, version) {
  const has = (version) => operations.some((op) => op.service === service && op.version === version);
  const found = has(version) ? version : versions.find(has);
  for (const radio of choosers[1].querySelectorAll("input")) {
    radio.disabled = !has(radio.value);
  }
  [service, found].forEach((value, at) => {
    choosers[at].querySelector(`[value="${value}"]`).checked = true;
  });
  show(service, found);
}

const { title, version, description } = api.info;
main.replaceChildren(
  h("h1", {}, `${title} ${version}`),
  h("div", { class: "row" }, services.length > 1 && choosers[0], choosers[1], h("fieldset", {}, h("legend", {}, h("label", { for: "search" }, "Search")), search)),
  contents,
  none,
  h("details", {}, h("summary", {}, "How bodies are written"), paragraphs(description)),
  calls,
  principals,
  errors,
);
for (const one of choosers) {
  one.addEventListener("change", () => choose(...chosen()));
}
search.addEventListener("input", find);

/** A link to a call shows its service and its version. */
function follow() {
  const id = location.hash.slice(1);
  const linked = operations.find(({ operationId }) => operationId === id);
  const [service, version] = linked ? [linked.service, linked.version] : chosen();
  choose(service ?? services[0], version ?? versions[0]);
  document.getElementById(id)?.scrollIntoView();
}
addEventListener("hashchange", follow);
follow();
