// The JSON routes, without a client.

import { jsonClient } from "./json.mjs";
import { life } from "./life.mjs";
import { prove } from "./prove.mjs";
import { service } from "./service.mjs";
import { users } from "./users.mjs";

prove("the JSON routes", (version) => jsonClient(version, service.url), life);
prove("the JSON routes", (version) => jsonClient(version, service.url), users, ["v2"]);
