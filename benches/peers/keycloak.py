"""Keycloak, as published in Maven's central repository."""

import hashlib
import json
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

from database import USER, Postgres
from load import Client, User
from peer import ARGON2ID, Peer, argon2id, require
from process import WORK, RunError, Server, answers, output_of, run, server_environment

VERSION = "26.7.3"
SHA256 = "27a6535553c3cdcd083872ba40629efafb3475e3b758e0c6f691395561dd0f1f"
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
REALM = "peers"
CLIENT = "load"
TOKEN_PATH = f"/realms/{REALM}/protocol/openid-connect/token"
# It hashes the users' passwords before it answers.
STARTS_WITHIN_SECONDS = 300
# <https://www.keycloak.org/server/configuration-provider>
SAME_HASH = [
    "--spi-password-hashing--argon2--memory=19456",
    "--spi-password-hashing--argon2--iterations=2",
    "--spi-password-hashing--argon2--parallelism=1",
]


class Keycloak(Peer):
    name = "keycloak"
    hashes: ClassVar = {"default": "argon2id 7 MiB, t=5, p=1", "argon2id": ARGON2ID}
    tools: ClassVar = {
        "java": f"Keycloak {VERSION} needs Java 17 or later",
        "mvn": "Keycloak comes from Maven's central repository",
    }
    # The JVM compiles what runs often. Before, a login takes two to three times as long.
    warm_up_seconds = 120

    @property
    def label(self) -> str:
        java = output_of(["java", "-version"]).split('"')[1].split(".")[0]
        return f"Keycloak {VERSION}, Java {java}"

    @property
    def home(self) -> Path:
        """A copy of the distribution for each variant, as it keeps files of its own in it."""
        return self.folder / self.variant

    def prepare(self) -> None:
        archive = self.folder / f"keycloak-quarkus-dist-{VERSION}.zip"
        if not archive.exists():
            artifact = f"org.keycloak:keycloak-quarkus-dist:{VERSION}:zip"
            run(
                [
                    *("mvn", "--batch-mode", "--quiet", f"{PLUGIN}:copy"),
                    *(f"-Dartifact={artifact}", f"-DoutputDirectory={self.folder}"),
                ],
                self.folder / "fetch.log",
                # A folder without a project.
                WORK,
            )
        with archive.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != SHA256:
                raise RunError(f"{archive} is not the one that was pinned")
        # It has the version, and is written last, so a build that was cut off starts again.
        built = self.home / "built.txt"
        if built.exists() and built.read_text() == VERSION:
            return
        shutil.rmtree(self.home, ignore_errors=True)
        unpacked = self.folder / "unpacked"
        shutil.rmtree(unpacked, ignore_errors=True)
        with zipfile.ZipFile(archive) as file_of_zip:
            file_of_zip.extractall(unpacked)
        (unpacked / f"keycloak-{VERSION}").rename(self.home)
        program = self.home / "bin" / "kc.sh"
        program.chmod(0o755)
        run(
            [program, "build", "--db=postgres"],
            self.folder / f"{self.variant}.build.log",
            self.home,
            server_environment(),
        )
        built.write_text(VERSION)

    def start(self, postgres: Postgres | None, users: Sequence[User]) -> Server:
        assert postgres is not None
        postgres.create(self.database)
        realm = self.home / "data" / "import" / f"{REALM}-realm.json"
        realm.parent.mkdir(parents=True, exist_ok=True)
        realm.write_text(json.dumps(realm_of(users)))
        self.server = Server(
            [
                *(self.home / "bin" / "kc.sh", "start", "--optimized", "--import-realm"),
                f"--db-url=jdbc:postgresql://127.0.0.1:{postgres.port}/{self.database}",
                *(f"--db-username={USER}", "--db-password="),
                *("--http-enabled=true", "--http-host=127.0.0.1", f"--http-port={self.port}"),
                *("--hostname-strict=false", "--cache=local", "--log-level=error"),
                *(SAME_HASH if self.variant == "argon2id" else []),
            ],
            self.log,
            server_environment(),
            self.home,
        )
        url = f"http://127.0.0.1:{self.port}/realms/{REALM}"
        self.server.wait_until(lambda: answers(url), STARTS_WITHIN_SECONDS)
        return self.server

    def stored_hashes(self, postgres: Postgres | None) -> set[str]:
        assert postgres is not None
        found: set[str] = set()
        statement = "SELECT DISTINCT credential_data FROM credential WHERE type = 'password'"
        for line in postgres.query(self.database, statement):
            data: dict[str, Any] = json.loads(line)
            more = {name: values[0] for name, values in data["additionalParameters"].items()}
            if data["algorithm"] == "argon2" and more["type"] == "id":
                memory_kib, lanes = int(more["memory"]), more["parallelism"]
                found.add(argon2id(memory_kib, data["hashIterations"], lanes))
            else:
                found.add(line)
        return found

    def login(self, client: Client, user: User) -> None:
        form = {"grant_type": "password", "client_id": CLIENT}
        form |= {"username": user.name, "password": user.password}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        status, body = client.call("POST", TOKEN_PATH, urlencode(form).encode(), headers)
        require(status == 200 and "access_token" in body, f"POST {TOKEN_PATH}", status, body)


def realm_of(users: Sequence[User]) -> dict[str, Any]:
    """Returns a realm with its defaults, and a client that may send passwords."""
    return {
        "realm": REALM,
        "enabled": True,
        # It asks for HTTPS from other hosts only, and there are none.
        "sslRequired": "external",
        "clients": [
            {"clientId": CLIENT, "publicClient": True, "directAccessGrantsEnabled": True},
        ],
        "users": [
            {
                "username": user.name,
                "email": user.name,
                "emailVerified": True,
                "enabled": True,
                # Without a name, the profile is not complete, and nobody is let in.
                "firstName": "A",
                "lastName": "User",
                "credentials": [{"type": "password", "value": user.password}],
            }
            for user in users
        ],
    }
