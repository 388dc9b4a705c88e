// What the browser's test needs: Sesame with its outbox, and the pages as their users start them.

import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { FakeSesame, SERVICE_TOKEN, type Mail } from "./fake-sesame.ts";

export interface Services {
  /** The origin of the pages. */
  base: string;
  sesameUrl: string;
  /** A token with every permission, which the pages don't have. */
  token: string;
  /** What the pages have logged. */
  log: string[];
  stop(): Promise<void>;
}

/** What a service account of the pages needs, and no more. */
const PERMISSIONS = ["session.write", "user.read", "user.write", "user.passkey.write"];

/**
 * Starts Sesame (the program that `SESAME` names, else a stand-in), and the pages in front of it. `mfa` is Sesame's
 * setting.
 */
export async function startServices(mfa: "optional" | "required" = "optional"): Promise<Services> {
  const port = await freePort();
  const base = `http://localhost:${port}`;
  const sesame = process.env.SESAME ? await startDev(process.env.SESAME, base, mfa) : await startFake(mfa);
  const environment = {
    SESAME_URL: sesame.url,
    SESAME_TOKEN: sesame.pagesToken,
    BASE_URL: base,
    LISTEN: `127.0.0.1:${port}`,
    ORGANIZATION: "Acme & Sons",
  };
  const main = fileURLToPath(new URL("../main.js", import.meta.url));
  const pages = spawn(process.execPath, [main], { env: environment, stdio: ["ignore", "pipe", "inherit"] });
  const log: string[] = [];
  pages.stdout.on("data", (chunk: Buffer) => log.push(chunk.toString()));
  await firstLine(pages);
  const stop = async () => {
    await end(pages);
    await sesame.stop();
  };
  return { base, sesameUrl: sesame.url, token: sesame.token, log, stop };
}

async function startFake(mfa: string) {
  const fake = new FakeSesame();
  fake.settings.forceMfa = mfa === "required";
  return { url: await fake.start(), token: SERVICE_TOKEN, pagesToken: SERVICE_TOKEN, stop: async () => fake.stop() };
}

async function startDev(program: string, base: string, mfa: string) {
  const free = ["--listen", "127.0.0.1:0", "--dynamodb-listen", "127.0.0.1:0"];
  const child = spawn(program, ["dev", ...free, "--access", "token", "--ready-json"], {
    env: { ...process.env, LINK_BASE_URLS: `${base}/`, RP_IDS: "localhost", RP_ORIGINS: base, MFA: mfa },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ready = JSON.parse(await firstLine(child)) as { url: string; dynamodb_url: string; token: string };
  const account = ["service-account", "add", "--endpoint-url", ready.dynamodb_url, "--name", "login"];
  const { stdout } = await promisify(execFile)(program, [...account, ...PERMISSIONS.flatMap((name) => ["--permission", name])]);
  return { url: ready.url, token: ready.token, pagesToken: stdout.trim(), stop: () => end(child) };
}

async function firstLine(child: ChildProcess): Promise<string> {
  const lines = createInterface(child.stdout!);
  const exit = once(child, "exit").then(() => Promise.reject(new Error(`${child.spawnfile} ends at once`)));
  exit.catch(() => undefined);
  const [line] = (await Promise.race([once(lines, "line"), exit])) as [string];
  return line;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode === null) {
    const exit = once(child, "exit");
    child.kill("SIGTERM");
    await exit;
  }
  if (child.exitCode !== 0) {
    throw new Error(`${child.spawnfile} ends with ${child.exitCode}`);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function readOutbox({ sesameUrl }: Services): Promise<Mail[]> {
  const response = await fetch(`${sesameUrl}/outbox`, { headers: { accept: "application/json" } });
  return (await response.json()) as Mail[];
}

/**
 * The code of eight digits in the newest message to an address or a number, once it is none of those that are known;
 * and the message's link, if it has one.
 */
export async function readOtp(services: Services, to: string, known: string[], ms = 5000): Promise<{ code: string; link: string }> {
  for (const until = Date.now() + ms; Date.now() < until; await delay(100)) {
    const mail = (await readOutbox(services)).findLast(({ to: address, text }) => address === to && /\b\d{8}\b/.test(text));
    const code = /\b\d{8}\b/.exec(mail?.text ?? "")?.[0];
    if (code !== undefined && !known.includes(code)) {
      return { code, link: /https?:\S+[?&]code=\d{8}\S*/.exec(mail?.text ?? "")?.[0] ?? "" };
    }
  }
  throw new Error("no message");
}

/** The link and the code of the newest message with a link of that page to an address, if there is one in time. */
export async function readMail(services: Services, to: string, page: string, ms = 5000): Promise<{ link: string; code: string } | undefined> {
  for (const until = Date.now() + ms; Date.now() < until; await delay(100)) {
    const mails = await readOutbox(services);
    const start = `${services.base}/${page}?`;
    const mail = mails.findLast(({ to: address, text }) => address === to && text.includes(start));
    const [link, long] = /\S+[?&]code=([2-9A-Z]{20})\S*/.exec(mail?.text.slice(mail.text.indexOf(start)) ?? "") ?? [];
    if (link !== undefined && long !== undefined) {
      return { link, code: long.slice(0, 8) };
    }
  }
  return undefined;
}

/** A call with the service account's token. */
export async function call(services: Services, path: string, body: unknown): Promise<any> {
  const headers = { authorization: `Bearer ${services.token}`, "content-type": "application/json" };
  const response = await fetch(services.sesameUrl + path, { method: "POST", headers, body: JSON.stringify(body) });
  if (!response.ok) {
    throw new Error(`${path}: ${response.status}`);
  }
  return response.json();
}
