"""Sesame, from the checkout that this file is in."""

import json
import os
import subprocess
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from database import Postgres
from load import Client, User
from peer import ARGON2ID, Peer, add_users, require, words
from process import ROOT, RunError, Server, output_of, run, server_environment

STARTS_WITHIN_SECONDS = 30


class Sesame(Peer):
    name = "sesame"
    hashes: ClassVar = {"default": ARGON2ID, "portable": ARGON2ID}
    tools: ClassVar = {"cargo": "Sesame is built with Rust"}
    uses_postgres = False

    @property
    def label(self) -> str:
        commit = output_of(["git", "describe", "--always", "--dirty", "--exclude=*"])
        setting = {"default": "", "portable": ", `SESAME_PORTABLE_HASH=1`"}[self.variant]
        return f"Sesame {commit}{setting}"

    @property
    def program(self) -> Path:
        return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "sesame"

    def prepare(self) -> None:
        command = ["cargo", "build", "--release", "--features", "dev", "--bin", "sesame"]
        run(command, self.folder / "build.log")

    def start(self, postgres: Postgres | None, users: Sequence[User]) -> Server:
        assert postgres is None
        setting = {"portable": {"SESAME_PORTABLE_HASH": "1"}}.get(self.variant, {})
        self.server = Server(
            [
                *(self.program, "dev", "--ready-json", "--listen", f"127.0.0.1:{self.port}"),
                *("--dynamodb-listen", "127.0.0.1:0"),
            ],
            self.log,
            server_environment(**setting),
        )
        self.server.wait_until(lambda: b"\n" in self.log.read_bytes(), STARTS_WITHIN_SECONDS)
        self.dynamodb_url = str(json.loads(self.log.read_text().splitlines()[0])["dynamodb_url"])
        add_users(users, self.add)
        return self.server

    def add(self, user: User) -> None:
        done = subprocess.run(
            [
                *(self.program, "--endpoint-url", self.dynamodb_url, "user", "add"),
                *("--login-name", user.name, "--display-name", user.name, "--password-stdin"),
            ],
            input=user.password,
            capture_output=True,
            text=True,
            env=server_environment(),
            check=False,
        )
        if done.returncode != 0:
            raise RunError(f"`sesame user add` failed: {done.stderr}")

    def stored_hashes(self, postgres: Postgres | None) -> set[str]:
        assert postgres is None
        # One answer has up to 1 MB of items, so all users.
        request = urllib.request.Request(  # noqa: S310
            self.dynamodb_url,
            json.dumps({"TableName": "users"}).encode(),
            {
                "Content-Type": "application/x-amz-json-1.0",
                "X-Amz-Target": "DynamoDB_20120810.Scan",
                # The emulator wants a region and checks no signature.
                "Authorization": "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/"
                "aws4_request, SignedHeaders=host, Signature=none",
            },
        )
        with urllib.request.urlopen(request) as response:  # noqa: S310
            items: list[dict[str, Any]] = json.load(response)["Items"]
        return {words(item["password_hash"]["S"]) for item in items if "password_hash" in item}

    def login(self, client: Client, user: User) -> None:
        checks = {"user": {"loginName": user.name}, "password": {"password": user.password}}
        status, body = client.post("/v2/sessions", {"checks": checks})
        require(status == 200 and "sessionToken" in body, "POST /v2/sessions", status, body)
