// Google's grpc-web. Its generator is no npm package; what it generates is such a descriptor
// and such a call.

import { fromBinary, fromJson, toBinary, toJson } from "@bufbuild/protobuf";
import grpcWeb from "grpc-web";

import { detailId, session } from "./generated.mjs";
import { Refusal } from "./refusal.mjs";
import { headersOf, lower, methods } from "./rpcs.mjs";

function refusal(error) {
  if (!(error instanceof grpcWeb.RpcError)) {
    return error;
  }
  const details = error.metadata["grpc-status-details-bin"];
  const bytes = details && Uint8Array.from(atob(details), (char) => char.charCodeAt(0));
  return new Refusal({ code: error.code, message: error.message, id: bytes && detailId(bytes) });
}

export async function googleClient(version, url, format) {
  const { SessionService } = await session(version);
  const client = new grpcWeb.GrpcWebClientBase({ format });
  const call = async (rpc, { input, output }, request, options) => {
    const path = `/zitadel.session.${version}.SessionService/${rpc}`;
    const descriptor = new grpcWeb.MethodDescriptor(
      path,
      grpcWeb.MethodType.UNARY,
      Object,
      Object,
      (message) => toBinary(input, message),
      (bytes) => fromBinary(output, bytes),
    );
    const message = fromJson(input, request);
    const { timeoutMs } = options;
    const headers = headersOf(options);
    // A deadline that has passed before the call begins is ignored, so nothing may come in between.
    const deadline = timeoutMs && { deadline: String(Date.now() + timeoutMs) };
    try {
      const answer = await client.unaryCall(`${url}${path}`, message, { ...headers, ...deadline }, descriptor);
      return toJson(output, answer);
    } catch (error) {
      throw refusal(error);
    }
  };

  return {
    ...methods((rpc, request, options) => call(rpc, SessionService.method[lower(rpc)], request, options)),
    unknown: () => call("MergeSessions", SessionService.method.createSession, {}, {}),
  };
}
