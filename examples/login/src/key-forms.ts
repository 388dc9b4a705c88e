// Forms that a passkey or a security key answers. The page's script (`assets/passkeys.js`) asks for a challenge when the
// button is pressed, so that a page may stand open for as long as it likes, and sends the answer as a form like any other.

import type { App, Context } from "./context.ts";
import { field, html, type Field, type Html } from "./html.ts";
import type { Reply } from "./reply.ts";
import { SesameError } from "./sesame.ts";
import type { Asked, KeyKind } from "./sesame-keys.ts";

export interface KeyForm {
  ceremony: "get" | "create";
  /** Where the answer goes; its challenge comes from `/options` below it. */
  action: string;
  button: string;
  fields?: Html | Html[];
  /** Whether passkeys are offered where a name is typed, too. */
  isAutofilled?: boolean;
  /** The field of another form whose text says who is asked. */
  loginField?: string;
}

export function keyForm(context: Context, { ceremony, action, button, fields = [], isAutofilled, loginField }: KeyForm): Html {
  const attributes = html` data-passkey="${ceremony}" data-options="${action}/options"${isAutofilled && html` data-autofill`}${
    loginField && html` data-login="${loginField}"`
  }`;
  const hidden = html`<input type="hidden" name="answer">\n<input type="hidden" name="state">\n`;
  return context.form(action, button, html`${fields}${hidden}`, { attributes });
}

/** The name by which its user knows a credential in a list. */
export function nameField(context: Context, label: string, value: string): Html {
  const name: Field = { name: "name", label, type: "text", autocomplete: "off", hint: "By which you will know it in your list", value };
  return field(name, context.fields.errors);
}

export const readName = (context: Context): string => context.fields.line("name", "Enter a name");

/** What the script gets, and brings back with the answer. */
export function reply({ publicKey }: Asked, state = ""): Reply {
  return { status: 200, json: { publicKey, state } };
}

const STATE_MS = 10 * 60 * 1000;

/** What belongs to a challenge, for this browser alone. It is signed and not secret, so it is worth nothing without the answer. */
export function sealState(context: Context, purpose: string, text: string): string {
  const { app } = context;
  return app.signer.seal(bound(context, purpose), text, app.now() + STATE_MS);
}

export function openState(context: Context, purpose: string): string | undefined {
  const { app, fields } = context;
  return app.signer.open(bound(context, purpose), fields.carried("state"), app.now());
}

const bound = ({ cookies }: Context, purpose: string): string => `${purpose} ${cookies.get("csrf") ?? ""}`;

/** What may be set up, on pages that are there without Sesame too. */
export async function offeredKeys(app: App): Promise<readonly KeyKind[]> {
  try {
    return (await app.settings.get()).offeredKeys;
  } catch (error) {
    if (!(error instanceof SesameError)) {
      throw error;
    }
    app.log.failure("read the settings", error);
    return [];
  }
}
