"""Python's gRPC, which is the C core, over HTTP/2 without TLS."""

import re
from typing import Any
from uuid import UUID

import grpc
import pytest

from service import LOGIN_NAME, PASSWORD, Service
from session import Client, login, read_refusal

RIGHT = login(LOGIN_NAME, PASSWORD)
METADATA = {"colour": b"blue", "bytes": b"\x00\xff\x01", "schlüssel": "größe".encode()}


def test_a_login_gives_a_session_and_its_token(client: Client) -> None:
    answer = client.create(checks=RIGHT, metadata=METADATA)

    assert UUID(answer.session_id)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43,200}", answer.session_token)
    assert answer.details.sequence == 5
    assert answer.details.resource_owner
    assert answer.details.change_date.seconds > 0


@pytest.mark.parametrize(
    ("fields", "sequence"),
    [({}, 2), ({"checks": {"user": {"login_name": LOGIN_NAME}}}, 3), ({"checks": RIGHT}, 4)],
)
def test_the_sequence_counts_what_is_recorded(
    client: Client, service: Service, fields: dict[str, Any], sequence: int
) -> None:
    assert client.create(**fields, token=service.token).details.sequence == sequence


@pytest.mark.parametrize("compression", list(grpc.Compression))
def test_a_compressed_request_is_read(client: Client, compression: grpc.Compression) -> None:
    # gRPC's core sends a message uncompressed if compression makes it no shorter.
    metadata = {"much": b"blue" * 1000}
    if compression is grpc.Compression.Deflate:
        refusal = client.refusal(checks=RIGHT, metadata=metadata, compression=compression)
        assert refusal.code is grpc.StatusCode.UNIMPLEMENTED
    else:
        answer = client.create(checks=RIGHT, metadata=metadata, compression=compression)
        assert answer.details.sequence == 5


def test_a_wrong_password_is_an_invalid_argument(client: Client, service: Service) -> None:
    login_name = service.add_user()

    refusal = client.refusal(checks=login(login_name, "guessed"))

    assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal.id == "COMMAND-3M0fs"
    assert client.create(checks=login(login_name, PASSWORD)).details.sequence == 4


def test_only_a_service_account_is_told_that_a_user_is_unknown(
    client: Client, service: Service
) -> None:
    checks = login("nobody@example.com", "guessed")

    known = client.refusal(checks=checks, token=service.token)
    unknown = client.refusal(checks=checks)

    assert (known.code, known.id) == (grpc.StatusCode.NOT_FOUND, "QUERY-Dfbg2")
    assert known.message == "User could not be found (QUERY-Dfbg2)"
    assert (unknown.code, unknown.id) == (grpc.StatusCode.INVALID_ARGUMENT, "COMMAND-3M0fs")


def test_a_password_needs_a_user(client: Client) -> None:
    refusal = client.refusal(checks={"password": {"password": PASSWORD}})

    assert refusal.code is grpc.StatusCode.FAILED_PRECONDITION
    assert refusal.id == "COMMAND-Sfw3f"


def test_an_unknown_token_is_refused(client: Client) -> None:
    refusal = client.refusal(checks=RIGHT, token="sesame_guessed")  # noqa: S106

    assert refusal.code is grpc.StatusCode.UNAUTHENTICATED
    assert refusal.id is None


def test_names_over_the_limit_are_refused(client: Client) -> None:
    assert (
        client.refusal(checks=login("a" * 201, PASSWORD)).code is grpc.StatusCode.INVALID_ARGUMENT
    )
    # Limits count code points.
    refusal = client.refusal(checks=login("ä" * 200, PASSWORD), token=None)
    assert refusal.id == "COMMAND-3M0fs"


def test_a_message_over_the_limit_is_refused(client: Client) -> None:
    refusal = client.refusal(metadata={"much": bytes(256 * 1024)})

    assert refusal.code is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_deadline_of_a_millisecond_is_exceeded(client: Client, service: Service) -> None:
    refusal = client.refusal(checks=login(service.add_user(), PASSWORD), timeout=0.001)

    assert refusal.code is grpc.StatusCode.DEADLINE_EXCEEDED


def test_an_rpc_that_does_not_exist_is_unimplemented(client: Client) -> None:
    path = f"/zitadel.session.{client.version}.SessionService/MergeSessions"
    call = client.channel.unary_unary(path)

    with pytest.raises(grpc.RpcError) as raised:
        call(b"", timeout=20)

    assert read_refusal(raised.value).code is grpc.StatusCode.UNIMPLEMENTED


def test_many_calls_share_a_connection(client: Client) -> None:
    request = client.messages.CreateSessionRequest()
    calls = [client.stub.CreateSession.future(request, timeout=20) for _ in range(50)]

    assert len({call.result().session_id for call in calls}) == len(calls)


def test_a_lifetime_and_a_user_agent_are_accepted(later: Client) -> None:
    user_agent = {
        "fingerprint_id": "f-1",
        "ip": "192.0.2.7",
        "description": "a browser",
        "header": {"accept-language": {"values": ["de", "en"]}},
    }

    answer = later.create(checks=RIGHT, lifetime={"seconds": 3600}, user_agent=user_agent)

    assert answer.details.sequence == 5


@pytest.mark.parametrize("lifetime", [{}, {"seconds": -1}, {"seconds": 1, "nanos": -1}])
def test_a_lifetime_must_be_positive(later: Client, lifetime: dict[str, int]) -> None:
    refusal = later.refusal(checks=RIGHT, lifetime=lifetime)

    assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"checks": {**RIGHT, "idp_intent": {}}}, "idp_intent"),
    ],
)
def test_unsupported_checks_are_refused_by_name(
    later: Client, fields: dict[str, Any], name: str
) -> None:
    refusal = later.refusal(**{"checks": RIGHT, **fields})

    assert refusal.code is grpc.StatusCode.UNIMPLEMENTED
    assert name in refusal.message
