// The JSON routes, without a client.

import { codes } from "./codes.mjs";
import { factors, recoveryCodes } from "./factors.mjs";
import { passkeys } from "./passkeys.mjs";
import { jsonClient } from "./json.mjs";
import { life } from "./life.mjs";
import { prove } from "./prove.mjs";
import { service } from "./service.mjs";
import { users } from "./users.mjs";

prove("the JSON routes", (version) => jsonClient(version, service.url), life);
for (const list of [users, codes, factors, recoveryCodes, passkeys]) {
  prove("the JSON routes", (version) => jsonClient(version, service.url), list, ["v2"]);
}
