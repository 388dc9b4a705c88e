"""The stack as a whole, deployed to an emulator: template, policies, function and tool together.

What the emulator takes no notice of is left to `test_template`: expiry, recovery and encryption
of tables, throttling, CORS, access logs, alarms and log retention.
"""

import http.client
import io
import json
import os
import platform
import string
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

import ministack
from facts import TARGET
from ministack import Ministack
from template import EXAMPLE, ROOT, Stack, transformed

pytestmark = pytest.mark.deployment

BINARIES = {
    name: Path(os.environ.get(variable, TARGET / "lambda" / name / "bootstrap"))
    for name, variable in {
        "sesame-function": "SESAME_BOOTSTRAP",
        "sesame-authorizer": "SESAME_AUTHORIZER",
    }.items()
}
TOOL = Path(os.environ.get("SESAME_TOOL", TARGET / "debug" / "sesame"))
BUILD = "cargo lambda build --release"
BUCKET = "artifacts"
ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()]

USER_ID = "d654e6ba-70a3-48ef-a95d-37c8d8a7901a"
LOGIN_NAME = "mini@mouse.com"
PASSWORD = "V3ryS3cure!"  # noqa: S105 - the published example's
WRONG_PASSWORD = "V3ryS3cure?"  # noqa: S105


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass(frozen=True)
class Deployment:
    """A stack in the emulator, with a user and a service account."""

    ministack: Ministack
    name: str
    outputs: dict[str, str]
    token: str

    def call(self, method: str, path: str, body: str, **headers: str) -> Answer:
        headers = {"Content-Type": "application/json"} | headers
        return call(self.ministack, method, self.outputs["Url"] + path, body, headers)

    def create(self, password: str = PASSWORD, token: str | None = None, **headers: str) -> Answer:
        body = {
            "checks": {
                "user": {"userId": USER_ID, "loginName": LOGIN_NAME},
                "password": {"password": password},
            },
            "metadata": {},
        }
        return self.call(
            "POST",
            "/v2alpha/sessions",
            json.dumps(body),
            Authorization=f"Bearer {token or self.token}",
            **headers,
        )

    def authorize(self, token: str) -> dict[str, Any]:
        """What the authorizer answers; where it fails, that is neither yes nor no."""
        event = json.loads((ROOT / "events" / "authorizer" / "request-2.0.json").read_text())
        event["headers"]["authorization"] = f"Bearer {token}"
        invoked = self.ministack.client("lambda").invoke(
            FunctionName=self.outputs["AuthorizerArn"], Payload=json.dumps(event)
        )
        answer: dict[str, Any] = json.loads(invoked["Payload"].read())
        return {"isAuthorized": None} if "FunctionError" in invoked else answer

    def logged(self, suffix: str) -> str:
        """What a function has logged, by the suffix of its group's name."""
        pages = self.ministack.client("logs").get_paginator("filter_log_events")
        group = f"/aws/lambda/{self.name}{suffix}"
        found = [event for page in pages.paginate(logGroupName=group) for event in page["events"]]
        assert found, f"nothing was logged in {group}"
        return "\n".join(event["message"] for event in found)

    def item_count(self, output: str) -> int:
        dynamodb = self.ministack.client("dynamodb")
        count: int = dynamodb.scan(TableName=self.outputs[output], Select="COUNT")["Count"]
        return count

    def update(self, template: dict[str, Any] | None = None, **parameters: str) -> None:
        cloudformation = self.ministack.client("cloudformation")
        cloudformation.update_stack(
            StackName=self.name,
            TemplateBody=json.dumps(template or stack_template()),
            Parameters=as_list({"Architecture": ARCHITECTURE} | parameters),
            Capabilities=["CAPABILITY_IAM"],
        )
        wait(cloudformation, "stack_update_complete", self.name)

    def delete(self) -> None:
        cloudformation = self.ministack.client("cloudformation")
        cloudformation.delete_stack(StackName=self.name)
        wait(cloudformation, "stack_delete_complete", self.name)


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ministack]:
    for binary in BINARIES.values():
        require(binary, BUILD)
        if built_for(binary) not in (ARCHITECTURE, None):
            # As `sam build` leaves it for the template's default.
            pytest.fail(f"{binary} is of another machine: `{BUILD}` makes it anew", pytrace=False)
    require(TOOL, "cargo build --features cli")
    require(ministack.PROGRAM, ".ci/install")
    with ministack.running(tmp_path_factory.mktemp("ministack")) as started:
        s3 = started.client("s3")
        s3.create_bucket(
            Bucket=BUCKET,
            CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name},
        )
        for name, binary in BINARIES.items():
            s3.put_object(Bucket=BUCKET, Key=f"{name}.zip", Body=zipped(binary))
        yield started


@pytest.fixture
def deployment(aws: Ministack, request: pytest.FixtureRequest) -> Deployment:
    """A stack of the test's own."""
    name = "sesame-" + "".join(c if c.isalnum() else "-" for c in request.node.name)[:60]
    outputs = deploy(aws, name, stack_template(), Architecture=ARCHITECTURE)

    # Ministack makes tables without their expiry, which this adds where it is missing.
    tool(aws, outputs, "tables", "create")
    tool(aws, outputs, "tables", "check")
    user = ["--login-name", LOGIN_NAME, "--display-name", "Mini Mouse", "--user-id", USER_ID]
    tool(aws, outputs, "user", "add", *user, "--password-stdin", stdin=PASSWORD)
    caller = ["--name", "ci", "--permission", "session.write", "--json"]
    token = json.loads(tool(aws, outputs, "caller", "add", *caller))["token"]
    return Deployment(aws, name, outputs, token)


def deploy(
    aws: Ministack, name: str, template: dict[str, Any], **parameters: str
) -> dict[str, str]:
    """Makes a stack, and returns its outputs."""
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=json.dumps(template),
        Parameters=as_list(parameters),
        Capabilities=["CAPABILITY_IAM"],
    )
    wait(cloudformation, "stack_create_complete", name)
    (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    return {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}


def call(
    aws: Ministack, method: str, url: str, body: str = "", headers: dict[str, str] | None = None
) -> Answer:
    # The host tells the emulator which API is meant, by its own domain; no resolver need know it.
    target = urlsplit(url)
    host = target.netloc.split(".")[0] + ".execute-api.localhost"
    connection = http.client.HTTPConnection("127.0.0.1", aws.port, timeout=60)
    connection.request(method, target.path, body, {"Host": host} | (headers or {}))
    response = connection.getresponse()
    text = response.read()
    return Answer(
        response.status,
        {name.lower(): value for name, value in response.getheaders()},
        json.loads(text) if text else {},
    )


def require(path: Path, command: str) -> None:
    if not path.is_file():
        pytest.fail(f"{path} is missing: `{command}` makes it", pytrace=False)


def built_for(program: Path) -> str | None:
    """The architecture of an ELF file by its `e_machine`, or None of another kind of program."""
    header = program.read_bytes()[:20]
    if not header.startswith(b"\x7fELF"):
        return None
    return {62: "x86_64", 183: "arm64"}.get(int.from_bytes(header[18:20], "little"), "unknown")


def zipped(bootstrap: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, bootstrap.read_bytes())
    return buffer.getvalue()


def stack_template() -> dict[str, Any]:
    """The template without its `Null` conditions, which `test_policy` evaluates.

    In the emulator no request has leading keys, so these conditions would refuse all of them.
    """
    template = transformed(BUCKET)
    drop_null(template)
    # The emulator knows no `ExcludePunctuation`, and a comma in a key would make two of it.
    generated = template["Resources"]["ServerKey"]["Properties"]["GenerateSecretString"]
    generated["ExcludeCharacters"] = string.punctuation
    return template


def drop_null(value: Any) -> None:
    if isinstance(value, dict):
        if isinstance(condition := value.get("Condition"), dict):
            condition.pop("Null", None)
        value = list(value.values())
    if isinstance(value, list):
        for child in value:
            drop_null(child)


def as_list(parameters: dict[str, str]) -> list[dict[str, str]]:
    return [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()]


def wait(cloudformation: Any, waiter: str, name: str) -> None:
    cloudformation.get_waiter(waiter).wait(
        StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )


def tool(aws: Ministack, outputs: dict[str, str], *arguments: str, stdin: str = "") -> str:
    """What the command line tool prints, run against the deployment's tables."""
    environment = aws.environment | {
        "PATH": os.defpath,
        "USERS_TABLE": outputs["UsersTableName"],
        "SESSIONS_TABLE": outputs["SessionsTableName"],
    }
    done = subprocess.run(
        [TOOL, *arguments],
        env=environment,
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"sesame {' '.join(arguments)}: {done.stderr}"
    return done.stdout


def test_a_login_gets_a_session_and_a_wrong_password_does_not(
    deployment: Deployment,
) -> None:
    created = deployment.create()
    assert created.status == 200, created
    assert created.body.keys() == {"details", "sessionId", "sessionToken"}
    assert created.body["details"]["sequence"] == "4"
    assert created.headers["cache-control"] == "no-store"

    refused = deployment.create(password=WRONG_PASSWORD)
    assert refused.status == 400, refused
    assert refused.body["code"] == 3
    assert refused.body["details"][0]["id"] == "COMMAND-3M0fs"

    assert deployment.item_count("SessionsTableName") == 1


def test_a_call_without_a_bearer_token_is_refused(deployment: Deployment) -> None:
    refused = deployment.create(token="unknown")  # noqa: S106

    assert refused.status == 401, refused
    assert refused.headers["www-authenticate"].startswith("Bearer")
    assert deployment.item_count("SessionsTableName") == 0


def test_an_unknown_path_gets_the_services_own_answer(deployment: Deployment) -> None:
    unknown = deployment.call("GET", "/v2alpha/nothing", "")

    assert unknown.status == 404
    assert unknown.body["code"] == 5


def test_without_its_policy_the_function_can_do_nothing(deployment: Deployment) -> None:
    # This is about the emulator: were policies of no effect there, the other tests would not show
    # that the template's suffice.
    template = stack_template()
    policies = template["Resources"]["FunctionRole"]["Properties"]["Policies"]
    policies[:] = [p for p in policies if p.get("PolicyName") != "tables"]

    deployment.update(template)

    assert deployment.create().status >= 500
    assert deployment.item_count("SessionsTableName") == 0


def test_a_create_may_be_repeated_unless_the_stack_has_no_key(deployment: Deployment) -> None:
    key = {"Idempotency-Key": "8e03978e-40d5-43e8-bc93-6894a57f9324"}
    first = deployment.create(**key)
    again = deployment.create(**key)

    assert first.status == 200, first
    assert again.body == first.body
    assert deployment.item_count("SessionsTableName") == 1

    deployment.update(CreateServerKey="false")
    assert deployment.create(**key).status == 501


def test_a_sessions_user_may_call_other_apis_until_the_session_ends(
    deployment: Deployment,
) -> None:
    aws = deployment.ministack
    example = deploy(
        aws,
        f"{deployment.name}-example",
        transformed(path=EXAMPLE),
        AuthorizerArn=deployment.outputs["AuthorizerArn"],
    )
    session = deployment.create().body
    bearer = f"Bearer {session['sessionToken']}"

    def statuses(headers: dict[str, str]) -> list[int]:
        urls = [example["HttpUrl"], example["RestUrl"]]
        return [call(aws, "GET", url, headers=headers).status for url in urls]

    for output in ("HttpUrl", "RestUrl"):
        answer = call(aws, "GET", example[output], headers={"Authorization": bearer})
        assert answer.status == 200, answer
        assert answer.body["hello"] == "Mini Mouse"
        assert answer.body["userId"] == USER_ID
    assert statuses({}) == [401, 401]
    assert statuses({"Authorization": f"Bearer {deployment.token}"}) == [403, 403]
    assert statuses({"Authorization": bearer + "A"}) == [403, 403]

    ended = deployment.call(
        "DELETE", f"/v2/sessions/{session['sessionId']}", "", Authorization=bearer
    )
    assert ended.status == 200, ended
    assert statuses({"Authorization": bearer}) == [403, 403]


def test_without_its_policy_the_authorizer_allows_no_call(deployment: Deployment) -> None:
    token = deployment.create().body["sessionToken"]
    assert deployment.authorize(token)["isAuthorized"] is True
    template = stack_template()
    policies = template["Resources"]["AuthorizerRole"]["Properties"]["Policies"]
    policies[:] = [p for p in policies if p.get("PolicyName") != "tables"]
    deployment.update(template)

    assert deployment.authorize(token)["isAuthorized"] is None


def test_no_secret_reaches_the_logs(deployment: Deployment) -> None:
    created = deployment.create()
    deployment.create(password=WRONG_PASSWORD)
    deployment.authorize(created.body["sessionToken"])
    deployment.authorize(deployment.token)

    text = deployment.logged("") + deployment.logged("-authorizer")

    for secret in (PASSWORD, WRONG_PASSWORD, deployment.token, created.body["sessionToken"]):
        assert secret not in text


def test_the_one_command_of_the_readme_deploys(aws: Ministack, tmp_path: Path) -> None:
    built = ROOT / ".aws-sam" / "build" / "template.yaml"
    require(built, "sam build")

    done = subprocess.run(
        [Path(sys.executable).with_name("sam"), "deploy"],
        env=aws.environment | {"PATH": os.defpath, "HOME": str(tmp_path), "SAM_CLI_TELEMETRY": "0"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    (stack,) = aws.client("cloudformation").describe_stacks(StackName="sesame")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert {o["OutputKey"] for o in stack["Outputs"]} == Stack().outputs.keys()


def test_an_update_takes_effect_and_keeps_the_tables(deployment: Deployment) -> None:
    assert deployment.create().status == 200

    deployment.update(CreatedStatus="201")

    assert deployment.create().status == 201
    assert deployment.item_count("SessionsTableName") == 2


def test_a_deleted_stack_leaves_its_tables_with_their_items(
    deployment: Deployment,
) -> None:
    created = deployment.create()
    users = deployment.item_count("UsersTableName")
    dynamodb = deployment.ministack.client("dynamodb")

    deployment.delete()

    assert deployment.create().status == 404
    assert users > 0
    assert deployment.item_count("UsersTableName") == users
    kept = dynamodb.get_item(
        TableName=deployment.outputs["SessionsTableName"],
        Key={"session_id": {"S": created.body["sessionId"]}},
    )
    assert "Item" in kept
    for output in ("UsersTableName", "SessionsTableName"):
        with pytest.raises(ClientError, match="protect"):
            dynamodb.delete_table(TableName=deployment.outputs[output])
