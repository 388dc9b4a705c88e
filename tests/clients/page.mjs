// The script of a page of another origin, bundled for the browser: each client by its name.

import { createClientTransport } from "@zitadel/client/web";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";

import { connectClient } from "./connect.mjs";
import { googleClient } from "./google.mjs";
import { jsonClient } from "./json.mjs";
import { zitadelClient } from "./zitadel.mjs";

const CLIENTS = {
  "connect-web's gRPC-Web": (version, baseUrl) => connectClient(version, createGrpcWebTransport({ baseUrl })),
  "connect-web's Connect": (version, baseUrl) => connectClient(version, createConnectTransport({ baseUrl })),
  "grpc-web in binary": (version, url) => googleClient(version, url, "binary"),
  "grpc-web in text": (version, url) => googleClient(version, url, "text"),
  "fetch on the JSON routes": jsonClient,
  "@zitadel/client/web": (version, baseUrl) => zitadelClient((token) => createClientTransport(token, { baseUrl })),
};

/** The outcome of a call as plain JSON; `method` is one of `methods` of `rpcs.mjs`. */
globalThis.call = async ({ client, version, url, method, request, options }) => {
  const calls = await CLIENTS[client](version, url);
  try {
    return { answer: await calls[method](request, options) };
  } catch ({ name, code, id, message }) {
    return { error: { name, code, id, message } };
  }
};
