"""Ory Kratos, built from its repository."""

import base64
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from database import USER, Postgres
from load import Client, User
from peer import ARGON2ID, Peer, add_users, free_port, require, words
from process import Server, answers, output_of, run, server_environment

TAG = "v26.2.0"
COMMIT = "9d7085948039ffb8960160d4979f71527b5cf4d5"
REPOSITORY = "https://github.com/ory/kratos"
STARTS_WITHIN_SECONDS = 60
SCHEMA = {
    "$id": "https://example.com/user.schema.json",
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {
        "traits": {
            "type": "object",
            "properties": {
                "email": {
                    "type": "string",
                    "format": "email",
                    "ory.sh/kratos": {"credentials": {"password": {"identifier": True}}},
                }
            },
            "required": ["email"],
        }
    },
}
# <https://www.ory.com/docs/kratos/reference/configuration>; its MB has 1024 KB of 1024 bytes.
SAME_HASH = {"algorithm": "argon2", "argon2": {"memory": "19MB", "iterations": 2, "parallelism": 1}}


class Kratos(Peer):
    name = "kratos"
    hashes: ClassVar = {"default": "bcrypt, cost 12", "argon2id": ARGON2ID}
    tools: ClassVar = {
        "git": "Kratos is built from its repository",
        "go": "Kratos is built with Go 1.26 or later",
    }

    @property
    def label(self) -> str:
        # "go version go1.26.8 linux/amd64"
        go = output_of(["go", "version"]).split()[2].removeprefix("go")
        return f"Ory Kratos {TAG}, Go {go}"

    @property
    def program(self) -> Path:
        return self.folder / f"kratos-{TAG}"

    def prepare(self) -> None:
        if self.program.exists():
            return
        source = self.folder / "source"
        shutil.rmtree(source, ignore_errors=True)
        source.mkdir(parents=True)
        repository = os.environ.get("KRATOS_REPOSITORY", REPOSITORY)
        log = self.folder / "fetch.log"
        run(["git", "init", "--quiet"], log, source)
        run(["git", "fetch", "--quiet", "--depth=1", repository, f"refs/tags/{TAG}"], log, source)
        # A tag can be moved, a commit can't.
        run(["git", "checkout", "--quiet", COMMIT], log, source)
        # `go install` refuses its `replace` directives. SQLite alone would need C.
        environment = {**os.environ, "CGO_ENABLED": "0"}
        unfinished = self.folder / "kratos-unfinished"
        run(
            ["go", "build", "-buildvcs=false", "-o", unfinished, "."],
            self.folder / "build.log",
            source,
            environment,
        )
        unfinished.rename(self.program)

    def start(self, postgres: Postgres | None, users: Sequence[User]) -> Server:
        assert postgres is not None
        postgres.create(self.database)
        dsn = f"postgres://{USER}@127.0.0.1:{postgres.port}/{self.database}?sslmode=disable"
        self.admin_port = free_port()
        file = self.folder / f"{self.variant}.json"
        file.write_text(json.dumps(self.configuration(dsn)))
        # It reports its use over the network unless it is told not to.
        environment = server_environment(SQA_OPT_OUT="true")
        run(
            [self.program, "migrate", "sql", "up", "--yes", "--config", file, dsn],
            self.folder / f"{self.variant}.migrate.log",
            self.folder,
            environment,
        )
        self.server = Server(
            [self.program, "serve", "--config", file], self.log, environment, self.folder
        )
        url = f"http://127.0.0.1:{self.port}/health/ready"
        self.server.wait_until(lambda: answers(url), STARTS_WITHIN_SECONDS)
        add_users(users, self.add)
        return self.server

    def configuration(self, dsn: str) -> dict[str, Any]:
        schema = base64.b64encode(json.dumps(SCHEMA).encode()).decode()
        public = {"host": "127.0.0.1", "port": self.port}
        more = {"hashers": SAME_HASH} if self.variant == "argon2id" else {}
        return {
            "version": TAG,
            "dsn": dsn,
            "log": {"level": "error"},
            "serve": {
                "public": public | {"base_url": f"http://127.0.0.1:{self.port}/"},
                "admin": {"host": "127.0.0.1", "port": self.admin_port},
            },
            "selfservice": {"default_browser_return_url": f"http://127.0.0.1:{self.port}/"},
            "identity": {
                "default_schema_id": "user",
                "schemas": [{"id": "user", "url": f"base64://{schema}"}],
            },
            "secrets": {"default": ["peers peers peers peers"]},
            # It sends no mail here, but wants to know how.
            "courier": {"smtp": {"connection_uri": "smtp://127.0.0.1:9/"}},
        } | more

    def add(self, user: User) -> None:
        identity = {
            "schema_id": "user",
            "traits": {"email": user.name},
            "credentials": {"password": {"config": {"password": user.password}}},
        }
        status, body = Client(self.admin_port).post("/admin/identities", identity)
        require(status == 201, "POST /admin/identities", status, body)

    def stored_hashes(self, postgres: Postgres | None) -> set[str]:
        assert postgres is not None
        statement = (
            "SELECT config->>'hashed_password' FROM identity_credentials "
            "WHERE config->>'hashed_password' IS NOT NULL"
        )
        return {words(line) for line in postgres.query(self.database, statement)}

    def login(self, client: Client, user: User) -> None:
        path = "/self-service/login/api"
        status, flow = client.call("GET", path)
        require(status == 200 and "id" in flow, f"GET {path}", status, flow)
        credentials = {"identifier": user.name, "password": user.password}
        path = f"/self-service/login?flow={flow['id']}"
        status, body = client.post(path, {"method": "password"} | credentials)
        require(status == 200 and "session_token" in body, f"POST {path}", status, body)
