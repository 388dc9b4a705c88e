"""Processes: started, stopped, and what processor time and memory they take."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# What is fetched, built and written goes here. Git ignores it.
WORK = ROOT / "target" / "peers"
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
STOPS_WITHIN_SECONDS = 20


class RunError(Exception):
    """A reason to end the run, in words for whoever started it."""


def require_tool(tool: str, why: str) -> None:
    if shutil.which(tool) is None:
        raise RunError(f"{tool} is missing: {why}")


def run(
    command: Sequence[str | Path],
    log: Path,
    cwd: Path = ROOT,
    environment: Mapping[str, str] | None = None,
    user: str | None = None,
) -> None:
    """Runs a command to its end, with its output in a log."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        status = subprocess.run(
            command,
            cwd=cwd,
            env=environment,
            **identity(user),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
    if status != 0:
        words = " ".join(map(str, command))
        raise RunError(f"`{words}` ended with status {status}:\n{tail(log)}")


def identity(user: str | None) -> dict[str, Any]:
    """Returns what runs a process as that user and with no rights of another."""
    if user is None:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def output_of(command: Sequence[str | Path]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode != 0:
        words = " ".join(map(str, command))
        raise RunError(f"`{words}` ended with status {done.returncode}:\n{done.stderr}")
    # `java -version` writes to stderr.
    return (done.stdout or done.stderr).strip()


def tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-30:])


def server_environment(**more: str) -> dict[str, str]:
    """What a server gets of the environment: settings of this shell must not change its figures."""
    kept = ("PATH", "HOME", "LANG", "JAVA_HOME", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ} | more


class Server:
    """A process with its children, which end with it."""

    def __init__(
        self,
        command: Sequence[str | Path],
        log: Path,
        environment: Mapping[str, str],
        cwd: Path = ROOT,
        user: str | None = None,
        stop_with: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.log = log
        self.stop_with = stop_with
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            # In a session of its own: a Ctrl-C is for the run, which then stops its servers.
            self.process = subprocess.Popen(
                command,
                cwd=cwd,
                env=environment,
                **identity(user),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def check(self) -> None:
        if self.process.poll() is not None:
            raise RunError(f"the server ended; {self.log} ends with:\n{tail(self.log)}")

    def wait_until(self, is_ready: Callable[[], bool], within_seconds: int) -> None:
        end = time.monotonic() + within_seconds
        while not is_ready():
            self.check()
            if time.monotonic() > end:
                raise RunError(
                    f"the server is not ready after {within_seconds} s; {self.log} ends with:\n"
                    f"{tail(self.log)}"
                )
            time.sleep(0.1)

    def stop(self) -> None:
        """Ends the process as its users would, and with force whatever is left of its group."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(self.stop_with)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(STOPS_WITHIN_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()


def answers(url: str) -> bool:
    """Tells whether a server answers this URL with 200."""
    try:
        # Only ever a server of this run.
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310
            return bool(response.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


# --- Processor time and memory -------------------------------------------------------------------


def cpu_seconds(*roots: int) -> float:
    """Returns the processor time of these processes and of all below them.

    The time of children that ended is their parent's once it has waited for them, so the
    difference between two calls misses nothing and counts nothing twice.
    """
    ticks = 0
    for pid in tree(*roots):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            # utime, stime, cutime and cstime, by proc_pid_stat(5).
            ticks += sum(map(int, stat_fields(pid)[11:15]))
    return ticks / TICKS_PER_SECOND


def resident_bytes(root: int) -> int:
    """Returns the resident memory of a process and of all below it."""
    pages = 0
    for pid in tree(root):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def machine_cpu_seconds() -> float:
    """Returns the processor time that the machine has spent, or that its host took from it."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, fields[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND


def tree(*roots: int) -> set[int]:
    """Returns these processes and all below them."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                pid = int(entry.name)
                children.setdefault(int(stat_fields(pid)[1]), []).append(pid)
    found: set[int] = set()
    left = list(roots)
    while left:
        pid = left.pop()
        found.add(pid)
        left += children.get(pid, [])
    return found


def stat_fields(pid: int) -> list[str]:
    """Returns the fields of /proc/PID/stat from the third on: a name may have spaces."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
