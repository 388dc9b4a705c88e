// Connect, unary calls: by fetch as in browsers, and by Node's HTTP/2 with compression.

import { compressionGzip, createConnectTransport as createNodeTransport } from "@connectrpc/connect-node";
import { createConnectTransport } from "@connectrpc/connect-web";

import { proves } from "./calls.mjs";
import { connectClient } from "./connect.mjs";
import { service } from "./service.mjs";

const baseUrl = service.url;
const gzip = { sendCompression: compressionGzip, compressMinBytes: 0 };

for (const useBinaryFormat of [false, true]) {
  const format = useBinaryFormat ? "protobuf" : "JSON";

  proves(`connect-web with ${format}`, (version) =>
    connectClient(version, createConnectTransport({ baseUrl, useBinaryFormat })),
  );
  proves(`connect-node with ${format} in gzip over HTTP/2`, (version) =>
    connectClient(version, createNodeTransport({ baseUrl, useBinaryFormat, httpVersion: "2", ...gzip })),
  );
}
