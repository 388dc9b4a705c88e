// A Chromium for tests: pages are examined by axe and on a small screen, and used by the keyboard.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { chromium, type Browser, type Locator, type Page } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Pages whose pictures the documentation shows, by the file's name. They are written where `SCREENSHOTS` says. */
const PICTURES: Record<string, string> = {
  "sign in with passkeys": "sign-in",
  "choose how you sign in": "first-passkey",
  "add a passkey": "add-passkey",
  "security with keys": "security",
  "security key after the password": "security-key",
};

// Each action takes less than a second; a page that waits for a whole second is among them.
const WITHIN_MS = 15_000;

export class TestBrowser {
  readonly #browser: Browser;
  /** What the browser reported on its console. */
  readonly complaints: string[] = [];
  readonly examined = new Set<string>();

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async start(): Promise<TestBrowser> {
    // A container runs as root, for whom there is no sandbox.
    const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"];
    return new TestBrowser(await chromium.launch({ executablePath: "/usr/bin/chromium", args }));
  }

  async stop(): Promise<void> {
    await this.#browser.close();
  }

  /** A browser of its own, with a page in it. */
  async visit(baseURL: string): Promise<Page> {
    const context = await this.#browser.newContext({ baseURL });
    context.setDefaultTimeout(WITHIN_MS);
    const page = await context.newPage();
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("console", (message) => {
      // The browser notes answers that are no success: to forms with a fault, and that of the unknown page.
      const isFault = ["error", "warning"].includes(message.type());
      if (isFault && !/status of (422|404)/.test(message.text())) {
        this.complaints.push(message.text());
      }
    });
    return page;
  }

  /** Examines a page: by axe in light and dark, and by its width on a small phone. */
  async examine(page: Page, name: string): Promise<void> {
    this.examined.add(name);
    // Chromium's own evaluation is not held to the page's policy, which lets no script in.
    await page.evaluate(AXE);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      const found = await page.evaluate(async () => {
        const { violations } = await (globalThis as any).axe.run();
        return violations.map(({ id, nodes }: any) => `${id}: ${nodes.map((node: any) => node.html).join(" ")}`);
      });
      assert.deepEqual(found, [], `${name}, ${colorScheme}`);
    }
    const picture = PICTURES[name];
    if (process.env.SCREENSHOTS && picture !== undefined) {
      await page.emulateMedia({ colorScheme: "light" });
      await page.setViewportSize({ width: 560, height: 400 });
      const height = await page.evaluate(() => (globalThis as any).document.documentElement.scrollHeight);
      const clip = { x: 0, y: 0, width: 560, height: Math.min(height, 800) };
      await page.screenshot({ path: `${process.env.SCREENSHOTS}/login-${picture}.png`, fullPage: true, clip });
    }
    await page.setViewportSize({ width: 320, height: 640 });
    const width = await page.evaluate(() => (globalThis as any).document.documentElement.scrollWidth);
    assert.ok(width <= 320, `${name} is ${width} wide`);
    await page.setViewportSize({ width: 1280, height: 800 });
  }
}

export async function assertTitle(page: Page, title: string): Promise<void> {
  await page.waitForURL(() => true);
  assert.equal(await page.title(), `${title} – Acme & Sons`);
}

export const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name });

export const heading = (page: Page, name: string) => page.getByRole("heading", { name, level: 1, exact: true }).waitFor();
export const link = (page: Page, name: string) => page.getByRole("main").getByRole("link", { name, exact: true });

export async function press(page: Page, target: Locator, key = "Enter"): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press(key);
}

/** Goes to a field or button by the Tab key alone, and sees that the focus shows. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let count = 0; count < 30; count += 1) {
    await page.keyboard.press("Tab");
    if (await target.evaluate((element: any) => element === element.ownerDocument.activeElement)) {
      const outline = await target.evaluate((element: any) => element.ownerDocument.defaultView.getComputedStyle(element).outlineWidth);
      assert.equal(outline, "3px");
      return;
    }
  }
  assert.fail("the Tab key doesn't lead there");
}

export async function typeInto(page: Page, label: string, text: string): Promise<void> {
  await tabTo(page, page.getByLabel(label, { exact: true }));
  await page.keyboard.type(text);
}
