// The service as its users run it, and the users that tests add to it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { randomUUID } from "node:crypto";

export const VERSIONS = ["v2alpha", "v2beta", "v2"];
export const LOGIN_NAME = "mini@mouse.com";
export const PASSWORD = "V3ryS3cure!";

// The path of `sesame`, built with the feature `dev`.
const PROGRAM = process.env.SESAME;

/** Reads the line that `--ready-json` prints. */
const read = (ready) => {
  const { url, dynamodb_url: dynamodbUrl, token } = JSON.parse(ready);
  return { url, dynamodbUrl, token };
};

/** The service that `.ci/clients` has started, for tests that need no other settings. */
export const service = read(process.env.SESAME_READY);

/** What the links in messages begin with: one of the service's `LINK_BASE_URLS`. */
export const LINK_BASE = "https://login.example/";

/** The messages that the service has sent to an address, the oldest first. */
export async function messagesTo(address) {
  const response = await fetch(`${service.url}/outbox`, { headers: { accept: "application/json" } });
  return (await response.json()).filter(({ to }) => to === address);
}

async function ended(child) {
  const [status] = child.exitCode === null ? await once(child, "exit") : [child.exitCode];
  if (status !== 0) {
    throw new Error(`${child.spawnargs.join(" ")} ends with ${status}`);
  }
}

/** Starts a service with those settings, on free ports, over an empty database. */
export async function start(environment) {
  const free = ["--listen", "127.0.0.1:0", "--dynamodb-listen", "127.0.0.1:0"];
  const child = spawn(PROGRAM, ["dev", ...free, "--ready-json"], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const end = ended(child);
  const [ready] = await Promise.race([once(createInterface(child.stdout), "line"), end]);
  return {
    ...read(ready),
    stop() {
      child.kill("SIGTERM");
      return end;
    },
  };
}

/** A login name that no other test uses; the password is the demo user's. */
export async function addUser() {
  const loginName = `${randomUUID()}@example.com`;
  const options = ["--endpoint-url", service.dynamodbUrl, "--login-name", loginName];
  const child = spawn(PROGRAM, ["user", "add", "--password-stdin", ...options], {
    stdio: ["pipe", "ignore", "inherit"],
  });
  child.stdin.end(PASSWORD);
  await ended(child);
  return loginName;
}
