"""Logs users in to Sesame and to other servers, and prints what a login takes. See README.md."""

import argparse
import contextlib
import datetime
import fcntl
import os
import platform
import signal
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from better_auth import BetterAuth
from database import Postgres
from keycloak import Keycloak
from kratos import Kratos
from load import Round, User, run_round
from peer import Peer, free_port
from process import WORK, RunError, require_tool
from sesame import Sesame

PEERS: list[type[Peer]] = [Sesame, Keycloak, Kratos, BetterAuth]
# Above this share of the machine, other processes may have changed the figures.
OTHERS_SHARE = 0.05


@dataclass(frozen=True)
class Options:
    peers: list[Peer]
    rounds: int
    seconds: float
    clients: int
    users: int
    warm_up_seconds: float | None


def main() -> None:
    signal.signal(signal.SIGTERM, interrupt)
    try:
        options = parse(sys.argv[1:])
        with locked():
            table = compare(options)
    except RunError as error:
        sys.exit(f"failed: {error}")
    except KeyboardInterrupt:
        sys.exit("failed: interrupted")
    print(table)


def interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def parse(arguments: Sequence[str]) -> Options:
    ids = [f"{peer.name}/{variant}" for peer in PEERS for variant in peer.hashes]
    parser = argparse.ArgumentParser(
        prog="benches/peers/run",
        description="Compares logins with those of other servers.",
        epilog=f"The servers in their variants: {', '.join(ids)}. "
        "A name without a variant is all of its variants.",
    )
    parser.add_argument("peers", nargs="*", metavar="SERVER", help="by default, all")
    parser.add_argument("--rounds", type=positive_int, default=3, help="(default: %(default)s)")
    parser.add_argument(
        "--seconds", type=positive, default=20, help="of each round (default: %(default)s)"
    )
    parser.add_argument(
        "--clients", type=positive_int, default=4, help="at once (default: %(default)s)"
    )
    parser.add_argument(
        "--users", type=positive_int, default=200, help="in each server (default: %(default)s)"
    )
    parser.add_argument(
        "--warm-up",
        type=positive,
        metavar="SECONDS",
        help="before the first round (default: "
        + ", ".join(f"{peer.name} {peer.warm_up_seconds}" for peer in PEERS)
        + ")",
    )
    given = parser.parse_args(arguments)
    names: list[str] = given.peers or [peer.name for peer in PEERS]
    for name in names:
        if name not in ids and name not in {peer.name for peer in PEERS}:
            parser.error(f"there is no {name}; there are {', '.join(ids)}")
    if given.users < given.clients:
        parser.error("each client needs a user of its own")
    return Options(
        peers=[
            peer(variant)
            for peer in PEERS
            for variant in peer.hashes
            if peer.name in names or f"{peer.name}/{variant}" in names
        ],
        rounds=given.rounds,
        seconds=given.seconds,
        clients=given.clients,
        users=given.users,
        warm_up_seconds=given.warm_up,
    )


def positive(text: str) -> float:
    value = float(text)
    if value <= 0:
        raise argparse.ArgumentTypeError("must be over 0")
    return value


def positive_int(text: str) -> int:
    value = int(text)
    if value <= 0:
        raise argparse.ArgumentTypeError("must be over 0")
    return value


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """Lets one run at a time have the folder, and the machine."""
    WORK.mkdir(parents=True, exist_ok=True)
    with (WORK / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunError("another run is under way") from None
        yield


def compare(options: Options) -> str:
    """Returns the table."""
    users = [
        User(f"user-{number}@example.com", f"{number:03} Horse Staples!")
        for number in range(options.users)
    ]
    # What is missing is told before anything is built.
    for peer in options.peers:
        for tool, why in peer.tools.items():
            require_tool(tool, why)
    needs_postgres = any(peer.uses_postgres for peer in options.peers)
    postgres = Postgres(free_port()) if needs_postgres else None
    for peer in options.peers:
        say(f"{peer.id}: fetch and build")
        peer.prepare()

    rounds: dict[Peer, list[Round]] = {peer: [] for peer in options.peers}
    with contextlib.ExitStack() as stack:
        if postgres is not None:
            stack.callback(postgres.stop)
            postgres.start()

        def measure(peer: Peer, seconds: float) -> Round:
            database = postgres if peer.uses_postgres else None
            assert peer.server is not None
            peer.server.check()
            return run_round(
                peer.login,
                peer.port,
                users,
                options.clients,
                seconds,
                peer.server.pid,
                None if database is None else database.pid,
            )

        for peer in options.peers:
            say(f"{peer.id}: start, with {options.users} users")
            stack.callback(peer.stop)
            database = postgres if peer.uses_postgres else None
            peer.start(database, users)
            stored, want = peer.stored_hashes(database), {peer.hashes[peer.variant]}
            if stored != want:
                raise RunError(f"{peer.id}: the stored hashes are {stored}, and not {want}")
            seconds = options.warm_up_seconds or peer.warm_up_seconds
            say(f"{peer.id}: warm up for {seconds:g} s")
            measure(peer, seconds)
        # In turns, so that a machine that slows down slows all of them down.
        for number in range(1, options.rounds + 1):
            for peer in options.peers:
                measured = measure(peer, options.seconds)
                rounds[peer].append(measured)
                say(f"{peer.id}: round {number}: {summary(measured)}")
        database_label = "" if postgres is None else f"PostgreSQL {postgres.version}"
    return report(options, rounds, database_label)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def summary(measured: Round) -> str:
    return (
        f"{rate(measured):.1f} logins/s, {cpu_ms(measured):.1f} ms each, "
        f"clients {1000 * measured.clients_cpu_seconds / measured.logins:.2f} ms each, "
        f"others {100 * others_share(measured):.1f} % of the machine"
    )


# --- The table -----------------------------------------------------------------------------------


def report(options: Options, rounds: dict[Peer, list[Round]], database: str) -> str:
    lines = [
        f"{datetime.datetime.now(tz=datetime.UTC):%Y-%m-%d}, {machine()}; "
        f"{options.clients} clients, {options.users} users, "
        f"rounds: {options.rounds} of {options.seconds:g} s",
        "",
        "| server | database | password hash | logins/s | processor time per login | p50 / p99 "
        "| memory of the server |",
        "|---|---|---|---|---|---|---|",
    ]
    for peer, measured in rounds.items():
        latencies = [1000 * seconds for each in measured for seconds in each.latencies_seconds]
        cells = [
            peer.label,
            database if peer.uses_postgres else "SQLite within",
            peer.hashes[peer.variant] + (", its default" if peer.variant == "default" else ""),
            span([rate(each) for each in measured]),
            f"{span([cpu_ms(each) for each in measured])} ms",
            f"{percentile(latencies, 50):.0f} / {percentile(latencies, 99):.0f} ms",
            f"{max(each.resident_bytes for each in measured) / 1e6:.0f} MB",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    every = [each for measured in rounds.values() for each in measured]
    most = max(others_share(each) for each in every)
    clients = [1000 * each.clients_cpu_seconds / each.logins for each in every]
    lines += [
        "",
        f"The clients' own processor time, {min(clients):.2f} to {max(clients):.2f} ms per login, "
        f"is in no figure. Other processes took up to {100 * most:.1f} % of the machine.",
    ]
    if most > OTHERS_SHARE:
        lines.append("**That is too much: run it again while nothing else runs.**")
    return "\n".join(lines)


def rate(measured: Round) -> float:
    return measured.logins / measured.seconds


def cpu_ms(measured: Round) -> float:
    return 1000 * measured.cpu_seconds / measured.logins


def others_share(measured: Round) -> float:
    return measured.others_cpu_seconds / (measured.seconds * (os.cpu_count() or 1))


def span(values: Sequence[float]) -> str:
    low, high = f"{min(values):.1f}", f"{max(values):.1f}"
    return low if low == high else f"{low} to {high}"


def percentile(values: Sequence[float], hundredths: int) -> float:
    if len(values) < 2:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[hundredths - 1]


def machine() -> str:
    """Returns the processor's model, its cores and the memory."""
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    model = models[0] if models else platform.machine()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB"


if __name__ == "__main__":
    main()
