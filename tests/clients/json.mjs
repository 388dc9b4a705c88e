// The JSON routes, by fetch: no client at all.

import { Refusal } from "./refusal.mjs";
import { headersOf, methods } from "./rpcs.mjs";

/** The method and the path of a call, and the part of its message that is in the body. */
const ROUTES = {
  CreateSession: (request) => ["POST", "", request],
  SetSession: ({ sessionId, ...request }) => ["PATCH", `/${encodeURIComponent(sessionId)}`, request],
  GetSession: ({ sessionId, ...query }) => ["GET", `/${encodeURIComponent(sessionId)}?${new URLSearchParams(query)}`],
  DeleteSession: ({ sessionId, ...request }) => ["DELETE", `/${encodeURIComponent(sessionId)}`, request],
  ListSessions: (request) => ["POST", "/search", request],
};

export const jsonClient = (version, url) =>
  methods(async (rpc, request, options) => {
    const [method, path, body] = ROUTES[rpc](request);
    const headers = { ...(body && { "content-type": "application/json" }), ...headersOf(options) };
    const response = await fetch(`${url}/${version}/sessions${path}`, { method, headers, body: JSON.stringify(body) });
    const answer = await response.json();
    if (!response.ok) {
      const { code, message, details = [] } = answer;
      throw new Refusal({ code, message, id: details[0]?.id });
    }
    return answer;
  });
