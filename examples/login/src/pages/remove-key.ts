// Removing a passkey or a security key.

import type { Account, Context } from "../context.ts";
import { KEY_NAMES } from "../factor-texts.ts";
import { withFreshProof } from "../faults.ts";
import { html } from "../html.ts";
import { redirect, type Reply } from "../reply.ts";
import { SesameError } from "../sesame.ts";
import type { ListedKey } from "../sesame-keys.ts";

export async function getRemoveKey(context: Context): Promise<Reply> {
  const account = await context.requireAccount();
  const keys = await context.app.sesame.keys.list(account);
  const key = find(keys, context.query.get("kind"), context.query.get("id"));
  return key ? showRemoveKey(context, account, keys, key) : redirect("/security");
}

/** One of the user's own: nothing else that a browser names comes into a path. */
function find(keys: ListedKey[], kind: string | null, id: string | null): ListedKey | undefined {
  return keys.find((key) => key.kind === kind && key.id === id);
}

async function showRemoveKey(context: Context, account: Account, keys: ListedKey[], { kind, id, name }: ListedKey): Promise<Reply> {
  const { errors } = context.fields;
  const { sesame, settings } = context.app;
  const [{ hasPassword, kinds }, { forceMfa }] = await Promise.all([sesame.factors.listMethods(account), settings.get()]);
  const isLast = keys.length === 1 && kinds.length === 0 && hasPassword && !forceMfa;
  const effects = [
    html`<li>${kind === "passkey" ? "No sign-in accepts it any more. Delete it from your device too." : "No sign-in accepts it any more."}</li>\n`,
    isLast && html`<li>Your password alone lets you in after that.</li>\n`,
    html`<li>Your other sessions end. You are told of it by e-mail.</li>\n`,
  ];
  const fields = html`<input type="hidden" name="kind" value="${kind}">\n<input type="hidden" name="id" value="${id}">\n`;
  const content = html`<p>${KEY_NAMES[kind]}: <strong>${name}</strong></p>
<ul>
${effects}</ul>
${context.form("/security/keys/remove", "Remove", fields)}
<p><a href="/security">Leave it as it is</a></p>
`;
  const title = `Remove a ${KEY_NAMES[kind].toLowerCase()}`;
  return context.page(title, content, { status: errors.size > 0 ? 422 : 200, errors, isSignedIn: true });
}

const LAST = "This is your last way to sign in, or the last second factor where one is required. Choose a password, or set up another one, first";

export async function postRemoveKey(context: Context): Promise<Reply> {
  const { fields, app } = context;
  const account = await context.requireAccount();
  const keys = await app.sesame.keys.list(account);
  const key = find(keys, fields.carried("kind"), fields.carried("id"));
  if (!key) {
    // One that is gone already was removed elsewhere.
    return redirect("/security", "removed");
  }
  try {
    await withFreshProof("security", () => app.sesame.keys.remove(account, key.kind, key.id));
  } catch (error) {
    if (error instanceof SesameError && error.id === "SESAME-Flst1") {
      fields.errors.set("", LAST);
      return showRemoveKey(context, account, keys, key);
    }
    if (!(error instanceof SesameError && error.status === 404)) {
      throw error;
    }
  }
  return redirect("/security", "removed");
}
