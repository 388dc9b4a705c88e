// gRPC-Web: Connect's client, and Google's in both of its formats, which asks XMLHttpRequest.

import { createGrpcWebTransport } from "@connectrpc/connect-web";
import XMLHttpRequest from "xhr2";

import { proves } from "./calls.mjs";
import { connectClient } from "./connect.mjs";
import { googleClient } from "./google.mjs";
import { service } from "./service.mjs";

globalThis.XMLHttpRequest = XMLHttpRequest;

proves("connect-web's gRPC-Web", (version) =>
  connectClient(version, createGrpcWebTransport({ baseUrl: service.url })),
);
proves("grpc-web in binary", (version) => googleClient(version, service.url, "binary"));
proves("grpc-web in text", (version) => googleClient(version, service.url, "text"));
