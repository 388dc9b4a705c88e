// A client of Connect's, over whichever of its transports.

import { create, fromJson } from "@bufbuild/protobuf";
import { ConnectError, createClient } from "@connectrpc/connect";

import { ErrorDetailSchema, session } from "./generated.mjs";
import { Refusal } from "./refusal.mjs";

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
    async create(request, { token, timeoutMs } = {}) {
      const headers = token ? { authorization: `Bearer ${token}` } : {};
      const message = fromJson(CreateSessionRequestSchema, request);
      const { sessionId, sessionToken, details } = await refusing(
        client.createSession(message, { headers, timeoutMs }),
      );
      const { sequence, resourceOwner } = details;
      return { sequence: String(sequence), sessionId, sessionToken, resourceOwner };
    },
    unknown() {
      const method = { ...SessionService.method.createSession, name: "MergeSessions" };
      const message = create(CreateSessionRequestSchema);
      return refusing(transport.unary(method, undefined, undefined, undefined, message));
    },
  };
}
