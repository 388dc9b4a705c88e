// The settings, which are environment variables.

import { readFileSync } from "node:fs";

export interface Config {
  /** Where Sesame is, without a slash at its end. */
  sesameUrl: string;
  /** The service account's token. */
  token: string;
  /** The origin under which browsers reach these pages, without a slash at its end. */
  baseUrl: string;
  /** Whether browsers come over TLS. */
  isSecure: boolean;
  host: string;
  port: number;
  /** The domain that passkeys are for: the host of the origin, or a domain above it. */
  passkeyDomain: string;
  organization: string;
  /** How many proxies of one's own add an address to `X-Forwarded-For`. */
  trustedProxies: number;
  /** How many messages a client's address may ask for in an hour. */
  messagesPerHour: number;
}

type Environment = Record<string, string | undefined>;

/** Every fault of the settings, a line each. No value is repeated: one may be a secret in the wrong place. */
export class ConfigError extends Error {}

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Reads all settings, so that all faults are told at once. */
export function readConfig(environment: Environment): Config {
  const faults: string[] = [];
  const value = (name: string) => environment[name]?.trim() || undefined;
  const read = <T>(name: string, fallback: T | undefined, rule: string, parse: (text: string) => T | undefined): T => {
    const text = value(name);
    const result = text === undefined ? fallback : parse(text);
    if (result === undefined) {
      faults.push(text === undefined ? `${name} must be set: ${rule}` : `${name} is not ${rule}`);
    }
    return result as T;
  };

  const sesameUrl = read("SESAME_URL", undefined, "a URL such as https://auth.example.com", serviceUrl);
  const base = read("BASE_URL", undefined, "an origin such as https://login.example.com; http is for localhost", origin);
  const passkeyDomain = read("PASSKEY_DOMAIN", base?.hostname ?? "", "the host of BASE_URL, or a domain above it", above(base?.hostname ?? ""));
  const organization = read("ORGANIZATION", "Sesame", "a line of 1 to 100 characters", line);
  const trustedProxies = read("TRUSTED_PROXIES", 0, "a number from 0 to 10", number(0, 10));
  const messagesPerHour = read("MESSAGES_PER_HOUR", 20, "a number from 1 to 10000", number(1, 10_000));
  const token = readToken(value, faults);
  // Platforms that choose the port reach it from outside.
  const port = read("PORT", 0, "a number from 1 to 65535", number(1, 65_535));
  const fallback = port ? { host: "0.0.0.0", port } : { host: "127.0.0.1", port: 3001 };
  const listen = read("LISTEN", fallback, "an address and a port such as 127.0.0.1:3001", address);

  if (faults.length > 0) {
    throw new ConfigError(faults.join("\n"));
  }
  const isSecure = base.protocol === "https:";
  return { sesameUrl, token, baseUrl: base.origin, isSecure, ...listen, passkeyDomain, organization, trustedProxies, messagesPerHour };
}

function readToken(value: (name: string) => string | undefined, faults: string[]): string {
  const [token, file] = [value("SESAME_TOKEN"), value("SESAME_TOKEN_FILE")];
  if ((token === undefined) === (file === undefined)) {
    faults.push("SESAME_TOKEN or SESAME_TOKEN_FILE must be set, and not both");
    return "";
  }
  let text = token;
  if (file !== undefined) {
    try {
      text = readFileSync(file, "utf8").trim();
    } catch {
      faults.push("SESAME_TOKEN_FILE can't be read");
      return "";
    }
  }
  if (!text || !/^[\x21-\x7e]{16,500}$/.test(text)) {
    faults.push("the token is not 16 to 500 visible ASCII characters");
    return "";
  }
  return text;
}

function parseUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search && !url.hash;
  return isPlain ? url : undefined;
}

function serviceUrl(text: string): string | undefined {
  return parseUrl(text)?.href.replace(/\/+$/, "");
}

/** An origin that fits into the templates of links, which have 200 characters. */
function origin(text: string): URL | undefined {
  const url = parseUrl(text);
  const isOrigin = url?.pathname === "/" && url.origin.length <= 140;
  return isOrigin && (url.protocol === "https:" || LOOPBACK.has(url.hostname)) ? url : undefined;
}

/** Browsers take a domain that the page is in, and Sesame one of its own list. */
function above(host: string): (text: string) => string | undefined {
  return (text) => (host === text || (text.includes(".") && host.endsWith(`.${text}`)) ? text : undefined);
}

function line(text: string): string | undefined {
  return text.length <= 100 && !/\p{Cc}/u.test(text) ? text : undefined;
}

function number(from: number, to: number): (text: string) => number | undefined {
  return (text) => {
    const parsed = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
    return parsed >= from && parsed <= to ? parsed : undefined;
  };
}

function address(text: string): { host: string; port: number } | undefined {
  const [, v6, name, digits = ""] = /^(?:\[([0-9a-fA-F:]+)\]|([\w.-]+)):(\d{1,5})$/.exec(text) ?? [];
  const port = number(0, 65_535)(digits);
  const host = v6 ?? name;
  return host === undefined || port === undefined ? undefined : { host, port };
}
