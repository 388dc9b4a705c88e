"""Says what an IAM policy allows, as far as this stack's policies go.

Whatever it does not understand it refuses to judge: a test that passes since a condition was
overlooked would be worse than none.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

UNDERSTOOD = {"Sid", "Effect", "Action", "Resource", "Condition"}
LEADING_KEYS = "dynamodb:LeadingKeys"
FROM_ADDRESS = "ses:FromAddress"


class NotUnderstoodError(Exception):
    """A policy holds something that this evaluator can't judge."""


@dataclass(frozen=True)
class Statement:
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    # Patterns, one of which each partition key of the request must match; None: any will do.
    leading_keys: tuple[str, ...] | None = None
    # Whether the request must have a partition key.
    needs_keys: bool = False
    # The sender that an e-mail must have; None: any will do.
    sender: str | None = None

    def matches(
        self, action: str, resource: str, keys: Collection[str] = (), sender: str | None = None
    ) -> bool:
        # IAM compares actions without regard to case, and resources with it.
        return (
            any(like(a.lower(), action.lower()) for a in self.actions)
            and any(like(r, resource) for r in self.resources)
            and self.holds(keys)
            and self.sender in (None, sender)
        )

    def holds(self, keys: Collection[str]) -> bool:
        """Whether each key is one that the condition names. Of no keys that is true, as in IAM."""
        if self.needs_keys and not keys:
            return False
        patterns = self.leading_keys
        return patterns is None or all(any(like(p, key) for p in patterns) for key in keys)


def like(pattern: str, text: str) -> bool:
    """Compare as IAM does: `*` stands for any run of characters, `?` for one."""
    parts = re.split(r"([*?])", pattern)
    regex = "".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in parts)
    return re.fullmatch(regex, text, re.DOTALL) is not None


def statements(document: dict[str, Any]) -> list[Statement]:
    """Read a policy document whose intrinsic functions are resolved."""
    found = document["Statement"]
    return [statement(s) for s in ([found] if isinstance(found, dict) else found)]


def statement(raw: dict[str, Any]) -> Statement:
    if strange := raw.keys() - UNDERSTOOD:
        raise NotUnderstoodError(f"{', '.join(sorted(strange))} in {raw}")
    if raw["Effect"] not in ("Allow", "Deny"):
        raise NotUnderstoodError(f"the effect of {raw}")
    return Statement(
        raw["Effect"],
        strings(raw["Action"]),
        strings(raw["Resource"]),
        *conditions(raw.get("Condition")),
    )


def conditions(
    condition: dict[str, Any] | None,
) -> tuple[tuple[str, ...] | None, bool, str | None]:
    """The conditions that are understood: on the keys of a request's items, or the sender.

    They are the patterns of the keys, whether there must be any, and the sender of an e-mail.
    """
    if condition is None:
        return None, False, None
    if condition.keys() == {"StringEquals"} and condition["StringEquals"].keys() == {FROM_ADDRESS}:
        (sender,) = strings(condition["StringEquals"][FROM_ADDRESS])
        return None, False, sender
    if not condition or condition.keys() - {"ForAllValues:StringLike", "Null"}:
        raise NotUnderstoodError(f"{condition}")
    if any(of.keys() != {LEADING_KEYS} for of in condition.values()):
        raise NotUnderstoodError(f"{condition}")
    like_any = condition.get("ForAllValues:StringLike")
    null = condition.get("Null")
    # IAM takes "false" as a string; a boolean or "true" stands in no policy of this stack.
    if null is not None and null[LEADING_KEYS] != "false":
        raise NotUnderstoodError(f"{condition}")
    return like_any and strings(like_any[LEADING_KEYS]), null is not None, None


def strings(value: object) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    for one in values:
        # A policy variable such as ${aws:username} stands for what is only known at the call.
        if not isinstance(one, str) or "${" in one:
            raise NotUnderstoodError(f"{one!r}")
    return tuple(values)


def allows(
    policy: Iterable[Statement],
    action: str,
    resource: str,
    keys: Collection[str] = (),
    sender: str | None = None,
) -> bool:
    """Allowed is what a statement allows and none denies.

    That is of items with these partition keys, or of an e-mail from this sender.
    """
    effects = {s.effect for s in policy if s.matches(action, resource, keys, sender)}
    return effects == {"Allow"}
