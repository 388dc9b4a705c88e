// The script of a page of somebody else's, bundled for the browser: each client by its name.

import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";

import { connectClient } from "./connect.mjs";
import { googleClient } from "./google.mjs";

const CLIENTS = {
  "connect-web's gRPC-Web": (version, baseUrl) => connectClient(version, createGrpcWebTransport({ baseUrl })),
  "connect-web's Connect": (version, baseUrl) => connectClient(version, createConnectTransport({ baseUrl })),
  "grpc-web in binary": (version, url) => googleClient(version, url, "binary"),
  "grpc-web in text": (version, url) => googleClient(version, url, "text"),
};

/** What came of a call, as plain JSON. */
globalThis.createSession = async ({ client, version, url, request, options }) => {
  const { create } = await CLIENTS[client](version, url);
  try {
    return { answer: await create(request, options) };
  } catch ({ name, code, id, message }) {
    return { error: { name, code, id, message } };
  }
};
