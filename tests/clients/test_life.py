"""A session's life in Python's gRPC: create, get, set, list, delete."""

import time
import uuid
from typing import Any

import grpc

from service import LOGIN_NAME, PASSWORD, Service
from session import Client, Open, login

RIGHT = login(LOGIN_NAME, PASSWORD)
USER = {"user": {"login_name": LOGIN_NAME}}
USER_AGENT = {
    "fingerprint_id": "f-1",
    "ip": "192.0.2.7",
    "description": "a browser",
    "header": {"accept-language": {"values": ["de", "en"]}},
}
# The longest time between the calls of a test, on a busy machine.
SOON_SECONDS = 60

ALREADY_EXISTS = (grpc.StatusCode.ALREADY_EXISTS, None)
DEAD = (grpc.StatusCode.PERMISSION_DENIED, "COMMAND-sGr42")
DENIED = (grpc.StatusCode.PERMISSION_DENIED, "AUTH-5mWD2")
ELSEWHERE = (grpc.StatusCode.ABORTED, None)
ENDED = (grpc.StatusCode.FAILED_PRECONDITION, "COMMAND-Hewfq")
GONE = (grpc.StatusCode.NOT_FOUND, "QUERY-SFeaa")
INVALID = (grpc.StatusCode.INVALID_ARGUMENT, None)
UNKNOWN = (grpc.StatusCode.UNAUTHENTICATED, None)
UNREADABLE = (grpc.StatusCode.PERMISSION_DENIED, "QUERY-dsfr3")
WRONG_PASSWORD = (grpc.StatusCode.INVALID_ARGUMENT, "COMMAND-3M0fs")


def why(client: Client, rpc: str, **arguments: Any) -> tuple[grpc.StatusCode, str | None]:
    refusal = client.refusal(rpc, **arguments)
    return refusal.code, refusal.id


def named(*sessions: Open) -> list[dict[str, Any]]:
    return [{"ids_query": {"ids": [session.id for session in sessions]}}]


def found(answer: Any) -> list[str]:
    return [session.id for session in answer.sessions]


def has_later_fields(client: Client) -> bool:
    return client.version != "v2alpha"


def test_a_session_token_reads_the_session_as_it_was_created(client: Client) -> None:
    metadata = {"colour": b"blue", "bytes": b"\x00\xff\x01", "schlüssel": "größe".encode()}

    session = client.open(checks=RIGHT, metadata=metadata)

    read = client.get(session)
    at = session.details.change_date
    assert read.id == session.id
    assert read.sequence == session.details.sequence == 5
    assert read.change_date == read.creation_date == at
    assert abs(at.seconds - time.time()) < SOON_SECONDS
    assert dict(read.metadata) == metadata
    assert read.factors.user.id
    assert read.factors.user.login_name == LOGIN_NAME
    assert read.factors.user.display_name == "Mini Mouse"
    for factor in [read.factors.user, read.factors.password]:
        assert abs(factor.verified_at.seconds - at.seconds) < SOON_SECONDS


def test_metadata_is_set_and_removed_key_by_key(client: Client) -> None:
    session = client.open(metadata={"changed": b"blue", "removed": b"blue", "kept": b"blue"})

    changed = client.set(session, metadata={"changed": b"red", "removed": b"", "added": b"red"})

    read = client.get(changed)
    assert dict(read.metadata) == {"changed": b"red", "kept": b"blue", "added": b"red"}
    # Metadata and token.
    assert read.sequence == changed.details.sequence == session.details.sequence + 2
    assert read.change_date == changed.details.change_date
    assert read.creation_date == session.details.change_date


def test_a_set_replaces_the_token_and_the_old_one_is_refused(client: Client) -> None:
    session = client.open()

    changed = client.set(session, metadata={"colour": b"red"})

    assert changed.token != session.token
    assert why(client, "SetSession", **session.key(), metadata={"colour": b"blue"}) == DEAD
    assert why(client, "DeleteSession", **session.key()) == DEAD
    assert why(client, "GetSession", **session.key()) == UNREADABLE
    assert dict(client.get(changed).metadata) == {"colour": b"red"}


def test_a_password_can_be_checked_after_its_user(client: Client, service: Service) -> None:
    login_name = service.add_user()
    user = {"checks": {"user": {"login_name": login_name}}}
    # Only a principal with session.write is told which users exist.
    assert why(client, "CreateSession", **user) == UNKNOWN
    session = client.open(**user, token=service.token)
    guess = {"password": {"password": "guessed"}}

    assert why(client, "SetSession", **session.key(), checks=guess) == WRONG_PASSWORD
    checked = client.set(session, checks={"password": {"password": PASSWORD}})

    assert (session.details.sequence, checked.details.sequence) == (3, 5)
    factors = client.get(checked).factors
    assert factors.user.login_name == login_name
    assert factors.HasField("password")


def test_a_set_that_changes_nothing_leaves_the_sequence_and_the_token(client: Client) -> None:
    session = client.open()

    assert client.set(session).details == session.details
    assert client.get(session).sequence == 2


def test_a_list_has_the_sessions_that_were_named_page_by_page(
    client: Client, service: Service
) -> None:
    sessions = [client.open(checks=USER, token=service.token) for _ in range(3)]
    in_order = [session.id for session in sessions]

    answer = client.list(queries=named(*sessions), token=service.token)

    assert answer.details.total_result == 3
    assert answer.details.timestamp.seconds > 0
    # The newest first.
    assert found(answer) == in_order[::-1]
    assert answer.sessions[0] == client.get(sessions[2])
    for query, expected in [
        ({"asc": True}, in_order),
        ({"asc": True, "limit": 1}, in_order[:1]),
        ({"asc": True, "limit": 1, "offset": 1}, in_order[1:2]),
        ({"limit": 2, "offset": 2}, in_order[:1]),
        ({"offset": 3}, []),
    ]:
        page = client.list(query=query, queries=named(*sessions), token=service.token)
        assert found(page) == expected, query
        assert page.details.total_result == 3


def test_a_filter_that_is_empty_matches_nothing(client: Client, service: Service) -> None:
    client.open()

    for name in ["ids_query", "user_id_query"][: 1 + has_later_fields(client)]:
        answer = client.list(queries=[{name: {}}], token=service.token)
        assert (answer.details.total_result, found(answer)) == (0, []), name


def test_a_deleted_session_is_gone(client: Client, service: Service) -> None:
    session = client.open()

    answer = client.call("DeleteSession", **session.key())

    assert answer.details.change_date.seconds > 0
    assert why(client, "GetSession", **session.key()) == GONE
    client.call("DeleteSession", **session.key())
    assert why(client, "SetSession", **session.key(), metadata={"colour": b"red"}) == ENDED
    assert found(client.list(queries=named(session), token=service.token)) == []


def test_only_the_same_create_may_be_repeated_with_a_key(client: Client, service: Service) -> None:
    once = {"headers": {"idempotency-key": str(uuid.uuid4())}, "token": service.token}

    first = client.create(metadata={"colour": b"blue"}, **once)
    second = client.create(metadata={"colour": b"blue"}, **once)

    assert second == first
    assert why(client, "CreateSession", metadata={"colour": b"red"}, **once) == ALREADY_EXISTS


def test_a_set_may_require_a_sequence(client: Client) -> None:
    session = client.open()
    red = {"metadata": {"colour": b"red"}}

    too_late = {"headers": {"if-match": '"3"'}}
    assert why(client, "SetSession", **session.key(), **red, **too_late) == ELSEWHERE
    changed = client.set(session, **red, headers={"if-match": '"2"'})

    assert changed.details.sequence == 4


def test_an_anonymous_client_needs_the_session_token(client: Client) -> None:
    session = client.open()

    assert why(client, "GetSession", session_id=session.id) == UNKNOWN
    assert why(client, "DeleteSession", session_id=session.id) == UNKNOWN
    assert why(client, "ListSessions", queries=named(session)) == UNKNOWN
    # Before v2 the message must have one.
    needed = UNKNOWN if client.version == "v2" else INVALID
    red = {"metadata": {"colour": b"red"}}
    assert why(client, "SetSession", session_id=session.id, **red) == needed
    assert client.get(session).sequence == 2


def test_a_sessions_own_user_reads_lists_and_deletes_it(client: Client, service: Service) -> None:
    login_name = service.add_user()
    session = client.open(checks=login(login_name, PASSWORD))
    own = client.open(checks=login(login_name, PASSWORD)).token
    other = client.open(checks=RIGHT).token
    unproven = client.open(checks={"user": {"login_name": login_name}}, token=service.token)
    which: dict[str, Any] = {"session_id": session.id}

    assert why(client, "GetSession", **which, token=other) == DENIED
    assert why(client, "DeleteSession", **which, token=other) == DENIED
    assert why(client, "GetSession", **which, token=unproven.token) == UNKNOWN
    assert found(client.list(queries=named(session), token=other)) == []
    assert found(client.list(queries=named(session), token=own)) == [session.id]
    read = client.call("GetSession", **which, token=own).session
    assert read.factors.user.login_name == login_name
    client.call("DeleteSession", **which, token=own)
    assert why(client, "GetSession", **which, token=own) == GONE


def test_a_session_has_its_expiry_and_user_agent(later: Client) -> None:
    session = later.open(lifetime={"seconds": 3600}, user_agent=USER_AGENT)

    read = later.get(session)

    assert read.user_agent == type(read.user_agent)(**USER_AGENT)
    assert read.expiration_date.seconds - read.change_date.seconds == 3600


def test_a_set_changes_the_expiry_of_a_session(later: Client) -> None:
    changed = later.set(later.open(), lifetime={"seconds": 60})

    read = later.get(changed)

    assert read.sequence == 4
    assert read.expiration_date.seconds - read.change_date.seconds == 60


def test_a_list_by_user_has_the_users_sessions(later: Client, service: Service) -> None:
    login_name = service.add_user()
    sessions = [later.open(checks=login(login_name, PASSWORD)) for _ in range(2)]
    later.open(checks=RIGHT)
    # It has no password factor, so it is found by its id alone.
    later.open(checks={"user": {"login_name": login_name}}, token=service.token)
    user_id = later.get(sessions[0]).factors.user.id

    queries = [{"user_id_query": {"id": user_id}}]
    answer = later.list(query={"asc": True}, queries=queries, token=service.token)

    assert answer.details.total_result == 2
    assert found(answer) == [session.id for session in sessions]


def test_with_session_write_a_set_in_v2_needs_no_session_token(
    later: Client, service: Service
) -> None:
    session = later.open()
    red: dict[str, Any] = {"session_id": session.id, "metadata": {"colour": b"red"}}

    if later.version == "v2":
        answer = later.call("SetSession", **red, token=service.token)
        assert answer.session_token != session.token
        assert answer.details.sequence == 4
    else:
        assert why(later, "SetSession", **red, token=service.token) == INVALID
