"""ZITADEL's client for Python: codes that verify an address, reset a password and invite."""

import re
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from service import LINK_BASE, PASSWORD, Service
from users import NEW_PASSWORD, Client, User, refused

TEMPLATE = f"{LINK_BASE}go?code={{{{.Code}}}}&user={{{{.UserID}}}}"
WRONG_CODE = "WR2NGC3D"
VERIFY = "Confirm your e-mail address for Sesame"
RESET = "Set a new password for Sesame"
INVITATION = "Your invitation to Sesame"
ADDRESS_CHANGED = "Your e-mail address for Sesame was changed"


@pytest.fixture(scope="module")
def client(service: Service) -> Client:
    return Client.of_service_account(service)


def message_to(client: Client, address: str, subject: str) -> str:
    """The text of the only message to an address that has that subject."""
    messages = client.service.messages_to(address)
    (text,) = [message["text"] for message in messages if message["subject"] == subject]
    return text


def typed(text: str) -> str:
    """The code that a message shows for typing."""
    (code,) = re.findall(r"^[2-9A-HJ-NP-Z]{8}$", text, re.MULTILINE)
    return str(code)


def of_link(text: str) -> str:
    """The whole code, which a link carries."""
    (link,) = re.findall(r"https:\S+", text)
    assert link.startswith(LINK_BASE)
    (code,) = parse_qs(urlsplit(link).query)["code"]
    assert re.fullmatch(r"[2-9A-HJ-NP-Z]{20}", code)
    return str(code)


def email(client: Client, user: User) -> tuple[str, bool]:
    """The address that a user is shown with, and whether it is verified."""
    shown = client.find(user).human.email
    return shown.email, bool(shown.is_verified)


def verify(client: Client, user: User, code: str) -> None:
    client.users.verify_email({"user_id": user.id, "verification_code": code})


def register_verified(client: Client) -> User:
    user = client.register(send_code={})
    verify(client, user, typed(message_to(client, user.login_name, VERIFY)))
    return user


def test_a_user_who_registers_verifies_his_address_with_the_code_that_he_types(
    client: Client,
) -> None:
    user = client.register(send_code={})
    assert email(client, user) == (user.login_name, False)

    with refused(HTTPStatus.BAD_REQUEST, "COMMAND-eis9R"):
        verify(client, user, WRONG_CODE)
    code = typed(message_to(client, user.login_name, VERIFY))
    verify(client, user, f" {code[:4]}-{code[4:]}".lower())

    assert email(client, user) == (user.login_name, True)
    with refused(HTTPStatus.BAD_REQUEST, "COMMAND-eis9R"):
        verify(client, user, code)


def test_a_user_who_registers_verifies_his_address_with_the_code_of_a_link(
    client: Client,
) -> None:
    user = client.register(send_code={"url_template": TEMPLATE})

    # Asked for again within a minute, it is sent once.
    again = {"user_id": user.id, "send_code": {"url_template": TEMPLATE}}
    client.users.send_email_code(again)
    client.users.resend_email_code(again)
    verify(client, user, of_link(message_to(client, user.login_name, VERIFY)))

    assert email(client, user) == (user.login_name, True)


@pytest.mark.parametrize("code_of", [of_link, typed])
def test_a_user_who_forgot_his_password_sets_another(
    client: Client, code_of: Callable[[str], str]
) -> None:
    user = register_verified(client)
    session = client.log_in(user.login_name)
    change: dict[str, Any] = {"user_id": user.id, "new_password": {"password": NEW_PASSWORD}}

    send_link = {"notification_type": "NOTIFICATION_TYPE_Email", "url_template": TEMPLATE}
    client.users.password_reset({"user_id": user.id, "send_link": send_link})
    code = code_of(message_to(client, user.login_name, RESET))
    with refused(HTTPStatus.BAD_REQUEST, "CODE-woT0xc"):
        client.users.set_password({**change, "verification_code": WRONG_CODE})
    client.users.set_password({**change, "verification_code": code})

    with refused(HTTPStatus.BAD_REQUEST, "CODE-woT0xc"):
        client.users.set_password({**change, "verification_code": code})
    with refused(HTTPStatus.BAD_REQUEST, "COMMAND-3M0fs"):
        client.log_in(user.login_name)
    client.log_in(user.login_name, NEW_PASSWORD)
    with refused(HTTPStatus.NOT_FOUND, "QUERY-SFeaa"):
        client.read(session)


def test_an_invited_user_gets_his_first_password(client: Client) -> None:
    user = client.register(password=None, is_verified=False)
    accept = {"user_id": user.id, "verification_code": WRONG_CODE}

    send_code = {"url_template": TEMPLATE, "application_name": "Analytical Engine"}
    client.users.create_invite_code({"user_id": user.id, "send_code": send_code})
    text = message_to(client, user.login_name, INVITATION)
    assert "The invitation is to Analytical Engine." in text
    with refused(HTTPStatus.BAD_REQUEST, "COMMAND-Wgn4q"):
        client.users.verify_invite_code(accept)
    client.users.verify_invite_code({**accept, "verification_code": of_link(text)})

    assert email(client, user) == (user.login_name, True)
    client.users.set_password({"user_id": user.id, "new_password": {"password": PASSWORD}})
    client.log_in(user.login_name)


def test_a_user_changes_his_address_and_the_former_one_is_told(client: Client) -> None:
    user = register_verified(client)
    own = client.as_user(client.log_in(user.login_name))
    address = f"{uuid.uuid4()}@example.com"

    send_code = {"url_template": TEMPLATE}
    own.set_email({"user_id": user.id, "email": address, "send_code": send_code})

    assert email(client, user) == (address, False)
    code = of_link(message_to(client, address, VERIFY))
    own.verify_email({"user_id": user.id, "verification_code": code})
    assert email(client, user) == (address, True)
    told = message_to(client, user.login_name, ADDRESS_CHANGED)
    assert address in told
    assert "http" not in told


def test_update_human_user_returns_the_code_of_an_address(client: Client) -> None:
    user = register_verified(client)
    address = f"{uuid.uuid4()}@example.com"

    change = {"email": address, "return_code": {}}
    answer = client.users.update_human_user({"user_id": user.id, "email": change})

    verify(client, user, answer.email_code)
    assert email(client, user) == (address, True)
    assert client.service.messages_to(address) == []
