// HTML in which every text is escaped, and the parts that pages are made of.

export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | string | number | undefined | false | readonly Part[];

const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escape(part: Part): string {
  if (part instanceof Html) {
    return part.text;
  }
  if (Array.isArray(part)) {
    return part.map(escape).join("");
  }
  return part === undefined || part === false ? "" : String(part).replace(/[&<>"']/g, (c) => ESCAPES[c] ?? "");
}

/** HTML with texts in it. Attributes have to be quoted. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(strings.map((piece, index) => piece + escape(parts[index])).join(""));
}

export interface Field {
  name: string;
  label: string;
  type: "text" | "email" | "password" | "tel";
  autocomplete: string;
  hint?: string;
  /** Not for passwords, which are typed again. */
  value?: string;
  /** As one writes codes: in capitals, without a spelling check. */
  isCode?: boolean;
  /** Of digits alone, for which phones show other keys. */
  isDigits?: boolean;
}

/** Errors by the field's name. Those under an empty name are about the whole form. */
export type Errors = ReadonlyMap<string, string>;

export function field(field: Field, errors: Errors): Html {
  const { name, label, type, autocomplete, hint, value = "", isCode, isDigits } = field;
  const error = errors.get(name);
  const described = [hint && `${name}-hint`, error && `${name}-error`].filter(Boolean).join(" ");
  return html`<div class="field">
  <label for="${name}">${label}</label>
  ${hint && html`<p class="hint" id="${name}-hint">${hint}</p>`}
  ${error && html`<p class="error" id="${name}-error"><span class="unseen">Error: </span>${error}</p>`}
  <input id="${name}" name="${name}" type="${type}" autocomplete="${autocomplete}" maxlength="200" required value="${value}"${
    described && html` aria-describedby="${described}"`
  }${error && html` aria-invalid="true"`}${type !== "password" && html` autocapitalize="${isCode ? "characters" : "none"}" spellcheck="false"`}${isDigits && html` inputmode="numeric"`}>
</div>
`;
}

/** What is wrong, in front of a form. It has the focus, and leads to the fields. */
export function errorSummary(errors: Errors): Html {
  if (errors.size === 0) {
    return html``;
  }
  const entries = [...errors].map(([name, text]) => html`<li>${name ? html`<a href="#${name}">${text}</a>` : text}</li>`);
  return html`<div class="errors" role="alert" tabindex="-1" autofocus>
  <h2>There is a problem</h2>
  <ul>${entries}</ul>
</div>
`;
}

export function notice(text: string | undefined): Html {
  return text ? html`<p class="notice" role="status">${text}</p>` : html``;
}

export interface Layout {
  title: string;
  organization: string;
  content: Html;
  isSignedIn: boolean;
  hasErrors: boolean;
  usesPasskeys: boolean;
}

export function layout({ title, organization, content, isSignedIn, hasErrors, usesPasskeys }: Layout): string {
  const links = isSignedIn
    ? html`<a href="/">Account</a> <a href="/security">Security</a> <a href="/sessions">Sessions</a>`
    : html`<a href="/sign-in">Sign in</a> <a href="/sign-up">Sign up</a>`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${hasErrors && "Error: "}${title} – ${organization}</title>
<link rel="stylesheet" href="/style.css">
<link rel="icon" href="/icon.svg" type="image/svg+xml">
${usesPasskeys && html`<script src="/passkeys.js" type="module"></script>\n`}</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header><p>${organization}</p><nav aria-label="Pages">${links}</nav></header>
<main id="content" tabindex="-1">
<h1>${title}</h1>
${content}</main>
</body>
</html>
`.text;
}
