// A user's life with second factors, in Chromium and by the keyboard alone.

import assert from "node:assert/strict";
import type { TestContext } from "node:test";

import type { Page } from "playwright-core";

import { button, heading, link, press, tabTo, typeInto, type TestBrowser } from "./browser-kit.ts";
import { scan } from "./qr-reader.ts";
import { call, readOtp, startServices, type Services } from "./services.ts";
import { AuthenticatorApp } from "./totp.ts";

const EMAIL = "mary@example.com";
const PHONE = "+447700900123";
const PASSWORD = "plain words of Mary";

/** Adds a user with a password, a verified address and a verified number. */
async function addUser(services: Services): Promise<void> {
  const profile = { givenName: "Mary", familyName: "Somerville" };
  const reached = { email: { email: EMAIL, isVerified: true }, phone: { phone: PHONE, isVerified: true } };
  await call(services, "/v2/users/human", { profile, ...reached, password: { password: PASSWORD } });
}

async function openSecurity(page: Page): Promise<void> {
  await press(page, page.getByRole("navigation").getByRole("link", { name: "Security" }));
  await heading(page, "Security");
}

/** Gives the password, after which the page with that heading comes. */
async function givePassword(page: Page, next: string): Promise<void> {
  await page.goto("/sign-in");
  await typeInto(page, "E-mail address or user name", EMAIL);
  await typeInto(page, "Password", PASSWORD);
  await page.keyboard.press("Enter");
  await heading(page, next);
}

async function signOut(page: Page): Promise<void> {
  await page.goto("/");
  await press(page, button(page, "Sign out"));
  await page.getByText("You are signed out").waitFor();
}

async function typeCode(page: Page, code: string, label = "Code"): Promise<void> {
  await typeInto(page, label, code);
  await page.keyboard.press("Enter");
}

/** Types a code that is wrong, and sees that the error has the focus. */
async function assertRefused(page: Page, code: string, label = "Code"): Promise<void> {
  await typeCode(page, code, label);
  const alert = page.getByRole("alert");
  await alert.waitFor();
  assert.ok(await alert.evaluate((element: any) => element === element.ownerDocument.activeElement));
}

/** Sets up an app on the page that has the button. Gives the app, whose next code the sign-in asks for. */
async function setUpApp(page: Page, secrets: string[], look: (name: string) => Promise<void>): Promise<AuthenticatorApp> {
  await look("set up an app");
  await press(page, button(page, "Show the QR code"));
  await heading(page, "Set up: Authenticator app");
  const secret = (await page.locator(".secret").innerText()).replaceAll(" ", "");
  const uri = new URL(scan(await page.content()));
  assert.deepEqual([uri.protocol, uri.searchParams.get("secret")], ["otpauth:", secret]);
  secrets.push(secret);
  await look("scan the QR code");
  await assertRefused(page, "00000", "Code of the app");
  await look("scan the QR code again");
  const app = new AuthenticatorApp(secret);
  await typeCode(page, await app.code(), "Code of the app");
  await page.getByText("wait for the next one").waitFor();
  return app;
}

export async function factorsLife(life: TestContext, browser: TestBrowser, services: Services, secrets: string[]): Promise<void> {
  await addUser(services);
  const page = await browser.visit(services.base);
  const look = (name: string) => browser.examine(page, name);
  const otps: string[] = [];
  const newOtp = async (to: string) => {
    const otp = await readOtp(services, to, otps);
    otps.push(otp.code);
    secrets.push(otp.code, PHONE);
    return otp;
  };
  let recoveryCodes: string[] = [];

  await life.test("set up an authenticator app, and go on with its next code", async () => {
    await givePassword(page, "Your account");
    await openSecurity(page);
    await look("security without a factor");
    await press(page, link(page, "Set up: Authenticator app"));
    await heading(page, "Set up: Authenticator app");
    const app = await setUpApp(page, secrets, look);
    await look("code of the app");
    await typeCode(page, await app.code());
    await heading(page, "Security");
  });

  await life.test("set up codes by e-mail and by SMS, and make recovery codes", async () => {
    for (const name of ["Codes by e-mail", "Codes by SMS"]) {
      await press(page, link(page, `Set up: ${name}`));
      await heading(page, `Set up: ${name}`);
      await look(`set up ${name}`);
      await press(page, button(page, `Set up ${name.toLowerCase().replace("sms", "SMS")}`));
      await page.getByText("It is set up").waitFor();
    }
    await press(page, link(page, "Make recovery codes"));
    await heading(page, "Recovery codes");
    await look("make recovery codes");
    await press(page, button(page, "Make recovery codes"));
    await heading(page, "Your recovery codes");
    await look("recovery codes");
    const codes = page.getByLabel("Your recovery codes");
    await tabTo(page, codes);
    recoveryCodes = (await codes.inputValue()).split("\n");
    assert.equal(new Set(recoveryCodes).size, 10);
    secrets.push(...recoveryCodes);
    await press(page, link(page, "I have kept them"));
    await heading(page, "Security");
    await look("security with all factors");
  });

  await life.test("sign in with a code by e-mail, by the message's link", async () => {
    await signOut(page);
    await givePassword(page, "How do you want to go on?");
    await look("choice");
    // Nothing of the account opens before the second factor.
    await page.goto("/sessions");
    await heading(page, "How do you want to go on?");
    await press(page, button(page, "Send a code by e-mail"));
    await page.getByText("A code is on its way").waitFor();
    const otp = await newOtp(EMAIL);
    const elsewhere = await browser.visit(services.base);
    assert.equal((await elsewhere.request.get(otp.link)).status(), 409);
    await elsewhere.context().close();
    await page.goto(otp.link);
    assert.equal(page.url(), `${services.base}/second-factor/email`);
    assert.equal(await page.getByLabel("Code", { exact: true }).inputValue(), otp.code);
    await look("code by e-mail");
    await press(page, button(page, "Go on"));
    await heading(page, "Your account");
  });

  await life.test("sign in with a code by SMS, after a wrong one", async () => {
    await signOut(page);
    await givePassword(page, "How do you want to go on?");
    await press(page, button(page, "Send a code by SMS"));
    await page.getByText("A code is on its way").waitFor();
    await look("code by SMS");
    const { code } = await newOtp(PHONE);
    await assertRefused(page, code === "12345678" ? "87654321" : "12345678");
    await look("code by SMS again");
    await typeCode(page, code);
    await heading(page, "Your account");
  });

  await life.test("sign in with a recovery code, which works once", async () => {
    const [code = ""] = recoveryCodes;
    await signOut(page);
    await givePassword(page, "How do you want to go on?");
    await press(page, link(page, "Use a recovery code"));
    await heading(page, "Recovery code");
    await look("recovery code");
    await typeCode(page, code.toLowerCase().replaceAll("-", " "), "Recovery code");
    await heading(page, "Your account");

    await signOut(page);
    await givePassword(page, "How do you want to go on?");
    await press(page, link(page, "Use a recovery code"));
    await assertRefused(page, code, "Recovery code");
    await typeCode(page, recoveryCodes[1] ?? "", "Recovery code");
    await heading(page, "Your account");
  });

  await life.test("confirm who it is, and remove factors", async () => {
    await page.goto("/confirm?to=remove-otpSms");
    await look("confirm");
    await typeInto(page, "Your password", PASSWORD);
    await page.keyboard.press("Enter");
    await heading(page, "How do you want to go on?");
    await press(page, link(page, "Use a recovery code"));
    await typeCode(page, recoveryCodes[2] ?? "", "Recovery code");
    await heading(page, "Remove: Codes by SMS");
    await look("remove a factor");
    await press(page, button(page, "Remove"));
    await page.getByText("It is removed").waitFor();
    for (const name of ["Authenticator app", "Codes by e-mail", "Recovery codes"]) {
      await press(page, link(page, `Remove: ${name}`));
      await heading(page, `Remove: ${name}`);
      await press(page, button(page, "Remove"));
      await page.getByText("It is removed").waitFor();
    }
    await signOut(page);
    await givePassword(page, "Your account");
    await page.context().close();
  });

  await life.test("set up a factor where one is required, before anything else", () => requiredLife(browser, secrets));
}

async function requiredLife(browser: TestBrowser, secrets: string[]): Promise<void> {
  const services = await startServices("required");
  try {
    await addUser(services);
    const page = await browser.visit(services.base);
    const look = (name: string) => browser.examine(page, name);
    await givePassword(page, "Set up a second factor");
    await look("set-up is demanded");
    await page.goto("/sessions");
    await heading(page, "Set up a second factor");
    await press(page, link(page, "Set up: Authenticator app"));
    await heading(page, "Set up: Authenticator app");
    const app = await setUpApp(page, secrets, look);
    await typeCode(page, await app.code());
    await heading(page, "Security");

    // The last factor stays.
    await press(page, link(page, "Remove: Authenticator app"));
    await heading(page, "Remove: Authenticator app");
    await press(page, button(page, "Remove"));
    await page.getByRole("alert").getByText("last second factor").waitFor();
    await look("the last factor stays");
    await page.context().close();
    const log = services.log.join("");
    assert.ok(secrets.every((secret) => !log.includes(secret)));
  } finally {
    await services.stop();
  }
}
