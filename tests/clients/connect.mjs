// A client of Connect's, over whichever of its transports.

import { create, fromJson, toJson } from "@bufbuild/protobuf";
import { ConnectError, createClient } from "@connectrpc/connect";

import { ErrorDetailSchema, session } from "./generated.mjs";
import { Refusal } from "./refusal.mjs";
import { headersOf, lower, methods } from "./rpcs.mjs";

function refusal(error) {
  if (!(error instanceof ConnectError)) {
    return error;
  }
  const [detail] = error.findDetails(ErrorDetailSchema);
  return new Refusal({ code: error.code, message: error.rawMessage, id: detail?.id });
}

const refusing = (promise) =>
  promise.catch((error) => {
    throw refusal(error);
  });

export async function connectClient(version, transport) {
  const { SessionService, CreateSessionRequestSchema } = await session(version);
  const client = createClient(SessionService, transport);

  return {
    ...methods(async (rpc, request, options) => {
      const { input, output } = SessionService.method[lower(rpc)];
      const { timeoutMs } = options;
      const message = fromJson(input, request);
      const answer = await refusing(client[lower(rpc)](message, { headers: headersOf(options), timeoutMs }));
      return toJson(output, answer);
    }),
    unknown() {
      const method = { ...SessionService.method.createSession, name: "MergeSessions" };
      const message = create(CreateSessionRequestSchema);
      return refusing(transport.unary(method, undefined, undefined, undefined, message));
    },
  };
}
