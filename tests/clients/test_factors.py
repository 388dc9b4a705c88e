"""ZITADEL's client for Python: each second factor is registered, used and removed by its user."""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest

from service import LINK_BASE, Service
from totp import App
from users import Client, User, refused

TEMPLATE = f"{LINK_BASE}otp?code={{{{.Code}}}}&session={{{{.SessionID}}}}"
# Eight digits, as all codes by e-mail and SMS have.
WRONG_OTP = "00000000"


@pytest.fixture(scope="module")
def client(service: Service) -> Client:
    return Client.of_service_account(service)


def types(client: Client, user: User) -> list[str]:
    listed = client.users.list_authentication_method_types({"user_id": user.id})
    return [
        str(each.value).removeprefix("AUTHENTICATION_METHOD_TYPE_")
        for each in listed.auth_method_types
    ]


def prove(client: Client, session: Any, **checks: Any) -> Any:
    """Checks more in a session; the answer has its current token."""
    request = {"session_id": session.session_id, "checks": checks}
    return client.sessions.set_session(request)


def challenge(client: Client, session: Any, **challenges: Any) -> Any:
    request = {"session_id": session.session_id, "challenges": challenges}
    return client.sessions.set_session(request).challenges


def proved(client: Client, session: Any) -> set[str]:
    factors = client.read(session).factors.to_dict()
    return {name for name, factor in factors.items() if factor.get("verifiedAt")}


def code_sent_to(client: Client, address: str) -> str:
    """The code in the newest message to an address or a number."""
    text = client.service.messages_to(address)[-1]["text"]
    (code,) = set(re.findall(r"(?<!\d)\d{8}(?!\d)", text))
    return str(code)


def test_an_authenticator_app(client: Client) -> None:
    user = client.register()
    own = client.as_user(client.log_in(user.login_name))

    former = own.register_totp({"user_id": user.id})
    registered = own.register_totp({"user_id": user.id})
    assert registered.secret != former.secret
    assert registered.uri.startswith("otpauth://totp/")
    assert registered.secret in registered.uri
    assert types(client, user) == ["PASSWORD"]
    app = App(registered.secret)
    code = app.code()
    own.verify_totp_registration({"user_id": user.id, "code": code})
    assert types(client, user) == ["PASSWORD", "TOTP"]

    session = client.log_in(user.login_name)
    with refused(HTTPStatus.FORBIDDEN, "AUTHZ-Kl3p0"):
        client.as_user(session).remove_totp({"user_id": user.id})
    with refused(HTTPStatus.BAD_REQUEST, "EVENT-8isk2"):
        prove(client, session, totp={"code": code})
    session_token = prove(client, session, totp={"code": app.code()}).session_token
    assert proved(client, session) == {"user", "password", "totp"}

    session.session_token = session_token
    client.as_user(session).remove_totp({"user_id": user.id})
    assert types(client, user) == ["PASSWORD"]
    with refused(HTTPStatus.NOT_FOUND, "COMMAND-Hd9sd"):
        client.users.remove_totp({"user_id": user.id})


def test_a_secret_that_a_user_is_created_with(client: Client) -> None:
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105
    user = client.register(totp_secret=secret)

    session = client.log_in(user.login_name)
    prove(client, session, totp={"code": App(secret).code()})

    assert proved(client, session) == {"user", "password", "totp"}
    assert types(client, user) == ["PASSWORD", "TOTP"]


@pytest.mark.parametrize("is_returned", [False, True])
@pytest.mark.parametrize(
    ("kind", "name", "method", "exists"),
    [
        ("otp_email", "otp_email", "OTP_EMAIL", "COMMAND-Q54j2"),
        ("otpsms", "otp_sms", "OTP_SMS", "COMMAND-Ad3g2"),
    ],
)
def test_codes_by_message(
    client: Client, kind: str, name: str, method: str, exists: str, is_returned: bool
) -> None:
    user = client.register(with_phone=True)
    own = client.as_user(client.log_in(user.login_name))
    to = user.login_name if name == "otp_email" else str(user.phone)

    add: Callable[[Any], Any] = getattr(own, f"add_{kind}")
    add({"user_id": user.id})
    with refused(HTTPStatus.CONFLICT, exists):
        getattr(client.users, f"add_{kind}")({"user_id": user.id})
    assert types(client, user) == ["PASSWORD", method]

    session = client.log_in(user.login_name)
    ways: dict[str, Any] = {
        "otp_email": {"return_code": {}}
        if is_returned
        else {"send_code": {"url_template": TEMPLATE}},
        "otp_sms": {"return_code": is_returned},
    }
    returned = challenge(client, session, **{name: ways[name]})
    code = str(getattr(returned, name)) if is_returned else code_sent_to(client, to)
    with refused(HTTPStatus.BAD_REQUEST, "CODE-woT0xc"):
        prove(client, session, **{name: {"code": WRONG_OTP}})
    session.session_token = prove(client, session, **{name: {"code": code}}).session_token
    assert len(proved(client, session)) == 3

    getattr(client.as_user(session), f"remove_{kind}")({"user_id": user.id})
    assert types(client, user) == ["PASSWORD"]


def test_recovery_codes(client: Client) -> None:
    user = client.register()
    own = client.as_user(client.log_in(user.login_name))
    with refused(HTTPStatus.BAD_REQUEST, "SESAME-Frec1"):
        own.generate_recovery_codes({"user_id": user.id, "count": 2})
    own.add_otp_email({"user_id": user.id})

    codes = client.users.generate_recovery_codes({"user_id": user.id, "count": 2}).recovery_codes
    assert len(set(codes)) == 2
    assert types(client, user) == ["PASSWORD", "OTP_EMAIL", "RECOVERY_CODE"]

    session = client.log_in(user.login_name)
    typed = codes[0].lower().replace("-", " ")
    session.session_token = prove(client, session, recovery_code={"code": typed}).session_token
    assert proved(client, session) == {"user", "password", "recoveryCode"}
    subjects = [message["subject"] for message in client.service.messages_to(user.login_name)]
    assert "A recovery code was used at Sesame" in subjects
    with refused(HTTPStatus.BAD_REQUEST, "DOMAIN-6uvh0"):
        prove(client, session, recovery_code={"code": codes[0]})

    client.as_user(session).remove_recovery_codes({"user_id": user.id})
    assert types(client, user) == ["PASSWORD", "OTP_EMAIL"]


def test_factors_are_listed_with_their_states(client: Client) -> None:
    user = client.register(with_phone=True)
    client.users.register_totp({"user_id": user.id})
    client.users.add_otp_email({"user_id": user.id})
    client.users.add_otpsms({"user_id": user.id})

    def listed(**query: Any) -> set[tuple[str, str]]:
        answer = client.users.list_authentication_factors({"user_id": user.id, **query})
        found = [each.to_dict() for each in answer.result]
        return {
            (name, each["state"].value.removeprefix("AUTH_FACTOR_STATE_"))
            for each in found
            for name in each.keys() - {"state"}
        }

    assert listed() == {("otpSms", "READY"), ("otpEmail", "READY")}
    assert listed(states=["AUTH_FACTOR_STATE_NOT_READY"]) == {("otp", "NOT_READY")}
    assert listed(auth_factors=["OTP_EMAIL"]) == {("otpEmail", "READY")}
