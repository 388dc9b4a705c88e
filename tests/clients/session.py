"""Clients of both services over the stubs that grpcio-tools generates."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import grpc
from google.protobuf.message_factory import GetMessageClass
from grpc_status import rpc_status

VERSIONS = ["v2alpha", "v2beta", "v2"]
# Long enough for a busy machine.
WITHIN_SECONDS = 20


@dataclass(frozen=True)
class Refusal:
    code: grpc.StatusCode
    message: str
    # Of zitadel.v1.ErrorDetail.
    id: str | None


@dataclass(frozen=True)
class Client:
    version: str
    channel: grpc.Channel
    stub: Any
    messages: Any

    def call(
        self,
        rpc: str,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = WITHIN_SECONDS,
        compression: grpc.Compression | None = None,
        **fields: Any,
    ) -> Any:
        """The answer to a request of those fields.

        Errors are grpc.RpcError.
        """
        request = getattr(self.messages, f"{rpc}Request")(**fields)
        metadata = [*bearer(token), *(headers or {}).items()]
        return getattr(self.stub, rpc)(
            request, timeout=timeout, metadata=metadata, compression=compression
        )

    def create(self, **arguments: Any) -> Any:
        return self.call("CreateSession", **arguments)

    def set(self, session: "Open", **arguments: Any) -> "Open":
        """The session with its current token after a Set."""
        answer = self.call("SetSession", **session.key(), **arguments)
        return Open(session.id, answer.session_token, answer.details)

    def open(self, **arguments: Any) -> "Open":
        """Creates a session."""
        answer = self.create(**arguments)
        return Open(answer.session_id, answer.session_token, answer.details)

    def get(self, session: "Open") -> Any:
        return self.call("GetSession", **session.key()).session

    def list(self, *, query: Any = None, queries: Any = (), **arguments: Any) -> Any:
        return self.call("ListSessions", query=query, queries=queries, **arguments)

    def refusal(self, rpc: str = "CreateSession", **arguments: Any) -> Refusal:
        """Makes a call that is refused, and returns the error."""
        try:
            answer = self.call(rpc, **arguments)
        except grpc.RpcError as error:
            return read_refusal(error)
        raise AssertionError(f"carried out: {answer}")


@dataclass(frozen=True)
class Open:
    """A session's id, token and details, as its client knows them."""

    id: str
    token: str
    # Of the last answer.
    details: Any

    def key(self) -> dict[str, Any]:
        """The fields by which Set, Get and Delete name it."""
        return {"session_id": self.id, "session_token": self.token}


Connect = Callable[[grpc.Channel, str], Client]


def connected(channel: grpc.Channel, version: str) -> Client:
    module = f"zitadel.session.{version}.session_service"
    services = importlib.import_module(f"{module}_pb2_grpc")
    messages = importlib.import_module(f"{module}_pb2")
    return Client(version, channel, services.SessionServiceStub(channel), messages)


@dataclass(frozen=True)
class Users:
    """A client of the User service, with the bearer token of its principal."""

    stub: Any
    service: Any
    token: str

    @classmethod
    def connected(cls, channel: grpc.Channel, token: str) -> "Users":
        module = "zitadel.user.v2.user_service_pb2"
        services = importlib.import_module(f"{module}_grpc")
        descriptor = importlib.import_module(module).DESCRIPTOR
        service = descriptor.services_by_name["UserService"]
        return cls(services.UserServiceStub(channel), service, token)

    def bearing(self, token: str) -> "Users":
        return replace(self, token=token)

    def call(self, rpc: str, **fields: Any) -> Any:
        # Its messages are in several modules.
        request = GetMessageClass(self.service.methods_by_name[rpc].input_type)(**fields)
        metadata = bearer(self.token)
        return getattr(self.stub, rpc)(request, timeout=WITHIN_SECONDS, metadata=metadata)

    def refusal(self, rpc: str, **fields: Any) -> Refusal:
        """Makes a call that is refused, and returns the error."""
        try:
            answer = self.call(rpc, **fields)
        except grpc.RpcError as error:
            return read_refusal(error)
        raise AssertionError(f"carried out: {answer}")


def bearer(token: str | None) -> list[tuple[str, str]]:
    return [] if token is None else [("authorization", f"Bearer {token}")]


def read_refusal(error: Any) -> Refusal:
    detail = importlib.import_module("zitadel.v1.error_detail_pb2").ErrorDetail()
    status = rpc_status.from_call(error)
    details = [] if status is None else status.details
    found = [each for each in details if each.Unpack(detail)]
    return Refusal(error.code(), error.details(), detail.id if found else None)


def login(login_name: str, password: str) -> dict[str, Any]:
    return {"user": {"login_name": login_name}, "password": {"password": password}}
