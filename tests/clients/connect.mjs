// A client of Connect's, over whichever of its transports.

import { create, fromJson, toJson } from "@bufbuild/protobuf";
import { ConnectError, createClient } from "@connectrpc/connect";

import { ErrorDetailSchema, session } from "./generated.mjs";
import { Refusal } from "./refusal.mjs";
import { headersOf, lower, methods } from "./rpcs.mjs";

function refusal(error, schemas) {
  if (!(error instanceof ConnectError)) {
    return error;
  }
  const [detail] = schemas.flatMap((schema) => error.findDetails(schema));
  return new Refusal({ code: error.code, message: error.rawMessage, id: detail?.id });
}

/** The answer, or a `Refusal` with the id of the first detail that has one of those schemas. */
export const refusing = (promise, schemas = [ErrorDetailSchema]) =>
  promise.catch((error) => {
    throw refusal(error, schemas);
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
