"""better-auth in Node's own HTTP server: better-auth/server.mjs."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from database import USER, Postgres
from load import Client, User
from peer import ARGON2ID, Peer, add_users, require, words
from process import Server, answers, output_of, run, server_environment

SOURCE = Path(__file__).resolve().parent / "better-auth"
STARTS_WITHIN_SECONDS = 60
SCRYPT = "scrypt 32 MiB (N=2^14, r=16, p=1)"


class BetterAuth(Peer):
    name = "better-auth"
    hashes: ClassVar = {"default": SCRYPT, "argon2id": ARGON2ID}
    tools: ClassVar = {
        "node": "better-auth needs Node 20 or later",
        "npm": "better-auth comes from npm",
    }

    @property
    def label(self) -> str:
        version = json.loads((SOURCE / "package.json").read_text())["dependencies"]["better-auth"]
        node = output_of(["node", "--version"]).removeprefix("v")
        return f"better-auth {version}, Node {node}"

    @property
    def installed(self) -> Path:
        return self.folder / "server"

    def prepare(self) -> None:
        self.installed.mkdir(parents=True, exist_ok=True)
        # The copy of the lock file is written last, so an install that was cut off starts again.
        lock, copy = SOURCE / "package-lock.json", self.installed / "installed.json"
        for name in ("package.json", "package-lock.json", "server.mjs"):
            shutil.copy(SOURCE / name, self.installed)
        if not copy.exists() or copy.read_bytes() != lock.read_bytes():
            command = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel", "error"]
            run(command, self.folder / "install.log", self.installed)
            shutil.copy(lock, copy)

    def start(self, postgres: Postgres | None, users: Sequence[User]) -> Server:
        assert postgres is not None
        postgres.create(self.database)
        environment = server_environment(
            NODE_ENV="production",
            BETTER_AUTH_TELEMETRY="0",
            DATABASE_URL=f"postgres://{USER}@127.0.0.1:{postgres.port}/{self.database}",
            PORT=str(self.port),
            HASH=self.variant,
        )
        self.server = Server(["node", "server.mjs"], self.log, environment, self.installed)
        url = f"http://127.0.0.1:{self.port}/api/auth/ok"
        self.server.wait_until(lambda: answers(url), STARTS_WITHIN_SECONDS)
        add_users(users, self.add)
        return self.server

    def add(self, user: User) -> None:
        form = {"name": user.name, "email": user.name, "password": user.password}
        status, body = Client(self.port).post("/api/auth/sign-up/email", form)
        require(status == 200, "POST /api/auth/sign-up/email", status, body)

    def stored_hashes(self, postgres: Postgres | None) -> set[str]:
        assert postgres is not None
        stored = postgres.query(self.database, "SELECT password FROM account")
        # Its own form, a salt of 16 bytes and a key of 64, doesn't have the parameters. They are
        # constants of `@better-auth/utils/password`.
        return {SCRYPT if len(line) == 32 + 1 + 128 else words(line) for line in stored}

    def login(self, client: Client, user: User) -> None:
        form = {"email": user.name, "password": user.password}
        status, body = client.post("/api/auth/sign-in/email", form)
        require(status == 200 and "token" in body, "POST /api/auth/sign-in/email", status, body)
