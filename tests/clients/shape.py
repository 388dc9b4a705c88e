"""The shape of an answer: all that a client may depend on."""

import base64
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from google.protobuf import json_format
from google.rpc import status_pb2

from recorded import Request, answer_message, parts
from wire import TRAILERS, Answer

DETAILS = "grpc-status-details-bin"

FAILED_LOGIN = "COMMAND-3M0fs"

# The ids of this service's errors, by the call and the id of another server's error. None: the
# error has no details.
ON_PURPOSE: Mapping[tuple[str, str], str | None] = {
    # A wrong password.
    ("CreateSession", "COMMAND-SAF3g"): FAILED_LOGIN,
    # A wrong session token in a Get.
    ("GetSession", "COMMAND-sGr42"): "QUERY-dsfr3",
    # An unknown bearer token, which is refused before the service runs.
    ("CreateSession", "AUTH-7fs1e"): None,
}


@dataclass(frozen=True)
class Shape:
    status: int
    content_type: str
    # The flags of the body's frames, in the protocols that have such.
    frames: list[int]
    # Of gRPC, or its name in Connect; 0 is a success.
    code: int | str
    # Of the detail that names the error.
    id: str | None
    # The paths of what the message, or the error in its place, has.
    fields: list[str]
    # The names of gRPC's trailers. An empty `grpc-message` is none.
    trailers: list[str]
    # Whether these are headers.
    is_trailers_only: bool

    @classmethod
    def of(cls, request: Request, answer: Answer) -> "Shape":
        message = answer_message(request, answer)
        status_fields = trailers(request, answer) if request.is_framed else {}
        packed = base64.b64decode(status_fields.get(DETAILS, "") + "==")
        status = json_format.MessageToDict(status_pb2.Status.FromString(packed))
        error = status if request.is_framed else message
        # In gRPC an answer that has no code is as bad as unknown, 2.
        code = (
            int(status_fields.get("grpc-status", 2))
            if request.is_framed
            else message.get("code", 0)
        )
        return cls(
            status=answer.status,
            content_type=answer.headers.get("content-type", ""),
            frames=[flags for flags, _ in parts(request, answer.body)] if request.is_framed else [],
            code=code,
            id=detail_id(error.get("details", [])) if code else None,
            fields=sorted(paths(message)),
            trailers=sorted(name for name, value in status_fields.items() if value),
            is_trailers_only="grpc-status" in answer.headers,
        )

    def as_this_service_answers(self, request: Request) -> "Shape":
        """The shape that this service's answer must have, if another server's has this one."""
        shape = self
        if request.is_framed and shape.code:
            # Each error has it, those without details as well.
            shape = replace(shape, trailers=sorted({*shape.trailers, DETAILS}))
        if shape.id is None or (request.rpc, shape.id) not in ON_PURPOSE:
            return shape
        own = ON_PURPOSE[request.rpc, shape.id]
        fields = [each for each in shape.fields if own or not each.startswith("details")]
        if own == FAILED_LOGIN:
            # To a principal with session.write it says how many failed in a row.
            names = [each for each in fields if each.startswith("details") and each.endswith(".id")]
            fields += [each.removesuffix("id") + "failedAttempts" for each in names]
        return replace(shape, id=own, fields=sorted(fields))

    def differences(self, expected: "Shape") -> list[str]:
        own, wanted = asdict(self), asdict(expected)
        return [
            contrast(name, own[name], wanted[name]) for name in own if own[name] != wanted[name]
        ]

    def lacks(self, smallest: "Shape") -> list[str]:
        """What it lacks of the smallest answer that clients accept."""
        filled = replace(
            self,
            id=smallest.id,
            # A code may be in the headers or after them, for all clients.
            is_trailers_only=smallest.is_trailers_only,
            fields=sorted(set(self.fields) & set(smallest.fields)),
            trailers=sorted(set(self.trailers) & set(smallest.trailers)),
        )
        return filled.differences(smallest)


def contrast(name: str, own: Any, wanted: Any) -> str:
    if name in {"fields", "trailers"}:
        missing, besides = sorted({*wanted} - {*own}), sorted({*own} - {*wanted})
        return f"{name} lack {missing}, and have {besides} besides"
    return f"{name} is {own!r}, and not {wanted!r}"


def trailers(request: Request, answer: Answer) -> dict[str, str]:
    """The trailers of gRPC, or those headers of an answer that has trailers alone."""
    for flags, text in parts(request, answer.body):
        if flags & TRAILERS:
            lines = text.decode("ascii").removesuffix("\r\n").split("\r\n")
            return {name: value for name, _, value in (line.partition(":") for line in lines)}
    named = answer.headers if "grpc-status" in answer.headers else answer.trailers
    return {name: value for name, value in named.items() if name.startswith("grpc-")}


def detail_id(details: list[Any]) -> str | None:
    """Of the first detail that names the error, in google.rpc.Status or as Connect has it."""
    for detail in details:
        kind = detail.get("type") or detail.get("@type", "").rpartition("/")[2]
        package, _, name = kind.rpartition(".")
        if package != "zitadel.v1":
            continue
        if "id" in detail:
            return str(detail["id"])
        module = importlib.import_module("zitadel.v1.error_detail_pb2")
        packed = base64.b64decode(detail["value"] + "==")
        return str(getattr(module, name).FromString(packed).id)
    return None


def paths(value: Any, path: str = "") -> Iterator[str]:
    """Of all that a message holds, `a.b[0].c`."""
    match value:
        case dict():
            for name, each in value.items():
                yield from paths(each, f"{path}.{name}" if path else name)
        case list():
            for index, each in enumerate(value):
                yield from paths(each, f"{path}[{index}]")
        case _:
            yield path
