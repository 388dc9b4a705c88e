// gRPC over HTTP/2 without TLS: by @grpc/grpc-js, with messages that it loads from the proto
// files, and by Connect's implementation of it.

import { fileURLToPath } from "node:url";

import { compressionGzip, createGrpcTransport } from "@connectrpc/connect-node";
import grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

import { proves } from "./calls.mjs";
import { connectClient } from "./connect.mjs";
import { detailId } from "./generated.mjs";
import { Refusal } from "./refusal.mjs";
import { service } from "./service.mjs";

const PROTO = fileURLToPath(new URL("../../proto", import.meta.url));
// https://grpc.github.io/grpc/core/group__grpc__arg__keys.html
const GZIP = { "grpc.default_compression_algorithm": 2 };

/** proto-loader takes proto3's JSON, but for durations. */
const seconds = (lifetime) => lifetime && { seconds: Number.parseInt(lifetime, 10) };

function refusal(error) {
  const [details] = error.metadata.get("grpc-status-details-bin");
  return new Refusal({ code: error.code, message: error.details, id: details && detailId(details) });
}

function grpcJs(version, options) {
  const definition = loadSync(`zitadel/session/${version}/session_service.proto`, {
    includeDirs: [PROTO],
    longs: String,
  });
  const { SessionService } = grpc.loadPackageDefinition(definition).zitadel.session[version];
  const client = new SessionService(new URL(service.url).host, grpc.credentials.createInsecure(), options);
  const settled = (call) =>
    new Promise((resolve, reject) => call((error, answer) => (error ? reject(refusal(error)) : resolve(answer))));

  return {
    async create({ lifetime, ...request }, { token, timeoutMs = 20_000 } = {}) {
      const metadata = new grpc.Metadata();
      if (token) {
        metadata.set("authorization", `Bearer ${token}`);
      }
      const deadline = Date.now() + timeoutMs;
      const message = { ...request, lifetime: seconds(lifetime) };
      const answer = await settled((done) => client.createSession(message, metadata, { deadline }, done));
      const { sessionId, sessionToken, details } = answer;
      const { sequence, resourceOwner } = details;
      return { sequence, sessionId, sessionToken, resourceOwner };
    },
    unknown() {
      const path = `/zitadel.session.${version}.SessionService/MergeSessions`;
      const same = (bytes) => bytes;
      return settled((done) => client.makeUnaryRequest(path, same, same, Buffer.alloc(0), done));
    },
    close: () => client.close(),
  };
}

const transport = (options) => createGrpcTransport({ baseUrl: service.url, ...options });

proves("grpc-js", (version) => grpcJs(version));
proves("grpc-js with gzip", (version) => grpcJs(version, GZIP));
proves("connect-node's gRPC", (version) => connectClient(version, transport()));
proves("connect-node's gRPC with gzip", (version) =>
  connectClient(version, transport({ sendCompression: compressionGzip, compressMinBytes: 0 })),
);
