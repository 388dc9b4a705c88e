// A user's life with passkeys and security keys, in Chromium with virtual authenticators, and by the keyboard alone.

import assert from "node:assert/strict";
import type { TestContext } from "node:test";

import type { Page } from "playwright-core";

import { button, heading, link, press, tabTo, typeInto, type TestBrowser } from "./browser-kit.ts";
import { call, readMail, startServices, type Services } from "./services.ts";
import { VirtualAuthenticator } from "./virtual-authenticator.ts";

const EMAIL = "hedy@example.com";
const PASSWORD = "plain words of Hedy";

/** The page, its browser's phone, and what is done with both. */
interface Life {
  page: Page;
  phone: VirtualAuthenticator;
  look: (name: string) => Promise<void>;
}

/** Presses a passkey's button while the user is there for it. */
async function use(page: Page, device: VirtualAuthenticator, name: string): Promise<void> {
  await tabTo(page, button(page, name));
  await device.setPresent(true);
  await page.keyboard.press("Enter");
}

async function signOut({ page, phone }: Life): Promise<void> {
  await page.goto("/");
  // Else the sign-in's page would be answered at once.
  await phone.setPresent(false);
  await press(page, button(page, "Sign out"));
  await page.getByText("You are signed out").waitFor();
}

async function signInByPasskey({ page, phone }: Life): Promise<void> {
  await phone.setPresent(false);
  await page.goto("/sign-in");
  await use(page, phone, "Sign in with a passkey");
  await heading(page, "Your account");
}

async function givePassword(page: Page, password = PASSWORD): Promise<void> {
  await page.goto("/sign-in");
  await typeInto(page, "E-mail address or user name", EMAIL);
  await typeInto(page, "Password", password);
  await page.keyboard.press("Enter");
}

async function assertTold(page: Page, text: string): Promise<void> {
  // It has the focus.
  await page.locator("[role=alert]:focus").getByText(text).waitFor();
}

async function signUp({ page, look }: Life, services: Services, secrets: string[]): Promise<void> {
  await page.goto("/sign-up");
  await typeInto(page, "Given name", "Hedy");
  await typeInto(page, "Family name", "Lamarr");
  await typeInto(page, "E-mail address", EMAIL);
  await page.keyboard.press("Enter");
  await page.getByText("a message is on its way").waitFor();
  const mail = await readMail(services, EMAIL, "verify");
  assert.ok(mail, "no message");
  secrets.push(EMAIL, PASSWORD, mail.code);
  await page.goto(mail.link);
  await press(page, button(page, "Verify the address"));
  await heading(page, "Choose how you sign in");
  await look("choose how you sign in");
}

export async function keysLife(life: TestContext, browser: TestBrowser, services: Services, secrets: string[]): Promise<void> {
  const page = await browser.visit(services.base);
  const phone = await VirtualAuthenticator.add(page, "phone");
  const all: Life = { page, phone, look: (name) => browser.examine(page, name) };
  const { look } = all;

  await life.test("sign up with a passkey and without a password", async () => {
    await signUp(all, services, secrets);
    await phone.setVerified(false);
    await use(page, phone, "Create a passkey");
    await assertTold(page, "Nothing was confirmed");
    await look("choose how you sign in, after a refusal");
    await phone.setVerified(true);
    await use(page, phone, "Create a passkey");
    // The sign-in's page offers it, and as the user is still there, it is taken at once.
    await heading(page, "Your account");
    assert.equal((await phone.credentials()).length, 1);
  });

  await life.test("sign in by what the browser offers where a name is typed", async () => {
    await look("account without a password");
    await signOut(all);
    await look("sign in with passkeys");
    await phone.setPresent(true);
    await page.reload();
    await heading(page, "Your account");
  });

  await life.test("sign in by the button, after a refused verification, and after the name", async () => {
    await signOut(all);
    await phone.setVerified(false);
    await use(page, phone, "Sign in with a passkey");
    await assertTold(page, "Nothing was confirmed");
    await look("sign in, after a refusal");
    await phone.setPresent(false);
    await phone.setVerified(true);
    await signInByPasskey(all);

    await signOut(all);
    await typeInto(page, "E-mail address or user name", EMAIL);
    await use(page, phone, "Sign in with a passkey");
    await heading(page, "Your account");
  });

  await life.test("sign in on a page that stood open for longer than a challenge lives", async () => {
    await signOut(all);
    await page.clock.install();
    await page.goto("/sign-in");
    const renewed = page.waitForResponse((response) => response.url().endsWith("/sign-in/passkey/options"));
    await page.clock.fastForward(4 * 60_000 + 1000);
    assert.equal((await renewed).status(), 200);
    await use(page, phone, "Sign in with a passkey");
    await heading(page, "Your account");
  });

  await life.test("sign in in two tabs, and after a reload", async () => {
    await signOut(all);
    const other = await page.context().newPage();
    await other.goto("/sign-in");
    // The other page's challenge is newer, and in a session of its own.
    await page.bringToFront();
    await use(page, phone, "Sign in with a passkey");
    await heading(page, "Your account");
    await other.close();

    await signOut(all);
    await page.reload();
    await use(page, phone, "Sign in with a passkey");
    await heading(page, "Your account");
  });

  await securityKeys(life, all);
  await life.test("lose all passkeys, and come back by a message", () => recover(all, services, secrets));
  await page.context().close();
  await life.test("add a passkey where a second factor is required, and use it after the password", () => requiredLife(browser, secrets));
}

async function securityKeys(life: TestContext, all: Life): Promise<void> {
  const { page, phone, look } = all;

  await life.test("add another passkey, but not on the device that has one", async () => {
    await press(page, page.getByRole("navigation").getByRole("link", { name: "Security" }));
    await heading(page, "Security");
    await look("security with a passkey");
    await press(page, link(page, "Add a passkey"));
    await heading(page, "Add a passkey");
    await look("add a passkey");
    await use(page, phone, "Add a passkey");
    await assertTold(page, "Your account has this device or key already");
    const spare = await VirtualAuthenticator.add(page, "passkeyKey");
    await phone.setPresent(false);
    const name = page.getByLabel("Name of the passkey");
    await name.press("ControlOrMeta+a");
    await page.keyboard.type("Key at home & co.");
    await use(page, spare, "Add a passkey");
    await page.getByText("It is set up").waitFor();
    assert.ok(await link(page, "Remove the passkey: Key at home & co.").isVisible());
    await spare.remove();
  });

  await life.test("choose a password, and a security key beside it", async () => {
    await page.goto("/password");
    await heading(page, "Choose a password");
    await look("choose a first password");
    await typeInto(page, "New password", PASSWORD);
    await typeInto(page, "New password again", PASSWORD);
    await page.keyboard.press("Enter");
    await page.getByText("Your password is set").waitFor();

    await page.goto("/security/key");
    await look("add a security key");
    const key = await VirtualAuthenticator.add(page, "key");
    await phone.setPresent(false);
    await use(page, key, "Add a security key");
    await page.getByText("It is set up").waitFor();
    await look("security with keys");

    await signOut(all);
    await givePassword(page);
    await heading(page, "Security key or passkey");
    await look("security key after the password");
    await use(page, key, "Use the key");
    await heading(page, "Your account");

    const [copy] = await key.credentials();
    await signOut(all);
    await key.setPresent(false);
    await givePassword(page);
    await heading(page, "Security key or passkey");
    await key.replace({ ...copy!, signCount: 0 });
    await use(page, key, "Use the key");
    await assertTold(page, "seems to have been copied");
    await look("a copied key");
    await key.remove();
    await press(page, button(page, "Cancel and sign out"));
    await page.getByText("You are signed out").waitFor();
  });

  await life.test("confirm by a passkey, and remove what is not needed", async () => {
    await signInByPasskey(all);
    await phone.setPresent(false);
    await page.goto("/confirm?to=security");
    await look("confirm by a passkey");
    await use(page, phone, "Use a passkey");
    await heading(page, "Security");
    await press(page, link(page, "Remove the passkey: Key at home & co."));
    await heading(page, "Remove a passkey");
    await look("remove a passkey");
    await press(page, button(page, "Remove"));
    await page.getByText("It is removed").waitFor();
    await press(page, page.getByRole("main").getByRole("link", { name: /^Remove the security key: / }));
    await heading(page, "Remove a security key");
    await press(page, button(page, "Remove"));
    await page.getByText("It is removed").waitFor();
  });
}

/** A reset gives a password; and a recovery code beside it lets the lost passkey be removed. */
async function recover(all: Life, services: Services, secrets: string[]): Promise<void> {
  const { page, look } = all;
  await page.goto("/security/recovery");
  await press(page, button(page, "Make recovery codes"));
  const [code = ""] = (await page.getByLabel("Your recovery codes").inputValue()).split("\n");
  secrets.push(code);
  // From here on the phone is lost: its user isn't there.
  await signOut(all);

  await page.goto("/forgot");
  await typeInto(page, "E-mail address or user name", EMAIL);
  await page.keyboard.press("Enter");
  const mail = await readMail(services, EMAIL, "reset");
  assert.ok(mail, "no message");
  secrets.push(mail.code);
  await page.goto(mail.link);
  await typeInto(page, "New password", PASSWORD.toUpperCase());
  await typeInto(page, "New password again", PASSWORD.toUpperCase());
  await page.keyboard.press("Enter");
  await page.getByText("Your password is set").waitFor();
  await givePassword(page, PASSWORD.toUpperCase());
  await heading(page, "Your account");

  await page.goto("/security");
  await press(page, page.getByRole("main").getByRole("link", { name: /^Remove the passkey: Chrome/ }));
  await heading(page, "Remove a passkey");
  await press(page, button(page, "Remove"));
  await heading(page, "Confirm that it is you");
  await look("confirm by password or passkey");
  await typeInto(page, "Your password", PASSWORD.toUpperCase());
  await page.keyboard.press("Enter");
  await heading(page, "Security key or passkey");
  await press(page, link(page, "Use a recovery code"));
  await typeInto(page, "Recovery code", code);
  await page.keyboard.press("Enter");
  await heading(page, "Security");
  await press(page, page.getByRole("main").getByRole("link", { name: /^Remove the passkey: Chrome/ }));
  await heading(page, "Remove a passkey");
  await press(page, button(page, "Remove"));
  await page.getByText("It is removed").waitFor();
  await useRemoved(all);
}

/** The phone doesn't know that its passkey was removed. */
async function useRemoved(all: Life): Promise<void> {
  const { page, phone, look } = all;
  await signOut(all);
  let asked = 0;
  // What is offered where a name is typed would be taken again and again while the user is there.
  await page.route("**/options", (route) => ((asked += 1) > 1 ? route.fulfill({ status: 422 }) : route.continue()));
  await use(page, phone, "Sign in with a passkey");
  await assertTold(page, "was not accepted");
  await look("sign in with a removed passkey");
}

async function requiredLife(browser: TestBrowser, secrets: string[]): Promise<void> {
  const services = await startServices("required");
  try {
    const profile = { givenName: "Hedy", familyName: "Lamarr" };
    await call(services, "/v2/users/human", { profile, email: { email: EMAIL, isVerified: true }, password: { password: PASSWORD } });
    const page = await browser.visit(services.base);
    const phone = await VirtualAuthenticator.add(page, "phone");
    const all: Life = { page, phone, look: (name) => browser.examine(page, name) };
    await givePassword(page);
    await heading(page, "Set up a second factor");
    await all.look("set-up is demanded, with passkeys");
    await press(page, link(page, "Add a passkey"));
    await heading(page, "Add a passkey");
    await all.look("add a passkey where it is demanded");
    await use(page, phone, "Add a passkey");
    await heading(page, "Security key or passkey");
    await use(page, phone, "Use the key");
    await heading(page, "Security");
    assert.ok(await link(page, "Remove the passkey: Chrome on Linux").isVisible());

    await signOut(all);
    await givePassword(page);
    await heading(page, "Security key or passkey");
    await page.goto("/security");
    await heading(page, "Security key or passkey");
    await use(page, phone, "Use the key");
    await heading(page, "Your account");
    await signOut(all);
    await signInByPasskey(all);

    // The last one stays.
    await page.goto("/security");
    await press(page, link(page, "Remove the passkey: Chrome on Linux"));
    await heading(page, "Remove a passkey");
    await press(page, button(page, "Remove"));
    await assertTold(page, "the last second factor where one is required");
    await all.look("the last passkey stays");
    await page.context().close();
    const log = services.log.join("");
    assert.ok(secrets.every((secret) => !log.includes(secret)));
  } finally {
    await services.stop();
  }
}
