"""Requests written byte by byte, as broken and hostile clients write them."""

import base64
import contextlib
import dataclasses
import http.client
import json
import socket
import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import unquote

import h2.config
import h2.connection
import h2.events

from service import LOGIN_NAME, PASSWORD, Service

WITHIN_SECONDS = 20
# The limit of a body as it is sent, and of a message once it is decompressed.
MAX_BYTES = 256 * 1024
COMPRESSED = 0x01
TRAILERS = 0x80

Headers = Mapping[str, str]


def path(version: str = "v2", rpc: str = "CreateSession") -> str:
    return f"/zitadel.session.{version}.SessionService/{rpc}"


def field(number: int, value: bytes) -> bytes:
    """A field of protobuf that holds bytes, a string or a message."""
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value: int) -> bytes:
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def login(login_name: str = LOGIN_NAME, password: str = PASSWORD) -> bytes:
    """A CreateSessionRequest."""
    user = field(1, field(2, login_name.encode()))
    return field(1, user + field(2, field(1, password.encode())))


def metadata(size: int) -> bytes:
    """A message over the limit that is valid protobuf."""
    return field(2, field(1, b"much") + field(2, bytes(size)))


def frame(message: bytes, flags: int = 0) -> bytes:
    return struct.pack(">BI", flags, len(message)) + message


def frames(body: bytes) -> list[tuple[int, bytes]]:
    found = []
    while body:
        flags, length = struct.unpack_from(">BI", body)
        found.append((flags, body[5 : 5 + length]))
        assert len(found[-1][1]) == length, "a frame breaks off"
        body = body[5 + length :]
    return found


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Headers
    body: bytes
    # The trailers of HTTP/2.
    trailers: Headers

    def web_trailers(self) -> Headers:
        """The trailers of gRPC-Web, which are the body's last frame."""
        body = self.body
        if self.headers["content-type"].startswith("application/grpc-web-text"):
            body = base64.b64decode(body, validate=True)
        *_, (flags, text) = frames(body)
        assert flags == TRAILERS
        lines = text.decode("ascii").removesuffix("\r\n").split("\r\n")
        return dict(cast("tuple[str, str]", line.split(":", 1)) for line in lines)

    def grpc(self) -> tuple[int, str]:
        """The gRPC status and its message, from the headers or the trailers."""
        assert self.status == 200
        trailers = self.trailers
        if self.headers["content-type"].startswith("application/grpc-web"):
            trailers = self.web_trailers()
        elif "grpc-status" in self.headers:
            assert not self.body
            assert not trailers
            trailers = self.headers
        return int(trailers["grpc-status"]), unquote(trailers.get("grpc-message", ""))

    def json(self) -> Any:
        return json.loads(self.body)


def http1(
    service: Service,
    url: str,
    headers: Headers,
    body: bytes | Iterable[bytes] = b"",
    method: str = "POST",
) -> Answer:
    """Sends one request of HTTP/1.1. If the body has several parts, each is a chunk."""
    connection = http.client.HTTPConnection(*service.address, timeout=WITHIN_SECONDS)
    with contextlib.closing(connection):
        connection.request(
            method, url, body, dict(headers), encode_chunked=not isinstance(body, bytes)
        )
        response = connection.getresponse()
        received = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, received, response.read(), {})


@dataclass
class Received:
    """What has arrived on a stream so far."""

    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    body: bytes = b""
    trailers: dict[str, str] = dataclasses.field(default_factory=dict)
    ended: bool = False
    # The error code of a stream that the service has reset.
    reset: int | None = None


class Http2:
    """Opens a connection of HTTP/2."""

    def __init__(self, service: Service) -> None:
        self.authority = service.target
        self.socket = socket.create_connection(service.address, timeout=WITHIN_SECONDS)
        # The service has to find what is wrong in a header.
        config = h2.config.H2Configuration(
            validate_outbound_headers=False, normalize_outbound_headers=False
        )
        self.h2 = h2.connection.H2Connection(config)
        self.streams: defaultdict[int, Received] = defaultdict(Received)
        self.h2.initiate_connection()
        self.flush()

    def flush(self) -> None:
        self.socket.sendall(self.h2.data_to_send())

    def open(self, url: str, headers: Headers) -> int:
        """Sends the headers of a request, whose body is to follow on the stream."""
        pseudo = {
            ":method": "POST",
            ":scheme": "http",
            ":path": url,
            ":authority": self.authority,
        }
        return self.open_as([*pseudo.items(), *headers.items()])

    def open_as(self, headers: Iterable[tuple[str, str]]) -> int:
        """Sends these headers as they are, with the pseudo-headers of HTTP/2."""
        stream = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream, list(headers))
        self.flush()
        return stream

    def send(self, stream: int, body: bytes, size: int = 1 << 14) -> None:
        """Sends a part of a body in pieces, as fast as the service takes them.

        When the service has reset the stream, the rest of the body is not sent.
        """
        while body and self.streams[stream].reset is None:
            room = min(size, self.h2.local_flow_control_window(stream), len(body))
            if room == 0:
                self.receive()
                continue
            self.h2.send_data(stream, body[:room])
            body = body[room:]
            self.flush()

    def end(self, stream: int) -> None:
        self.h2.end_stream(stream)
        self.flush()

    def reset(self, stream: int) -> None:
        self.h2.reset_stream(stream)
        self.flush()

    def receive(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the service closes the connection")
        for event in self.h2.receive_data(data):
            self.note(event)
        self.flush()

    def note(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.ResponseReceived():
                self.streams[event.stream_id].headers = text(event.headers)
            case h2.events.TrailersReceived():
                self.streams[event.stream_id].trailers = text(event.headers)
            case h2.events.DataReceived():
                self.streams[event.stream_id].body += event.data
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.StreamEnded():
                self.streams[event.stream_id].ended = True
            case h2.events.StreamReset():
                self.streams[event.stream_id].reset = int(event.error_code)

    def answer(self, stream: int) -> Answer:
        """The whole answer on the stream."""
        received = self.streams[stream]
        while not received.ended:
            assert received.reset is None, f"the stream is reset: {received.reset}"
            self.receive()
        status = int(received.headers.pop(":status"))
        return Answer(status, received.headers, received.body, received.trailers)

    def call(self, url: str, headers: Headers, body: bytes) -> Answer:
        stream = self.open(url, headers)
        self.send(stream, body)
        self.end(stream)
        return self.answer(stream)


def text(headers: Iterable[tuple[bytes | str, bytes | str]] | None) -> dict[str, str]:
    def decoded(part: bytes | str) -> str:
        return part.decode() if isinstance(part, bytes) else part

    return {decoded(name): decoded(value) for name, value in headers or []}


@contextlib.contextmanager
def http2(service: Service) -> Iterator[Http2]:
    connection = Http2(service)
    with contextlib.closing(connection.socket):
        yield connection
