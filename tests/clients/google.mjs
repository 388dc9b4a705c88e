// Google's grpc-web. Its generator is no npm package; what it generates is such a descriptor
// and such a call.

import { fromBinary, fromJson, toBinary } from "@bufbuild/protobuf";
import grpcWeb from "grpc-web";

import { detailId, session } from "./generated.mjs";
import { Refusal } from "./refusal.mjs";

function refusal(error) {
  if (!(error instanceof grpcWeb.RpcError)) {
    return error;
  }
  const details = error.metadata["grpc-status-details-bin"];
  const bytes = details && Uint8Array.from(atob(details), (char) => char.charCodeAt(0));
  return new Refusal({ code: error.code, message: error.message, id: bytes && detailId(bytes) });
}

export async function googleClient(version, url, format) {
  const { CreateSessionRequestSchema, CreateSessionResponseSchema } = await session(version);
  const client = new grpcWeb.GrpcWebClientBase({ format });
  const call = async (rpc, request, { token, timeoutMs } = {}) => {
    const path = `/zitadel.session.${version}.SessionService/${rpc}`;
    const descriptor = new grpcWeb.MethodDescriptor(
      path,
      grpcWeb.MethodType.UNARY,
      Object,
      Object,
      (message) => toBinary(CreateSessionRequestSchema, message),
      (bytes) => fromBinary(CreateSessionResponseSchema, bytes),
    );
    const message = fromJson(CreateSessionRequestSchema, request);
    const authorization = token && { authorization: `Bearer ${token}` };
    // One that has passed before the call begins is ignored, so nothing comes in between.
    const deadline = timeoutMs && { deadline: String(Date.now() + timeoutMs) };
    try {
      return await client.unaryCall(`${url}${path}`, message, { ...authorization, ...deadline }, descriptor);
    } catch (error) {
      throw refusal(error);
    }
  };

  return {
    async create(request, options) {
      const { sessionId, sessionToken, details } = await call("CreateSession", request, options);
      const { sequence, resourceOwner } = details;
      return { sequence: String(sequence), sessionId, sessionToken, resourceOwner };
    },
    unknown: () => call("MergeSessions", {}),
  };
}
