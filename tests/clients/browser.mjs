// Chromium without a window, and pages of another origin than the service's.

import { createServer } from "node:http";
import { once } from "node:events";

import { build } from "esbuild";
import { chromium } from "playwright-core";

const ARGUMENTS = [
  // A container runs as root, for whom there is no sandbox.
  "--no-sandbox",
  "--disable-gpu",
  // It must send requests to the service alone.
  "--disable-quic",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

export const launch = () => chromium.launch({ executablePath: "/usr/bin/chromium", args: ARGUMENTS });

/** Serves a page with the script of `page.mjs`, on a port of its own. */
export async function servePage() {
  const { outputFiles } = await build({
    entryPoints: [new URL("page.mjs", import.meta.url).pathname],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
  });
  const answers = {
    "/": ["text/html", '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>'],
    "/page.js": ["text/javascript", outputFiles[0].text],
  };
  const server = createServer((request, response) => {
    const [type, body] = answers[request.url];
    response.setHeader("content-type", type).end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
