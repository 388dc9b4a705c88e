"""ZITADEL's client for Python, as tests of users call it."""

import random
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import pytest
from zitadel_client.exceptions import ApiError
from zitadel_client.zitadel import Zitadel

from service import PASSWORD, Service

NEW_PASSWORD = "An0ther-Secret!"  # noqa: S105
PROFILE = {"given_name": "Ada", "family_name": "Lovelace"}


@dataclass(frozen=True)
class User:
    id: str
    login_name: str
    # Verified, if he has one.
    phone: str | None
    details: Any


@dataclass(frozen=True)
class Client:
    """ZITADEL's client with the token of a service account, and for users with their sessions'.

    It makes its messages of dictionaries, of which its annotations say nothing.
    """

    service: Service
    users: Any
    sessions: Any

    @classmethod
    def of_service_account(cls, service: Service) -> "Client":
        zitadel = Zitadel.with_access_token(service.url, service.token)
        return cls(service, zitadel.users, zitadel.sessions)

    def as_user(self, session: Any) -> Any:
        """The calls of the User service by whom that session is of."""
        return Zitadel.with_access_token(self.service.url, session.session_token).users

    def register(
        self,
        *,
        password: str | None = PASSWORD,
        with_phone: bool = False,
        totp_secret: str | None = None,
        **verification: Any,
    ) -> User:
        """Adds a user; the verification is of his address, and none has it as verified."""
        login_name = f"{uuid.uuid4()}@example.com"
        email = {"email": login_name, **(verification or {"is_verified": True})}
        human: dict[str, Any] = {"username": login_name, "profile": PROFILE, "email": email}
        if password:
            human["password"] = {"password": password}
        # A number that no other test has.
        phone = f"+4179{random.randrange(10**7):07}" if with_phone else None  # noqa: S311
        if phone:
            human["phone"] = {"phone": phone, "is_verified": True}
        if totp_secret:
            human["totp_secret"] = totp_secret
        answer = self.users.add_human_user(human)
        return User(answer.user_id, login_name, phone, answer.details)

    def find(self, user: User) -> Any:
        return self.users.get_user_by_id({"user_id": user.id}).user

    def log_in(self, login_name: str, password: str = PASSWORD) -> Any:
        checks = {"user": {"login_name": login_name}, "password": {"password": password}}
        return self.sessions.create_session({"checks": checks})

    def check(self, session: Any, password: str) -> Any:
        """Checks a password in that session."""
        checks = {"password": {"password": password}}
        return self.sessions.set_session({"session_id": session.session_id, "checks": checks})

    def read(self, session: Any) -> Any:
        return self.sessions.get_session({"session_id": session.session_id}).session


@contextmanager
def refused(status: HTTPStatus, error_id: str) -> Iterator[None]:
    """Whatever the block calls is refused with that status and that id."""
    with pytest.raises(ApiError) as raised:
        yield
    body: Any = raised.value.response_body
    ids = re.findall(r"\(([\w-]+)\)$", body["message"])
    assert (raised.value.code, ids) == (status, [error_id])
