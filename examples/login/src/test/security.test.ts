// What users change of their own second factors: with their own session, of the strongest kind, and with fresh proofs.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";

import { PLACES } from "../reply.ts";
import { SERVICE_TOKEN, type FakeSession, type FakeUser } from "./fake-sesame.ts";
import type { FakeFactors } from "./fake-types.ts";
import { PASSWORD, SECRET, Site, addUserWith, appCode, type Page, type Visitor } from "./harness.ts";
import { scan } from "./qr-reader.ts";

const EMAIL = "ada@example.com";
const RECOVERY = "0123456789ABCDEFGHJKMNPQ";

let site: Site;
let visitor: Visitor;
let user: FakeUser;
let session: FakeSession;

beforeEach(async () => {
  site = await Site.start();
});

afterEach(() => site.stop());

/** Signs a user in: with the password, and with an app if there is one. */
async function start(factors: Partial<FakeFactors>, fields: Partial<FakeUser> = {}): Promise<void> {
  user = addUserWith(site, factors, fields);
  visitor = await another();
  [session] = site.sesame.sessions.values() as unknown as [FakeSession];
  site.sesame.calls.length = 0;
}

async function another(): Promise<Visitor> {
  const other = site.visitor();
  await other.submit("/sign-in", { login: user.email, password: PASSWORD });
  if (user.factors.totp !== undefined) {
    assert.equal((await other.submit("/second-factor/app", { code: appCode(site, user) })).location, "/");
  }
  return other;
}

const hidden = ({ text }: Page, name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(text)?.[1]?.replaceAll("&amp;", "&") ?? "";
const carried = (page: Page) => ({ csrf: hidden(page, "csrf"), uri: hidden(page, "uri"), secret: hidden(page, "secret"), mark: hidden(page, "mark") });
const newestOtp = () => /\b(\d{8})\b/.exec(site.sesame.outbox.at(-1)?.text ?? "")?.[1] ?? "";
const calls = (method: string, end: string) => site.sesame.calls.filter((call) => call.method === method && call.path.endsWith(end));

describe("an authenticator app", () => {
  test("gets its secret as a QR code and as text, and is proved by a code and then by the next one", async () => {
    await start({});
    const page = await visitor.submit("/security/app", {});

    const secret = user.factors.pending ?? "";
    assert.equal(page.status, 200);
    assert.equal(scan(page.text), `otpauth://totp/Sesame:ada%40example.com?algorithm=SHA1&digits=6&issuer=Sesame&period=30&secret=${secret}`);
    assert.ok(page.text.includes(secret.match(/.{4}/g)?.join(" ") ?? "-"));
    assert.equal(user.factors.totp, undefined);

    const wrong = await visitor.post("/security/app/verify", { ...carried(page), code: "000000" });
    assert.equal(wrong.status, 422);
    assert.match(wrong.told, /not the code of this secret/);
    assert.equal(scan(wrong.text), scan(page.text));

    const done = await visitor.post("/security/app/verify", { ...carried(wrong), code: appCode(site, user, secret) });
    assert.equal(done.location, "/second-factor/app?done=added");
    assert.equal(user.factors.totp, secret);
    assert.equal((await visitor.get("/")).location, "/second-factor");
    assert.match((await visitor.get(done.location ?? "")).told, /wait for the next one/);
    assert.equal((await visitor.submit("/second-factor/app", { code: appCode(site, user) })).location, "/security?done=confirmed");
    assert.match((await visitor.get("/security")).text, /Remove: Authenticator app/);
  });

  test("can't be given a secret that isn't of this session", async () => {
    await start({});
    const page = await visitor.submit("/security/app", {});
    const form = carried(page);
    for (const change of [{ secret: SECRET }, { uri: "https://evil.example/" }, { mark: "" }, { mark: "A".repeat(43) }, { uri: "x".repeat(2001) }]) {
      const refused = await visitor.post("/security/app/verify", { ...form, ...change, code: "123456" });
      assert.equal(refused.status, 400, JSON.stringify(change));
      assert.doesNotMatch(refused.text, /evil/);
    }
    assert.deepEqual(calls("POST", "/totp/verify"), []);
  });

  test("whose secret was replaced or is too old is begun again", async () => {
    await start({});
    const page = await visitor.submit("/security/app", {});
    delete user.factors.pending;
    const gone = await visitor.post("/security/app/verify", { ...carried(page), code: "123456" });
    assert.match(gone.told, /Begin again/);
    assert.match(gone.text, /Show the QR code/);
  });

  test("that was set up elsewhere meanwhile is as good", async () => {
    await start({ otpEmail: true });
    await visitor.submit("/second-factor/email", { code: newestOtp() });
    const csrf = await visitor.token("/security/app");
    user.factors.totp = SECRET;
    assert.equal((await visitor.post("/security/app", { csrf })).location, "/security");
  });

  test("isn't offered where it is switched off", async () => {
    await start({});
    site.sesame.settings.offered = ["otpEmail"];
    site.ahead = 61_000;
    assert.match((await visitor.submit("/security/app", {})).told, /can&#39;t be set up here/);
    assert.doesNotMatch((await visitor.get("/security")).text, /Set up: Authenticator app/);
  });
});

describe("codes by e-mail", () => {
  test("are set up with their risk, and proved by the first of them", async () => {
    await start({});
    assert.match((await visitor.get("/security/email")).text, /weaker than an app.*administrator/s);
    assert.equal((await visitor.submit("/security/email", {})).location, "/second-factor/email?done=code");
    assert.equal(user.factors.otpEmail, true);
    assert.equal((await visitor.submit("/second-factor/email", { code: newestOtp() })).location, "/security?done=confirmed");
  });

  test("need an address that is verified", async () => {
    await start({}, { isVerified: false, verified: EMAIL });
    assert.match((await visitor.get("/security/email")).text, /Verify it first/);
    const csrf = await visitor.token("/security/app");
    assert.match((await visitor.post("/security/email", { csrf })).told, /no verified address/);
  });

  test("of which the first can't be sent are set up all the same", async () => {
    await start({});
    site.sesame.sendFailure = { status: 503, id: "FAKE-provider" };
    assert.equal((await visitor.submit("/security/email", {})).location, "/second-factor");
    assert.equal(user.factors.otpEmail, true);
  });
});

describe("codes by SMS", () => {
  test("are set up for a number that is verified first, by the user's own session", async () => {
    await start({ totp: SECRET }, { phone: "", isPhoneVerified: false });
    delete user.phone;
    const shown = await visitor.get("/security/sms");
    assert.match(shown.text, /no number yet/);
    assert.match(shown.text, /weaker than an app/);
    const extra = { returnCode: "{}", isVerified: "true" };
    assert.equal((await visitor.submit("/security/sms", { phone: "+44 (7700) 900-123", ...extra }, "/security/sms/number")).location, "/security/sms?done=number");
    const [change] = calls("POST", "/phone");
    assert.deepEqual(change?.body, { phone: "+447700900123", sendCode: {} });
    assert.equal(change?.bearer, session.token);

    const code = user.codes.phone?.slice(0, 8) ?? "";
    const wrong = await visitor.submit("/security/sms", { code: "23456789" }, "/security/sms/verify");
    assert.match(wrong.told, /wrong, used or too old/);
    assert.equal((await visitor.submit("/security/sms", { code }, "/security/sms/verify")).location, "/security?done=set-up");
    assert.deepEqual([user.phone, user.isPhoneVerified, user.factors.otpSms], ["+447700900123", true, true]);
  });

  test("go to the number that there is", async () => {
    await start({});
    assert.match((await visitor.get("/security/sms")).text, /Codes go to \+447700900123/);
    assert.equal((await visitor.submit("/security/sms", {})).location, "/second-factor/sms?done=code");
  });

  test("need a number with its country", async () => {
    await start({});
    for (const phone of ["", "07700 900123", "+44", "+44 7700 9001234567", "+44x7700900123"]) {
      const page = await visitor.submit("/security/sms", { phone }, "/security/sms/number");
      assert.equal(page.status, 422, phone);
    }
    assert.deepEqual(calls("POST", "/phone"), []);
  });
});

describe("a proof that is too old", () => {
  const posts: [string, Record<string, string>, keyof typeof PLACES][] = [
    ["/security/email", {}, "email-codes"],
    ["/security/sms", {}, "sms-codes"],
    ["/security/sms/number", { phone: "+447700900999" }, "sms-codes"],
    ["/security/recovery", {}, "recovery-codes"],
    ["/security/remove", { factor: "totp" }, "remove-totp"],
    ["/security/remove", { factor: "recoveryCode" }, "remove-recoveryCode"],
    ["/email", { email: "new@example.com" }, "email"],
  ];
  const ages: [string, () => void][] = [
    ["password", () => (session.isFresh = false)],
    ["second factor", () => session.seconds.set("totp", false)],
  ];
  for (const [path, fields, place] of posts) {
    for (const [what, age] of ages) {
      test(`of the ${what} sends ${path} to the password and a second factor, and back to ${PLACES[place]}`, async () => {
        await start({ totp: SECRET, recoveryCodes: [RECOVERY] });
        const before = structuredClone({ ...user.factors, email: user.email, phone: user.phone });
        const csrf = await visitor.token("/password");
        const { id } = session;
        age();

        assert.equal((await visitor.post(path, { csrf, ...fields })).location, `/confirm?to=${place}`);
        assert.deepEqual({ ...user.factors, email: user.email, phone: user.phone }, before);

        const asked = await visitor.submit(`/confirm?to=${place}`, { to: place, password: PASSWORD }, "/confirm");
        assert.equal(asked.location, "/second-factor/app");
        const back = await visitor.submit("/second-factor/app", { code: appCode(site, user) });
        assert.equal(back.location?.replace(/[?&]done=confirmed/, ""), PLACES[place]);
        assert.ok(!visitor.cookies.has("return-to"));
        // The session is the same, and the change is possible in it.
        assert.equal(visitor.cookies.get("session"), `${id}.${session.token}`);
        const done = await visitor.submit("/password", fields, path);
        assert.doesNotMatch(done.location ?? "", /confirm/);
      });
    }
  }

  test("of a user with a password alone is that of the password", async () => {
    await start({});
    session.isFresh = false;
    assert.equal((await visitor.submit("/security/app", {})).location, "/confirm?to=app");
    const form = { to: "app", password: PASSWORD };
    assert.match((await visitor.submit("/confirm?to=app", { ...form, password: "wrong" }, "/confirm")).told, /not your current password/);
    assert.equal((await visitor.submit("/confirm?to=app", form, "/confirm")).location, "/security/app?done=confirmed");
    assert.equal((await visitor.submit("/security/app", {})).status, 200);
  });

  test("of a user whose only second proof are recovery codes is one of these", async () => {
    await start({ recoveryCodes: [RECOVERY] });
    assert.equal((await visitor.submit("/security/app", {})).location, "/confirm?to=app");
    assert.equal((await visitor.submit("/confirm?to=app", { to: "app", password: PASSWORD }, "/confirm")).location, "/second-factor");
    assert.equal((await visitor.get("/second-factor")).location, "/second-factor/recovery");
    assert.equal((await visitor.submit("/second-factor/recovery", { code: RECOVERY })).location, "/security/app?done=confirmed");
    assert.equal((await visitor.submit("/security/app", {})).status, 200);
  });

  test("leads to no place that isn't one of these pages", async () => {
    await start({});
    for (const to of ["", "https://evil.example", "//evil.example", "/sign-out", "constructor", "__proto__"]) {
      assert.equal((await visitor.get(`/confirm?to=${encodeURIComponent(to)}`)).location, "/", to);
      assert.equal((await visitor.submit("/password", { to, password: PASSWORD }, "/confirm")).location, "/security?done=confirmed", to);
      visitor.cookies.set("return-to", to.replace(/[^\w]/g, ""));
      assert.equal((await visitor.get("/second-factor")).location, "/", to);
    }
  });
});

describe("a removal", () => {
  test("tells its effects, and ends the other sessions", async () => {
    await start({ totp: SECRET });
    const other = await another();
    const page = await visitor.get("/security/remove?factor=totp");
    assert.match(page.text, /Your password alone lets you in.*other sessions end/s);
    assert.equal(user.factors.totp, SECRET);

    assert.equal((await visitor.submit("/security/remove?factor=totp", { factor: "totp" }, "/security/remove")).location, "/security?done=removed");
    assert.equal(user.factors.totp, undefined);
    assert.equal((await visitor.get("/security")).status, 200);
    assert.equal((await other.get("/")).location, "/sign-in");
  });

  test("of the last factor is refused where one is required", async () => {
    await start({ totp: SECRET });
    site.sesame.settings.forceMfa = true;
    const page = await visitor.submit("/security/remove?factor=totp", { factor: "totp" }, "/security/remove");
    assert.equal(page.status, 422);
    assert.match(page.told, /last second factor.*another one first/);
    assert.equal(user.factors.totp, SECRET);
  });

  test("of what isn't there leads to the list, and no other text is a factor", async () => {
    await start({ totp: SECRET });
    for (const factor of ["otpSms", "", "password", "constructor"]) {
      assert.equal((await visitor.get(`/security/remove?factor=${factor}`)).location, "/security", factor);
    }
    const csrf = await visitor.token("/password");
    assert.equal((await visitor.post("/security/remove", { csrf, factor: "otpSms" })).location, "/security?done=removed");
    assert.equal((await visitor.post("/security/remove", { csrf, factor: "../../users" })).status, 400);
  });
});

describe("recovery codes", () => {
  const shown = ({ text }: Page) => /<textarea[^>]*>([^<]*)</.exec(text)?.[1]?.split("\n") ?? [];

  test("are shown once, replace the ones before, and end the other sessions", async () => {
    await start({ totp: SECRET });
    const first = shown(await visitor.submit("/security/recovery", {}));
    assert.equal(first.length, 10);
    assert.deepEqual(first.map((code) => code.replaceAll("-", "")), user.factors.recoveryCodes);
    const again = await visitor.get("/security/recovery");
    assert.match(again.text, /New codes replace the ones that you have/);
    assert.ok(first.every((code) => !again.text.includes(code)));

    const other = await another();
    const second = shown(await visitor.submit("/security/recovery", {}));
    assert.ok(second.every((code) => !first.includes(code)));
    assert.equal((await other.get("/")).location, "/sign-in");
    assert.deepEqual(calls("POST", "/recovery_codes").map(({ body }) => body), [{ count: 10 }, { count: 10 }]);
  });

  test("need a second factor first", async () => {
    await start({});
    assert.match((await visitor.get("/security/recovery")).text, /Set one up first/);
    const csrf = await visitor.token("/password");
    assert.match((await visitor.post("/security/recovery", { csrf })).told, /Set one up first/);
  });
});

test("no change of a user's factors is made by the service account, and no log has a code or a secret", async () => {
  await start({ totp: SECRET });
  await visitor.submit("/security/email", {});
  await visitor.submit("/security/recovery", {});
  await visitor.submit("/password", { factor: "otpEmail" }, "/security/remove");
  await visitor.submit("/password", { factor: "totp" }, "/security/remove");
  const page = await visitor.submit("/security/app", {});
  const code = appCode(site, user, user.factors.pending);
  await visitor.post("/security/app/verify", { ...carried(page), code });

  const made = site.sesame.calls.filter(({ path }) => /\/(totp|otp_|recovery_codes|authentication_methods)/.test(path));
  assert.equal(new Set(made.map(({ method, path }) => `${method} ${path}`)).size, 7);
  for (const { method, path, bearer } of made) {
    assert.notEqual(bearer, SERVICE_TOKEN, `${method} ${path}`);
  }
  const log = site.log.join("");
  for (const secret of [SECRET, user.factors.totp ?? "-", code, ...user.factors.recoveryCodes, EMAIL]) {
    assert.ok(!log.includes(secret), secret);
  }
});
