// Settings, addresses and limits by themselves.

import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";

import { addressGroup, clientAddress } from "../address.ts";
import { describeBrowser } from "../browser.ts";
import { ConfigError, readConfig } from "../config.ts";
import { parseCode, parseUserId } from "../form.ts";
import { BoundedMap, HourlyLimit, NamePauses } from "../limits.ts";
import { CachedSettings } from "../login-settings.ts";
import { qrCode } from "../qr.ts";
import { scan } from "./qr-reader.ts";
import { base32, stepAt, totpCode } from "./totp.ts";

const GOOD = { SESAME_URL: "http://127.0.0.1:8080/", SESAME_TOKEN: "sesame_0123456789abcdef", BASE_URL: "https://login.example.com" };

function faults(environment: Record<string, string>): string {
  try {
    readConfig(environment);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message;
  }
  return "";
}

describe("settings", () => {
  test("have defaults", () => {
    assert.deepEqual(readConfig(GOOD), {
      sesameUrl: "http://127.0.0.1:8080",
      token: GOOD.SESAME_TOKEN,
      baseUrl: "https://login.example.com",
      isSecure: true,
      host: "127.0.0.1",
      port: 3001,
      passkeyDomain: "login.example.com",
      organization: "Sesame",
      trustedProxies: 0,
      messagesPerHour: 20,
    });
  });

  test("say where to listen", () => {
    for (const [environment, host, port] of [
      [{ LISTEN: "0.0.0.0:80" }, "0.0.0.0", 80],
      [{ LISTEN: "[::1]:3001" }, "::1", 3001],
      [{ PORT: "9000" }, "0.0.0.0", 9000],
      [{ PORT: "9000", LISTEN: "127.0.0.1:1" }, "127.0.0.1", 1],
    ] as const) {
      const config = readConfig({ ...GOOD, ...environment });
      assert.deepEqual([config.host, config.port], [host, port]);
    }
  });

  test("that are wrong are named, each with its rule and none with its value", () => {
    const wrong: [string, string[]][] = [
      ["SESAME_URL", ["", "sesame.internal:8080", "ftp://auth.example.com", "https://user:pass@auth.example.com", "https://auth.example.com/?x"]],
      ["BASE_URL", ["", "http://login.example.com", "https://login.example.com/login", "https://u@login.example.com", "javascript:alert(1)", `https://${"x".repeat(63)}.${"y".repeat(63)}.${"z".repeat(20)}.example`]],
      ["SESAME_TOKEN", ["", "short", "has a space in it 1234"]],
      ["LISTEN", ["9000", "10.1.2.3", "10.1.2.3:99999", "http://10.1.2.3:1"]],
      ["PORT", ["0", "x", "70000"]],
      ["ORGANIZATION", ["x".repeat(101), "two\nlines"]],
      ["TRUSTED_PROXIES", ["-1", "11", "true", "1.5"]],
      ["PASSKEY_DOMAIN", ["com", "in.example.com", "login.example.com.", "ogin.example.com", "https://login.example.com"]],
      ["MESSAGES_PER_HOUR", ["0", "many"]],
    ];
    for (const [name, values] of wrong) {
      for (const value of values) {
        const told = faults({ ...GOOD, [name]: value });
        assert.match(told, new RegExp(name === "SESAME_TOKEN" && value ? "^the token is not" : `^${name} `), value);
        assert.equal(told.split("\n").length, 1);
        assert.ok(value === "" || value.length < 4 || !told.includes(value), told);
      }
    }
    assert.equal(faults({}).split("\n").length, 3);
  });

  test("may have the token in a file", () => {
    const file = join(mkdtempSync(join(tmpdir(), "login-")), "token");
    writeFileSync(file, `${GOOD.SESAME_TOKEN}\n`);
    const { SESAME_TOKEN, ...rest } = GOOD;
    assert.equal(readConfig({ ...rest, SESAME_TOKEN_FILE: file }).token, SESAME_TOKEN);
    assert.match(faults({ ...rest, SESAME_TOKEN_FILE: `${file}.none` }), /can't be read/);
    assert.match(faults({ ...GOOD, SESAME_TOKEN_FILE: file }), /not both/);
  });

  test("know a local site by its host", () => {
    for (const base of ["http://localhost:3001", "http://127.0.0.1:3001", "http://[::1]:3001"]) {
      assert.equal(readConfig({ ...GOOD, BASE_URL: base }).isSecure, false);
    }
    assert.match(faults({ ...GOOD, BASE_URL: "http://localhost.example.com" }), /BASE_URL/);
  });
});

test("a client's address is that of the connection, or the one that the outermost proxy added", () => {
  for (const [remote, forwarded, proxies, want] of [
    ["203.0.113.1", undefined, 0, "203.0.113.1"],
    ["203.0.113.1", "198.51.100.1", 0, "203.0.113.1"],
    ["::ffff:203.0.113.1", "", 0, "203.0.113.1"],
    ["10.0.0.1", "1.1.1.1, 198.51.100.1", 1, "198.51.100.1"],
    ["10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.2", 2, "198.51.100.1"],
    ["10.0.0.1", "198.51.100.1", 2, "10.0.0.1"],
    ["10.0.0.1", "", 1, "10.0.0.1"],
    ["10.0.0.1", "evil<script>", 1, "10.0.0.1"],
    ["10.0.0.1", "fe80::1%eth0", 1, "10.0.0.1"],
    [undefined, undefined, 0, "unknown"],
  ] as const) {
    assert.equal(clientAddress(remote, forwarded, proxies), want, `${remote} ${forwarded} ${proxies}`);
  }
});

test("an address of IPv6 is limited with its network", () => {
  for (const [address, group] of [
    ["203.0.113.1", "203.0.113.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001:2::9", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["2001:db8:1:2:3:4:203.0.113.1", "2001:db8:1:2::/64"],
    ["64:ff9b::203.0.113.1", "64:ff9b:0:0::/64"],
    ["unknown", "unknown"],
  ] as const) {
    assert.equal(addressGroup(address), group);
  }
});

describe("limits in memory", () => {
  test("keep no more than their bound, and forget the oldest", () => {
    const map = new BoundedMap<number>(3);
    for (const key of ["a", "b", "c", "a", "d"]) {
      map.set(key, 1);
    }
    assert.equal(map.size, 3);
    assert.deepEqual(["a", "b", "c", "d"].map((key) => map.get(key)), [1, undefined, 1, 1]);
  });

  test("count an hour from its first request", () => {
    let now = 0;
    const limit = new HourlyLimit(2, () => now);
    assert.deepEqual([limit.take("a"), limit.take("a"), limit.take("a"), limit.take("b")], [0, 0, 3600, 0]);
    now = 3599_001;
    assert.equal(limit.take("a"), 1);
    now = 3600_000;
    assert.equal(limit.take("a"), 0);
  });

  test("pause a name for longer after each failure, up to an hour, and forget it after a success", () => {
    let now = 0;
    const pauses = new NamePauses(() => now);
    const waits = [];
    for (let count = 0; count < 40; count += 1) {
      const wait = pauses.attempt(count % 2 ? "Ada " : "ada");
      waits.push(wait);
      now += 1000 * wait;
    }
    assert.deepEqual(waits.slice(0, 14), [...Array<number>(10).fill(0), 30, 0, 60, 0]);
    assert.equal(Math.max(...waits), 3600);
    pauses.succeeded("ADA");
    assert.equal(pauses.attempt("ada"), 0);
    assert.equal(pauses.attempt("ada"), 0);
  });
});

test("codes are read as people type them, and ids only as far as they are safe in a path", () => {
  for (const [text, code] of [
    ["abcd efgh", "ABCDEFGH"],
    ["2345-6789", "23456789"],
    ["ABCDEFGH23456789ABCD", "ABCDEFGH23456789ABCD"],
    ["ABCDEFGHI", undefined],
    ["ABCDEFG0", undefined],
    ["ABCDEFGI", undefined],
    ["", undefined],
  ] as const) {
    assert.equal(parseCode(text), code);
  }
  for (const id of ["7", "d654e6ba-70a3-48ef-a95d-37c8d8a7901a", "ada@example.com"]) {
    assert.equal(parseUserId(id), id);
  }
  for (const id of ["", ".", "..", "../x", "a/b", "a\\b", "a?b", "a#b", "a%2fb", "a b", "x".repeat(201)]) {
    assert.equal(parseUserId(id), undefined, id);
  }
});

test("a browser is named in words", () => {
  const mozilla = "Mozilla/5.0";
  for (const [userAgent, words] of [
    [`${mozilla} (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0`, "Firefox on Linux"],
    [`${mozilla} (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0`, "Edge on Windows"],
    [`${mozilla} (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36`, "Chrome on Android"],
    [`${mozilla} (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1`, "Safari on iPhone"],
    [`${mozilla} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1 (KHTML, like Gecko) Version/19.0 Safari/605.1`, "Safari on a Mac"],
    ["Chrome/140.0", "Chrome"],
    [`lynx ${"x".repeat(100)}\u{e9}`, `lynx ${"x".repeat(75)}`],
    ["", ""],
  ] as const) {
    assert.equal(describeBrowser(userAgent), words);
  }
});

describe("the authenticator app of the tests", () => {
  // https://www.rfc-editor.org/rfc/rfc6238#appendix-B, the last six of its eight digits.
  const secret = base32(Buffer.from("12345678901234567890"));
  for (const [seconds, code] of [
    [59, "287082"],
    [1111111109, "081804"],
    [1111111111, "050471"],
    [1234567890, "005924"],
    [2000000000, "279037"],
    [20000000000, "353130"],
  ] as const) {
    test(`shows ${code} at ${seconds}`, () => {
      assert.equal(totpCode(secret, stepAt(seconds * 1000)), code);
    });
  }
});

test("a QR code is readable for texts of any length that an address of a secret has", () => {
  for (const length of [1, 60, 200, 700]) {
    const text = `otpauth://totp/${"%C3%A9x".repeat(length).slice(0, length)}?secret=ABC`;
    assert.equal(scan(qrCode(text, "A <code>").text), text);
  }
  assert.match(qrCode("x", 'A "<code>"').text, /aria-label="A &quot;&lt;code&gt;&quot;"/);
});

test("the settings of logins are asked for once a minute, and again if they were wrong", async () => {
  let [now, count] = [0, 0];
  const read = async () => ({ forceMfa: false, offered: [], offeredKeys: [], lifetime: "86400s", count: (count += 1) });
  const settings = new CachedSettings(read, () => now);
  await settings.get();
  now = 59_999;
  await settings.get();
  assert.equal(count, 1);
  now = 60_000;
  await settings.get();
  assert.equal(count, 2);
  settings.forget();
  await settings.get();
  assert.equal(count, 3);
});
