// The functions that both pages use.

/** An element. Text is never read as HTML, wherever it comes from. */
export function h(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value !== undefined && value !== false) {
      element.setAttribute(key, value === true ? "" : value);
    }
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== false));
  return element;
}

/** Text in which `code` stands between backticks. */
export function prose(text) {
  return text.split("`").map((part, at) => (at % 2 ? h("code", {}, part) : part));
}

/** The same in paragraphs and lists. */
export function paragraphs(text) {
  const list = (part) => h("ul", {}, part.split("\n").map((line) => h("li", {}, prose(line.slice(2)))));
  const parts = text.split("\n\n").filter((part) => part);
  return parts.map((part) => (part.startsWith("- ") ? list(part) : h("p", {}, prose(part))));
}

export async function load(path) {
  const response = await fetch(path);
  if (!response.ok) {
    throw new Error(`${path}: HTTP ${response.status}`);
  }
  return response.json();
}
