// gRPC over HTTP/2 without TLS: by @grpc/grpc-js, with messages that it loads from the proto
// files, and by Connect's implementation of it.

import { fileURLToPath } from "node:url";

import { compressionGzip, createGrpcTransport } from "@connectrpc/connect-node";
import grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

import { proves } from "./calls.mjs";
import { connectClient } from "./connect.mjs";
import { factors, recoveryCodes } from "./factors.mjs";
import { detailId } from "./generated.mjs";
import { prove } from "./prove.mjs";
import { Refusal } from "./refusal.mjs";
import { RPCS, headersOf, methods } from "./rpcs.mjs";
import { service } from "./service.mjs";

const PROTO = fileURLToPath(new URL("../../proto", import.meta.url));
const SERVICES = ["session", "user"];
// https://grpc.github.io/grpc/core/group__grpc__arg__keys.html
const GZIP = { "grpc.default_compression_algorithm": 2 };

/** proto-loader takes proto3's JSON, but for durations. */
const seconds = (lifetime) => lifetime && { seconds: Number.parseInt(lifetime, 10) };

/** What proto-loader gives, in proto3's JSON. */
function json(value) {
  if (Buffer.isBuffer(value)) {
    return value.toString("base64");
  }
  if (Array.isArray(value)) {
    return value.map(json);
  }
  if (typeof value !== "object") {
    return value;
  }
  // Of all messages only a Timestamp has seconds.
  if ("seconds" in value) {
    const { seconds, nanos = 0 } = value;
    return new Date(Number(seconds) * 1000 + nanos / 1e6).toISOString();
  }
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, json(each)]));
}

function refusal(error) {
  const [details] = error.metadata.get("grpc-status-details-bin");
  return new Refusal({ code: error.code, message: error.details, id: details && detailId(details) });
}

function grpcJs(version, options) {
  const files = SERVICES.map((name) => `zitadel/${name}/${version}/${name}_service.proto`);
  // The User service has one version.
  const definition = loadSync(version === "v2" ? files : files[0], { includeDirs: [PROTO], longs: String, enums: String });
  const { session, user } = grpc.loadPackageDefinition(definition).zitadel;
  const open = (Service) => new Service(new URL(service.url).host, grpc.credentials.createInsecure(), options);
  const clients = [session[version].SessionService, ...(user?.[version] ? [user[version].UserService] : [])].map(open);
  const settled = (call) =>
    new Promise((resolve, reject) => call((error, answer) => (error ? reject(refusal(error)) : resolve(answer))));

  return {
    ...methods(async (rpc, { lifetime, ...request }, { timeoutMs = 20_000, ...options }) => {
      const metadata = new grpc.Metadata();
      for (const [name, value] of Object.entries(headersOf(options))) {
        metadata.set(name, value);
      }
      const deadline = Date.now() + timeoutMs;
      const message = { ...request, lifetime: seconds(lifetime) };
      const client = clients.find((one) => rpc in one);
      return json(await settled((done) => client[rpc](message, metadata, { deadline }, done)));
    }, RPCS),
    unknown() {
      const path = `/zitadel.session.${version}.SessionService/MergeSessions`;
      const same = (bytes) => bytes;
      return settled((done) => clients[0].makeUnaryRequest(path, same, same, Buffer.alloc(0), done));
    },
    close: () => clients.forEach((client) => client.close()),
  };
}

const transport = (options) => createGrpcTransport({ baseUrl: service.url, ...options });

proves("grpc-js", (version) => grpcJs(version));
for (const list of [factors, recoveryCodes]) {
  prove("grpc-js", (version) => grpcJs(version), list, ["v2"]);
}
proves("grpc-js with gzip", (version) => grpcJs(version, GZIP));
proves("connect-node's gRPC", (version) => connectClient(version, transport()));
proves("connect-node's gRPC with gzip", (version) =>
  connectClient(version, transport({ sendCompression: compressionGzip, compressMinBytes: 0 })),
);
