// What a sign-in still lacks. Sesame decides it at every call of a user; the pages lead to what it will ask for.

import type { Account, App } from "./context.ts";
import type { Methods } from "./sesame-factors.ts";

export interface SignInState extends Methods {
  /** A second factor that the user has, or the set-up of a first one. */
  missing: "second" | "set-up" | undefined;
}

/** Nobody is told this who proved nothing: it is read with the token that the right password or passkey gave. */
export async function readSignInState(app: App, account: Account): Promise<SignInState> {
  const methods = await app.sesame.factors.listMethods(account);
  return { ...methods, missing: await findMissing(app, account, methods) };
}

async function findMissing(app: App, { isFull }: Account, { demandsSecond, hasPasskey }: Methods): Promise<SignInState["missing"]> {
  if (isFull) {
    return undefined;
  }
  if (demandsSecond) {
    return "second";
  }
  if (!(await app.settings.get()).forceMfa) {
    return undefined;
  }
  return hasPasskey ? "second" : "set-up";
}
