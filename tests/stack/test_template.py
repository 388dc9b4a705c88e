"""The template, held against the code and against what it promises.

The keys, indexes and expiry of its tables are tested by `tests/it/template.rs`, which creates them
in an emulator. Only here is the template transformed first, so only here is it seen what roles,
functions, the API, logs and alarms it comes to.
"""

import json
import re
from collections.abc import Collection
from typing import Any

import botocore.session
import pytest

import facts
from policy import Statement, allows, statements
from template import ACCOUNT, EXAMPLE, REGION, Stack, transformed

TABLES = {"users": "UsersTable", "sessions": "SessionsTable"}
FUNCTIONS = ["Function", "Authorizer"]


@pytest.fixture(scope="module")
def stack() -> Stack:
    return Stack()


def table(stack: Stack, name: str) -> dict[str, Any]:
    return stack.of_type("AWS::DynamoDB::Table")[TABLES[name]]


def by(found: list[dict[str, Any]], key: str) -> dict[str, dict[str, Any]]:
    """The elements by a key, because their order means nothing."""
    return {one[key]: one for one in found}


# --- Tables -----------------------------------------------------------------------------------


def test_the_stack_has_two_tables(stack: Stack) -> None:
    assert stack.of_type("AWS::DynamoDB::Table").keys() == set(TABLES.values())


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_billed_by_request_and_protected_from_loss(stack: Stack, name: str) -> None:
    found, resource = table(stack, name), stack.resources[TABLES[name]]

    assert found["BillingMode"] == "PAY_PER_REQUEST"
    assert not found.get("LocalSecondaryIndexes")
    assert found["DeletionProtectionEnabled"] is True
    assert found["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert found["SSESpecification"] == {"SSEEnabled": True}
    assert resource["DeletionPolicy"] == "Retain"
    assert resource["UpdateReplacePolicy"] == "Retain"
    # A fixed name would prevent the stack from being created again.
    assert "TableName" not in found


# --- Permissions ------------------------------------------------------------------------------


def role_policy(stack: Stack, function: str) -> list[Statement]:
    """All that a function may do, by its own role."""
    roles = stack.of_type("AWS::IAM::Role")
    assert roles.keys() == {f"{name}Role" for name in FUNCTIONS}
    role = roles[f"{function}Role"]
    assert stack.properties(function)["Role"] == stack.get_att(f"{function}Role", "Arn")
    assert not role.get("ManagedPolicyArns")
    for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"):
        assert not stack.of_type(kind)
    for properties in stack.of_type("AWS::DynamoDB::Table").values():
        assert "ResourcePolicy" not in properties
    return [s for policy in role["Policies"] for s in statements(policy["PolicyDocument"])]


def resource_of(stack: Stack, request: facts.Request) -> str:
    arn = stack.get_att(TABLES[request.table], "Arn")
    return arn if request.index is None else f"{arn}/index/{request.index}"


def sent_by(stack: Stack, function: str) -> set[facts.Request]:
    """Each kind of request that a function of this stack sends."""
    has_users = function == "Function" and stack.parameters["UserApi"] == "true"
    return facts.requests(function, *(["UserService"] if has_users else []))


@pytest.fixture(scope="module", params=["true", "false"])
def either(request: pytest.FixtureRequest) -> Stack:
    """The stack with the User service, and without it."""
    return Stack(UserApi=request.param)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_send_every_request_that_it_sends(either: Stack, function: str) -> None:
    """Of a transaction, each item is a request: IAM asks for the permission of each."""
    stack = either
    policy = role_policy(stack, function)
    sent = sent_by(stack, function)

    refused = {
        r for r in sent if not allows(policy, r.action, resource_of(stack, r), items(r.keys))
    }

    assert sent
    assert not refused


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_send_nothing_that_it_does_not_send(either: Stack, function: str) -> None:
    stack = either
    policy = role_policy(stack, function)
    sent = {
        (r.action, resource_of(stack, r), beginning)
        for r in sent_by(stack, function)
        for beginning in r.keys or BEGINNINGS
    }

    allowed = {
        (action, resource, beginning)
        for action in dynamodb_actions(policy)
        for resource in dynamodb_resources(stack, policy)
        for beginning in BEGINNINGS
        if allows(policy, action, resource, items({beginning}))
    }

    assert not allowed - sent


# How partition keys of the users table begin, in the code and not.
OF_USERS = frozenset(
    {"LOGIN#", "USER#", "PROFILE#", "FACTORS#", "KEYS#", "CREDENTIAL#", "EMAIL#", "PHONE#"}
)
BEGINNINGS = OF_USERS | {"CALLER#", "OTHER#"}


def items(beginnings: Collection[str]) -> list[str]:
    """Whole keys that begin so."""
    return [f"{beginning}0" for beginning in beginnings]


WRITES = ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"]
READS = ["GetItem", "BatchGetItem", "Query", "Scan"]
# The action of a condition in a transaction, which is no operation.
CHECK = "ConditionCheckItem"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_cannot_reach_the_kinds_of_items_that_it_does_not_use(
    either: Stack, function: str
) -> None:
    """Whatever a function sends: only the tool writes service accounts.

    Without the User service, only the tool adds and deletes users. Checks of second factors read
    and write these all the same.
    """
    policy = role_policy(either, function)
    users = either.get_att("UsersTable", "Arn")
    barred = {"CALLER#0": [*WRITES, CHECK]}
    if either.parameters["UserApi"] == "false":
        others = [action for action in [*WRITES, CHECK] if action != "UpdateItem"]
        barred |= {"USER#0": others, "FACTORS#0": others, "CREDENTIAL#0": others}
        barred["PROFILE#0"] = WRITES
        barred["KEYS#0"] = [*WRITES, CHECK]
        barred |= {f"{kind}0": [*READS, *WRITES, CHECK] for kind in ("EMAIL#", "PHONE#")}
    if function == "Authorizer":
        barred = {f"{kind}0": [*READS, *WRITES, CHECK] for kind in BEGINNINGS - {"USER#"}}
        barred["USER#0"] = [*WRITES, CHECK]

    for key, actions in barred.items():
        for action in actions:
            assert not allows(policy, f"dynamodb:{action}", users, [key]), (action, key)
            # Nor together with an item that is allowed.
            assert not allows(policy, f"dynamodb:{action}", users, ["USER#1", "LOGIN#1", key])


def test_no_function_scans_the_users_table(either: Stack) -> None:
    users = either.get_att("UsersTable", "Arn")
    for function in FUNCTIONS:
        policy = role_policy(either, function)
        for keys in [(), *([f"{beginning}0"] for beginning in BEGINNINGS)]:
            assert not allows(policy, "dynamodb:Scan", users, keys), (function, keys)


def test_only_the_user_service_changes_what_the_function_may_do() -> None:
    with_users, without = Stack(UserApi="true"), Stack(UserApi="false")
    by_name = {
        stack.parameters["UserApi"]: by(stack.properties("FunctionRole")["Policies"], "PolicyName")
        for stack in (with_users, without)
    }

    assert by_name["true"].keys() - by_name["false"].keys() == {"users"}
    assert {name: by_name["true"][name] for name in by_name["false"]} == by_name["false"]
    assert with_users.properties("AuthorizerRole") == without.properties("AuthorizerRole")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_nothing_of_the_users_table_is_allowed_without_keys(either: Stack, function: str) -> None:
    """A request without keys fulfils a condition on "each of its keys", hence Null beside it.

    The index of users, which has no hash and nothing of service accounts, is scanned as a whole.
    """
    stack = either
    policy = role_policy(stack, function)
    users = stack.get_att("UsersTable", "Arn")
    resources = {r for r in dynamodb_resources(stack, policy) if r.startswith(users)}

    assert resources
    allowed = {
        (action, resource)
        for action in dynamodb_actions(policy)
        for resource in resources
        if allows(policy, action, resource)
    }
    scan = ("dynamodb:Scan", f"{users}/index/by_user_id")
    has_users = stack.parameters["UserApi"] == "true" and function == "Function"
    assert allowed == ({scan} if has_users else set())
    # No statement relies on the other condition alone, whatever else it allows.
    conditional = [s for s in policy if s.leading_keys is not None]
    assert conditional
    assert all(s.needs_keys for s in conditional)


def dynamodb_actions(policy: list[Statement]) -> set[str]:
    """Every action that there is, by the service's model, and those that the policy names.

    IAM has some that are no operations, such as ConditionCheckItem.
    """
    model = botocore.session.Session().get_service_model("dynamodb")
    named = {a for s in policy for a in s.actions if a.lower().startswith("dynamodb:")}
    return {f"dynamodb:{operation}" for operation in model.operation_names} | named


def dynamodb_resources(stack: Stack, policy: list[Statement]) -> set[str]:
    """The stack's tables, indexes and streams, others' tables, and what the policy names."""
    found = {
        f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/another",
        f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/sesame-UsersTable",
        f"arn:aws:dynamodb:{REGION}:210987654321:table/sesame-UsersTable",
    }
    for name, properties in stack.of_type("AWS::DynamoDB::Table").items():
        arn = stack.get_att(name, "Arn")
        found |= {arn, f"{arn}2", f"{arn}/stream/2026-01-01T00:00:00.000", f"{arn}/index/another"}
        for index in properties.get("GlobalSecondaryIndexes") or []:
            found.add(f"{arn}/index/{index['IndexName']}")
    for one in policy:
        if any(action.lower().startswith(("dynamodb:", "*")) for action in one.actions):
            found |= set(one.resources)
    return found


@pytest.mark.parametrize("function", FUNCTIONS)
def test_only_tracing_is_allowed_on_all_resources(stack: Stack, function: str) -> None:
    for one in role_policy(stack, function):
        assert not any("*" in action for action in one.actions)
        if "*" in one.resources:
            # These have no resources that a policy could name.
            assert set(one.actions) == {"xray:PutTelemetryRecords", "xray:PutTraceSegments"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_writes_to_its_own_log_group_alone(stack: Stack, function: str) -> None:
    policy = role_policy(stack, function)
    streams = {
        name: stack.get_att(name, "Arn").removesuffix("*") + "log-stream:a"
        for name in stack.of_type("AWS::Logs::LogGroup")
    }
    own = streams.pop(f"{function}Logs")

    assert stack.properties(function)["LoggingConfig"]["LogGroup"] == stack.ref(f"{function}Logs")
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        assert allows(policy, action, own)
        assert not any(allows(policy, action, others) for others in streams.values())
    for action in ("logs:CreateLogGroup", "logs:GetLogEvents", "logs:PutRetentionPolicy"):
        assert not allows(policy, action, own)


def test_only_lambda_may_assume_the_roles(stack: Stack) -> None:
    for role in stack.of_type("AWS::IAM::Role").values():
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]

        assert trust == {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }


def test_only_this_api_may_call_the_function_and_only_authorizers_of_the_account_the_authorizer(
    stack: Stack,
) -> None:
    apis = f"arn:aws:execute-api:{REGION}:{ACCOUNT}"
    sources = {"Function": f"{apis}:{stack.ref('HttpApi')}/*/$default"}
    sources["Authorizer"] = f"{apis}:*/authorizers/*"

    permissions = list(stack.of_type("AWS::Lambda::Permission").values())

    assert by(permissions, "FunctionName") == {
        stack.ref(function): {
            "Action": "lambda:InvokeFunction",
            "FunctionName": stack.ref(function),
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": source,
        }
        for function, source in sources.items()
    }


def test_the_stack_has_an_http_api_and_no_vpc(stack: Stack) -> None:
    assert stack.the("AWS::ApiGatewayV2::Api")["ProtocolType"] == "HTTP"
    for function in FUNCTIONS:
        assert "VpcConfig" not in stack.properties(function)
    assert not [r for r in stack.resources.values() if r["Type"].startswith("AWS::EC2::")]


# --- Settings ---------------------------------------------------------------------------------


def another(parameter: dict[str, Any]) -> str:
    """A value of a parameter that is not its default."""
    if "MaxValue" in parameter:
        values = [parameter["MaxValue"], parameter["MinValue"]]
    else:
        values = parameter.get("AllowedValues", ["another@acme.example"])
    return next(str(value) for value in values if value != parameter["Default"])


def test_each_setting_but_the_tables_has_a_parameter() -> None:
    """A Rust test holds the names of the settings against the code."""
    stack = Stack()
    before = stack.properties("Function")["Environment"]["Variables"]
    names = {
        "SERVER_KEY_SECRET": "CreateServerKey",
        "SESAME_PORTABLE_HASH": "PortableHash",
        "WEBAUTHN_COUNTER": "WebAuthnCounter",
    }

    assert before["RESOURCE_OWNER"] == ACCOUNT
    assert before["SERVER_KEY_SECRET"] == stack.ref("ServerKey")
    for name in before.keys() - {"USERS_TABLE", "SESSIONS_TABLE"}:
        parameter = names.get(name, name.title().replace("_", ""))
        value = another(stack.template["Parameters"][parameter])
        changed = Stack(**{parameter: value})
        if name == "SERVER_KEY_SECRET":
            value = "none"
        after = changed.properties("Function")["Environment"]["Variables"]
        assert after == before | {name: value}


def test_a_base_path_is_one_to_eight_plain_segments(stack: Stack) -> None:
    pattern = stack.template["Parameters"]["BasePath"]["AllowedPattern"]
    good = ["", "/auth", "/v2/a.b-c_d~0", "/1/2/3/4/5/6/7/8"]
    bad = ["/", "auth", "/auth/", "/a//b", "/a b", "/a%62", "/1/2/3/4/5/6/7/8/9", "none"]

    assert [text for text in good + bad if re.fullmatch(pattern, text)] == good


def test_second_factors_are_named_with_commas_between(stack: Stack) -> None:
    pattern = stack.template["Parameters"]["SecondFactors"]["AllowedPattern"]
    good = ["none", "totp", "otp_sms,totp", "u2f", "totp,otp_email,otp_sms,u2f"]
    bad = ["", "totp,", "totp, otp_sms", "passkey", "recovery_codes", "none,totp", "TOTP"]

    assert [text for text in good + bad if re.fullmatch(pattern, text)] == good


def test_an_issuer_has_no_colon(stack: Stack) -> None:
    parameter = stack.template["Parameters"]["TotpIssuer"]
    good = ["", "Acme & Söhne"]
    bad = ["Acme: Login", ":"]

    assert parameter["MaxLength"] == 64
    assert [text for text in good + bad if re.fullmatch(parameter["AllowedPattern"], text)] == good


def test_passkeys_are_bound_to_host_names(stack: Stack) -> None:
    parameter = stack.template["Parameters"]["RpIds"]
    good = ["", "acme.example", "localhost,xn--mnchen-3ya.example", f"{'a' * 63}.example"]
    bad = ["Acme.example", "acme.example,", "acme.example.", "-a.example", "a_b.example"]
    bad += [
        "acme.example:443",
        "https://acme.example",
        f"{'a' * 64}.example",
        "a.example, b.example",
    ]

    assert parameter["MaxLength"] == 256
    assert [text for text in good + bad if re.fullmatch(parameter["AllowedPattern"], text)] == good


def test_passkeys_are_used_by_pages_with_tls_or_of_this_machine_and_by_apps(stack: Stack) -> None:
    parameter = stack.template["Parameters"]["RpOrigins"]
    app = "android:apk-key-hash:pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLck"
    good = ["", "https://acme.example", f"https://login.acme.example:8443,{app}"]
    good += ["http://localhost:3000", "http://app.localhost", app]
    bad = ["acme.example", "https://acme.example/", "https://Acme.example", "https://a.example,"]
    bad += ["http://acme.example", "http://notlocalhost", "https://a.example:0", app[:-1]]

    assert parameter["MaxLength"] == 512
    assert [text for text in good + bad if re.fullmatch(parameter["AllowedPattern"], text)] == good


def policies(stack: Stack) -> dict[str, Any]:
    role = stack.properties("FunctionRole")
    return {p["PolicyName"]: p["PolicyDocument"]["Statement"] for p in role["Policies"]}


def test_a_server_key_is_created_and_readable_unless_it_is_declined() -> None:
    stack, without = Stack(), Stack(CreateServerKey="false")

    # A stack that had a key before keeps it by its logical id and its condition.
    assert stack.template["Resources"]["ServerKey"]["Condition"] == "HasServerKey"
    assert "server-key" not in policies(without)
    assert policies(stack)["server-key"] == [
        {
            "Effect": "Allow",
            "Action": "secretsmanager:GetSecretValue",
            "Resource": stack.get_att("ServerKey", "Id"),
        }
    ]
    assert stack.properties("ServerKey")["GenerateSecretString"]["PasswordLength"] >= 32


def test_the_server_key_outlives_the_stack(stack: Stack) -> None:
    """Without it, the secrets of second factors in the tables, which stay too, can't be opened."""
    key = stack.template["Resources"]["ServerKey"]

    assert key["DeletionPolicy"] == "Retain"
    assert key["UpdateReplacePolicy"] == "Retain"


# --- Messages ---------------------------------------------------------------------------------

SENDER = "login@mail.acme.example"
IDENTITIES = f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/"
NUMBERS = f"arn:aws:sms-voice:{REGION}:{ACCOUNT}:phone-number/"
MAIL, SMS = "ses:SendEmail", "sms-voice:SendTextMessage"


@pytest.mark.parametrize("sender", ["", SENDER])
@pytest.mark.parametrize("origination", ["", f"{NUMBERS}phone-1"])
def test_the_function_may_send_what_is_set_and_nothing_else(sender: str, origination: str) -> None:
    stack = Stack(MailFrom=sender, SmsOrigination=origination)
    policy = role_policy(stack, "Function")
    identities = [f"{IDENTITIES}{name}" for name in (SENDER, "mail.acme.example")]
    others = ["acme.example", "other@mail.acme.example", "mail.acme.example.evil", "", "*"]

    assert ("mail" in policies(stack)) is bool(sender)
    assert ("sms" in policies(stack)) is bool(origination)
    for identity in identities:
        assert allows(policy, MAIL, identity, sender=SENDER) is bool(sender)
        for other in ("other@mail.acme.example", "Login@mail.acme.example", None):
            assert not allows(policy, MAIL, identity, sender=other)
        for action in ("ses:SendRawEmail", "ses:SendBulkEmail", "ses:DeleteEmailIdentity"):
            assert not allows(policy, action, identity, sender=SENDER)
    for name in others:
        assert not allows(policy, MAIL, f"{IDENTITIES}{name}", sender=SENDER)
    assert allows(policy, SMS, f"{NUMBERS}phone-1") is bool(origination)
    for number in ("phone-2", "phone-11", ""):
        assert not allows(policy, SMS, f"{NUMBERS}{number}")
    assert not allows(policy, "sms-voice:SendVoiceMessage", f"{NUMBERS}phone-1")
    named = {a for s in policy for a in s.actions if a.startswith(("ses:", "sms-voice:"))}
    wanted = {MAIL} if sender else set()
    assert named == wanted | ({SMS} if origination else set())
    # The authorizer sends nothing, whatever is set.
    assert stack.properties("AuthorizerRole") == Stack().properties("AuthorizerRole")


def test_a_sender_is_a_bare_address_without_what_a_policy_reads(stack: Stack) -> None:
    pattern = stack.template["Parameters"]["MailFrom"]["AllowedPattern"]
    good = ["", SENDER, "Log-in_1.a+b=c@acme.example"]
    bad = [
        "none",
        "login",
        "@acme.example",
        "login@acme",
        "login@Acme.example",
        "*@acme.example",
        "logi?@acme.example",
        "${aws:username}@acme.example",
        "a@b@acme.example",
        "login@*.example",
        "login@-acme.example",
        "login@acme-.example",
        "Acme <login@acme.example>",
        "login@acme.example\n",
    ]

    assert [text for text in good + bad if re.fullmatch(pattern, text)] == good


def test_an_origination_is_the_arn_of_what_sends_sms(stack: Stack) -> None:
    pattern = stack.template["Parameters"]["SmsOrigination"]["AllowedPattern"]
    start = f"arn:aws:sms-voice:{REGION}:{ACCOUNT}:"
    good = [
        "",
        f"{start}phone-number/phone-0a1b",
        f"{start}pool/pool-0a1b",
        f"{start}sender-id/ACME/DE",
        f"arn:aws-us-gov:sms-voice:us-gov-west-1:{ACCOUNT}:pool/pool-0a1b",
    ]
    bad = [
        "none",
        "+41790000001",
        f"{start}pool/*",
        f"{start}pool/",
        f"{start}sender-id/ACME",
        f"{start}opt-out-list/a",
        f"arn:aws:sms-voice:*:{ACCOUNT}:pool/a",
        f"arn:aws:sns:{REGION}:{ACCOUNT}:pool/a",
        f"arn:awsome:sms-voice:{REGION}:{ACCOUNT}:pool/a",
    ]

    assert [text for text in good + bad if re.fullmatch(pattern, text)] == good


@pytest.mark.parametrize("answer", ["simple", "iam"])
@pytest.mark.parametrize("mfa", ["optional", "required"])
@pytest.mark.parametrize(("min_acr", "least"), [("", "none"), ("2fa", "2fa"), ("phr", "phr")])
def test_the_authorizer_has_the_same_tables_and_policy_and_the_configured_answer(
    answer: str, mfa: str, min_acr: str, least: str
) -> None:
    stack = Stack(AuthorizerAnswer=answer, Mfa=mfa, MinAcr=min_acr)

    assert stack.properties("Authorizer")["Environment"]["Variables"] == {
        "USERS_TABLE": stack.ref("UsersTable"),
        "SESSIONS_TABLE": stack.ref("SessionsTable"),
        "MFA": mfa,
        "MIN_ACR": least,
        "AUTHORIZER_ANSWER": answer,
    }
    # A token is as good at the authorizer as it is at the service.
    assert stack.properties("Function")["Environment"]["Variables"]["MFA"] == mfa


def test_each_parameter_is_described_and_in_a_group(stack: Stack) -> None:
    groups = stack.template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    placed = [name for group in groups for name in group["Parameters"]]

    assert sorted(placed) == sorted(stack.template["Parameters"])
    for name, parameter in stack.template["Parameters"].items():
        assert parameter["Description"], name


# --- Function and API -------------------------------------------------------------------------


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_a_function_runs_on_either_architecture(architecture: str, name: str) -> None:
    function = Stack(Architecture=architecture).properties(name)

    assert function["Architectures"] == [architecture]
    assert function["Runtime"] == "provided.al2023"
    assert function["Handler"] == "bootstrap"
    assert function["TracingConfig"] == {"Mode": "Active"}
    # API Gateway waits no longer: 30 s for an answer, 10 s for an authorizer's.
    assert function["Timeout"] < {"Function": 30, "Authorizer": 10}[name]
    assert "ReservedConcurrentExecutions" not in function


def test_every_path_reaches_the_function_without_an_authorizer(stack: Stack) -> None:
    integration, route = (
        stack.the("AWS::ApiGatewayV2::Integration"),
        stack.the("AWS::ApiGatewayV2::Route"),
    )

    assert route["RouteKey"] == "$default"
    assert route["AuthorizationType"] == "NONE"
    assert route["Target"] == f"integrations/{stack.ref('Integration')}"
    assert integration["IntegrationType"] == "AWS_PROXY"
    assert integration["PayloadFormatVersion"] == "2.0"
    assert integration["IntegrationUri"] == stack.get_att("Function", "Arn")


def test_calls_are_throttled() -> None:
    stage = Stack(ThrottleRate="7", ThrottleBurst="9").the("AWS::ApiGatewayV2::Stage")

    assert stage["StageName"] == "$default"
    assert stage["DefaultRouteSettings"] == {
        "ThrottlingRateLimit": "7",
        "ThrottlingBurstLimit": "9",
    }


def test_browsers_may_call_from_the_named_origins_alone() -> None:
    assert "CorsConfiguration" not in Stack().the("AWS::ApiGatewayV2::Api")

    origins = ["https://app.example.com", "https://admin.example.com"]
    cors = Stack(AllowedOrigins=",".join(origins)).the("AWS::ApiGatewayV2::Api")[
        "CorsConfiguration"
    ]

    assert cors["AllowOrigins"] == origins
    assert "AllowCredentials" not in cors
    # With this, the gateway drops what the function itself says of it.
    for name, of_code in facts.cors().items():
        of_template = cors[name]
        if isinstance(of_code, list):
            of_template, of_code = sorted(of_template), sorted(of_code)
        assert of_template == of_code, name


# --- Logs and alarms --------------------------------------------------------------------------


def test_logs_are_kept_as_long_as_the_parameter_says() -> None:
    groups = Stack(LogRetentionDays="14").of_type("AWS::Logs::LogGroup")

    assert groups.keys() == {"FunctionLogs", "AuthorizerLogs", "AccessLogs"}
    assert {g["RetentionInDays"] for g in groups.values()} == {"14"}


def test_the_access_log_holds_neither_query_nor_headers_nor_body(stack: Stack) -> None:
    settings = stack.the("AWS::ApiGatewayV2::Stage")["AccessLogSettings"]
    variables = set(re.findall(r"\$context\.[A-Za-z.]+", settings["Format"]))

    assert settings["DestinationArn"] == stack.get_att("AccessLogs", "Arn")
    # Every value is one variable, so there is no other way in.
    assert variables == set(json.loads(settings["Format"]).values())
    # Of all that HTTP APIs know, what the platform measures, and three things of the caller:
    # where from, how and to what path. A session's token comes in a header, the query or the body.
    assert variables <= {
        "$context.httpMethod",
        "$context.identity.sourceIp",
        "$context.integration.requestId",
        "$context.integrationErrorMessage",
        "$context.integrationLatency",
        "$context.integrationStatus",
        "$context.path",
        "$context.protocol",
        "$context.requestId",
        "$context.requestTimeEpoch",
        "$context.responseLatency",
        "$context.responseLength",
        "$context.status",
    }


def test_alarms_watch_this_stack(stack: Stack) -> None:
    alarms = {
        (
            a["Namespace"],
            a["MetricName"],
            a.get("Statistic") or a["ExtendedStatistic"],
            *((d["Name"], d["Value"]) for d in a["Dimensions"]),
        )
        for a in stack.of_type("AWS::CloudWatch::Alarm").values()
    }
    function = ("FunctionName", stack.ref("Function"))
    authorizer = ("FunctionName", stack.ref("Authorizer"))

    assert alarms == {
        # As the function logs it: see src/log.rs.
        *(
            ("Sesame", metric, "Sum", ("function", stack.ref("Function")))
            for metric in ("server_errors", "message_failures", "message_limits")
        ),
        ("AWS/Lambda", "Errors", "Sum", function),
        ("AWS/Lambda", "Throttles", "Sum", function),
        ("AWS/Lambda", "Duration", "p99", function),
        ("AWS/Lambda", "Errors", "Sum", authorizer),
        ("AWS/Lambda", "Throttles", "Sum", authorizer),
        *(
            ("AWS/DynamoDB", "WriteThrottleEvents", "Sum", ("TableName", stack.ref(name)))
            for name in TABLES.values()
        ),
    }


def test_alarms_go_to_the_topic_if_there_is_one() -> None:
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"

    for alarm in Stack().of_type("AWS::CloudWatch::Alarm").values():
        assert "AlarmActions" not in alarm
        assert "OKActions" not in alarm
    for alarm in Stack(AlarmTopicArn=topic).of_type("AWS::CloudWatch::Alarm").values():
        assert alarm["AlarmActions"] == [topic]
        assert alarm["OKActions"] == [topic]
        # No calls are no reason for an alarm.
        assert alarm["TreatMissingData"] == "notBreaching"


def test_the_stack_outputs_what_its_operator_needs(stack: Stack) -> None:
    assert stack.outputs == {
        "Url": stack.get_att("HttpApi", "ApiEndpoint"),
        "UsersTableName": stack.ref("UsersTable"),
        "SessionsTableName": stack.ref("SessionsTable"),
        "FunctionName": stack.ref("Function"),
        "AuthorizerArn": stack.get_att("Authorizer", "Arn"),
    }


# --- The example ------------------------------------------------------------------------------


def test_each_route_of_the_example_has_the_given_authorizer() -> None:
    resources = transformed(path=EXAMPLE)["Resources"]
    routes = [r for r in resources.values() if r["Type"] == "AWS::ApiGatewayV2::Route"]
    authorizer = resources["Authorizer"]["Properties"]
    (rest,) = (r for r in resources.values() if r["Type"] == "AWS::ApiGateway::RestApi")
    body = rest["Properties"]["Body"]

    assert [r["Properties"]["AuthorizerId"] for r in routes] == [{"Ref": "Authorizer"}]
    assert "${AuthorizerArn}" in authorizer["AuthorizerUri"]["Fn::Sub"]
    assert authorizer["EnableSimpleResponses"] is True
    (scheme,) = body["securityDefinitions"].values()
    uri = scheme["x-amazon-apigateway-authorizer"]["authorizerUri"]
    assert uri["Fn::Sub"][1] == {"__FunctionArn__": {"Ref": "AuthorizerArn"}}
    for path in body["paths"].values():
        for method in path.values():
            assert method["security"] == [{"Session": []}]


def test_the_example_may_call_its_own_function_alone() -> None:
    resources = transformed(path=EXAMPLE)["Resources"].values()
    permissions = [r for r in resources if r["Type"] == "AWS::Lambda::Permission"]

    assert permissions
    for permission in permissions:
        assert permission["Properties"]["FunctionName"] == {"Ref": "Function"}
