// /openapi.json, for people to read.

import { h, load, paragraphs, prose } from "./page.js";

/** In the order in which they are shown. */
const VERSIONS = ["v2", "v2beta", "v2alpha"];
const versionOf = (path) => path.split("/")[1];
const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

function resolver(spec) {
  return function resolve(node) {
    if (!node?.$ref) {
      return node;
    }
    const { $ref, ...beside } = node;
    const path = $ref.slice(2).split("/");
    return { ...resolve(path.reduce((at, key) => at[key], spec)), ...beside };
  };
}

/** That a field may be `null` is said once for all: then it is as if absent. */
const typesOf = ({ type = [] }) => (type === "null" ? ["not carried out"] : [type].flat().filter((name) => name !== "null"));

const range = (least, most, unit) => {
  if (least === undefined && most === undefined) {
    return undefined;
  }
  const words = most === undefined ? `at least ${least}` : least === undefined ? `at most ${most}` : least === most ? `${least}` : `${least} to ${most}`;
  return `${words} ${unit}`.trim();
};

/** A schema's limits in words. */
function limits(schema) {
  return [
    range(schema.minLength, schema.maxLength, "characters"),
    range(schema.minItems, schema.maxItems, "items"),
    range(schema.minProperties, schema.maxProperties, "keys"),
    range(schema.minimum, schema.maximum, ""),
    range(schema.exclusiveMinimum, undefined, "(exclusive)"),
    schema.propertyNames && range(schema.propertyNames.minLength, schema.propertyNames.maxLength, "characters a key"),
    schema.format === "password" ? undefined : schema.format,
    schema.contentEncoding,
    schema.const !== undefined ? `always ${JSON.stringify(schema.const)}` : undefined,
    schema.enum && `one of ${schema.enum.filter((one) => one !== null).join(", ")}`,
  ].filter((limit) => limit);
}

/** Every field below a schema, one row each, in the order of the document. */
function rows(schema, resolve, depth = 0) {
  const own = Object.entries(schema.properties ?? {}).map(([name, node]) => [name, resolve(node)]);
  const keyed = typeof schema.additionalProperties === "object" ? [["any key", resolve(schema.additionalProperties)]] : [];
  return [...own, ...keyed].flatMap(([name, field]) => {
    const items = field.items ? resolve(field.items) : undefined;
    const type = items ? `${typesOf(items)} list` : typesOf(field).join(" or ");
    const required = schema.required?.includes(name);
    const row = { name, depth, type, required, limits: limits(field), description: field.description };
    return [row, ...rows(items ?? field, resolve, depth + 1)];
  });
}

const fields = (schema, resolve) => table("Field", rows(schema, resolve));

/** What stands outside of the body; its type is where. */
function parameters(nodes, resolve) {
  const all = nodes.map(resolve).map(({ name, in: type, required, schema, description }) => ({
    name,
    depth: 0,
    type,
    required,
    limits: limits(schema),
    description,
  }));
  return all.length > 0 ? table("Parameter", all) : [];
}

function table(title, all) {
  const cell = ({ name, depth, required }) =>
    h("th", { scope: "row", class: `depth-${Math.min(depth, 4)}` }, h("code", {}, name), required ? h("span", { class: "hint" }, " required") : "");
  const type = title === "Parameter" ? "Where" : "Type";
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": `${title}s` },
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, ...[title, type, "Limits", "Meaning"].map((title) => h("th", { scope: "col" }, title)))),
      h(
        "tbody",
        {},
        all.map((row) =>
          h(
            "tr",
            {},
            cell(row),
            h("td", {}, row.type),
            h("td", {}, row.limits.join("; ")),
            h("td", {}, prose(row.description ?? "")),
          ),
        ),
      ),
    ),
  );
}

function examples(content, resolve) {
  return Object.values(content.examples ?? {}).map((node) => {
    const example = resolve(node);
    const text = JSON.stringify(example.value, null, 2);
    return h("details", {}, h("summary", {}, prose(example.summary ?? "Example")), h("pre", { tabindex: "0" }, text));
  });
}

function body(part, resolve, open) {
  return Object.entries(part?.content ?? {}).flatMap(([type, content]) => {
    const schema = resolve(content.schema);
    return [
      h("p", { class: "hint" }, h("code", {}, type)),
      open ? paragraphs(schema.description ?? "") : [],
      open ? fields(schema, resolve) : [],
      ...examples(content, resolve),
    ].flat();
  });
}

function response(status, node, resolve) {
  const answer = resolve(node);
  const headers = Object.entries(answer.headers ?? {}).map(([name, header]) =>
    h("li", {}, h("code", {}, name), " ", prose(resolve(header).description ?? "")),
  );
  return h(
    "section",
    { class: status.startsWith("2") ? "answer good" : "answer bad" },
    h("h4", {}, status),
    paragraphs(answer.description),
    body(answer, resolve, status === "200"),
    h("details", {}, h("summary", {}, "Headers"), h("ul", {}, headers)),
  );
}

function operation(path, method, spec, resolve) {
  const op = spec.paths[path][method];
  const id = op.operationId;
  return h(
    "article",
    { id, "aria-labelledby": `${id}-title` },
    h("h2", { id: `${id}-title` }, `${op.summary}, ${versionOf(path)}`),
    h("p", { class: "route" }, h("span", { class: "method" }, method.toUpperCase()), " ", h("code", {}, path)),
    paragraphs(op.description ?? ""),
    h("h3", {}, "Request"),
    parameters([...(spec.paths[path].parameters ?? []), ...(op.parameters ?? [])], resolve),
    op.requestBody ? paragraphs(resolve(op.requestBody).description ?? "") : [],
    body(resolve(op.requestBody), resolve, true),
    h("h3", {}, "Answers"),
    Object.entries(op.responses).map(([status, node]) => response(status, node, resolve)),
  );
}

function principals(spec) {
  return Object.entries(spec.components.securitySchemes).map(([name, scheme]) =>
    h("section", { id: name }, h("h2", {}, "Principals"), h("p", {}, h("code", {}, `Authorization: ${scheme.scheme} …`)), paragraphs(scheme.description ?? "")),
  );
}

function errorFields(spec, resolve) {
  const status = spec.components.schemas.Status;
  return h("section", { id: "errors" }, h("h2", {}, "Errors"), paragraphs(status.description ?? ""), fields(status, resolve));
}

function contents(operations, spec) {
  const link = (id, ...text) => h("li", {}, h("a", { href: `#${id}` }, ...text));
  return h(
    "nav",
    { "aria-label": "Contents" },
    h(
      "ul",
      {},
      operations.map(([path, method]) =>
        link(spec.paths[path][method].operationId, h("span", { class: "method" }, method.toUpperCase()), " ", h("code", {}, path)),
      ),
      link("bearer", "Principals"),
      link("errors", "Errors"),
    ),
  );
}

async function show() {
  const main = document.getElementById("reference");
  try {
    const api = await load("/openapi.json");
    const resolve = resolver(api);
    const operations = Object.entries(api.paths).flatMap(([path, item]) =>
      METHODS.filter((method) => item[method]).map((method) => [path, method]),
    );
    operations.sort(([one], [other]) => VERSIONS.indexOf(versionOf(one)) - VERSIONS.indexOf(versionOf(other)));
    const { title, summary, version, description } = api.info;
    main.replaceChildren(
      h("h1", {}, `${title} ${version}`),
      h("p", {}, prose(summary)),
      contents(operations, api),
      ...paragraphs(description),
      ...operations.map(([path, method]) => operation(path, method, api, resolve)),
      ...principals(api),
      errorFields(api, resolve),
    );
    if (location.hash) {
      main.querySelector(location.hash)?.scrollIntoView();
    }
  } catch (error) {
    main.replaceChildren(h("p", { class: "problem" }, `The document can't be shown: ${error.message}`));
  }
}

show();
