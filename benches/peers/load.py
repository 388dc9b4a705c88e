"""Clients that log users in, one login after another, each client in a process of its own."""

import http.client
import json
import multiprocessing
import multiprocessing.connection
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from process import RunError, cpu_seconds, machine_cpu_seconds, resident_bytes

# How long the clients run before anything is counted, so that a round begins and ends alike: with a
# login of each under way.
LEAD_IN_SECONDS = 1.0
# A login that takes longer has failed.
TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class User:
    name: str
    password: str


class Client:
    """An HTTP connection that is kept open."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)

    def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Returns the status of the answer, and its body, which must be JSON."""
        self.connection.request(method, path, body, dict(headers or {}))
        response = self.connection.getresponse()
        text = response.read()
        try:
            return response.status, json.loads(text)
        except ValueError as error:
            raise RunError(f"{method} {path}: {response.status} {text[:500]!r}") from error

    def post(self, path: str, body: object) -> tuple[int, Any]:
        text = json.dumps(body).encode()
        return self.call("POST", path, text, {"Content-Type": "application/json"})


Login = Callable[[Client, User], None]


@dataclass(frozen=True)
class Round:
    """What was measured while the clients ran."""

    seconds: float
    # Of each login that ended within the round.
    latencies_seconds: list[float]
    # Of the server, its children and its database.
    cpu_seconds: float
    clients_cpu_seconds: float
    # Of all that is neither of these.
    others_cpu_seconds: float
    resident_bytes: int

    @property
    def logins(self) -> int:
        return len(self.latencies_seconds)


def run_round(
    login: Login,
    port: int,
    users: Sequence[User],
    clients: int,
    seconds: float,
    server: int,
    database: int | None,
) -> Round:
    """Logs users in for that long.

    `server` and `database` are the processes whose time counts, with all below them.
    """
    # A fork, as the way to log in is a method of a server that this process started.
    context = multiprocessing.get_context("fork")
    begin = time.monotonic() + LEAD_IN_SECONDS
    end = begin + seconds
    pipes: list[Connection] = []
    workers = []
    try:
        for number in range(clients):
            here, there = context.Pipe(duplex=False)
            own = users[number::clients]
            worker = context.Process(target=work, args=(there, login, port, own, begin, end))
            worker.start()
            there.close()
            pipes.append(here)
            workers.append(worker)
        measured = [server] if database is None else [server, database]
        generators = [worker.pid for worker in workers if worker.pid is not None]

        def spent() -> tuple[float, float, float, float]:
            return (
                time.monotonic(),
                cpu_seconds(*measured),
                cpu_seconds(*generators),
                machine_cpu_seconds(),
            )

        wait_until(begin, pipes)
        before = spent()
        wait_until(end, pipes)
        after = spent()
        resident = resident_bytes(server)

        ended: list[tuple[float, float]] = []
        for pipe in pipes:
            ended += result_of(pipe)
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()
    took, own_cpu, clients_cpu, machine_cpu = (
        late - early for early, late in zip(before, after, strict=True)
    )
    latencies = [latency for at, latency in ended if before[0] <= at < after[0]]
    if not latencies:
        raise RunError("no login ended within the round")
    return Round(
        seconds=took,
        latencies_seconds=latencies,
        cpu_seconds=own_cpu,
        clients_cpu_seconds=clients_cpu,
        others_cpu_seconds=max(0.0, machine_cpu - own_cpu - clients_cpu),
        resident_bytes=resident,
    )


def wait_until(end: float, pipes: list[Connection]) -> None:
    """Waits, but not if a client says something: before the end, that is a failure."""
    for pipe in multiprocessing.connection.wait(pipes, max(0.0, end - time.monotonic())):
        assert isinstance(pipe, Connection)
        if time.monotonic() < end:
            result_of(pipe)
            raise RunError("a client ended early")


def result_of(pipe: Connection) -> list[tuple[float, float]]:
    """Returns what a client has sent, unless that is a failure."""
    try:
        result: list[tuple[float, float]] | str = pipe.recv()
    except EOFError:
        raise RunError("a client ended without a result") from None
    if isinstance(result, str):
        raise RunError(result)
    return result


def work(
    pipe: Connection,
    login: Login,
    port: int,
    users: Sequence[User],
    begin: float,
    end: float,
) -> None:
    """Sends when each login ended and how long it took, or why one failed."""
    # A Ctrl-C reaches all of a terminal's processes. The one that started this one ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ended: list[tuple[float, float]] = []
    client = Client(port)
    try:
        while True:
            for user in users:
                started = time.monotonic()
                login(client, user)
                at = time.monotonic()
                if at >= begin:
                    ended.append((at, at - started))
                if at >= end:
                    pipe.send(ended)
                    return
    except RunError as error:
        pipe.send(str(error))
    except (OSError, http.client.HTTPException) as error:
        pipe.send(f"a login failed: {error!r}")
