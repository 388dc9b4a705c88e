"""ZITADEL's client for Python: passkeys and security keys are registered, used and removed."""

import json
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any
from urllib.request import Request, urlopen

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


def begin(client: Client, level: str, **checks: Any) -> Any:
    """A session with a challenge, asked without the client: its answers lack the options."""
    body = {
        "checks": checks,
        "challenges": {"webAuthN": {"domain": DOMAIN, "userVerificationRequirement": level}},
    }
    headers = {
        "Authorization": f"Bearer {client.service.token}",
        "Content-Type": "application/json",
    }
    url = f"{client.service.url}/v2/sessions"
    with urlopen(Request(url, json.dumps(body).encode(), headers)) as response:  # noqa: S310
        created = json.load(response)
    return SimpleNamespace(
        session_id=created["sessionId"],
        session_token=created["sessionToken"],
        options=created["challenges"]["webAuthN"]["publicKeyCredentialRequestOptions"],
    )


def answer(client: Client, session: Any, authenticator: Authenticator) -> Any:
    assertion = authenticator.answer(session.options)
    checks = {"web_auth_n": {"credential_assertion_data": assertion}}
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

    session = begin(client, REQUIRED, user={"userId": user.id})
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

    session = begin(client, REQUIRED)
    session.session_token = answer(client, session, authenticator).session_token

    assert client.read(session).factors.user.id == user.id
    stranger = begin(client, REQUIRED)
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

    password = {"password": PASSWORD}
    session = begin(client, DISCOURAGED, user={"userId": user.id}, password=password)
    session.session_token = answer(client, session, authenticator).session_token

    assert client.read(session).factors.web_auth_n.verified_at
    client.as_user(session).remove_u2_f({"user_id": user.id, "u2f_id": begun.u2f_id})
