// How lists of tests are run with a client.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Refusal } from "./refusal.mjs";
import { LOGIN_NAME, PASSWORD, VERSIONS } from "./service.mjs";

/** Codes of gRPC: https://grpc.io/docs/guides/status-codes/ */
export const INVALID_ARGUMENT = 3;
export const DEADLINE_EXCEEDED = 4;
export const NOT_FOUND = 5;
export const ALREADY_EXISTS = 6;
export const PERMISSION_DENIED = 7;
export const FAILED_PRECONDITION = 9;
export const ABORTED = 10;
export const UNIMPLEMENTED = 12;
export const UNAUTHENTICATED = 16;

export const login = (loginName = LOGIN_NAME, password = PASSWORD) => ({ user: { loginName }, password: { password } });

/**
 * Holds `list(has, version)` against a client in each of the versions, where `has(title, body)` is
 * a test whose body gets the client. `open(version)` gives what calls that version of the service:
 *
 * - `createSession(request, { token, timeoutMs, headers })` and so on for each rpc; requests and
 *   answers are proto3's JSON, and the headers are metadata where the protocol has such;
 * - `unknown()` calls an rpc that does not exist;
 * - all of them throw a `Refusal`;
 * - `close()`, where there is something to close.
 */
export function prove(name, open, list, versions = VERSIONS) {
  for (const version of versions) {
    const has = (title, body) =>
      test(title, async () => {
        const client = await open(version);
        try {
          await body(client);
        } finally {
          client.close?.();
        }
      });
    describe(`${name}, ${version}`, () => list(has, version));
  }
}

/** The call is refused with that code, and with that id or none. */
export const refused = (call, expected) =>
  assert.rejects(call, (error) => {
    assert.ok(error instanceof Refusal, error);
    const { code, id } = error;
    assert.deepEqual({ code, id }, { id: undefined, ...expected });
    return true;
  });
