"""Ministack, an emulator of AWS: started on a free port of loopback alone, and stopped."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from template import ACCOUNT, REGION, ROOT

PROGRAM = ROOT / ".venv" / "ministack" / "bin" / "ministack"
# The secret of every account's root, whose key is the account's number.
SECRET = "test"  # noqa: S105
STARTS_WITHIN_SECONDS = 60
STOPS_WITHIN_SECONDS = 10


@dataclass(frozen=True)
class Ministack:
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to take this for AWS, as the account's root."""
        return {
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ENDPOINT_URL_DYNAMODB": self.url,
        }

    def client(self, service: str) -> Any:
        session: Any = boto3.Session(
            aws_access_key_id=ACCOUNT, aws_secret_access_key=SECRET, region_name=REGION
        )
        return session.client(service, endpoint_url=self.url)


@contextlib.contextmanager
def running(directory: Path) -> Iterator[Ministack]:
    """A ministack that keeps its files and its log in that directory."""
    ministack = Ministack(free_port())
    environment = {
        "PATH": os.defpath,
        "HOME": str(directory),
        "TMPDIR": str(directory),
        "GATEWAY_PORT": str(ministack.port),
        "BIND_HOST": "127.0.0.1",
        # The account of calls that are not signed, as those of the API are.
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        # Policies hold: the function gets its role's credentials, and what they don't allow fails.
        "AUTH": "true",
        # A function inherits what its emulator was given.
        "AWS_ENDPOINT_URL": ministack.url,
        "AWS_ENDPOINT_URL_DYNAMODB": ministack.url,
    }
    log = directory / "ministack.log"
    with log.open("wb") as output:
        # A group of its own takes the functions that it starts along when it is stopped.
        process = subprocess.Popen(
            [PROGRAM],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until_listening(process, ministack.port, log)
        yield ministack
    finally:
        stop(process)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + STARTS_WITHIN_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"ministack did not start:\n{log.read_text()}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ends the group, and with force whatever of it is left."""
    signal_group(process, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOPS_WITHIN_SECONDS)
    signal_group(process, signal.SIGKILL)
    process.wait()


def signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    # The group's number is its first process's, and stays taken while one of the group lives.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
