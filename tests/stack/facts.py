"""What the code says of itself: `facts.json`, which the Rust tests hold against the code."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from template import ROOT

TARGET = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
FACTS: dict[str, Any] = json.loads((Path(__file__).parent / "facts.json").read_text())


@dataclass(frozen=True)
class Request:
    """One kind of request that a function sends, in the words of IAM."""

    action: str
    table: str
    index: str | None
    # How the keys of the items begin that it names. In the sessions table they are random.
    keys: frozenset[str]


def requests(*senders: str) -> set[Request]:
    """Each kind of request that these send.

    A sender is a function of the stack, or the calls of the User service, which are the function's
    where the parameter `UserApi` is true.
    """
    found = [request for sender in senders for request in FACTS["requests"][sender]]
    return {Request(r["action"], r["table"], r["index"], frozenset(r["keys"])) for r in found}


def cors() -> dict[str, Any]:
    """What pages of other origins may send and read, as API Gateway words it."""
    lists: dict[str, Any] = FACTS["cors"]
    return lists
