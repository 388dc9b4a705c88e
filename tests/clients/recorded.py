"""Reads recorded exchanges of all protocols, and their messages in JSON."""

import base64
import contextlib
import http.client
import importlib
import json
import re
import socket
from dataclasses import dataclass
from typing import Any

from google.protobuf import json_format

from service import Service
from wire import TRAILERS, WITHIN_SECONDS, Answer, frame, frames, http2

RPC = re.compile(r"/zitadel\.session\.(?P<version>\w+)\.SessionService/(?P<name>\w+)")
JSON_ROUTE = "JSON"


@dataclass(frozen=True)
class Request:
    is_http2: bool
    method: str
    path: str
    # The headers in their order, with the pseudo-headers of HTTP/2.
    headers: list[tuple[str, str]]
    body: bytes

    @classmethod
    def parse(cls, recorded: Any) -> "Request":
        headers = [(name, value) for name, value in recorded["headers"]]
        is_http2 = {"h2c": True, "http/1.1": False}[recorded["http"]]
        return cls(is_http2, recorded["method"], recorded["path"], headers, body_of(recorded))

    @property
    def rpc(self) -> str:
        called = RPC.fullmatch(self.path)
        return called["name"] if called else self.method

    @property
    def protocol(self) -> str:
        """The content type, which names the protocol, or `JSON_ROUTE`."""
        if RPC.fullmatch(self.path) is None:
            return JSON_ROUTE
        named = {name.lower(): value for name, value in self.headers}
        return named["content-type"].removesuffix("+proto")

    @property
    def is_framed(self) -> bool:
        return self.protocol.startswith("application/grpc")

    @property
    def is_text(self) -> bool:
        return self.protocol == "application/grpc-web-text"

    @property
    def is_json(self) -> bool:
        return self.protocol in {JSON_ROUTE, "application/json"}

    def empty(self, suffix: str) -> Any:
        """An empty `Request` or `Response` of the rpc; None if the rpc is unknown."""
        called = RPC.fullmatch(self.path)
        if called is None:
            return None
        module = f"zitadel.session.{called['version']}.session_service_pb2"
        kind = getattr(importlib.import_module(module), f"{called['name']}{suffix}", None)
        return kind and kind()

    def send(self, service: Service) -> Answer:
        if self.is_http2:
            with http2(service) as connection:
                stream = connection.open_as(self.headers)
                connection.send(stream, self.body)
                connection.end(stream)
                return connection.answer(stream)
        lines = [f"{self.method} {self.path} HTTP/1.1", *map(": ".join, self.headers), "", ""]
        with socket.create_connection(service.address, timeout=WITHIN_SECONDS) as connection:
            connection.sendall("\r\n".join(lines).encode() + self.body)
            with contextlib.closing(http.client.HTTPResponse(connection)) as response:
                response.begin()
                received = {name.lower(): value for name, value in response.getheaders()}
                return Answer(response.status, received, response.read(), {})


def body_of(recorded: Any) -> bytes:
    if "body_hex" in recorded:
        return bytes.fromhex(recorded["body_hex"])
    if "body_text" in recorded:
        return str(recorded["body_text"]).encode()
    return json.dumps(recorded["body"]).encode() if "body" in recorded else b""


def answer_of(recorded: Any) -> Answer:
    trailers = recorded.get("trailers") or recorded.get("http2_trailers") or {}
    return Answer(recorded["status"], recorded.get("headers", {}), body_of(recorded), trailers)


def parts(request: Request, body: bytes) -> list[tuple[int, bytes]]:
    """The frames of a body."""
    if request.is_text:
        # The text may have padding in the middle.
        runs = re.findall(rb"[^=]+=*", body)
        body = b"".join(base64.b64decode(run, validate=True) for run in runs)
    return frames(body)


def request_message(request: Request) -> Any:
    """The message of a request; None if it has none or an unknown one."""
    if request.is_json:
        return json.loads(request.body) if request.body else None
    message = request.empty("Request")
    if message is None:
        return None
    packed = request.body
    if request.is_framed:
        [(flags, packed)] = parts(request, packed)
        assert flags == 0, "a message that is compressed"
    message.ParseFromString(packed)
    return json_format.MessageToDict(message)


def carrying(request: Request, message: Any) -> bytes:
    """The body of a request that has this message."""
    if request.is_json:
        return json.dumps(message, separators=(",", ":")).encode()
    packed: bytes = json_format.ParseDict(message, request.empty("Request")).SerializeToString()
    if not request.is_framed:
        return packed
    return base64.b64encode(frame(packed)) if request.is_text else frame(packed)


def answer_message(request: Request, answer: Answer) -> Any:
    """The message of an answer, or its error as a message; empty if it has neither."""
    packed = answer.body
    if request.is_framed:
        messages = [part for flags, part in parts(request, packed) if not flags & TRAILERS]
        if not messages:
            return {}
        [packed] = messages
    elif answer.headers.get("content-type") == "application/json":
        return json.loads(packed) if packed else {}
    message = request.empty("Response")
    message.ParseFromString(packed)
    return json_format.MessageToDict(message)
