"""Runs the commands of the README and of docs/ as a reader would, and compares the answers.

The blocks of a page run in one shell, in the order of the page. The pages run in the order in which
a reader follows them, the README first, beside one `cargo dev`; pages that want it with other options
have another one. The words after "```" say what a block is:

    sh              commands. They must succeed.
    sh server       a command that serves until it is ended. `cargo dev` runs already, with the
                    options of the block.
    sh in FILE      commands that CI runs in FILE, which must contain them.
    json, text      the whole output of the commands before it. "…" stands for anything, and a time
                    in RFC 3339 for any other.
    json example    an example that is not run or compared; so for text, rust, yaml and toml.
    text query      a query of logs, whose fields tests/docs.rs checks.
    rust in FILE    a part of FILE.

A block without such a word is an error, and so is a block that is indented, or a comment among
commands. A line such as `TOKEN='…sessionToken…'` takes that field of the last answer in JSON. `sam`, `aws` and builds that
take minutes are replaced by stand-ins, which check names and values: tests/stack tests the stack. `oathtool` is one too.
"""

import base64
import hmac
import itertools
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# Pages whose commands nothing runs.
READ_ALONE = (
    "benches/README.md",
    "benches/peers/README.md",
    "examples/login/README.md",
)
# The pages whose commands are run by a test of their own.
TESTED = {"docs/migrating.md": "tests/it/cli/migrating.rs"}
EXAMPLES = {"text", "json", "rust", "yaml", "toml"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
SECONDS = 300


class Fault(Exception):
    """A fault of a page, or of a command on it."""


@dataclass(frozen=True)
class Block:
    page: str
    line: int
    info: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: str) -> list[Block]:
    """Returns the fenced blocks of a page."""
    found: list[Block] = []
    opened: tuple[int, str] | None = None
    lines: list[str] = []
    for number, line in enumerate((ROOT / page).read_text().splitlines(), 1):
        if opened is not None:
            if line == "```":
                found.append(Block(page, opened[0], opened[1], "\n".join(lines)))
                opened = None
            else:
                lines.append(line)
        elif line.startswith("```"):
            opened, lines = (number, line[3:].strip()), []
        elif re.match(r"(\s+|[-*>\d.]+\s+)(```|~~~)|~~~", line):
            raise Fault(
                f"{page}:{number}: a block that is indented or fenced otherwise"
            )
    if opened is not None:
        raise Fault(f"{page}:{opened[0]}: the block has no end")
    return found


HERE_DOCUMENT = re.compile(r"<<-?\s*(['\"]?)(\w+)\1(.*)\n(?:.*\n)*?\2$", re.MULTILINE)
QUOTED = re.compile(r"'[^']*'|\"(?:\\.|[^\"\\])*\"", re.DOTALL)


def check_comments(page: str) -> None:
    """Checks that no command has a comment, which zsh, pasted into, takes for more arguments."""
    for block in blocks(page):
        if block.info.split()[:1] == ["sh"]:
            bare = QUOTED.sub("''", HERE_DOCUMENT.sub(r"\3", block.text))
            if comment := re.search(r"(^|\s)#.*", bare, re.MULTILINE):
                raise Fault(f"{block.place}: a comment: `{comment[0].strip()}`")


# --- What a page says, as one script -------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    block: Block
    answer: Block | None
    serves: bool


def steps(page: str) -> list[Step]:
    """Returns the commands of a page that are run, and checks its other blocks."""
    found: list[Step] = []
    follows = False
    for block in blocks(page):
        words = block.info.split()
        match words:
            case ["sh"] | ["sh", "server"]:
                found.append(Step(block, None, "server" in words))
                follows = "server" not in words
                continue
            case ["json" | "text"] if follows:
                found[-1] = Step(found[-1].block, block, serves=False)
            case ["sh" | "rust", "in", file]:
                require_part(block, file)
            case [kind, "example"] if kind in EXAMPLES:
                pass
            case ["text", "query"]:
                pass
            case _:
                raise Fault(
                    f"{block.place}: `{block.info}` does not say how the block is checked"
                )
        follows = False
    return found


def require_part(block: Block, file: str) -> None:
    """Checks that the file contains the block: each of its commands, or another part as a whole."""
    path = ROOT / file
    if not path.is_file():
        raise Fault(f"{block.place}: there is no {file}")
    parts = [block.text]
    if block.info.startswith("sh"):
        lines = block.text.replace("\\\n", " ").splitlines()
        parts = [
            part.strip() for line in lines for part in line.split("&&") if part.strip()
        ]
    for part in parts:
        if part not in path.read_text():
            raise Fault(f"{block.place}: {file} has no `{part}`")


def own_dev(found: list[Step]) -> tuple[list[str], list[Step]]:
    """Returns the options of `cargo dev` for a page, and the other steps."""
    options: list[str] = []
    rest: list[Step] = []
    for step in found:
        words = shlex.split(step.block.text, comments=True)
        if step.serves and words[:2] == ["cargo", "dev"]:
            options = words[2:]
        else:
            rest.append(step)
    return options, rest


FILLED = re.compile(r"^(\w+)='…(\w+)…'$", re.MULTILINE)

START = r"""
set -eEuo pipefail
at=
trap 'echo "$at: exit status $?" >&2' ERR
field() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$@"; }
until_served() {
    for _ in $(seq 600); do
        (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> "$logs/probe" && return
        sleep 0.1
    done
    return 1
}
"""


def script(found: list[Step], ports: dict[str, str], logs: Path) -> str:
    """Returns a script of all steps, which writes the output of each to a file of its own."""
    lines = [START, f"logs={logs}"]
    last = ""
    for number, step in enumerate(found):
        text = step.block.text
        for documented, free in ports.items():
            text = text.replace(f"127.0.0.1:{documented}", f"127.0.0.1:{free}")
        text = FILLED.sub(rf"\1=$(field {last} \2)", text)
        out = logs / f"{number}.out"
        lines.append(f"at={shlex.quote(step.block.place)}")
        if step.serves:
            listens = re.search(r"--listen 127\.0\.0\.1:(\d+)", text)
            if not listens:
                raise Fault(f"{step.block.place}: says not where it listens")
            lines += ["{", text, f"}} > {out} 2>&1 &", f"until_served {listens[1]}"]
        else:
            lines += ["{", text, f"}} > {out} 2> {logs / f'{number}.err'}"]
        if step.answer and step.answer.info == "json":
            last = str(out)
    return "\n".join(lines) + "\n"


# --- Answers -------------------------------------------------------------------------------------


def documents(text: str) -> list[Any]:
    """JSON documents, one behind the other."""
    decoder, found, rest = json.JSONDecoder(), [], text.strip()
    while rest:
        document, end = decoder.raw_decode(rest)
        found.append(document)
        rest = rest[end:].strip()
    return found


def is_like(got: Any, want: Any) -> bool:
    match want:
        case "…":
            return True
        case str():
            if not isinstance(got, str):
                return False
            return bool(TIME.fullmatch(want) and TIME.fullmatch(got)) or is_text_like(
                got, want
            )
        case list():
            return (
                isinstance(got, list)
                and len(got) == len(want)
                and all(map(is_like, got, want))
            )
        case dict():
            return (
                isinstance(got, dict)
                and list(got) == list(want)
                and all(is_like(got[name], value) for name, value in want.items())
            )
        case _:
            return type(got) is type(want) and bool(got == want)


def is_text_like(got: str, want: str) -> bool:
    parts = [re.escape(part) for part in want.split("…")]
    return re.fullmatch(".*".join(parts), got, re.DOTALL) is not None


def check_answer(answer: Block, got: str) -> None:
    if answer.info == "text":
        fits = is_text_like(got.strip(), answer.text.strip())
    else:
        try:
            fits = is_like(documents(got), documents(answer.text))
        except json.JSONDecodeError as error:
            raise Fault(f"{answer.place}: {error}: {got}") from error
    if not fits:
        raise Fault(f"{answer.place}: the answer is\n{got}\nand not\n{answer.text}")


# --- Stand-ins -----------------------------------------------------------------------------------


def template(path: str = "template.yaml") -> dict[str, Any]:
    from samtranslator.yaml_helper import yaml_parse

    read: dict[str, Any] = yaml_parse((ROOT / path).read_text())
    return read


def stand_in_sam(command: str, *arguments: str) -> None:
    program = Path(sys.executable).with_name("sam")
    done = subprocess.run(
        [program, command, "--help"], capture_output=True, text=True, check=True
    )
    path = "template.yaml"
    overrides: list[str] = []
    for at, argument in enumerate(arguments):
        if argument.startswith("--"):
            if not re.search(rf"{argument}\b", done.stdout):
                raise Fault(f"sam {command} has no {argument}")
            values = list(arguments[at + 1 :])
            if argument == "--template":
                path = values[0]
            if argument == "--parameter-overrides":
                end = next(
                    (n for n, value in enumerate(values) if value.startswith("-")), None
                )
                overrides = values[:end]
    known = template(path)["Parameters"]
    for override in overrides:
        name, _, value = override.partition("=")
        if name not in known:
            raise Fault(f"{path} has no parameter {name}")
        check_value(name, value, known[name])


def check_value(name: str, value: str, parameter: dict[str, Any]) -> None:
    allowed = [str(one) for one in parameter.get("AllowedValues", [])]
    pattern = parameter.get("AllowedPattern", "")
    fits = (not allowed or value in allowed) and re.search(pattern, value) is not None
    if fits and parameter["Type"] == "Number":
        lower, upper = (parameter.get(bound) for bound in ("MinValue", "MaxValue"))
        fits = (lower is None or int(value) >= lower) and (
            upper is None or int(value) <= upper
        )
    if not fits:
        raise Fault(f"{name} can't be {value}")


# The options of the AWS command line itself, which all operations have.
GLOBAL = {
    "query": True,
    "output": True,
    "region": True,
    "profile": True,
    "endpoint-url": True,
}


def stand_in_aws(service: str, operation: str, *arguments: str) -> None:
    """Checks a command against AWS's own description of the service."""
    import botocore.session
    from botocore import xform_name

    session = botocore.session.get_session()
    model = session.get_service_model(service)
    arguments_left = list(arguments)
    if operation == "wait":
        waiter = session.get_waiter_model(service).get_waiter(
            "".join(part.title() for part in arguments_left.pop(0).split("-"))
        )
        name = waiter.operation
    else:
        names = {xform_name(one, "-"): one for one in model.operation_names}
        if operation not in names:
            raise Fault(f"aws {service} has no {operation}")
        name = names[operation]
    shape = model.operation_model(name).input_shape
    assert shape, name
    members = {xform_name(one, "-"): member for one, member in shape.members.items()}
    given = [one[2:] for one in arguments_left if one.startswith("--")]
    for option in given:
        plain = option.removeprefix("no-")
        if option not in GLOBAL and option not in members and plain not in members:
            raise Fault(f"aws {service} {operation} has no --{option}")
    for one in shape.required_members:
        if xform_name(one, "-") not in given:
            raise Fault(f"aws {service} {operation} takes --{xform_name(one, '-')}")
    outputs(arguments_left)


def stand_in_oathtool(*arguments: str) -> None:
    """Prints what an authenticator app with that secret shows."""
    *options, secret = arguments
    if options != ["--totp", "--base32"]:
        raise Fault(f"oathtool {shlex.join(options)} is not checked here")
    key = base64.b32decode(secret)
    digest = hmac.digest(key, int(time.time() // 30).to_bytes(8), "sha1")
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFF_FFFF
    print(f"{number % 1_000_000:06}")


def outputs(arguments: list[str]) -> None:
    """Prints an output of the stack with the value that it has for this page's service."""
    for key in re.findall(r"OutputKey=='(\w+)'", " ".join(arguments)):
        if key not in template()["Outputs"]:
            raise Fault(f"the template has no output {key}")
        print(os.environ[f"DOCS_{key}"])


def stand_in_cargo(*arguments: str) -> None:
    """Checks the arguments of a build that would take minutes against the package."""
    metadata = subprocess.run(
        [os.environ["DOCS_CARGO"], "metadata", "--no-deps", "--format-version", "1"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    packages = json.loads(metadata.stdout)["packages"]
    (package,) = (one for one in packages if one["name"] == "sesame")
    targets = [
        target["name"] for target in package["targets"] if target["kind"] == ["bin"]
    ]
    options = dict(itertools.pairwise(arguments))
    if (name := options.get("--bin")) and name not in targets:
        raise Fault(f"there is no binary {name}")
    for feature in options.get("--features", "cli").split(","):
        if feature not in package["features"]:
            raise Fault(f"there is no feature {feature}")
    for argument in arguments[1:]:
        if argument.startswith("-") and argument not in {
            "--bin",
            "--features",
            "--path",
            "--release",
        }:
            raise Fault(f"{argument} is not checked here")


def stand_ins(folder: Path) -> None:
    """Writes programs that are found before those that they replace."""
    own = f'{shlex.quote(sys.executable)} {shlex.quote(__file__)} stand-in "$(basename "$0")" "$@"'
    for name in ("sam", "aws", "oathtool"):
        write_program(folder / name, f"exec {own}")
    # After a page has read the stack's outputs, the tool uses the tables of this page's service.
    write_program(
        folder / "cargo",
        f"""case "$1 $*" in install\\ *|build\\ *--release*) exec {own} ;; esac
[ -z "${{USERS_TABLE:-}}" ] || export AWS_ENDPOINT_URL_DYNAMODB="$DOCS_DATABASE"
exec "$DOCS_CARGO" "$@" """,
    )


def write_program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


# --- Pages ---------------------------------------------------------------------------------------


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@dataclass(frozen=True)
class Dev:
    """A `cargo dev` for all pages that want it with the same options."""

    process: subprocess.Popen[str]
    urls: dict[str, str]


def start(options: list[str]) -> Dev:
    """Starts `cargo dev` on ports of its own."""
    command = ["cargo", "dev", *options, "--ready-json", "--listen", "127.0.0.1:0"]
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            [*command, "--dynamodb-listen", "127.0.0.1:0"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
        assert process.stdout
        ready = process.stdout.readline()
        if not ready:
            errors.seek(0)
            raise Fault(f"`cargo dev` fails:\n{errors.read()}")
    return Dev(process, json.loads(ready))


def run(page: str, services: dict[tuple[str, ...], Dev]) -> int:
    """Runs the commands of a page, and returns the number of blocks."""
    options, found = own_dev(steps(page))
    if not found:
        return 0
    key = tuple(options)
    if key not in services:
        services[key] = start(options)
    urls = services[key].urls
    with tempfile.TemporaryDirectory() as folder:
        logs = Path(folder)
        stand_ins(logs)
        environment = os.environ | {"DOCS_CARGO": shutil.which("cargo") or "cargo"}
        shell = None
        try:
            port = {
                name: urls[name].rsplit(":", 1)[1] for name in ("url", "dynamodb_url")
            }
            ports = {
                "8080": port["url"],
                "8000": port["dynamodb_url"],
                "8081": free_port(),
            }
            environment |= {
                "PATH": f"{logs}{os.pathsep}{os.environ['PATH']}",
                "DOCS_DATABASE": urls["dynamodb_url"],
                "DOCS_Url": urls["url"],
                "DOCS_UsersTableName": "users",
                "DOCS_SessionsTableName": "sessions",
                "DOCS_FunctionName": "sesame-Function",
                "DOCS_AuthorizerArn": "arn:aws:lambda:eu-central-1:123456789012:function:sesame",
            }
            with (logs / "shell.err").open("w") as err:
                shell = subprocess.Popen(
                    ["bash", "-c", script(found, ports, logs)],
                    cwd=ROOT,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stderr=err,
                    start_new_session=True,
                )
            failed = shell.wait(SECONDS)
            if failed:
                raise Fault("\n".join(last_output(logs, len(found))))
            for number, step in enumerate(found):
                got = (logs / f"{number}.out").read_text()
                if step.answer:
                    check_answer(step.answer, got)
                elif got.startswith(("{", "[")):
                    # An error in JSON without an answer on the page would pass unnoticed.
                    raise Fault(
                        f"{step.block.place}: no answer is shown, and there is {got}"
                    )
        finally:
            end(shell)
    return len(found)


def last_output(logs: Path, count: int) -> list[str]:
    """Returns the shell's errors, and the last output of the commands before it failed."""
    names = [
        "shell.err",
        *(f"{n}.{kind}" for n in range(count) for kind in ("out", "err")),
    ]
    found = [logs / name for name in names if (logs / name).is_file()]
    return [path.read_text().strip() for path in found[:1] + found[-2:]]


def end(process: subprocess.Popen[str] | subprocess.Popen[bytes] | None) -> None:
    """Ends a process that was started here, with its process group."""
    if process is None:
        return
    try:
        os.killpg(process.pid, signal.SIGTERM)
    except ProcessLookupError:
        return
    process.wait(30)


# A command in a sentence, up to the part that the reader has to fill in.
INLINE = re.compile(r"`(?:cargo )?(sesame|sam) ([a-z][^`…]*)`")


def check_inline(page: str) -> None:
    """Checks that each command of the tool and of sam in a sentence exists."""
    tool = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "debug" / "sesame"
    for number, line in enumerate((ROOT / page).read_text().splitlines(), 1):
        for program, command in INLINE.findall(line):
            try:
                words = shlex.split(command)
                if program == "sam":
                    stand_in_sam(*words)
                    continue
                done = subprocess.run(
                    [tool, *words, "--help"],
                    capture_output=True,
                    text=True,
                    check=False,
                )
                if done.returncode != 0:
                    raise Fault(done.stderr)
            except Fault as fault:
                raise Fault(
                    f"{page}:{number}: `{program} {command}`: {fault}"
                ) from fault


def all_pages() -> list[str]:
    """Returns the README and the pages of the book, in the order in which a reader follows them."""
    summary = (ROOT / "docs" / "SUMMARY.md").read_text()
    names = re.findall(r"\(([\w-]+\.md)\)", summary)
    if missing := {path.name for path in (ROOT / "docs").glob("*.md")} - {
        *names,
        "SUMMARY.md",
    }:
        raise Fault(f"docs/SUMMARY.md lacks {', '.join(sorted(missing))}")
    return ["README.md", *(f"docs/{name}" for name in names)]


def fault_of(page: str, services: dict[tuple[str, ...], Dev]) -> Fault | None:
    """Checks a page, and returns what is wrong with it."""
    try:
        check_comments(page)
        if test := TESTED.get(page):
            if page not in (ROOT / test).read_text():
                raise Fault(f"{page}: {test} does not name it")
            print(f"{page}: {test} runs it")
        else:
            check_inline(page)
            print(f"{page}: {run(page, services)} blocks run", flush=True)
    except Fault as fault:
        return fault
    return None


def main(pages: list[str]) -> None:
    subprocess.run(
        ["cargo", "build", "--quiet", "--features", "dev", "--bin", "sesame"],
        cwd=ROOT,
        check=True,
    )
    for page in READ_ALONE:
        check_comments(page)
    services: dict[tuple[str, ...], Dev] = {}
    try:
        faults = [
            fault
            for page in pages or all_pages()
            if (fault := fault_of(page, services))
        ]
    finally:
        for service in services.values():
            end(service.process)
    for fault in faults:
        print(f"failed: {fault}", file=sys.stderr, flush=True)
    if faults:
        sys.exit(1)


STAND_INS: dict[str, Callable[..., None]] = {
    "sam": stand_in_sam,
    "aws": stand_in_aws,
    "cargo": stand_in_cargo,
    "oathtool": stand_in_oathtool,
}

if __name__ == "__main__":
    match sys.argv[1:]:
        case ["stand-in", name, *arguments]:
            try:
                STAND_INS[name](*arguments)
            except Fault as fault:
                sys.exit(str(fault))
        case pages:
            main(pages)
