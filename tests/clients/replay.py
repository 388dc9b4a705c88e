"""Replays recorded requests of clients, and compares the answers with the recorded ones.

    replay.py FOLDER

Each file of the folder is a recording of one client's `exchanges` with another server, or has the
smallest answers that clients accept. A request is sent byte for byte as it was recorded, except for
the host, the principal's token, and the ids and tokens of sessions, which are replaced by those of
this service. An answer must have the shape of the recorded one.
"""

import importlib
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import stubs
from recorded import Request, answer_message, answer_of, carrying, request_message
from service import LOGIN_NAME, PASSWORD, Service, running
from shape import Shape
from wire import http1, path

# The bearer token that the other server knew.
RECORDED_TOKEN = "stub-pat"  # noqa: S105

Known = dict[str, str]


def main(folder: Path) -> int:
    exchanges, differences = 0, []
    with tempfile.TemporaryDirectory() as made, stubs.importable(Path(made)):
        # The details of an error in JSON name their type.
        importlib.import_module("zitadel.v1.error_detail_pb2")
        for file in sorted(folder.glob("*.json")):
            recording = json.loads(file.read_text())
            # Each recording has a database of its own, so that none depends on those before it.
            with running("--access", "token") as service:
                if "exchanges" in recording:
                    exchanges += len(recording["exchanges"])
                    found = list(replay(recording["exchanges"], service))
                    print(f"{file.name}: {len(recording['exchanges'])} exchanges")
                else:
                    found = list(smallest(recording, service))
                    print(f"{file.name}: the smallest answers")
            differences += [f"{file.name}, {each}" for each in found]
    if exchanges == 0:
        differences.append(f"{folder} has no exchange")
    for difference in differences:
        print(difference)
    return 1 if differences else 0


def replay(exchanges: Iterable[Any], service: Service) -> Iterator[str]:
    """Yields the differences in one recording."""
    known: Known = {}
    for number, exchange in enumerate(exchanges):
        recorded = Request.parse(exchange["request"])
        expected = answer_of(exchange["response"])
        request = adapted_request(recorded, service, known)
        answer = request.send(service)
        known |= handed_out(answer_message(recorded, expected), answer_message(request, answer))
        shape = Shape.of(recorded, expected).as_this_service_answers(recorded)
        for difference in Shape.of(request, answer).differences(shape):
            yield f"exchange {number}, {recorded.rpc}: {difference}"


def adapted_request(recorded: Request, service: Service, known: Known) -> Request:
    """The recorded request with this service's address, ids and tokens."""
    message = request_message(recorded)
    own = substituted(message, known)
    # A body without ids or tokens keeps its bytes.
    body = recorded.body if own == message else carrying(recorded, own)
    url = recorded.path
    for recorded_text, own_text in known.items():
        url = url.replace(recorded_text, own_text)
    put = {
        ":path": url,
        ":authority": service.target,
        "host": service.target,
        "content-length": str(len(body)),
    }
    headers = [
        (name, put.get(name.lower(), value).replace(RECORDED_TOKEN, service.token))
        for name, value in recorded.headers
    ]
    return replace(recorded, path=url, headers=headers, body=body)


def substituted(value: Any, known: Known) -> Any:
    match value:
        case dict():
            return {name: substituted(each, known) for name, each in value.items()}
        case list():
            return [substituted(each, known) for each in value]
        case str():
            return known.get(value, value)
        case _:
            return value


def handed_out(recorded: Any, own: Any) -> Known:
    """The session's id and token in a recorded answer, with those of this service."""
    names = [name for name in ["sessionId", "sessionToken"] if name in recorded and name in own]
    return {recorded[name]: own[name] for name in names}


# The requests for the smallest answers: the names of an answer in the file, and the content type,
# None on a JSON route.
SMALLEST = [
    ("grpc", "ok", "application/grpc"),
    ("grpc", "error", "application/grpc"),
    ("grpc-web", "ok", "application/grpc-web+proto"),
    ("grpc-web", "error", "application/grpc-web+proto"),
    ("grpc-web-text", "ok", "application/grpc-web-text+proto"),
    ("grpc-web-text", "error", "application/grpc-web-text+proto"),
    ("connect-unary", "ok_json", "application/json"),
    ("connect-unary", "ok_proto", "application/proto"),
    ("connect-unary", "error", "application/json"),
    ("connect-unary", "error", "application/proto"),
    ("rest", "ok", None),
    ("rest", "error", None),
]


def smallest(accepted: Any, service: Service) -> Iterator[str]:
    """Yields what this service's answers lack of the smallest answers that clients accept."""
    for transport, name, content_type in SMALLEST:
        login_name = "nobody@example.com" if name == "error" else LOGIN_NAME
        checks = {"user": {"loginName": login_name}, "password": {"password": PASSWORD}}
        url = path("v2alpha") if content_type else "/v2alpha/sessions"
        request = asking(url, {"checks": checks}, content_type, service)
        answer = request.send(service)
        # A status may be a choice, `200 or 201 …`.
        recorded = accepted[transport][name]
        status = (
            answer.status if str(answer.status) in str(recorded["status"]) else recorded["status"]
        )
        headers = {"content-type": content_type or "application/json"}
        expected = answer_of({"headers": headers, **recorded, "status": status})
        for lack in Shape.of(request, answer).lacks(Shape.of(request, expected)):
            yield f"{transport}, {name}: {lack}"
    for key, preflights in accepted.items():
        if key.startswith("cors_preflights"):
            for client, names in preflights.items():
                yield from (f"{client}: {name} is not allowed" for name in barred(names, service))


def asking(
    url: str, message: Any, content_type: str | None, service: Service, method: str = "POST"
) -> Request:
    """A request with the demo token; without a content type, it is one of a JSON route."""
    is_http2 = content_type == "application/grpc"
    pseudo = {":method": method, ":scheme": "http", ":path": url, ":authority": service.target}
    headers = {
        **(pseudo if is_http2 else {"host": service.target}),
        "content-type": content_type or "application/json",
        "authorization": f"Bearer {service.token}",
    }
    request = Request(is_http2, method, url, list(headers.items()), b"")
    body = carrying(request, message)
    length = [] if is_http2 else [("content-length", str(len(body)))]
    return replace(request, headers=[*request.headers, *length], body=body)


def barred(names: str, service: Service) -> set[str]:
    """The headers that a page of another origin may not send."""
    answer = http1(
        service,
        path("v2alpha"),
        {
            "origin": "http://localhost:3000",
            "access-control-request-method": "POST",
            "access-control-request-headers": names,
        },
        method="OPTIONS",
    )
    allowed = answer.headers.get("access-control-allow-headers", "")
    return set(names.split(",")) - {name.strip() for name in allowed.split(",")}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
