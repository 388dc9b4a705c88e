"""What the run asks of each server."""

import re
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

from database import Postgres
from load import Client, User
from process import WORK, RunError, Server

ARGON2ID = "argon2id 19 MiB, t=2, p=1"
# How many users are added at once. It changes no figure.
ADDED_AT_ONCE = 2


class Peer(ABC):
    """A server in one of its variants."""

    # As the command line has it, and its folder below target/peers.
    name: ClassVar[str]
    # What the table says of each variant's hash. Those in the database must be so.
    hashes: ClassVar[dict[str, str]]
    # What `prepare` and `start` run, and why.
    tools: ClassVar[dict[str, str]]
    # Until its figures stop changing.
    warm_up_seconds: ClassVar[float] = 10
    uses_postgres: ClassVar[bool] = True

    def __init__(self, variant: str) -> None:
        self.variant = variant
        self.port = free_port()
        self.server: Server | None = None

    @property
    def id(self) -> str:
        return f"{self.name}/{self.variant}"

    @property
    def folder(self) -> Path:
        return WORK / self.name

    @property
    def log(self) -> Path:
        return self.folder / f"{self.variant}.log"

    @property
    def database(self) -> str:
        return self.id.replace("/", "-")

    @property
    @abstractmethod
    def label(self) -> str:
        """The server and its version, for the table."""

    @abstractmethod
    def prepare(self) -> None:
        """Fetches and builds the server, unless that was done before."""

    @abstractmethod
    def start(self, postgres: Postgres | None, users: Sequence[User]) -> Server:
        """Starts the server with these users."""

    @abstractmethod
    def stored_hashes(self, postgres: Postgres | None) -> set[str]:
        """Returns the parameters of the stored hashes, in words."""

    @abstractmethod
    def login(self, client: Client, user: User) -> None:
        """Logs a user in. An answer that is no success is a failure."""

    def stop(self) -> None:
        if self.server is not None:
            self.server.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def require(done: bool, what: str, status: int, body: object) -> None:
    if not done:
        raise RunError(f"{what} failed: {status} {str(body)[:500]}")


def add_users(users: Sequence[User], add: Callable[[User], None]) -> None:
    pool = ThreadPoolExecutor(ADDED_AT_ONCE)
    try:
        for _ in pool.map(add, users):
            pass
    finally:
        # After a failure or a Ctrl-C, nobody waits for the rest.
        pool.shutdown(cancel_futures=True)


def words(stored: str) -> str:
    """Returns the parameters of a hash in the usual text form, as the table has them."""
    if found := re.match(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$", stored):
        kib, passes, lanes = found.groups()
        return argon2id(int(kib), passes, lanes)
    if found := re.match(r"\$2[aby]\$(\d\d)\$", stored):
        return f"bcrypt, cost {int(found[1])}"
    return f"unknown: {stored[:12]}…"


def argon2id(kib: int, passes: int | str, lanes: int | str) -> str:
    return f"argon2id {kib / 1024:g} MiB, t={passes}, p={lanes}"
