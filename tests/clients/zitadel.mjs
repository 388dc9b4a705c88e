// ZITADEL's own client, by which its login calls both services, over whichever of its transports.

import { fromJson, toJson } from "@zitadel/client";
import { createSessionServiceClient, createUserServiceClient } from "@zitadel/client/v2";
import { CredentialsCheckErrorSchema, ErrorDetailSchema } from "@zitadel/proto/zitadel/message_pb.js";
import { SessionService } from "@zitadel/proto/zitadel/session/v2/session_service_pb.js";
import { UserService } from "@zitadel/proto/zitadel/user/v2/user_service_pb.js";

import { refusing } from "./connect.mjs";
import { RPCS, lower, methods } from "./rpcs.mjs";

const SERVICES = [
  [SessionService, createSessionServiceClient],
  [UserService, createUserServiceClient],
];
// To a principal with session.write, a wrong password has the first.
const DETAILS = [CredentialsCheckErrorSchema, ErrorDetailSchema];

/** `transport(token)` is what one of its two functions makes: each of its clients has one token. */
export const zitadelClient = (transport) =>
  methods(async (rpc, request, { token }) => {
    const method = lower(rpc);
    const [{ method: descriptors }, createClient] = SERVICES.find(([service]) => method in service.method);
    const { input, output } = descriptors[method];
    const calling = createClient(transport(token))[method](fromJson(input, request));
    return toJson(output, await refusing(calling, DETAILS));
  }, RPCS);
