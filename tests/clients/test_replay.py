"""Whether a replay finds differences."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recorded import Request, answer_message
from replay import RECORDED_TOKEN, asking, main, replay
from service import LOGIN_NAME, PASSWORD, Service, running
from session import Connect
from wire import Answer, path

JSON_ROUTES = None
PROTOCOLS = [
    JSON_ROUTES,
    "application/json",
    "application/proto",
    "application/grpc-web+proto",
    "application/grpc-web-text",
    "application/grpc",
]
LOGIN = {
    "checks": {"user": {"loginName": LOGIN_NAME}, "password": {"password": PASSWORD}},
    "metadata": {"colour": "Ymx1ZQ=="},
}


@pytest.fixture(scope="module")
def strict() -> Iterator[Service]:
    with running("--access", "token") as service:
        yield service


@pytest.fixture(params=PROTOCOLS)
def recording(request: pytest.FixtureRequest, strict: Service, connect: Connect) -> list[Any]:
    """A session from create to delete, after which the recorded id and token are useless."""
    del connect  # Its setup has generated the messages.
    content_type: str | None = request.param
    exchanges = []

    def call(rpc: str, message: Any, route: tuple[str, str]) -> Any:
        method, url = ("POST", path("v2", rpc)) if content_type else route
        rpc_request = asking(url, message, content_type, strict, method)
        answer = rpc_request.send(strict)
        exchanges.append({"request": written(rpc_request, strict), "response": shown(answer)})
        return answer_message(rpc_request, answer)

    created = call("CreateSession", LOGIN, ("POST", "/v2/sessions"))
    one = f"/v2/sessions/{created['sessionId']}"
    session = {"sessionId": created["sessionId"], "sessionToken": created["sessionToken"]}
    call("GetSession", session, ("GET", f"{one}?sessionToken={created['sessionToken']}"))
    changed = call("SetSession", {**session, "metadata": {"colour": ""}}, ("PATCH", one))
    call("SetSession", {**session, "metadata": {"colour": ""}}, ("PATCH", one))
    session["sessionToken"] = changed["sessionToken"]
    call("DeleteSession", session, ("DELETE", one))
    call("GetSession", session, ("GET", one))
    return exchanges


def written(request: Request, service: Service) -> Any:
    return {
        "http": "h2c" if request.is_http2 else "http/1.1",
        "method": request.method,
        "path": request.path,
        "headers": [
            [name, value.replace(service.token, RECORDED_TOKEN)] for name, value in request.headers
        ],
        "body_hex": request.body.hex(),
    }


def shown(answer: Answer) -> Any:
    return {
        "status": answer.status,
        "headers": dict(answer.headers),
        "body_hex": answer.body.hex(),
        "trailers": dict(answer.trailers),
    }


def test_a_recording_of_this_service_is_answered_alike(
    strict: Service, recording: list[Any]
) -> None:
    assert list(replay(recording, strict)) == []


def test_an_unknown_session_in_a_recording_is_noticed(
    strict: Service, recording: list[Any]
) -> None:
    # Without the create, the other exchanges name a session that has ended.
    assert list(replay(recording[1:], strict)) != []


@pytest.mark.parametrize("number", [0, 1, 3])
def test_a_wrong_answer_to_a_recording_is_noticed(
    strict: Service, recording: list[Any], number: int
) -> None:
    other = recording[(number + 2) % len(recording)]["response"]
    swapped = [*recording[:number], {**recording[number], "response": other}]

    assert any(f"exchange {number}" in each for each in replay(swapped, strict))


def test_a_folder_without_recordings_fails(tmp_path: Path, connect: Connect) -> None:
    del connect

    assert main(tmp_path) == 1
