//! The table of settings.

use super::setting::{Program, Setting, Values};

const fn setting(
    name: &'static str,
    read_by: &'static [Program],
    default: &'static str,
    values: Values,
    meaning: &'static str,
) -> Setting {
    Setting {
        name,
        read_by,
        default,
        values,
        meaning,
    }
}

const SERVICE: &[Program] = &[Program::Service];
const AUTHORIZER: &[Program] = &[Program::Authorizer];
const BOTH_FUNCTIONS: &[Program] = &[Program::Service, Program::Authorizer];
const SERVICE_AND_TOOL: &[Program] = &[Program::Service, Program::Tool];

/// The range of the limits on a request, in bytes. Lambda accepts events of 6 MB, in which a body
/// may be base64.
const REQUEST_BYTES: Values = Values::Number(1024, 4_194_304);

const SWITCH: Values = Values::Words(&["true", "false"]);

/// A URL that login pages link to.
const LINK: Values =
    Values::Form("none or a URL of at most 128 characters: https, or http to a loopback address");

/// From a minute to a year.
const LIFETIME: Values = Values::Number(60, 31_536_000);

/// All settings but AWS's own variables (`AWS_REGION`, credentials, `AWS_ENDPOINT_URL_DYNAMODB`,
/// `AWS_ENDPOINT_URL`).
pub const SETTINGS: &[Setting] = &[
    setting(
        "USERS_TABLE",
        BOTH_FUNCTIONS,
        "",
        Values::Text,
        "The table of users and service accounts.",
    ),
    setting(
        "SESSIONS_TABLE",
        BOTH_FUNCTIONS,
        "",
        Values::Text,
        "The table of sessions.",
    ),
    setting(
        "RESOURCE_OWNER",
        SERVICE,
        "",
        Values::Text,
        "The `details.resourceOwner` of all responses.",
    ),
    setting(
        "ACCESS",
        SERVICE,
        "token",
        Values::Words(&["token", "authenticated", "public"]),
        "Who may create a session: a principal with `session.write` (`token`), any authenticated principal (`authenticated`), or anyone who has a user's credentials (`public`).",
    ),
    setting(
        "SCOPE_PREFIX",
        SERVICE,
        "none",
        Values::Form(
            "none or what stands before session.write in scopes, such as https://api.example/: up to 256 characters without spaces, quotes and backslashes",
        ),
        "The prefix of `session.write` and the other permissions in the scopes of a JWT, such as `https://api.example/` (a `/` is added behind a letter or digit). With a prefix, scopes without it grant nothing. `none`: there is no prefix.",
    ),
    setting(
        "CREATED_STATUS",
        SERVICE,
        "200",
        Values::Words(&["200", "201"]),
        "The HTTP status of a created session: 200 as in ZITADEL's published document, or 201 as ZITADEL's own servers send it.",
    ),
    setting(
        "MAX_PASSWORD_ATTEMPTS",
        SERVICE,
        "10",
        Values::Number(1, 100),
        "Wrong passwords in a row after which a user's password is locked for a while.",
    ),
    setting(
        "MAX_FAILURES_PER_ADDRESS",
        SERVICE,
        "100",
        Values::Form("none or a number from 5 to 1000000"),
        "Failed logins from one client address, within 15 minutes, after which logins from there are refused until these end. `none`: they are not counted.",
    ),
    setting(
        "ADDRESS_LIMIT",
        SERVICE,
        "refuse",
        Values::Words(&["refuse", "report"]),
        "What happens to a login beyond that: it is refused (`refuse`), or carried out and marked in the log (`report`).",
    ),
    setting(
        "UNLIMITED_ADDRESSES",
        SERVICE,
        "none",
        Values::Form(
            "none or up to 50 networks such as 203.0.113.0/24 with commas between, together at most 768 bytes",
        ),
        "Networks from which failed logins are not counted, such as those of offices: up to 50 addresses, or networks as 203.0.113.0/24, with commas between. `none`: there are none.",
    ),
    setting(
        "TRUSTED_PROXIES",
        SERVICE,
        "0",
        Values::Number(0, 10),
        "The number of your own proxies in front of the service, each of which adds the address that called it to `X-Forwarded-For`. 0: the client is who called the gateway, the load balancer or the server.",
    ),
    setting(
        "SESSION_LIFETIME_SECONDS",
        SERVICE,
        "86400",
        LIFETIME,
        "The lifetime in seconds of a session whose request has none.",
    ),
    setting(
        "MAX_SESSION_LIFETIME_SECONDS",
        SERVICE,
        "2592000",
        LIFETIME,
        "The longest lifetime in seconds that a request may have, at least `SESSION_LIFETIME_SECONDS`. No session lives longer than this after its newest password check, or after it was created if it has none.",
    ),
    setting(
        "TOKEN_GRACE_SECONDS",
        SERVICE,
        "10",
        Values::Number(0, 60),
        "The seconds for which a session's token still authorises after a SetSession has replaced it, unless the call passed a check.",
    ),
    setting(
        "FRESH_SECONDS",
        SERVICE,
        "600",
        Values::Number(30, 86_400),
        "The seconds since a session's newest proof within which its user may make changes of his own that need a fresh one, such as setting a password without the current one.",
    ),
    setting(
        "UNIQUE_EMAILS",
        SERVICE_AND_TOOL,
        "false",
        SWITCH,
        "Whether no two users may have the same e-mail address, in upper or lower case. Users who share one already keep it.",
    ),
    setting(
        "USER_API",
        SERVICE,
        "true",
        SWITCH,
        "Whether there are the User service, and the Settings and the Organization service, which login pages read. If not, their paths are unknown ones.",
    ),
    setting(
        "ORGANIZATION_NAME",
        SERVICE,
        "Sesame",
        Values::Text,
        "The name of the organization to which all users belong, for people.",
    ),
    setting(
        "LOGIN_REGISTRATION",
        SERVICE,
        "true",
        SWITCH,
        "Whether login pages are told that people may register. The calls that add users don't depend on it.",
    ),
    setting(
        "LOGIN_IGNORE_UNKNOWN",
        SERVICE,
        "false",
        SWITCH,
        "Whether login pages are told to ask for a password whether or not a login name is known.",
    ),
    setting(
        "LOGIN_REDIRECT_URI",
        SERVICE,
        "none",
        LINK,
        "Where login pages send a user who came from no application. `none`: they show a page of their own.",
    ),
    setting(
        "TOS_LINK",
        SERVICE,
        "none",
        LINK,
        "The terms of service, to which login pages link. ZITADEL's can send no registration without this and `PRIVACY_POLICY_LINK`. `none`: there are none.",
    ),
    setting(
        "PRIVACY_POLICY_LINK",
        SERVICE,
        "none",
        LINK,
        "The privacy policy, to which login pages link. `none`: there is none.",
    ),
    setting(
        "HELP_LINK",
        SERVICE,
        "none",
        LINK,
        "The help for users, to which login pages link. `none`: there is none.",
    ),
    setting(
        "SUPPORT_EMAIL",
        SERVICE,
        "none",
        Values::Form("none or an e-mail address of at most 200 characters"),
        "The e-mail address that login pages show for support. `none`: there is none.",
    ),
    setting(
        "ARGON2_MEMORY_KIB",
        SERVICE_AND_TOOL,
        "19456",
        Values::Number(7168, 131_072),
        "The memory of one password check in KiB (argon2id's m). With the passes it is no weaker than OWASP asks for: at least 47104 with 1 pass, 19456 with 2, 12288 with 3, 9216 with 4, 7168 with 5. A hash with other settings is replaced at the user's next login.",
    ),
    setting(
        "ARGON2_PASSES",
        SERVICE_AND_TOOL,
        "2",
        Values::Number(1, 16),
        "The number of passes over that memory (argon2id's t).",
    ),
    setting(
        "ARGON2_LANES",
        SERVICE_AND_TOOL,
        "1",
        Values::Number(1, 4),
        "The number of lanes (argon2id's p). Leave it at 1, unless hashes must have the parameters of another program: lanes are computed one after another, so more of them save no time here, but an attacker can compute them at the same time.",
    ),
    setting(
        "SESAME_PORTABLE_HASH",
        SERVICE_AND_TOOL,
        "0",
        Values::Words(&["0", "1"]),
        "1 computes hashes by the argon2 crate on every processor. 0 computes them on one with AVX2 by code that gives the same hashes in half the time.",
    ),
    setting(
        "PASSWORD_QUEUE",
        SERVICE,
        "16",
        Values::Number(0, 1000),
        "The number of password checks that may wait for a processor in one process; more are refused with 429.",
    ),
    setting(
        "PASSWORD_MIN_LENGTH",
        SERVICE_AND_TOOL,
        "8",
        Values::Number(8, 64),
        "The fewest characters of a new password, counted after NFC. NIST asks for 15 where the password is the only factor.",
    ),
    setting(
        "PASSWORD_BLOCKED_WORDS",
        SERVICE_AND_TOOL,
        "none",
        Values::Form(
            "none or up to 100 words of 4 to 64 characters with commas between, together at most 512 bytes",
        ),
        "Words such as the name of your company, with commas between, which count nothing towards the length of a new password that contains them. `none`: there are none but the user's own names.",
    ),
    setting(
        "BREACHED_PASSWORDS",
        SERVICE_AND_TOOL,
        "none",
        Values::Words(&["none", "hibp"]),
        "`hibp`: a new password is looked up at Have I Been Pwned by the first five digits of its SHA-1, and refused if it is known from a breach. `none`: it is not looked up.",
    ),
    setting(
        "BREACHED_PASSWORDS_URL",
        SERVICE_AND_TOOL,
        "https://api.pwnedpasswords.com/range/",
        Values::Form(
            "a URL of at most 200 characters that ends in /: https, or http to a loopback address",
        ),
        "Where it is looked up: the service itself, or a mirror that answers as that does.",
    ),
    setting(
        "BREACHED_PASSWORDS_ON_FAILURE",
        SERVICE_AND_TOOL,
        "refuse",
        Values::Words(&["refuse", "accept"]),
        "What happens to a password that can't be looked up: it is refused (`refuse`), or set with a warning (`accept`).",
    ),
    setting(
        "MAX_BODY_BYTES",
        SERVICE,
        "262144",
        REQUEST_BYTES,
        "The maximum size of a request body as it is sent.",
    ),
    setting(
        "MAX_MESSAGE_BYTES",
        SERVICE,
        "262144",
        REQUEST_BYTES,
        "The maximum size of a message after it is decompressed.",
    ),
    setting(
        "SERVER_KEY",
        SERVICE_AND_TOOL,
        "none",
        Values::Form(
            "none or 1 to 4 keys of at least 32 characters, with commas between and next: before one that is announced",
        ),
        "The key from which codes and the tokens of creates with an `Idempotency-Key` are derived, and under which the secrets of second factors are sealed: [don't lose it](operations.md#the-server-key). More than one while [another takes its place](operations.md#changing-the-server-key). `none`: the methods that need it, and such creates, are refused with code 12.",
    ),
    setting(
        "SERVER_KEY_SECRET",
        SERVICE_AND_TOOL,
        "none",
        Values::Form("none or the name or ARN of a secret, up to 2048 characters"),
        "The secret of AWS Secrets Manager whose text is that, instead of `SERVER_KEY`. It is read again every five minutes.",
    ),
    setting(
        "MAIL_FROM",
        SERVICE,
        "none",
        Values::Form(
            "none or an e-mail address of letters, digits, ., _, +, = and -, with its domain in lower case, at most 128 characters",
        ),
        "The address from which e-mails are sent, such as `login@acme.example`, by Amazon SES, where it or its domain must be verified. `none`: no e-mail is sent.",
    ),
    setting(
        "SMS_ORIGINATION",
        SERVICE,
        "none",
        Values::Form(
            "none or the ARN of a phone number, pool or sender ID, at most 128 characters",
        ),
        "The ARN of the phone number, pool or sender ID of AWS End User Messaging from which SMS are sent. `none`: no SMS is sent.",
    ),
    setting(
        "LINK_BASE_URLS",
        SERVICE,
        "none",
        Values::Form(
            "none or up to 20 URLs that end in /, https or to localhost http, with commas between, together at most 1024 bytes",
        ),
        "What links in messages may begin with, such as `https://login.acme.example/`: up to 20 URLs that end in `/`, with commas between. `none`: messages have codes and no links.",
    ),
    setting(
        "MAX_MESSAGES_PER_DAY",
        SERVICE,
        "10000",
        Values::Number(1, 1_000_000),
        "The most messages that are sent in a day of UTC, to all users together.",
    ),
    setting(
        "ALLOWED_ORIGINS",
        SERVICE,
        "none",
        Values::Form(
            "none, * or origins such as https://app.example.com, together at most 512 bytes",
        ),
        "The origins whose pages may call from a browser (CORS), such as `https://app.example.com`, with commas between. `none`: no page may.",
    ),
    setting(
        "BASE_PATH",
        SERVICE,
        "none",
        Values::Form(
            "none or / and one to eight segments of letters, digits, -, ., _ and ~, at most 128 characters",
        ),
        "The path under which a custom domain or a proxy has the API, such as `/auth`: `/` and one to eight segments of letters, digits, -, ., _ and ~. It is taken off every path that begins with it and is not one of the service. `none`: the API is at the root.",
    ),
    setting(
        "AUTHORIZER_ANSWER",
        AUTHORIZER,
        "simple",
        Values::Words(&["simple", "iam"]),
        "The authorizer's response to HTTP APIs with payload 2.0: that of EnableSimpleResponses (`simple`), or a policy (`iam`). REST APIs and payload 1.0 always get a policy.",
    ),
];

/// The settings that a program reads.
pub fn settings_of(program: Program) -> impl Iterator<Item = &'static Setting> {
    let settings = SETTINGS.iter();
    settings.filter(move |setting| setting.read_by.contains(&program))
}
