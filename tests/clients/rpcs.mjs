// The service's calls, under the names that the proto files give them.

const RPCS = ["CreateSession", "SetSession", "GetSession", "DeleteSession", "ListSessions"];

/** `CreateSession` as JavaScript spells a method. */
export const lower = (rpc) => rpc[0].toLowerCase() + rpc.slice(1);

/** A method for each, all of which `call(rpc, request, options)` carries out. */
export const methods = (call) =>
  Object.fromEntries(RPCS.map((rpc) => [lower(rpc), (request, options = {}) => call(rpc, request, options)]));

/** The headers, or the metadata, that a call's options come to. */
export const headersOf = ({ token, headers }) => ({
  ...(token && { authorization: `Bearer ${token}` }),
  ...headers,
});
