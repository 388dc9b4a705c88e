"""The evaluator itself, on policies made by hand."""

from typing import Any

import pytest

from policy import NotUnderstoodError, allows, like, statements

TABLE = "arn:aws:dynamodb:eu-central-1:123456789012:table/users"
OTHER = "arn:aws:dynamodb:eu-central-1:123456789012:table/users2"
INDEX = f"{TABLE}/index/by_user"
GET = "dynamodb:GetItem"
QUERY = "dynamodb:Query"


def allow(action: object, resource: object) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def deny(action: object, resource: object) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource}


@pytest.mark.parametrize(
    ("found", "action", "resource", "want"),
    [
        # An exact action on an exact table.
        ([allow(GET, TABLE)], GET, TABLE, True),
        ([allow([GET, QUERY], [OTHER, TABLE])], QUERY, TABLE, True),
        ([allow("DYNAMODB:getitem", TABLE)], GET, TABLE, True),
        ([allow(GET, TABLE)], QUERY, TABLE, False),
        ([allow(GET, TABLE)], GET, OTHER, False),
        ([allow(GET, TABLE)], GET, TABLE.upper(), False),
        ([], GET, TABLE, False),
        # A table's policy says nothing of its indexes, nor an index's of its table.
        ([allow(QUERY, TABLE)], QUERY, INDEX, False),
        ([allow(QUERY, INDEX)], QUERY, TABLE, False),
        ([allow(QUERY, INDEX)], QUERY, INDEX, True),
        ([allow(QUERY, f"{TABLE}/index/*")], QUERY, INDEX, True),
        # Wildcards.
        ([allow("dynamodb:*", TABLE)], GET, TABLE, True),
        ([allow("dynamodb:Get*", TABLE)], QUERY, TABLE, False),
        ([allow("dynamodb:GetIte?", TABLE)], GET, TABLE, True),
        ([allow("*", "*")], GET, INDEX, True),
        ([allow(GET, f"{TABLE}*")], GET, OTHER, True),
        # A denial wins, wherever it stands and however narrow it is.
        ([allow("*", "*"), deny(GET, TABLE)], GET, TABLE, False),
        ([deny(GET, TABLE), allow("*", "*")], GET, TABLE, False),
        ([deny(GET, TABLE), allow("*", "*")], GET, OTHER, True),
        ([deny(GET, TABLE)], GET, OTHER, False),
    ],
)
def test_an_action_is_allowed_if_a_statement_allows_it_and_none_denies_it(
    found: list[dict[str, Any]], action: str, resource: str, want: bool
) -> None:
    policy = statements({"Statement": found})

    assert allows(policy, action, resource) is want


@pytest.mark.parametrize(
    ("patterns", "keys", "want"),
    [
        ("USER#*", ["USER#1"], True),
        ("USER#*", ["USER#1", "USER#2"], True),
        ("USER#*", ["USER#1", "LOGIN#ada"], False),
        ("USER#*", ["user#1"], False),
        ("USER#*", ["CALLER#USER#1"], False),
        (["USER#*", "LOGIN#*"], ["USER#1", "LOGIN#ada"], True),
        # True of all of none, which is why Null has to stand beside it.
        ("USER#*", [], True),
        ([], ["USER#1"], False),
    ],
)
def test_a_condition_on_leading_keys_holds_for_each_of_them(
    patterns: object, keys: list[str], want: bool
) -> None:
    condition = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": patterns}}
    policy = statements({"Statement": {**allow(GET, TABLE), "Condition": condition}})

    assert allows(policy, GET, TABLE, keys) is want


@pytest.mark.parametrize(
    ("keys", "want"), [([], False), (["USER#1"], True), (["USER#1", "LOGIN#ada"], False)]
)
def test_beside_null_a_request_needs_keys(keys: list[str], want: bool) -> None:
    condition = {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": "USER#*"},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }
    policy = statements({"Statement": {**allow(GET, TABLE), "Condition": condition}})

    assert allows(policy, GET, TABLE, keys) is want


def test_null_alone_takes_any_key() -> None:
    condition = {"Null": {"dynamodb:LeadingKeys": "false"}}
    policy = statements({"Statement": {**allow(GET, TABLE), "Condition": condition}})

    assert allows(policy, GET, TABLE, ["OTHER#1"])
    assert not allows(policy, GET, TABLE, [])


def test_a_condition_on_the_sender_holds_for_him_alone() -> None:
    send, identity = "ses:SendEmail", "arn:aws:ses:eu-central-1:123456789012:identity/a.example"
    condition = {"StringEquals": {"ses:FromAddress": "login@a.example"}}
    policy = statements({"Statement": {**allow(send, identity), "Condition": condition}})

    assert allows(policy, send, identity, sender="login@a.example")
    assert not allows(policy, send, identity, sender="Login@a.example")
    assert not allows(policy, send, identity)
    assert not allows(policy, send, identity + "2", sender="login@a.example")


def test_a_lone_statement_needs_no_list() -> None:
    assert allows(statements({"Statement": allow(GET, TABLE)}), GET, TABLE)


@pytest.mark.parametrize(
    ("pattern", "text", "want"),
    [
        ("a.c", "a.c", True),
        ("a.c", "abc", False),
        ("a*", "a", True),
        ("a?", "a", False),
        ("*b*", "abc", True),
        ("a*", "a\nb", True),
        ("", "a", False),
    ],
)
def test_patterns_are_no_regular_expressions(pattern: str, text: str, want: bool) -> None:
    assert like(pattern, text) is want


@pytest.mark.parametrize(
    "raw",
    [
        {**allow(GET, TABLE), "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {**allow(GET, TABLE), "Condition": {}},
        {**allow(GET, TABLE), "Condition": {"StringLike": {"dynamodb:LeadingKeys": "USER#*"}}},
        {**allow(GET, TABLE), "Condition": {"ForAllValues:StringLike": {"aws:TagKeys": "a"}}},
        {**allow(GET, TABLE), "Condition": {"Null": {"dynamodb:LeadingKeys": "true"}}},
        {**allow(GET, TABLE), "Condition": {"Null": {"dynamodb:LeadingKeys": False}}},
        {**allow(GET, TABLE), "Condition": {"Null": {"aws:TokenIssueTime": "false"}}},
        {
            **allow(GET, TABLE),
            "Condition": {
                "ForAllValues:StringLike": {"dynamodb:LeadingKeys": "USER#*"},
                "Bool": {"aws:SecureTransport": "true"},
            },
        },
        {**allow(GET, TABLE), "Condition": {"StringEquals": {"aws:PrincipalArn": "a"}}},
        {
            **allow(GET, TABLE),
            "Condition": {"StringEquals": {"ses:FromAddress": "a", "aws:PrincipalArn": "a"}},
        },
        {
            **allow(GET, TABLE),
            "Condition": {
                "StringEquals": {"ses:FromAddress": "a"},
                "Null": {"dynamodb:LeadingKeys": "false"},
            },
        },
        {"Effect": "Allow", "NotAction": GET, "Resource": TABLE},
        {"Effect": "Allow", "Action": GET, "NotResource": TABLE},
        {**allow(GET, TABLE), "Principal": "*"},
        {**allow(GET, TABLE), "Effect": "allow"},
        allow(GET, "arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/team}"),
        allow(GET, {"Fn::GetAtt": ["UsersTable", "Arn"]}),
    ],
)
def test_a_policy_that_is_not_understood_is_an_error(raw: dict[str, Any]) -> None:
    with pytest.raises(NotUnderstoodError):
        statements({"Statement": [raw]})
