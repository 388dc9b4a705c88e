"""What the tests call of the session service, by the stubs that grpcio-tools generates."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc
from grpc_status import rpc_status

VERSIONS = ["v2alpha", "v2beta", "v2"]
# Long enough for a machine that does much else besides.
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

    def create(
        self,
        *,
        token: str | None = None,
        timeout: float = WITHIN_SECONDS,
        compression: grpc.Compression | None = None,
        **fields: Any,
    ) -> Any:
        """The answer to a CreateSessionRequest of those fields.

        Errors are grpc.RpcError.
        """
        request = self.messages.CreateSessionRequest(**fields)
        return self.stub.CreateSession(
            request, timeout=timeout, metadata=bearer(token), compression=compression
        )

    def refusal(self, **arguments: Any) -> Refusal:
        """Why such a call is not carried out."""
        try:
            answer = self.create(**arguments)
        except grpc.RpcError as error:
            return read_refusal(error)
        raise AssertionError(f"carried out: {answer}")


Connect = Callable[[grpc.Channel, str], Client]


def connected(channel: grpc.Channel, version: str) -> Client:
    module = f"zitadel.session.{version}.session_service"
    services = importlib.import_module(f"{module}_pb2_grpc")
    messages = importlib.import_module(f"{module}_pb2")
    return Client(version, channel, services.SessionServiceStub(channel), messages)


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
