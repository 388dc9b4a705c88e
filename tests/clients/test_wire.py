"""Requests to the paths of rpcs that no well-behaved client sends, or that only some send."""

import base64
import gzip
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import pytest

from service import PASSWORD, Service, running
from wire import (
    COMPRESSED,
    MAX_BYTES,
    TRAILERS,
    Answer,
    Headers,
    field,
    frame,
    http1,
    http2,
    login,
    metadata,
    path,
)

# https://connectrpc.com/docs/protocol/#error-codes
CONNECT_CODES = {
    "invalid_argument": 3,
    "deadline_exceeded": 4,
    "resource_exhausted": 8,
    "failed_precondition": 9,
    "unimplemented": 12,
    "unauthenticated": 16,
}
CONNECT_STATUS = {3: 400, 4: 504, 8: 429, 9: 400, 12: 501, 16: 401}
JSON_LOGIN = b'{"checks":{"user":{"loginName":"mini@mouse.com"},"password":{"password":"%s"}}}'


Call = Callable[[Service, str, Headers, bytes], Answer]


def over_http2(service: Service, url: str, headers: Headers, body: bytes) -> Answer:
    with http2(service) as connection:
        return connection.call(url, headers, body)


@dataclass(frozen=True)
class Protocol:
    name: str
    content_type: str
    # A CreateSessionRequest that succeeds.
    message: bytes
    # The version of HTTP.
    send: Call = http1

    @property
    def is_connect(self) -> bool:
        return not self.content_type.startswith("application/grpc")

    def dress(self, message: bytes) -> bytes:
        """The body that carries a message."""
        return message if self.is_connect else self.armour(frame(message))

    def dress_compressed(self, packed: bytes) -> bytes:
        """The body that carries a message that is compressed."""
        return packed if self.is_connect else self.armour(frame(packed, COMPRESSED))

    def armour(self, framed: bytes) -> bytes:
        is_text = self.content_type.startswith("application/grpc-web-text")
        return base64.b64encode(framed) if is_text else framed

    @property
    def encoding(self) -> str:
        """The header that says how a message is compressed."""
        return "content-encoding" if self.is_connect else "grpc-encoding"

    @property
    def accept_encoding(self) -> str:
        return "accept-encoding" if self.is_connect else "grpc-accept-encoding"

    @property
    def timeout(self) -> str:
        return "connect-timeout-ms" if self.is_connect else "grpc-timeout"

    def call(
        self,
        service: Service,
        body: bytes | None = None,
        more: Headers | None = None,
        url: str = path(),
    ) -> Answer:
        """Makes a create with this body, by default a login."""
        headers = {"content-type": self.content_type, **(more or {})}
        body = self.dress(self.message) if body is None else body
        return self.send(service, url, headers, body)

    def code(self, answer: Answer) -> int:
        """The error's code, 0 without one; the answer has the protocol's form."""
        if not self.is_connect:
            assert answer.headers["content-type"].startswith(self.content_type)
            return answer.grpc()[0]
        if answer.status == 200:
            assert answer.headers["content-type"] == self.content_type
            return 0
        assert answer.headers["content-type"] == "application/json"
        code = CONNECT_CODES[answer.json()["code"]]
        assert answer.status == CONNECT_STATUS[code]
        return code


GRPC = Protocol("gRPC", "application/grpc", login(), over_http2)
GRPC_WEB = Protocol("gRPC-Web", "application/grpc-web", login())
GRPC_WEB_TEXT = Protocol("gRPC-Web text", "application/grpc-web-text", login())
CONNECT = Protocol("Connect", "application/proto", login())
CONNECT_JSON = Protocol("Connect JSON", "application/json", JSON_LOGIN % PASSWORD.encode())


def both_ways(*protocols: Protocol) -> list[Protocol]:
    return [
        *protocols,
        *(replace(each, name=f"{each.name} over HTTP/2", send=over_http2) for each in protocols),
    ]


FRAMED = [GRPC, *both_ways(GRPC_WEB, GRPC_WEB_TEXT)]
PROTOCOLS = [*FRAMED, *both_ways(CONNECT, CONNECT_JSON)]


def name_of(protocol: Protocol) -> str:
    return protocol.name


@pytest.fixture(params=PROTOCOLS, ids=name_of)
def protocol(request: pytest.FixtureRequest) -> Protocol:
    chosen: Protocol = request.param
    return chosen


@pytest.fixture(scope="module")
def strict() -> Iterator[Service]:
    """A service that requires a bearer token."""
    with running("--access", "token") as service:
        yield service


@pytest.mark.parametrize("version", ["v2alpha", "v2beta", "v2"])
def test_a_call_needs_a_content_type_and_nothing_else(
    service: Service, protocol: Protocol, version: str
) -> None:
    answer = protocol.call(service, url=path(version))

    assert protocol.code(answer) == 0
    assert answer.body


@pytest.mark.parametrize(
    "spell",
    [
        str.upper,
        str.title,
        lambda name: f"{name}; charset=utf-8",
        lambda name: f"{name};charset=UTF-8;x=y",
        lambda name: f"{name} ;",
    ],
    ids=["upper case", "title case", "parameter", "parameters", "empty parameter"],
)
def test_content_types_are_spelled_in_many_ways(
    service: Service, protocol: Protocol, spell: Callable[[str], str]
) -> None:
    answer = protocol.call(service, more={"content-type": spell(protocol.content_type)})

    assert protocol.code(answer) == 0


@pytest.mark.parametrize("protocol", FRAMED, ids=name_of, indirect=True)
def test_grpc_may_name_its_format(service: Service, protocol: Protocol) -> None:
    answer = protocol.call(service, more={"content-type": f"{protocol.content_type}+proto"})

    assert protocol.code(answer) == 0


@pytest.mark.parametrize("send", [http1, over_http2])
@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/octet-stream",
        "application/protobuf",
        "application/grpc+json",
        "application/grpc-web+json",
        "application/grpc-web-text+thrift",
        "application/grpcweb",
        "application/connect+proto",
        "application/jsonp",
        "application/json, application/grpc",
    ],
)
def test_other_content_types_are_refused(
    service: Service, send: Call, content_type: str | None
) -> None:
    headers = {} if content_type is None else {"content-type": content_type}

    answer = send(service, path(), headers, CONNECT_JSON.message)

    assert answer.status == 415
    assert "grpc-status" not in answer.headers


@pytest.mark.parametrize(
    "url",
    [
        path(rpc="MergeSessions"),
        path(rpc="createSession"),
        path(version="v3"),
        "/zitadel.user.v2.UserService/CreateSession",
    ],
)
def test_an_rpc_that_does_not_exist_is_unimplemented(
    service: Service, protocol: Protocol, url: str
) -> None:
    assert protocol.code(protocol.call(service, url=url)) == 12


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_rpc_is_a_post(service: Service, method: str) -> None:
    answer = http1(service, path(), {"content-type": "application/json"}, b"{}", method)

    assert answer.status == 405
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize(
    "protocol", [GRPC_WEB, GRPC_WEB_TEXT, CONNECT, CONNECT_JSON], ids=name_of, indirect=True
)
def test_a_body_may_come_in_chunks(service: Service, protocol: Protocol) -> None:
    body = protocol.dress(protocol.message)
    chunks: Iterable[bytes] = (body[at : at + 7] for at in range(0, len(body), 7))
    headers = {"content-type": protocol.content_type, "transfer-encoding": "chunked"}

    assert protocol.code(http1(service, path(), headers, chunks)) == 0


def test_a_body_may_come_byte_by_byte(service: Service) -> None:
    with http2(service) as connection:
        stream = connection.open(path(), {"content-type": GRPC.content_type})
        connection.send(stream, frame(login()), size=1)
        connection.end(stream)

        assert GRPC.code(connection.answer(stream)) == 0


@pytest.mark.parametrize("more", [{}, {"te": "trailers"}])
def test_grpc_does_not_insist_on_te(service: Service, more: Headers) -> None:
    answer = GRPC.call(service, more=more)

    assert GRPC.code(answer) == 0
    assert answer.trailers["grpc-status"] == "0"


INVALID_ARGUMENT, UNIMPLEMENTED, INTERNAL = 3, 12, 13

NOT_ONE = {
    "nothing": (b"", UNIMPLEMENTED),
    "two messages": (frame(login()) * 2, UNIMPLEMENTED),
    "trailers alone": (frame(b"", TRAILERS), UNIMPLEMENTED),
    "compression that no header names": (frame(gzip.compress(login()), COMPRESSED), INTERNAL),
}

BROKEN = {
    "part of a head": frame(login())[:3],
    "a head": frame(login())[:5],
    "all but a byte": frame(login())[:-1],
    "a byte more": frame(login()) + b"\0",
    "trailers": frame(login()) + frame(b"", TRAILERS),
    "an unknown flag": frame(login(), 0x02),
    "a message cut off": frame(login()[:-1]),
    "no message": frame(b"\xff" * 40),
    "a name that is no UTF-8": frame(field(1, field(1, field(2, b"\xff")))),
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("protocol", FRAMED, ids=name_of, indirect=True)
def test_a_broken_message_is_an_invalid_argument(
    service: Service, protocol: Protocol, body: bytes
) -> None:
    assert protocol.code(protocol.call(service, protocol.armour(body))) == INVALID_ARGUMENT


@pytest.mark.parametrize(("body", "code"), NOT_ONE.values(), ids=NOT_ONE)
@pytest.mark.parametrize("protocol", FRAMED, ids=name_of, indirect=True)
def test_a_call_has_one_message_and_names_its_compression(
    service: Service, protocol: Protocol, body: bytes, code: int
) -> None:
    assert protocol.code(protocol.call(service, protocol.armour(body))) == code


@pytest.mark.parametrize(
    ("protocol", "body"),
    [
        (CONNECT, login()[:-1]),
        (CONNECT, b"\xff" * 40),
        (CONNECT_JSON, b'{"checks":'),
        (CONNECT_JSON, b"[]"),
        (CONNECT_JSON, b"{}{}"),
        (CONNECT_JSON, b'"\xff"'),
    ],
    indirect=["protocol"],
)
def test_connect_refuses_a_broken_message(
    service: Service, protocol: Protocol, body: bytes
) -> None:
    assert protocol.code(protocol.call(service, body)) == 3


@pytest.mark.parametrize("size", [MAX_BYTES + 1, 2 * MAX_BYTES, 4 * MAX_BYTES])
def test_a_message_over_the_limit_is_refused(
    service: Service, protocol: Protocol, size: int
) -> None:
    message = b" " * size if protocol.content_type == "application/json" else metadata(size)

    assert protocol.code(protocol.call(service, protocol.dress(message))) == 8


@pytest.mark.parametrize("protocol", FRAMED, ids=name_of, indirect=True)
def test_a_false_length_is_refused(service: Service, protocol: Protocol) -> None:
    body = protocol.armour(b"\0\xff\xff\xff\xff" + login())

    assert protocol.code(protocol.call(service, body)) == 8


def test_a_message_may_be_compressed(service: Service, protocol: Protocol) -> None:
    body = protocol.dress_compressed(gzip.compress(protocol.message))

    assert protocol.code(protocol.call(service, body, {protocol.encoding: "gzip"})) == 0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda packed: packed[:-1],
        lambda packed: packed[:10],
        lambda packed: packed[:-8] + bytes(8),
        gzip.decompress,
    ],
    ids=["all but a byte", "a head", "a wrong sum", "none"],
)
def test_bad_compression_is_an_invalid_argument(
    service: Service, protocol: Protocol, spoil: Callable[[bytes], bytes]
) -> None:
    body = protocol.dress_compressed(spoil(gzip.compress(protocol.message)))

    assert protocol.code(protocol.call(service, body, {protocol.encoding: "gzip"})) == 3


def test_a_bomb_is_refused(service: Service, protocol: Protocol) -> None:
    # 128 MiB in about as many kilobytes.
    bomb = protocol.dress_compressed(gzip.compress(bytes(1 << 20), 9) * 128)
    assert len(bomb) < MAX_BYTES

    assert protocol.code(protocol.call(service, bomb, {protocol.encoding: "gzip"})) == 8


def test_an_unknown_compression_is_refused_with_the_supported_ones(
    service: Service, protocol: Protocol
) -> None:
    body = protocol.dress_compressed(b"whatever")

    answer = protocol.call(service, body, {protocol.encoding: "br"})

    assert protocol.code(answer) == 12
    offered = answer.headers[protocol.accept_encoding].split(",")
    assert "gzip" in [each.strip() for each in offered]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7])
def test_base64_text_may_have_padding_in_the_middle(service: Service, size: int) -> None:
    body = frame(login())
    runs = (base64.b64encode(body[at : at + size]) for at in range(0, len(body), size))

    assert GRPC_WEB_TEXT.code(GRPC_WEB_TEXT.call(service, b"".join(runs))) == 0


@pytest.mark.parametrize("body", [b"AAA*", b"AAAAAA=A", b"=AAA", b"\0\0\0\0\0", b"-_-_"])
def test_text_must_be_base64(service: Service, body: bytes) -> None:
    assert GRPC_WEB_TEXT.code(GRPC_WEB_TEXT.call(service, body)) == 3


@pytest.mark.parametrize("name", ["application/grpc", "application/grpc+proto"])
def test_grpc_over_http_1_1_is_refused_with_a_hint(service: Service, name: str) -> None:
    answer = http1(service, path(), {"content-type": name, "te": "trailers"}, frame(login()))

    code, message = answer.grpc()
    assert answer.headers["content-type"].startswith("application/grpc")
    assert answer.headers["grpc-status"] == "12"
    assert answer.body == b""
    assert code == 12
    assert "HTTP/2" in message


def test_a_deadline_that_has_passed_is_exceeded(service: Service, protocol: Protocol) -> None:
    body = protocol.dress(b"")

    for value in ["0"] if protocol.is_connect else ["0S", "0n", "1n"]:
        answer = protocol.call(service, body, {protocol.timeout: value})
        assert protocol.code(answer) == 4, value


def test_a_distant_deadline_changes_nothing(service: Service, protocol: Protocol) -> None:
    units = ["20S", "19942m", "1M", "1H", "20000000u", "99999999H"]
    for value in ["20000", "9999999999"] if protocol.is_connect else units:
        answer = protocol.call(service, more={protocol.timeout: value})
        assert protocol.code(answer) == 0, value


def test_a_malformed_deadline_is_an_invalid_argument(service: Service, protocol: Protocol) -> None:
    connect = ["-1", "1.5", "soon", "99999999999"]
    for value in connect if protocol.is_connect else ["20", "20s", "-1S", "S", "999999999S"]:
        answer = protocol.call(service, more={protocol.timeout: value})
        assert protocol.code(answer) == 3, value


@pytest.mark.parametrize("authorization", ["Bearer guessed", "bearer guessed"])
def test_an_unknown_token_is_refused(
    service: Service, protocol: Protocol, authorization: str
) -> None:
    answer = protocol.call(service, more={"authorization": authorization})

    assert protocol.code(answer) == 16


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic bWluaTptb3VzZQ=="])
def test_with_access_token_a_call_needs_a_valid_token(
    strict: Service, protocol: Protocol, authorization: str | None
) -> None:
    more = {} if authorization is None else {"authorization": authorization}

    refused = protocol.call(strict, more=more)
    welcome = protocol.call(strict, more={"authorization": f"Bearer {strict.token}"})

    assert protocol.code(refused) == 16
    assert protocol.code(welcome) == 0
    if protocol.is_connect:
        assert refused.headers["www-authenticate"] == "Bearer"


def test_every_answer_forbids_caching_and_has_a_request_id(
    service: Service, protocol: Protocol
) -> None:
    ids = set()
    for body in [protocol.dress(protocol.message), b"\xff"]:
        answer = protocol.call(service, body)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        ids.add(answer.headers["x-request-id"])
    assert len(ids) == 2


@pytest.mark.parametrize("protocol", FRAMED[1:], ids=name_of, indirect=True)
def test_every_grpc_web_answer_ends_with_lower_case_trailers(
    service: Service, protocol: Protocol
) -> None:
    succeeded = protocol.call(service)
    failed = protocol.call(service, protocol.dress(b"\xff"))

    assert list(succeeded.web_trailers()) == ["grpc-status"]
    assert set(failed.web_trailers()) == {
        "grpc-status",
        "grpc-message",
        "grpc-status-details-bin",
    }


def test_a_client_that_disconnects_does_not_disturb_others(service: Service) -> None:
    headers = {"content-type": GRPC.content_type}

    with http2(service) as connection:
        left = [connection.open(path(), headers) for _ in range(3)]
        connection.send(left[0], frame(login())[:-1])
        connection.send(left[1], frame(b""))
        for stream in left:
            connection.reset(stream)

        assert GRPC.code(connection.call(path(), headers, frame(login()))) == 0


def test_calls_on_one_connection_may_use_different_protocols(service: Service) -> None:
    protocols = [GRPC, GRPC_WEB, GRPC_WEB_TEXT, CONNECT, CONNECT_JSON]

    with http2(service) as connection:
        streams = [
            connection.open(path(), {"content-type": each.content_type}) for each in protocols
        ]
        for protocol, stream in reversed(list(zip(protocols, streams, strict=True))):
            connection.send(stream, protocol.dress(protocol.message))
            connection.end(stream)
        codes = [
            protocol.code(connection.answer(stream))
            for protocol, stream in zip(protocols, streams, strict=True)
        ]

    assert codes == [0] * len(protocols)
