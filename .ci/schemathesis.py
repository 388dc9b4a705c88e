"""What schemathesis can't know from openapi.json alone; SCHEMATHESIS_HOOKS names this file.

Where a session or a user is meant, it makes up ids and tokens that none has. So most of its calls get
those of a session or a user that is there, created for the call; what is wrong on purpose stays as it
is.
"""

import itertools
import json
import os
import re
from http import HTTPStatus
from pathlib import Path
from typing import Any

import jsonschema_rs
import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, HookContext, Response
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.core.parameters import ParameterLocation
from schemathesis.openapi.checks import RejectedPositiveData

URL = os.environ["SESAME_URL"]
TOKEN = os.environ["SESAME_TOKEN"]
# The bearer token of the principal; none for an anonymous one.
CALLER = os.environ.get("SESAME_CALLER")

# The demo user of `cargo dev`.
USER = {"loginName": "mini@mouse.com"}
PASSWORD = {"password": "V3ryS3cure!"}
# What it is named by.
DEMO = {"mini@mouse.com", "d654e6ba-70a3-48ef-a95d-37c8d8a7901a"}

# Of the users that are registered for a call.
OWNER = "69629023906488334"
NAMES = {"givenName": "Mini", "familyName": "Mouse"}
# Argon2id of a password that nobody knows.
HASH = "$argon2id$v=19$m=19456,t=2,p=1$c2VzYW1lIHNlc2FtZSE$Gn2rDXfvH9+qmYDRoHHj9nnHpuLO9qTsuoQ39WGc8gA"
# The secret of an authenticator app: 20 bytes in base32.
APP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
# Calls that change a state, and the one that brings the user into a state in which they can.
BEFORE = {"unlock": "lock", "reactivate": "deactivate"}

# An id that no session has.
NOBODYS = "00000000-0000-4000-8000-000000000000"

# One in so many calls names a session that doesn't exist.
UNKNOWN = 5

# A lifetime is limited by the deployment, here to 30 days, which a pattern can't say.
_SECONDS = st.integers(1, 30 * 24 * 60 * 60 - 1)
_FRACTIONS = st.one_of(st.just(""), st.from_regex(r"\A[.][0-9]{1,9}\Z"))

schemathesis.openapi.format("seconds", st.builds("{}{}s".format, _SECONDS, _FRACTIONS))

DOCUMENT = json.loads(Path("openapi.json").read_text(encoding="utf-8"))

_calls = itertools.count()
_http = requests.Session()


def create(checks: dict[str, Any]) -> dict[str, Any]:
    """A session: its id, its token and its sequence."""
    headers = {"authorization": f"Bearer {TOKEN}"}
    answer = _http.post(
        f"{URL}/v2/sessions", json={"checks": checks}, headers=headers, timeout=10
    )
    answer.raise_for_status()
    return answer.json()


def register(without: tuple[str, ...] = ()) -> str:
    """The id of a new user, who lacks some of what others have."""
    n = next(_calls)
    user: dict[str, Any] = {
        "userId": f"user-{n}",
        "profile": NAMES,
        "email": {"email": f"user-{n}@example.com", "isVerified": True},
        "phone": {"phone": f"+4179{n:07}", "isVerified": True},
        "password": PASSWORD,
    }
    if "verification" in without:
        user["email"]["isVerified"] = False
        del user["phone"]
    if "password" in without:
        del user["password"]
    post("/v2/users/human", user)
    return user["userId"]


def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {TOKEN}"}
    answer = _http.post(f"{URL}{path}", json=body, headers=headers, timeout=10)
    answer.raise_for_status()
    return answer.json()


def with_code(path: str) -> tuple[str, str] | None:
    """A new user who has what a call needs, and the code that was returned, if the call is about
    one."""
    number = f"+4177{next(_calls):07}"
    # The call that makes the code, what the user lacks, and the body.
    asked = {
        "email/verify": ("email/send", ("verification",), {}),
        "email/resend": ("email/send", ("verification",), {}),
        "phone/verify": ("phone", ("verification",), {"phone": number}),
        "phone/resend": ("phone", ("verification",), {"phone": number}),
        "invite_code/verify": ("invite_code", ("password",), {}),
    }
    if path.endswith("/invite_code"):
        return register(("password",)), ""
    if path.endswith("/invite_code/resend"):
        user = register(("password",))
        post(f"/v2/users/{user}/invite_code", {"sendCode": {}})
        return user, ""
    for end, (call, without, body) in asked.items():
        if path.endswith(f"/{end}"):
            user = register(without)
            answer = post(f"/v2/users/{user}/{call}", body | {"returnCode": {}})
            return user, answer.get("verificationCode") or answer["inviteCode"]
    return None


def is_positive(case: Case, location: ParameterLocation) -> bool:
    """Whether that part of the call is meant to be valid."""
    part = case.meta.components.get(location) if case.meta else None
    return part is None or part.mode == GenerationMode.POSITIVE


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    bearer = CALLER
    if case.operation.path.endswith("search") and "/sessions" in case.operation.path:
        # Only a user may list sessions without a filter.
        bearer = create({"user": USER, "password": PASSWORD})["sessionToken"]
    if bearer:
        case.headers["Authorization"] = f"Bearer {bearer}"
    if "/users" in case.operation.path:
        on_user(case)
        return
    if "/settings" in case.operation.path and is_positive(
        case, ParameterLocation.QUERY
    ):
        keep_one_of_query(case)
    if is_positive(case, ParameterLocation.BODY):
        keep_words(case)
    if "session_id" in case.path_parameters and is_positive(
        case, ParameterLocation.PATH
    ):
        if next(_calls) % UNKNOWN == 0:
            make_unknown(case)
        else:
            make_known(case, create({"user": USER}))


def on_user(case: Case) -> None:
    """Makes a call on a user one on a user who is there, with a body that keeps the words."""
    has_valid_body = is_positive(case, ParameterLocation.BODY)
    if has_valid_body:
        keep_words_of_users(case.body)
        keep_words_of_passkeys(case)
    if "domainQuery.includeWithoutDomain" in case.query and is_positive(
        case, ParameterLocation.QUERY
    ):
        case.query.setdefault("domainQuery.domain", "example.com")
    if "user_id" not in case.path_parameters or not is_positive(
        case, ParameterLocation.PATH
    ):
        return
    call = case.operation.path.rsplit("/", 1)[1]
    coded = with_code(case.operation.path)
    # An unknown user is no 404 for a new password and for codes.
    if coded:
        case.path_parameters["user_id"], code = coded
        if has_valid_body and isinstance(case.body, dict) and code:
            case.body.pop("verificationCode", None)
            if call == "verify":
                case.body["verificationCode"] = code
    elif next(_calls) % UNKNOWN != 0 or call == "password" or registers_app(case):
        case.path_parameters["user_id"] = register()
        if call in BEFORE:
            post(f"/v2/users/{case.path_parameters['user_id']}/{BEFORE[call]}", {})
    else:
        # The document's example is the demo user, whom other calls need as he is.
        case.path_parameters["user_id"] = NOBODYS
    if has_valid_body and isinstance(case.body, dict) and "userId" in case.body:
        case.body["userId"] = case.path_parameters["user_id"]


def keep_words_of_passkeys(case: Case) -> None:
    """Makes a valid body about passkeys keep what the document says in words alone: only a code
    that was made is right, and only a domain of the deployment."""
    body = case.body
    if not isinstance(body, dict):
        return
    if case.operation.path.endswith("/registration_link"):
        body.pop("sendLink", None)
        body["returnCode"] = {}
    elif case.operation.path.endswith(("/passkeys", "/u2f")):
        body.pop("code", None)
        body.pop("domain", None)
    for name in ("passkeyId", "u2fId"):
        field = "passkey_id" if name == "passkeyId" else "u2f_id"
        if name in body and field in case.path_parameters:
            body[name] = case.path_parameters[field]


def registers_app(case: Case) -> bool:
    """Whether an unknown user is another error than 404 for the call."""
    return case.method == "POST" and case.operation.path.endswith("/totp")


def keep_one_of_query(case: Case) -> None:
    """Leaves the query of a call about settings one member of its oneof, which says yes if it is a
    switch."""
    if case.operation.path.endswith("hosted_login_translation"):
        case.query.setdefault("locale", "en")
    for names in (
        ("ctx.orgId", "ctx.instance"),
        ("system", "instance", "organizationId"),
    ):
        given = [name for name in names if name in case.query]
        for name in given[1:]:
            del case.query[name]
        for name in given[:1]:
            is_switch = name not in ("ctx.orgId", "organizationId")
            case.query[name] = "true" if is_switch else OWNER


def keep_words_of_users(body: Any) -> None:
    """Makes a valid body of a user keep what the document says in words alone."""
    if not isinstance(body, dict):
        return
    n = next(_calls)
    texts = {
        "userId": f"new-{n}",
        "username": f"name-{n}",
        "organizationId": OWNER,
        "orgId": OWNER,
        "email": f"new-{n}@example.com",
        "phone": f"+4178{n:07}",
        "password": f"correct horse {n}",
        "currentPassword": PASSWORD["password"],
        "hash": HASH,
        "totpSecret": APP,
        "preferredLanguage": "en",
    }
    texts |= dict.fromkeys(
        ("givenName", "familyName", "nickName", "displayName"), "Mini"
    )
    is_contact = any(isinstance(body.get(name), str) for name in ("email", "phone"))
    if is_contact:
        body["isVerified"] = True
    for name in ("sendCode", "returnCode", "orgDomain", "urlTemplate"):
        body.pop(name, None)
    if isinstance(body.get("password"), dict):
        body.pop("hashedPassword", None)
    # Only a code that was sent for the user is right.
    if "newPassword" in body or "currentPassword" in body or "password" in body:
        body.pop("verificationCode", None)
    # A search reaches 10,000 users.
    if "offset" in body and int(body["offset"]) > 9000:
        body["offset"] = "7"
    keep_one_member(body)
    for name, value in body.items():
        if isinstance(value, str) and name in texts:
            body[name] = texts[name]
        elif name == "phone" and isinstance(value, dict) and "phone" not in value:
            body[name] = {"phone": texts["phone"], "isVerified": True}
        elif (
            name == "password"
            and isinstance(value, dict)
            and not value.keys() & {"password", "hashedPassword"}
        ):
            body[name] = value | {"password": {"password": texts["password"]}}
            keep_words_of_users(body[name])
        else:
            keep_words_of_users(value)


def make_unknown(case: Case) -> None:
    """Leaves the generated values, but for an id that must be the same in path and body."""
    if isinstance(case.body, dict) and isinstance(case.body.get("sessionId"), str):
        case.path_parameters["session_id"] = case.body["sessionId"] = NOBODYS


def make_known(case: Case, session: dict[str, Any]) -> None:
    """Puts the session into each part of the call that is meant to be valid."""
    case.path_parameters["session_id"] = session["sessionId"]
    if case.query.get("sessionToken"):
        case.query["sessionToken"] = session["sessionToken"]
    if "If-Match" in case.headers and is_positive(case, ParameterLocation.HEADER):
        sequence = session["details"]["sequence"]
        case.headers["If-Match"] = f'"{sequence}"'
    if not isinstance(case.body, dict):
        return
    if isinstance(case.body.get("sessionId"), str):
        case.body["sessionId"] = session["sessionId"]
    token = case.body.get("sessionToken")
    if isinstance(token, str) and 1 <= len(token) <= 200:
        case.body["sessionToken"] = session["sessionToken"]


def keep_one_member(body: dict[str, Any]) -> None:
    """Leaves each query one member of its oneof."""
    for query in body.get("queries", []):
        if not isinstance(query, dict):
            continue
        for name in [name for name in query if name.endswith("Query")][1:]:
            del query[name]
        for inner in query.values():
            if isinstance(inner, dict):
                keep_one_member(inner)
                if isinstance(inner.get("query"), dict):
                    keep_one_member({"queries": [inner["query"]]})


def keep_words(case: Case) -> None:
    """Makes a valid body keep what the document says in words alone."""
    if not isinstance(case.body, dict):
        return
    checks = case.body.get("checks", {})
    # Only the codes of a user with second factors are right, and only what an authenticator answers.
    for name in ("totp", "otpSms", "otpEmail", "recoveryCode", "webAuthN"):
        checks.pop(name, None)
    case.body.pop("challenges", None)
    if "session_id" in case.path_parameters:
        # The user of a session can't be replaced by another.
        for name, right in (("user", USER), ("password", PASSWORD)):
            if name in checks:
                checks[name] = right
    elif checks:
        named = checks.get("user", {})
        # A user whom another call has registered may be locked by now.
        is_others = any(str(text).startswith("user-") for text in named.values())
        if len(named.keys() & {"userId", "loginName"}) != 1 or is_others:
            checks["user"] = USER
        user = checks["user"]
        if "password" in checks and {user.get("loginName"), user.get("userId")} & DEMO:
            checks["password"] = PASSWORD
    keep_one_member(case.body)
    if int(case.body.get("query", {}).get("offset", 0)) >= 2**64:
        case.body["query"]["offset"] = "7"


@schemathesis.hook
def filter_failure(
    context: HookContext, failure: Failure, case: Case, response: Response
) -> bool:
    """Whether a failure is one. A body that is wrong by the schema is right if it only has another
    spelling, which the document allows in words."""
    if case.operation.path == "/v2/settings/hosted_login_translation" and (
        response.status_code == HTTPStatus.NOT_IMPLEMENTED or "Allow" in failure.title
    ):
        # PUT is a call that isn't built, and so is no other method of the document's.
        return False
    if isinstance(failure, RejectedPositiveData) and re.search(
        "/(passkeys|u2f)/[{]", case.operation.path
    ):
        # Only what an authenticator has answered is right, and only its id.
        return False
    if not isinstance(failure, AcceptedNegativeData) or not case.operation.body:
        return True
    others = [place for place in ParameterLocation if place != ParameterLocation.BODY]
    if not all(is_positive(case, place) for place in others):
        return True
    schema = case.operation.definition.raw["requestBody"]["content"]["application/json"]
    schema = schema["schema"] | {"components": DOCUMENT["components"]}
    body = spelled(schema, case.body)
    return not jsonschema_rs.is_valid(schema, body, validate_formats=True)


def spelled(schema: dict[str, Any], value: Any) -> Any:
    """The value as the schema spells it: `null` is as if the field were absent, numbers of 64 bits are
    strings, other numbers are none, and members of enums have names."""
    if "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    match value:
        case dict():
            fields = schema.get("properties")
            other = schema.get("additionalProperties")
            other = other if isinstance(other, dict) else {}
            return {
                name: spelled((fields or {}).get(name, other), inner)
                for name, inner in value.items()
                if inner is not None or fields is None
            }
        case list():
            return [spelled(schema.get("items", {}), inner) for inner in value]
        case bool():
            return value
        case str() if schema.get("type") == "integer" and re.fullmatch("[0-9]+", value):
            return int(value)
        case float() if value.is_integer():
            return spelled(schema, int(value))
        case int() if schema.get("format") == "uint64" and 0 <= value < 2**64:
            return str(value)
        case int() if 0 <= value < len(schema.get("enum", [])):
            return schema["enum"][value]
    return value
