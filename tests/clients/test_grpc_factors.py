"""Python's gRPC: second factors, in each version of the Session service that has them."""

import random
import re
import uuid
from dataclasses import dataclass
from typing import Any

import grpc
import pytest

from service import LINK_BASE, PASSWORD, Service
from session import Client, Open, Users, login
from totp import App

DENIED = grpc.StatusCode.PERMISSION_DENIED
INVALID = grpc.StatusCode.INVALID_ARGUMENT
TEMPLATE = f"{LINK_BASE}otp?code={{{{.Code}}}}"


@dataclass(frozen=True)
class Person:
    """A user, with what calls his services."""

    sessions: Client
    service: Service
    users: Users
    id: str
    email: str
    phone: str

    @classmethod
    def registered(cls, sessions: Client, service: Service) -> "Person":
        users = Users.connected(sessions.channel, service.token)
        email = f"{uuid.uuid4()}@example.com"
        # A number that no other test has.
        phone = f"+4177{random.randrange(10**7):07}"  # noqa: S311
        added = users.call(
            "AddHumanUser",
            username=email,
            profile={"given_name": "Ada", "family_name": "Lovelace"},
            email={"email": email, "is_verified": True},
            phone={"phone": phone, "is_verified": True},
            password={"password": PASSWORD},
        )
        return cls(sessions, service, users, added.user_id, email, phone)

    def log_in(self) -> Open:
        return self.sessions.open(checks=login(self.email, PASSWORD), token=self.service.token)

    def own(self, session: Open) -> Users:
        """The calls of the User service as himself."""
        return self.users.bearing(session.token)

    def prove(self, session: Open, **checks: Any) -> Open:
        return self.sessions.set(session, checks=checks, token=self.service.token)

    def refusal(self, session: Open, **checks: Any) -> tuple[grpc.StatusCode, str | None]:
        refusal = self.sessions.refusal(
            "SetSession", **session.key(), checks=checks, token=self.service.token
        )
        return refusal.code, refusal.id

    def challenge(self, session: Open, **challenges: Any) -> tuple[Open, Any]:
        """The session with its current token, and what was returned."""
        answer = self.sessions.call(
            "SetSession", **session.key(), challenges=challenges, token=self.service.token
        )
        return Open(session.id, answer.session_token, answer.details), answer.challenges

    def proved(self, session: Open) -> set[str]:
        return {field.name for field, _ in self.sessions.get(session).factors.ListFields()}

    def types(self) -> list[str]:
        answer = self.users.call("ListAuthenticationMethodTypes", user_id=self.id)
        enum = type(answer).DESCRIPTOR.fields_by_name["auth_method_types"].enum_type
        return [
            enum.values_by_number[each].name.removeprefix("AUTHENTICATION_METHOD_TYPE_")
            for each in answer.auth_method_types
        ]

    def newest_code(self, to: str) -> str:
        text = self.service.messages_to(to)[-1]["text"]
        (code,) = set(re.findall(r"(?<!\d)\d{8}(?!\d)", text))
        return str(code)


@pytest.fixture
def person(later: Client, service: Service) -> Person:
    return Person.registered(later, service)


def test_an_authenticator_app(person: Person) -> None:
    own = person.own(person.log_in())
    app = App(own.call("RegisterTOTP", user_id=person.id).secret)
    code = app.code()
    own.call("VerifyTOTPRegistration", user_id=person.id, code=code)
    assert person.types() == ["PASSWORD", "TOTP"]

    half = person.log_in()
    refusal = person.own(half).refusal("RemoveTOTP", user_id=person.id)
    assert (refusal.code, refusal.id) == (DENIED, "AUTHZ-Kl3p0")
    assert person.refusal(half, totp={"code": code}) == (INVALID, "EVENT-8isk2")
    full = person.prove(half, totp={"code": app.code()})
    assert person.proved(full) == {"user", "password", "totp"}

    person.own(full).call("RemoveTOTP", user_id=person.id)
    assert person.types() == ["PASSWORD"]


@pytest.mark.parametrize(
    ("rpc", "name", "sending", "returning"),
    [
        ("OTPEmail", "otp_email", {"send_code": {"url_template": TEMPLATE}}, {"return_code": {}}),
        ("OTPSMS", "otp_sms", {}, {"return_code": True}),
    ],
)
def test_codes_by_message(
    person: Person, rpc: str, name: str, sending: dict[str, Any], returning: dict[str, Any]
) -> None:
    person.own(person.log_in()).call(f"Add{rpc}", user_id=person.id)
    to = person.email if name == "otp_email" else person.phone

    session, returned = person.challenge(person.log_in(), **{name: sending})
    assert not returned.HasField(name)
    code = person.newest_code(to)
    other, returned = person.challenge(person.log_in(), **{name: returning})
    others_code = getattr(returned, name)
    assert person.refusal(session, **{name: {"code": others_code}}) == (INVALID, "CODE-woT0xc")
    session = person.prove(session, **{name: {"code": code}})
    other = person.prove(other, **{name: {"code": others_code}})
    for each in [session, other]:
        assert person.proved(each) == {"user", "password", name}

    person.own(session).call(f"Remove{rpc}", user_id=person.id)
    assert person.types() == ["PASSWORD"]


def test_recovery_codes(person: Person) -> None:
    person.users.call("AddOTPEmail", user_id=person.id)
    made = person.users.call("GenerateRecoveryCodes", user_id=person.id, count=3)
    assert person.types() == ["PASSWORD", "OTP_EMAIL", "RECOVERY_CODE"]

    session = person.log_in()
    if person.sessions.version == "v2":
        code = made.recovery_codes[0]
        full = person.prove(session, recovery_code={"code": code})
        assert person.proved(full) == {"user", "password", "recovery_code"}
        assert person.refusal(full, recovery_code={"code": code}) == (INVALID, "DOMAIN-6uvh0")
        person.own(full).call("RemoveRecoveryCodes", user_id=person.id)
    else:
        # Its check is of v2 alone.
        person.users.call("RemoveRecoveryCodes", user_id=person.id)
    assert person.types() == ["PASSWORD", "OTP_EMAIL"]
