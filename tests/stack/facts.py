"""What the code says of itself, written by its own tests for these ones to read."""

import json
import os
from dataclasses import dataclass
from typing import Any

import pytest

from template import ROOT

TARGET = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
COMMAND = "cargo test --features dev"


@dataclass(frozen=True)
class Request:
    """One kind of request that the function sent, in the words of IAM."""

    action: str
    table: str
    index: str | None
    # How the keys of the items begin that it names. In the sessions table they are random.
    keys: frozenset[str]


def read(name: str) -> Any:
    """Read a file that the Rust tests write. Without it nothing is proven, so that is a failure."""
    path = TARGET / "stack" / name
    if not path.is_file():
        pytest.fail(f"{path} is missing: `{COMMAND}` writes it", pytrace=False)
    return json.loads(path.read_text())


def tables() -> dict[str, dict[str, Any]]:
    """The tables that the code creates, as it would send them to CreateTable."""
    return {table["TableName"]: table for table in read("tables.json")}


def requests(function: str) -> set[Request]:
    """Each kind of request that a function of the stack sent in the integration tests."""
    name = {"Function": "requests.json", "Authorizer": "authorizer-requests.json"}[function]
    return {Request(r["action"], r["table"], r["index"], frozenset(r["keys"])) for r in read(name)}


def cors() -> dict[str, Any]:
    """What pages of other origins may send and read, as API Gateway words it."""
    lists: dict[str, Any] = read("cors.json")
    return lists


def settings(function: str) -> set[str]:
    """The names of all settings that a function of the stack reads."""
    name = {"Function": "settings.json", "Authorizer": "authorizer-settings.json"}[function]
    return set(read(name))
