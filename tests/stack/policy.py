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

    def matches(self, action: str, resource: str, keys: Collection[str] = ()) -> bool:
        # IAM compares actions without regard to case, and resources with it.
        return (
            any(like(a.lower(), action.lower()) for a in self.actions)
            and any(like(r, resource) for r in self.resources)
            and self.holds(keys)
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


def conditions(condition: dict[str, Any] | None) -> tuple[tuple[str, ...] | None, bool]:
    """The conditions that are understood: on the partition keys of a request's items.

    They are the patterns of the keys, and whether there must be any.
    """
    if condition is None:
        return None, False
    if not condition or condition.keys() - {"ForAllValues:StringLike", "Null"}:
        raise NotUnderstoodError(f"{condition}")
    if any(of.keys() != {LEADING_KEYS} for of in condition.values()):
        raise NotUnderstoodError(f"{condition}")
    like_any = condition.get("ForAllValues:StringLike")
    null = condition.get("Null")
    # IAM takes "false" as a string; a boolean or "true" stands in no policy of this stack.
    if null is not None and null[LEADING_KEYS] != "false":
        raise NotUnderstoodError(f"{condition}")
    return like_any and strings(like_any[LEADING_KEYS]), null is not None


def strings(value: object) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    for one in values:
        # A policy variable such as ${aws:username} stands for what is only known at the call.
        if not isinstance(one, str) or "${" in one:
            raise NotUnderstoodError(f"{one!r}")
    return tuple(values)


def allows(
    policy: Iterable[Statement], action: str, resource: str, keys: Collection[str] = ()
) -> bool:
    """Allowed is what a statement allows and none denies, of items with these partition keys."""
    effects = {s.effect for s in policy if s.matches(action, resource, keys)}
    return effects == {"Allow"}
