"""Sends again what clients once sent to another server, and holds the answers to that server's.

    replay.py FOLDER

The folder's files are recordings, each one client's `exchanges` in their order, or have the
smallest answers that clients accept. A request goes out byte for byte as it was recorded, but for
the host, the caller's token, and the ids and tokens of sessions: in the place of those that the
recorded answers gave stand those that ours gave. An answer is to have the recorded one's shape.
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
from recorded import Request, answer_of, answered, asked, carrying
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
    """The differences in one recording."""
    known: Known = {}
    for number, exchange in enumerate(exchanges):
        recorded = Request.parse(exchange["request"])
        expected = answer_of(exchange["response"])
        request = ours(recorded, service, known)
        answer = request.send(service)
        known |= handed_out(answered(recorded, expected), answered(request, answer))
        shape = Shape.of(recorded, expected).by_contract(recorded)
        for difference in Shape.of(request, answer).differences(shape):
            yield f"exchange {number}, {recorded.rpc}: {difference}"


def ours(recorded: Request, service: Service, known: Known) -> Request:
    """The request, with this service's address, ids and tokens."""
    told = asked(recorded)
    own = substituted(told, known)
    # A body without ids or tokens keeps its bytes.
    body = recorded.body if own == told else carrying(recorded, own)
    url = recorded.path
    for theirs, instead in known.items():
        url = url.replace(theirs, instead)
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


def handed_out(theirs: Any, own: Any) -> Known:
    """The session's id and token in a recorded answer, with those of this service."""
    names = [name for name in ["sessionId", "sessionToken"] if name in theirs and name in own]
    return {theirs[name]: own[name] for name in names}


# What asks for each of the smallest answers: its names in the file, and a content type, none on a
# JSON route.
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


def smallest(told: Any, service: Service) -> Iterator[str]:
    """What this service's answers lack of the smallest answers that clients accept."""
    for transport, name, content_type in SMALLEST:
        login_name = "nobody@example.com" if name == "error" else LOGIN_NAME
        checks = {"user": {"loginName": login_name}, "password": {"password": PASSWORD}}
        url = path("v2alpha") if content_type else "/v2alpha/sessions"
        request = asking(url, {"checks": checks}, content_type, service)
        answer = request.send(service)
        # A status may be a choice, `200 or 201 …`.
        recorded = told[transport][name]
        status = (
            answer.status if str(answer.status) in str(recorded["status"]) else recorded["status"]
        )
        headers = {"content-type": content_type or "application/json"}
        expected = answer_of({"headers": headers, **recorded, "status": status})
        for lack in Shape.of(request, answer).lacks(Shape.of(request, expected)):
            yield f"{transport}, {name}: {lack}"
    for key, preflights in told.items():
        if key.startswith("cors_preflights"):
            for client, names in preflights.items():
                yield from (f"{client}: {name} is not allowed" for name in barred(names, service))


def asking(
    url: str, told: Any, content_type: str | None, service: Service, method: str = "POST"
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
    body = carrying(request, told)
    length = [] if is_http2 else [("content-length", str(len(body)))]
    return replace(request, headers=[*request.headers, *length], body=body)


def barred(names: str, service: Service) -> set[str]:
    """The headers that a page of another origin may not send."""
    answer = http1(
        service,
        path("v2alpha"),
        {
            "origin": "http://page.example",
            "access-control-request-method": "POST",
            "access-control-request-headers": names,
        },
        method="OPTIONS",
    )
    allowed = answer.headers.get("access-control-allow-headers", "")
    return set(names.split(",")) - {name.strip() for name in allowed.split(",")}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
