"""The service as its users run it, and the users that tests add to it."""

import contextlib
import json
import os
import signal
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

ROOT = Path(__file__).parents[2]
LOGIN_NAME = "mini@mouse.com"
PASSWORD = "V3ryS3cure!"  # noqa: S105
# What the links in messages begin with: one of the service's `LINK_BASE_URLS`.
LINK_BASE = "https://login.example/"

STARTS_WITHIN_SECONDS = 60
STOPS_WITHIN_SECONDS = 35


@dataclass(frozen=True)
class Service:
    url: str
    dynamodb_url: str
    # The token of a service account with all permissions.
    token: str

    @classmethod
    def parse(cls, ready: str) -> "Service":
        """Reads the line that `--ready-json` prints."""
        ready_line = json.loads(ready)
        return cls(ready_line["url"], ready_line["dynamodb_url"], ready_line["token"])

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        assert parts.hostname
        assert parts.port
        return parts.hostname, parts.port

    @property
    def target(self) -> str:
        """The address as gRPC writes it."""
        return "{}:{}".format(*self.address)

    def messages_to(self, address: str) -> list[dict[str, str]]:
        """The messages that were sent to an address, the oldest first."""
        request = Request(f"{self.url}/outbox", headers={"accept": "application/json"})  # noqa: S310
        with urlopen(request, timeout=STARTS_WITHIN_SECONDS) as answer:  # noqa: S310
            return [message for message in json.load(answer) if message["to"] == address]

    def add_user(self) -> str:
        """A login name that no other test uses; the password is the demo user's."""
        login_name = f"{uuid.uuid4()}@example.com"
        options = ["--endpoint-url", self.dynamodb_url, "--login-name", login_name]
        subprocess.run(
            [program(), "user", "add", "--password-stdin", *options],
            input=PASSWORD,
            text=True,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return login_name


def program() -> str:
    """The path of `sesame`, built with the feature `dev`."""
    return os.environ["SESAME"]


@contextlib.contextmanager
def running(*options: str) -> Iterator[Service]:
    """Starts a service on free ports, over an empty database."""
    free = ["--listen", "127.0.0.1:0", "--dynamodb-listen", "127.0.0.1:0"]
    process = subprocess.Popen(
        [program(), "dev", *free, "--ready-json", *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    # A service that fails to start ends, which ends the wait for its line.
    watch = Timer(STARTS_WITHIN_SECONDS, process.kill)
    watch.start()
    try:
        assert process.stdout
        ready = process.stdout.readline()
        watch.cancel()
        assert ready, f"sesame dev {options} does not start"
        yield Service.parse(ready)
    finally:
        watch.cancel()
        stop(process)


def stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        status = process.wait(STOPS_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
    if process.stdout:
        process.stdout.close()
    assert status == 0, f"sesame dev ends with {status}"
