// From a request to its page, and what holds for every page.

import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

import { clientAddress } from "./address.ts";
import { Background } from "./background.ts";
import { describeBrowser } from "./browser.ts";
import type { Config } from "./config.ts";
import { Context, type App } from "./context.ts";
import { Cookies } from "./cookies.ts";
import { Fields, readBody } from "./form.ts";
import { html } from "./html.ts";
import { HourlyLimit, NamePauses } from "./limits.ts";
import type { Log } from "./log.ts";
import { CachedSettings } from "./login-settings.ts";
import { EarlyReply, HttpError, redirect, type Reply } from "./reply.ts";
import { routes } from "./routes.ts";
import { Signer } from "./secrets.ts";
import { TOO_WEAK, isSessionOver } from "./faults.ts";
import { Sesame, SesameError } from "./sesame.ts";

const CODES_PER_HOUR = 100;
/** A page that stays open asks for one every four minutes, and a whole office may have one address. */
const CHALLENGES_PER_HOUR = 1000;
const STEP_MS = 1000;

const POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/** Of pages with the script for passkeys, which asks these pages for challenges. No other script and no address beside runs in it. */
const PASSKEY_POLICY = `${POLICY}; script-src 'self'; connect-src 'self'`;

const ASSETS: Record<string, { type: string; body: Buffer }> = Object.fromEntries(
  [
    ["/style.css", "text/css; charset=utf-8"],
    ["/icon.svg", "image/svg+xml"],
    ["/passkeys.js", "text/javascript; charset=utf-8"],
  ].map(([path = "", type = ""]) => [path, { type, body: readFileSync(new URL(`../assets${path}`, import.meta.url)) }]),
);

export interface Pages {
  server: Server;
  app: App;
}

/** The server of the pages, which doesn't listen yet. */
export function createPages(config: Config, log: Log, now: () => number = Date.now, stepMs = STEP_MS): Pages {
  const sesame = new Sesame(config.sesameUrl, config.token, config.passkeyDomain);
  const app: App = {
    config,
    sesame,
    settings: new CachedSettings(() => sesame.factors.getLoginSettings(), now),
    signer: new Signer(config.token),
    log,
    background: new Background(log),
    messages: new HourlyLimit(config.messagesPerHour, now),
    codes: new HourlyLimit(CODES_PER_HOUR, now),
    challenges: new HourlyLimit(CHALLENGES_PER_HOUR, now),
    pauses: new NamePauses(now),
    now,
    stepMs,
  };
  const limits = { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 5_000 };
  const server = createServer(limits, (request, response) => {
    respond(app, request, response).catch((error: unknown) => {
      log.failure("respond", error);
      response.destroy();
    });
  });
  return { server, app };
}

async function respond(app: App, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const started = performance.now();
  const { pathname, searchParams } = readUrl(request);
  setHeaders(response, app.config.isSecure);
  const cookies = new Cookies(request.headers.cookie, app.config.isSecure);
  const reply = await answer(app, request, pathname, searchParams, cookies);
  send(request, response, reply, cookies);
  // The path of an unknown page may be anything that somebody typed.
  const route = Object.hasOwn(routes, pathname) || Object.hasOwn(ASSETS, pathname) ? pathname : "-";
  app.log.line({ method: method(request), route, status: reply.status, ms: Math.round(performance.now() - started) });
}

type Asset = Reply & { asset?: { type: string; body: Buffer }; allow?: string };

async function answer(app: App, request: IncomingMessage, path: string, query: URLSearchParams, cookies: Cookies): Promise<Asset> {
  const verb = method(request);
  const asset = Object.hasOwn(ASSETS, path) ? ASSETS[path] : undefined;
  if (asset && verb === "GET") {
    return { status: 200, asset };
  }
  const { remoteAddress } = request.socket;
  const forwarded = request.headers["x-forwarded-for"];
  const ip = clientAddress(remoteAddress, String(forwarded ?? ""), app.config.trustedProxies);
  const device = { ip, description: describeBrowser(request.headers["user-agent"] ?? "") };
  let context = new Context(app, { query, cookies, device, fields: new Fields(new URLSearchParams()) });
  try {
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (!route) {
      return problem(context, 404, "Not found", "There is no such page.");
    }
    if (verb === "GET" && route.GET) {
      return await route.GET(context);
    }
    if (verb === "POST" && route.POST) {
      requireOwnOrigin(request, app.config.baseUrl);
      const body = await readBody(request);
      context = new Context(app, { query: new URLSearchParams(), cookies, device, fields: new Fields(body) });
      if (!context.hasToken(body.get("csrf") ?? "")) {
        throw new HttpError(403, "This form is out of date. Go back, load the page again, and repeat what you did.");
      }
      return await route.POST(context);
    }
    const allow = [route.GET && "GET, HEAD", route.POST && "POST"].filter(Boolean).join(", ");
    return { ...problem(context, 405, "Not possible", "This page can't be used in this way."), allow };
  } catch (error) {
    return explain(context, error);
  }
}

/** Refuses what pages of others send. With `Referrer-Policy: no-referrer`, forms have `Origin: null`. */
function requireOwnOrigin({ headers }: IncomingMessage, baseUrl: string): void {
  const site = headers["sec-fetch-site"];
  const { origin } = headers;
  const isOwn = site === undefined || site === "same-origin";
  const mayBeOwn = origin === undefined || origin === baseUrl || origin === "null";
  if (!isOwn || !mayBeOwn) {
    throw new HttpError(403, "This form was sent by another site.");
  }
}

function explain(context: Context, error: unknown): Reply {
  if (error instanceof EarlyReply) {
    return error.reply;
  }
  if (error instanceof HttpError) {
    return problem(context, error.status, "That did not work", error.message, error.retryAfter);
  }
  context.app.log.failure("answer", error);
  if (error instanceof SesameError) {
    if (error.isUsers && error.id === TOO_WEAK) {
      // The user has a second factor since the session was looked at, or everybody needs one.
      context.app.settings.forget();
      return redirect("/second-factor");
    }
    // The session has ended since it was looked at, or its token was replaced.
    if ((error.isUsers && [401, 403].includes(error.status)) || isSessionOver(error)) {
      context.session = undefined;
      return redirect("/sign-in");
    }
    if (error.isUnavailable || error.status === 429) {
      const text = "The service can't be reached, or has too much to do. Try again in a moment.";
      return problem(context, 503, "Try again", text, error.retryAfter ?? 5);
    }
  }
  return problem(context, 500, "That did not work", "Something is wrong here. It was not your fault.");
}

function problem(context: Context, status: number, title: string, text: string, retryAfter?: number): Reply {
  const content = html`<p>${text}</p>\n<p><a href="/">Go on</a></p>\n`;
  return context.page(title, content, { status, ...(retryAfter && { retryAfter }) });
}

function setHeaders(response: ServerResponse, isSecure: boolean): void {
  response.setHeader("content-security-policy", POLICY);
  response.setHeader("referrer-policy", "no-referrer");
  response.setHeader("cache-control", "no-store");
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("x-frame-options", "DENY");
  response.setHeader("cross-origin-opener-policy", "same-origin");
  response.setHeader("cross-origin-resource-policy", "same-origin");
  response.setHeader("permissions-policy", "camera=(), geolocation=(), microphone=()");
  if (isSecure) {
    response.setHeader("strict-transport-security", "max-age=31536000");
  }
}

function send(request: IncomingMessage, response: ServerResponse, reply: Asset, cookies: Cookies): void {
  response.statusCode = reply.status;
  if (cookies.headers.length > 0) {
    response.setHeader("set-cookie", cookies.headers);
  }
  if (reply.usesPasskeys) {
    response.setHeader("content-security-policy", PASSKEY_POLICY);
  }
  if (reply.location !== undefined) {
    response.setHeader("location", reply.location);
  }
  if (reply.allow !== undefined) {
    response.setHeader("allow", reply.allow);
  }
  if (reply.retryAfter !== undefined) {
    response.setHeader("retry-after", String(reply.retryAfter));
  }
  if (!request.complete) {
    // The rest of a body that was refused isn't read.
    response.setHeader("connection", "close");
  }
  const isJson = reply.json !== undefined;
  const body = reply.asset?.body ?? (isJson ? JSON.stringify(reply.json) : (reply.body ?? ""));
  response.setHeader("content-type", reply.asset?.type ?? (isJson ? "application/json" : "text/html; charset=utf-8"));
  response.setHeader("content-length", Buffer.byteLength(body));
  response.end(request.method === "HEAD" ? undefined : body);
}

const method = (request: IncomingMessage): string => {
  const verb = request.method === "HEAD" ? "GET" : request.method;
  return verb === "GET" || verb === "POST" ? verb : "other";
};

function readUrl(request: IncomingMessage): { pathname: string; searchParams: URLSearchParams } {
  const [pathname = "/", search = ""] = (request.url ?? "/").split(/\?(.*)/s, 2);
  return { pathname, searchParams: new URLSearchParams(search) };
}
