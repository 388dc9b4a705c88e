// A user's passkeys and second factors: the list of them, the removal of those with codes, and recovery codes.

import type { Account, Context } from "../context.ts";
import { ABOUT, ABOUT_KEYS, KEY_LOSS, KEY_NAMES, KEY_PAGES, LOSS, NAMES, SET_UP_PAGES } from "../factor-texts.ts";
import { withFreshProof } from "../faults.ts";
import { html, type Html } from "../html.ts";
import { HttpError, redirect, type Reply } from "../reply.ts";
import { SesameError } from "../sesame.ts";
import { KINDS, type FactorKind, type Methods } from "../sesame-factors.ts";
import type { ListedKey } from "../sesame-keys.ts";

const ALL = [...KINDS, "recoveryCode"] as const;
const CODES = 10;

export async function getSecurity(context: Context): Promise<Reply> {
  const account = await context.requireAccount();
  const { sesame, settings } = context.app;
  const [methods, keys, { offered, offeredKeys }] = await Promise.all([sesame.factors.listMethods(account), listKeys(context, account), settings.get()]);
  const possible = offered.filter((kind) => !methods.kinds.includes(kind));
  const items = methods.kinds.map((kind) => showItem(kind, html`<a href="/security/remove?factor=${kind}">Remove: ${NAMES[kind]}</a>`));
  const links = possible.map((kind) => showItem(kind, html`<a href="${SET_UP_PAGES[kind]}">Set up: ${NAMES[kind]}</a>`));
  const additions = offeredKeys.map((kind) => html`<li>
<p>${ABOUT_KEYS[kind]}</p>
<p><a href="${KEY_PAGES[kind]}">Add a ${KEY_NAMES[kind].toLowerCase()}</a></p>
</li>
`);
  const content = html`<h2>Your passkeys and security keys</h2>
${keys.length > 0 ? html`<ul class="items">\n${keys.map(showKey)}</ul>\n` : html`<p>You have none.</p>\n`}
${additions.length > 0 && html`<ul class="items">\n${additions}</ul>\n`}<h2>Your other second factors</h2>
${items.length > 0 ? html`<ul class="items">\n${items}</ul>\n` : html`<p>You have none.${!methods.hasKey && methods.hasPassword && " Your password alone lets you in, and anybody else who has it."}</p>\n`}
${links.length > 0 && html`<h2>Set up another one</h2>\n<ul class="items">\n${links}</ul>\n`}
<h2>Recovery codes</h2>
${showRecovery(methods)}${methods.hasPasskey && KEY_LOSS.passkey}${(methods.demandsSecond || !methods.hasPasskey) && LOSS}`;
  return context.page("Security", content, { isSignedIn: true });
}

/** A deployment without passkeys has no list of them. */
async function listKeys({ app }: Context, account: Account): Promise<ListedKey[]> {
  try {
    return await app.sesame.keys.list(account);
  } catch (error) {
    if (error instanceof SesameError && error.status === 501) {
      return [];
    }
    throw error;
  }
}

function showKey({ kind, id, name }: ListedKey): Html {
  const query = new URLSearchParams({ kind, id }).toString();
  const text = `Remove the ${KEY_NAMES[kind].toLowerCase()}: ${name}`;
  return html`<li>
<p><strong>${name}</strong><br>
${KEY_NAMES[kind]}</p>
<p><a href="/security/keys/remove?${query}">${text}</a></p>
</li>
`;
}

function showItem(kind: FactorKind, action: Html): Html {
  return html`<li>
<p><strong>${NAMES[kind]}</strong><br>
${ABOUT[kind]}</p>
<p>${action}</p>
</li>
`;
}

function showRecovery({ kinds, hasKey, hasRecoveryCodes }: Methods): Html {
  if (hasRecoveryCodes) {
    const links = html`<a href="/security/recovery">Make new ones</a> · <a href="/security/remove?factor=recoveryCode">Remove: ${NAMES.recoveryCode}</a>`;
    return html`<p>You have recovery codes.</p>\n<p>${links}</p>\n`;
  }
  if (kinds.length === 0 && !hasKey) {
    return html`<p>You have none. They need a passkey or a second factor first.</p>\n`;
  }
  return html`<div class="warning">
<p><strong>You have none.</strong> Without them, only an administrator can help you once your passkey or your second factor is lost.</p>
</div>
<p><a href="/security/recovery">Make recovery codes</a></p>
`;
}

export async function getRemove(context: Context): Promise<Reply> {
  const account = await context.requireAccount();
  const kind = parseKind(context.query.get("factor") ?? "");
  if (kind === undefined) {
    return redirect("/security");
  }
  return showRemove(context, kind, await context.app.sesame.factors.listMethods(account));
}

function parseKind(text: string): FactorKind | undefined {
  return ALL.find((kind) => kind === text);
}

function showRemove(context: Context, kind: FactorKind, { kinds, hasKey, hasRecoveryCodes }: Methods): Reply {
  const { errors } = context.fields;
  const isThere = kind === "recoveryCode" ? hasRecoveryCodes : kinds.includes(kind);
  if (!isThere) {
    return redirect("/security");
  }
  const isLast = kind !== "recoveryCode" && kinds.length === 1 && !hasKey;
  const effects = [
    isLast && html`<li>Your password alone lets you in after that.</li>\n`,
    kind === "recoveryCode" && html`<li>If you lose your passkeys or your second factor, only an administrator can help you.</li>\n`,
    html`<li>Your other sessions end. You are told of it by e-mail.</li>\n`,
  ];
  const content = html`<ul>
${effects}</ul>
${context.form("/security/remove", "Remove", html`<input type="hidden" name="factor" value="${kind}">\n`)}
<p><a href="/security">Leave it as it is</a></p>
`;
  return context.page(`Remove: ${NAMES[kind]}`, content, { status: errors.size > 0 ? 422 : 200, errors, isSignedIn: true });
}

export async function postRemove(context: Context): Promise<Reply> {
  const { factors } = context.app.sesame;
  const account = await context.requireAccount();
  const kind = parseKind(context.fields.carried("factor"));
  if (kind === undefined) {
    throw new HttpError(400, "The form can't be read.");
  }
  try {
    await withFreshProof(`remove-${kind}`, () => factors.remove(account, kind));
  } catch (error) {
    if (error instanceof SesameError && error.id === "SESAME-Flst1") {
      context.fields.errors.set("", "This is your last second factor, and one is required here. Set up another one first");
      return showRemove(context, kind, await factors.listMethods(account));
    }
    // One that is gone already was removed elsewhere.
    if (!(error instanceof SesameError && error.status === 404)) {
      throw error;
    }
  }
  return redirect("/security", "removed");
}

export async function getRecoveryCodes(context: Context): Promise<Reply> {
  return showMakeCodes(context, await context.requireAccount());
}

async function showMakeCodes(context: Context, account: Account): Promise<Reply> {
  const { errors } = context.fields;
  const { kinds, hasKey, hasRecoveryCodes } = await context.app.sesame.factors.listMethods(account);
  const replaced = html`<div class="warning">
<p><strong>New codes replace the ones that you have.</strong> The old ones work no more, and your other sessions end.</p>
</div>
`;
  const form = html`<p>You get ${CODES} codes. They are shown once: have paper or a printer at hand.</p>
${hasRecoveryCodes && replaced}${context.form("/security/recovery", "Make recovery codes", [])}`;
  const none = html`<p>They are for the loss of a passkey or a second factor. <a href="/security">Set one up first</a>.</p>\n`;
  const content = html`<p>${ABOUT.recoveryCode}</p>
${kinds.length > 0 || hasKey || hasRecoveryCodes ? form : none}`;
  return context.page(NAMES.recoveryCode, content, { status: errors.size > 0 ? 422 : 200, errors, isSignedIn: true });
}

export async function postRecoveryCodes(context: Context): Promise<Reply> {
  const { factors } = context.app.sesame;
  const account = await context.requireAccount();
  let codes: string[];
  try {
    codes = await withFreshProof("recovery-codes", () => factors.generateRecoveryCodes(account, CODES));
  } catch (error) {
    if (error instanceof SesameError && error.id === "SESAME-Frec1") {
      context.fields.errors.set("", "Recovery codes are for the loss of a passkey or a second factor. Set one up first");
      return showMakeCodes(context, account);
    }
    throw error;
  }
  // They are in this answer alone, which nothing may store.
  const content = html`<div class="warning">
<p><strong>This is the only time that you see these codes.</strong> Print this page, or copy them to a place that is not the phone
with your app. The ones before work no more.</p>
</div>
<div class="field">
  <label for="codes">Your recovery codes</label>
  <p class="hint" id="codes-hint">Each works once</p>
  <textarea class="codes" id="codes" readonly rows="${codes.length}" cols="30" spellcheck="false" aria-describedby="codes-hint">${codes.join("\n")}</textarea>
</div>
<p><a href="/security">I have kept them</a></p>
`;
  return context.page("Your recovery codes", content, { isSignedIn: true });
}
