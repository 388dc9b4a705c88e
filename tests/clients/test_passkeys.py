"""ZITADEL's client for Python: passkeys and security keys are registered, used and removed."""

from http import HTTPStatus
from typing import Any

import pytest

from authenticator import Authenticator
from service import PASSWORD, Service
from users import Client, User, refused

DOMAIN = "localhost"
REQUIRED = "USER_VERIFICATION_REQUIREMENT_REQUIRED"
DISCOURAGED = "USER_VERIFICATION_REQUIREMENT_DISCOURAGED"


@pytest.fixture(scope="module")
def client(service: Service) -> Client:
    return Client.of_service_account(service)


def asked(level: str) -> dict[str, Any]:
    return {"web_auth_n": {"domain": DOMAIN, "user_verification_requirement": level}}


def answer(client: Client, session: Any, authenticator: Authenticator) -> Any:
    options = session.challenges.web_auth_n.public_key_credential_request_options
    checks = {"web_auth_n": {"credential_assertion_data": authenticator.answer(options)}}
    return client.sessions.set_session({"session_id": session.session_id, "checks": checks})


def add_passkey(client: Client, user: User) -> tuple[Authenticator, str]:
    begun = client.users.register_passkey({"user_id": user.id, "domain": DOMAIN})
    authenticator = Authenticator(verifies=True)
    credential = authenticator.register(begun.public_key_credential_creation_options)
    client.users.verify_passkey_registration(
        {
            "user_id": user.id,
            "passkey_id": begun.passkey_id,
            "public_key_credential": credential,
            "passkey_name": "A phone",
        }
    )
    return authenticator, str(begun.passkey_id)


def test_a_passkey(client: Client) -> None:
    user = client.register()
    authenticator, passkey_id = add_passkey(client, user)
    listed = client.users.list_passkeys({"user_id": user.id})
    assert [(one.id, one.name) for one in listed.result] == [(passkey_id, "A phone")]

    session = client.sessions.create_session(
        {"checks": {"user": {"user_id": user.id}}, "challenges": asked(REQUIRED)}
    )
    session.session_token = answer(client, session, authenticator).session_token
    factors = client.read(session).factors
    assert factors.web_auth_n.user_verified
    with refused(HTTPStatus.BAD_REQUEST, "COMMAND-Ioqu5"):
        answer(client, session, authenticator)

    client.as_user(session).remove_passkey({"user_id": user.id, "passkey_id": passkey_id})
    with refused(HTTPStatus.NOT_FOUND, "COMMAND-DAfb2"):
        client.users.remove_passkey({"user_id": user.id, "passkey_id": passkey_id})


def test_a_passkey_that_finds_its_user(client: Client) -> None:
    user = client.register()
    authenticator, _ = add_passkey(client, user)

    session = client.sessions.create_session({"challenges": asked(REQUIRED)})
    session.session_token = answer(client, session, authenticator).session_token

    assert client.read(session).factors.user.id == user.id
    stranger = client.sessions.create_session({"challenges": asked(REQUIRED)})
    with refused(HTTPStatus.BAD_REQUEST, "WEBAU-3M9si"):
        answer(client, stranger, Authenticator(verifies=True))


def test_a_security_key(client: Client) -> None:
    user = client.register()
    begun = client.users.register_u2_f({"user_id": user.id, "domain": DOMAIN})
    authenticator = Authenticator(verifies=False)
    credential = authenticator.register(begun.public_key_credential_creation_options)
    client.users.verify_u2_f_registration(
        {
            "user_id": user.id,
            "u2f_id": begun.u2f_id,
            "public_key_credential": credential,
            "token_name": "A key",
        }
    )

    checks = {"user": {"user_id": user.id}, "password": {"password": PASSWORD}}
    session = client.sessions.create_session({"checks": checks, "challenges": asked(DISCOURAGED)})
    session.session_token = answer(client, session, authenticator).session_token

    assert client.read(session).factors.web_auth_n.verified_at
    client.as_user(session).remove_u2_f({"user_id": user.id, "u2f_id": begun.u2f_id})
