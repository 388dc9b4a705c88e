"""ZITADEL's client for Python, which speaks Connect with JSON: a user's life."""

import uuid
from http import HTTPStatus

import pytest

from service import PASSWORD, Service
from users import NEW_PASSWORD, PROFILE, Client, refused


@pytest.fixture(scope="module")
def client(service: Service) -> Client:
    return Client.of_service_account(service)


def test_a_user_who_registers_logs_in(client: Client) -> None:
    user = client.register()

    factors = client.read(client.log_in(user.login_name)).factors

    assert factors.user.id == user.id
    assert factors.user.login_name == user.login_name
    assert factors.user.display_name == "Ada Lovelace"
    assert factors.password.verified_at


def test_create_user_registers_too_but_no_name_twice(client: Client) -> None:
    user = client.register()
    email = {"email": user.login_name, "is_verified": True}
    organization_id = user.details.resource_owner
    create = {"organization_id": organization_id, "human": {"profile": PROFILE, "email": email}}

    username = str(uuid.uuid4())
    created = client.users.create_user({**create, "username": username})
    # In a create this client has the message for the password of an update, which is another one.
    password = {"password": PASSWORD}
    client.users.set_password({"user_id": created.id, "new_password": password})

    assert created.creation_date
    assert client.read(client.log_in(username)).factors.user.id == created.id
    with refused(HTTPStatus.CONFLICT, "V3-DKcYh"):
        client.users.create_user({**create, "username": user.login_name})


def test_a_user_is_found_by_id(client: Client) -> None:
    user = client.register()

    found = client.find(user)

    assert found.details == user.details
    assert found.user_id == user.id
    assert found.state == "USER_STATE_ACTIVE"
    assert found.username == found.preferred_login_name == user.login_name
    assert found.login_names == [user.login_name]
    profile, email = found.human.profile, found.human.email
    assert (profile.given_name, profile.family_name) == ("Ada", "Lovelace")
    assert profile.display_name == "Ada Lovelace"
    assert (email.email, email.is_verified) == (user.login_name, True)
    assert found.human.password_changed


def test_a_search_finds_a_user_by_id_login_name_and_e_mail(client: Client) -> None:
    user = client.register()
    expected = client.find(user)

    for query in [
        {"in_user_ids_query": {"user_ids": [user.id]}},
        {"login_name_query": {"login_name": user.login_name}},
        {"email_query": {"email_address": user.login_name}},
    ]:
        answer = client.users.list_users({"queries": [query]})

        assert answer.result == [expected]
        assert answer.details.total_result == "1"
        assert answer.details.timestamp


def test_a_profile_is_changed(client: Client) -> None:
    user = client.register()
    own = client.as_user(client.log_in(user.login_name))
    profile = {"given_name": "Augusta", "family_name": "King", "nick_name": "Ada"}

    client.users.update_human_user({"user_id": user.id, "profile": profile})
    # By the user himself.
    own.update_user({"user_id": user.id, "human": {"profile": {"preferred_language": "fr"}}})

    found = client.find(user)
    assert found.details.sequence == "3"
    changed = found.human.profile
    assert (changed.given_name, changed.family_name) == ("Augusta", "King")
    assert (changed.nick_name, changed.preferred_language) == ("Ada", "fr")
    assert changed.display_name == "Augusta King"


def test_a_user_changes_his_password_with_the_current_one(client: Client) -> None:
    user = client.register()
    session, other = (client.log_in(user.login_name) for _ in range(2))
    change = {"user_id": user.id, "new_password": {"password": NEW_PASSWORD}}
    own = client.as_user(session)

    for users in [own, client.users]:
        with refused(HTTPStatus.BAD_REQUEST, "COMMAND-3M0fs"):
            users.set_password({**change, "current_password": "guessed"})
    own.set_password({**change, "current_password": PASSWORD})

    assert client.read(session).factors.user.id == user.id
    with refused(HTTPStatus.NOT_FOUND, "QUERY-SFeaa"):
        client.read(other)
    with refused(HTTPStatus.BAD_REQUEST, "COMMAND-3M0fs"):
        client.log_in(user.login_name)
    client.log_in(user.login_name, NEW_PASSWORD)


def test_a_user_changes_his_password_with_his_sessions_token_alone_and_goes_on(
    client: Client,
) -> None:
    user = client.register()
    named = client.sessions.create_session({"checks": {"user": {"login_name": user.login_name}}})
    session = client.log_in(user.login_name)

    change = {"user_id": user.id, "new_password": {"password": NEW_PASSWORD}}
    client.as_user(session).set_password(change)

    with refused(HTTPStatus.BAD_REQUEST, "COMMAND-3M0fs"):
        client.check(session, PASSWORD)
    for each in [session, named]:
        client.check(each, NEW_PASSWORD)
        factors = client.read(each).factors
        assert factors.user.id == user.id
        assert factors.password.verified_at


def test_a_user_is_locked_and_unlocked(client: Client) -> None:
    user = client.register()
    session = client.log_in(user.login_name)

    client.users.lock_user({"user_id": user.id})

    assert client.find(user).state == "USER_STATE_LOCKED"
    with refused(HTTPStatus.BAD_REQUEST, "SESSION-Gj4ko"):
        client.log_in(user.login_name)
    with refused(HTTPStatus.NOT_FOUND, "QUERY-SFeaa"):
        client.read(session)
    client.users.unlock_user({"user_id": user.id})
    assert client.find(user).state == "USER_STATE_ACTIVE"
    client.log_in(user.login_name)
    with refused(HTTPStatus.BAD_REQUEST, "COMMAND-olb9vb0oca"):
        client.users.unlock_user({"user_id": user.id})


def test_a_deleted_user_is_gone(client: Client) -> None:
    user = client.register()
    session = client.log_in(user.login_name)

    assert client.users.delete_user({"user_id": user.id}).details.change_date

    with refused(HTTPStatus.NOT_FOUND, "QUERY-Dfbg2"):
        client.find(user)
    with refused(HTTPStatus.NOT_FOUND, "QUERY-Dfbg2"):
        client.log_in(user.login_name)
    with refused(HTTPStatus.NOT_FOUND, "QUERY-SFeaa"):
        client.read(session)
