// A user's life with the pages, in Chromium. Every page on the way is examined by axe, and on a small screen.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import type { Page } from "playwright-core";

import { TestBrowser, assertTitle, button, tabTo, typeInto } from "./browser-kit.ts";
import { factorsLife } from "./factors-life.ts";
import { keysLife } from "./keys-life.ts";
import { call, readMail, startServices, type Services } from "./services.ts";

/** A message of one kind is sent once in it. */
const MINUTE_MS = 61_000;

const EMAIL = "ada@example.com";
const PASSWORDS = ["several plain words", "other plain words", "yet other plain words"] as const;

let services: Services;
let browser: TestBrowser;
/** What nobody may find in the log. */
const secrets: string[] = [EMAIL, ...PASSWORDS];

before(async () => {
  services = await startServices();
  browser = await TestBrowser.start();
});

after(async () => {
  await browser?.stop();
  await services?.stop();
});

const visit = () => browser.visit(services.base);
const examine = (page: Page, name: string) => browser.examine(page, name);

/** A message's link and code, neither of which may be logged. */
async function read(to: string, page: string): Promise<{ link: string; code: string } | undefined> {
  const mail = await readMail(services, to, page);
  secrets.push(to, ...(mail ? [mail.code] : []));
  return mail;
}

/** Signs in by the keyboard. */
async function signIn(page: Page, login: string, password: string): Promise<void> {
  await page.goto("/sign-in");
  await typeInto(page, "E-mail address or user name", login);
  await typeInto(page, "Password", password);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Your account" }).waitFor();
}

async function chooseByKeyboard(page: Page, password: string): Promise<void> {
  await typeInto(page, "New password", password);
  await typeInto(page, "New password again", password);
  await page.keyboard.press("Enter");
}

test(`a user's life with ${process.env.SESAME ? "Sesame" : "the stand-in for Sesame"}`, async (life) => {
  const page = await visit();

  await life.test("sign up, and verify the address by the message's link", async () => {
    await page.goto("/sign-up");
    await assertTitle(page, "Sign up");
    await examine(page, "sign up");
    await page.getByLabel("Given name").fill("Ada");
    await page.getByLabel("Family name").fill("Byron");
    await page.getByLabel("E-mail address").fill(EMAIL);
    await button(page, "Sign up").click();
    await page.getByText("a message is on its way").waitFor();
    await examine(page, "verify by typing");

    const mail = await read(EMAIL, "verify");
    assert.ok(mail, "no message");
    // A scanner of the mail opens the link first.
    assert.equal((await fetch(mail.link)).status, 200);
    await page.goto(mail.link);
    assert.equal(page.url(), `${services.base}/verify`);
    await examine(page, "verify by link");
    await button(page, "Verify the address").click();

    await page.getByText("Your e-mail address is verified").waitFor();
    await examine(page, "choose a password");
    await chooseByKeyboard(page, "short");
    await page.getByRole("alert").getByText("too short").waitFor();
    await examine(page, "choose a password again");
    await chooseByKeyboard(page, PASSWORDS[0]);
    await page.getByText("Your password is set").waitFor();
  });

  await life.test("sign in by the keyboard, after an error that has the focus", async () => {
    await page.goto("/sign-in");
    await examine(page, "sign in");
    await typeInto(page, "E-mail address or user name", EMAIL);
    await typeInto(page, "Password", "a wrong password");
    await page.keyboard.press("Enter");
    const alert = page.getByRole("alert");
    await alert.waitFor();
    assert.ok(await alert.evaluate((element: any) => element === element.ownerDocument.activeElement));
    await assertTitle(page, "Error: Sign in");
    await examine(page, "sign in again");
    assert.equal(await page.getByLabel("Password").inputValue(), "");

    await signIn(page, EMAIL, PASSWORDS[0]);
    await assertTitle(page, "Your account");
    await page.getByText(`${EMAIL} (verified)`).waitFor();
    await examine(page, "account");
  });

  await life.test("end another session", async () => {
    const other = await visit();
    await signIn(other, EMAIL, PASSWORDS[0]);
    await page.getByRole("navigation").getByRole("link", { name: "Sessions" }).click();
    const items = page.getByRole("listitem");
    assert.equal(await items.count(), 2);
    await examine(page, "sessions");
    await items.filter({ hasNotText: "this session" }).getByRole("button").click();
    await page.getByText("The session has ended").waitFor();
    assert.equal(await items.count(), 1);

    await other.reload();
    await assertTitle(other, "Sign in");
    await other.context().close();
  });

  await life.test("reset a forgotten password by the keyboard", async () => {
    const other = await visit();
    await other.goto("/sign-in");
    await tabTo(other, other.getByRole("link", { name: "Forgotten password" }));
    await other.keyboard.press("Enter");
    await other.getByRole("heading", { name: "Forgotten password" }).waitFor();
    await examine(other, "forgotten password");
    await typeInto(other, "E-mail address or user name", EMAIL);
    await other.keyboard.press("Enter");
    await other.getByText("a message is on its way").waitFor();
    await examine(other, "reset by typing");

    const mail = await read(EMAIL, "reset");
    assert.ok(mail, "no message");
    await other.goto(mail.link);
    assert.equal(other.url(), `${services.base}/reset`);
    await examine(other, "reset by link");
    await chooseByKeyboard(other, "short");
    const alert = other.getByRole("alert");
    await alert.getByText("too short").waitFor();
    await examine(other, "reset again");
    // The summary has the focus, and its link leads to the field.
    await tabTo(other, alert.getByRole("link"));
    await other.keyboard.press("Enter");
    const field = other.getByLabel("New password", { exact: true });
    assert.ok(await field.evaluate((element: any) => element === element.ownerDocument.activeElement));
    assert.match((await field.getAttribute("aria-describedby")) ?? "", /^password-hint password-error$/);
    await other.keyboard.type(PASSWORDS[1]);
    await typeInto(other, "New password again", PASSWORDS[1]);
    await other.keyboard.press("Enter");
    await other.getByText("Your password is set").waitFor();

    // The link is used, and every session has ended.
    await other.goto(mail.link);
    await chooseByKeyboard(other, PASSWORDS[2]);
    await other.getByRole("alert").getByText("wrong, used or too old").waitFor();
    await examine(other, "reset with a used link");
    await page.reload();
    await assertTitle(page, "Sign in");
    await other.context().close();
  });

  await life.test("change the password", async () => {
    await signIn(page, EMAIL, PASSWORDS[1]);
    await page.getByRole("link", { name: "Change the password" }).click();
    await assertTitle(page, "Change the password");
    await examine(page, "change the password");
    await page.getByLabel("Current password").fill("a wrong password");
    await page.getByLabel("New password", { exact: true }).fill(PASSWORDS[2]);
    await page.getByLabel("New password again").fill(PASSWORDS[2]);
    await button(page, "Change the password").click();
    await page.getByRole("alert").getByText("not your current password").waitFor();
    await examine(page, "change the password again");
    await page.getByLabel("Current password").fill(PASSWORDS[1]);
    await page.getByLabel("New password", { exact: true }).fill(PASSWORDS[2]);
    await page.getByLabel("New password again").fill(PASSWORDS[2]);
    await button(page, "Change the password").click();
    await page.getByText("Your password is set").waitFor();
  });

  await life.test("change the address, and verify it by the code", async () => {
    const email = "ada.byron@example.org";
    await page.getByRole("link", { name: "Change the e-mail address" }).click();
    await assertTitle(page, "Change the e-mail address");
    await examine(page, "change the address");
    await page.getByLabel("New e-mail address").fill(email);
    await button(page, "Change the address").click();
    await page.getByText("a message is on its way").waitFor();
    await examine(page, "verify by typing, signed in");
    let mail = await read(email, "verify");
    if (!mail) {
      // The last message of this kind was sent less than a minute ago.
      await delay(MINUTE_MS);
      await button(page, "Send another message").click();
      mail = await read(email, "verify");
    }
    assert.ok(mail, "no message");
    await page.getByLabel("Code").fill("2345-6789");
    await button(page, "Verify the address").click();
    await page.getByRole("alert").getByText("wrong, used or too old").waitFor();
    await examine(page, "verify by typing again");
    await page.getByLabel("Code").fill(mail.code.toLowerCase());
    await button(page, "Verify the address").click();
    await page.getByText("Your e-mail address is verified").waitFor();
    await page.getByText(`${email} (verified)`).waitFor();
  });

  await life.test("sign out, and end all sessions", async () => {
    await button(page, "Sign out").click();
    await page.getByText("You are signed out").waitFor();
    await page.goto("/");
    await assertTitle(page, "Sign in");

    await signIn(page, EMAIL, PASSWORDS[2]);
    await page.goto("/sessions");
    await button(page, "End all sessions").click();
    await page.getByText("You are signed out").waitFor();
  });

  await life.test("accept an invitation", async () => {
    const email = "grace@example.com";
    const profile = { givenName: "Grace", familyName: "Hopper" };
    const { userId } = await call(services, "/v2/users/human", { profile, email: { email, isVerified: false } });
    const urlTemplate = `${services.base}/invite?code={{.Code}}&userId={{.UserID}}`;
    await call(services, `/v2/users/${userId}/invite_code`, { sendCode: { urlTemplate } });
    const mail = await read(email, "invite");
    assert.ok(mail, "no message");

    await page.goto("/invite");
    await examine(page, "invitation by typing");
    await page.goto(mail.link);
    await examine(page, "invitation by link");
    await chooseByKeyboard(page, PASSWORDS[0]);
    await page.getByText("Your password is set").waitFor();
    await signIn(page, email, PASSWORDS[0]);
    await page.getByText(`${email} (verified)`).waitFor();
  });

  await life.test("be reminded of an account by a second sign-up", async () => {
    const other = await visit();
    await other.goto("/sign-up");
    await other.getByLabel("Given name").fill("Eve");
    await other.getByLabel("Family name").fill("Moriarty");
    await other.getByLabel("E-mail address").fill("Grace@example.com");
    await button(other, "Sign up").click();
    await other.getByText("a message is on its way").waitFor();

    const mail = await read("grace@example.com", "reset");
    assert.ok(mail, "no message");
    await other.goto("/reset");
    await other.getByLabel("E-mail address or user name").fill("grace@example.com");
    await other.getByLabel("Code").fill(mail.code);
    await other.getByLabel("New password", { exact: true }).fill(PASSWORDS[1]);
    await other.getByLabel("New password again").fill(PASSWORDS[1]);
    await button(other, "Set the password").click();
    await other.getByText("Your password is set").waitFor();
    await signIn(other, "grace@example.com", PASSWORDS[1]);
    await other.context().close();
  });

  await life.test("find other pages readable", async () => {
    await page.goto("/verify/send");
    await examine(page, "send another message");
    await page.goto("/unknown");
    await examine(page, "not found");
  });

  await life.test("second factors", (part) => factorsLife(part, browser, services, secrets));

  await life.test("passkeys and security keys", (part) => keysLife(part, browser, services, secrets));

  assert.ok(browser.examined.size >= 40, [...browser.examined].join(", "));
});

test("the log has no code, address, password or token", async () => {
  const log = services.log.join("");

  assert.match(log, /"method":"POST","route":"\/reset","status":303/);
  for (const secret of [...secrets, services.token, "sesame_"]) {
    assert.ok(!log.includes(secret), secret);
  }
});

test("the browser reported no error and nothing that the policy forbids", () => {
  assert.deepEqual(browser.complaints, []);
});
