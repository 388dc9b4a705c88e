// @zitadel/client in Node, which speaks gRPC. On a page it speaks gRPC-Web: `browser.test.mjs`.

import { createServerTransport } from "@zitadel/client/node";

import { codes } from "./codes.mjs";
import { factors } from "./factors.mjs";
import { passkeys } from "./passkeys.mjs";
import { prove } from "./prove.mjs";
import { service } from "./service.mjs";
import { users } from "./users.mjs";
import { zitadelClient } from "./zitadel.mjs";

const transport = (token) => createServerTransport(token, { baseUrl: service.url });

// It knows no recovery codes.
for (const list of [users, codes, factors, passkeys]) {
  prove("@zitadel/client/node", () => zitadelClient(transport), list, ["v2"]);
}
