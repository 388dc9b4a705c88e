"""A PostgreSQL of the run's own, as its defaults have it, and gone at the end."""

import os
import pwd
import shutil
import signal
from pathlib import Path

from process import WORK, RunError, Server, output_of, run, server_environment

USER = "postgres"
STARTS_WITHIN_SECONDS = 60


def binaries() -> Path:
    """Returns the folder with `initdb`, which Debian leaves out of PATH."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4])
    )
    if not versions:
        raise RunError(
            "initdb is missing: install PostgreSQL's server, such as Debian's postgresql"
        )
    return versions[-1].parent


class Postgres:
    """The server that all peers share, each with a database of its own."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.folder = WORK / "postgres"
        self.binaries = binaries()
        # It refuses to run as root.
        self.user = USER if os.geteuid() == 0 else None
        if self.user is not None:
            self.require_user(self.user)
        self.server: Server | None = None

    def require_user(self, user: str) -> None:
        try:
            pwd.getpwnam(user)
        except KeyError:
            raise RunError(
                f"PostgreSQL refuses to run as root, and there is no user {user}: add one, or run "
                "this as another user"
            ) from None

    def start(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        data = self.folder / "data"
        data.mkdir(parents=True, mode=0o700)
        if self.user is not None:
            shutil.chown(data, self.user)
        # Whoever runs programs on this machine may connect: there is nothing to protect.
        initdb: list[str | Path] = [self.binaries / "initdb", "--username", USER, "--pgdata", data]
        initdb += ["--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"]
        run(initdb, self.folder / "initdb.log", Path("/"), server_environment(), self.user)

        command: list[str | Path] = [self.binaries / "postgres", "-D", data, "-p", str(self.port)]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        # Connections, not speed: each of the servers has a pool.
        command += ["-c", "max_connections=300"]
        self.server = Server(
            command,
            self.folder / "server.log",
            server_environment(),
            Path("/"),
            self.user,
            # "Fast shutdown": it does not wait for its clients.
            signal.SIGINT,
        )
        self.server.wait_until(self.is_ready, STARTS_WITHIN_SECONDS)

    def is_ready(self) -> bool:
        try:
            self.query("postgres", "SELECT 1")
        except RunError:
            return False
        return True

    def create(self, database: str) -> None:
        self.query("postgres", f'CREATE DATABASE "{database}"')

    def query(self, database: str, statement: str) -> list[str]:
        """Returns the lines of the result."""
        return output_of(
            [
                *(self.binaries / "psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align"),
                *("--host", "127.0.0.1", "--port", str(self.port), "--username", USER),
                *("--dbname", database, "--command", statement),
            ]
        ).splitlines()

    @property
    def pid(self) -> int:
        assert self.server is not None
        return self.server.pid

    @property
    def version(self) -> str:
        # "postgres (PostgreSQL) 15.18 (Debian …)"
        return output_of([self.binaries / "postgres", "--version"]).split()[2]

    def stop(self) -> None:
        if self.server is not None:
            self.server.stop()
        shutil.rmtree(self.folder / "data", ignore_errors=True)
