"""What schemathesis can't know from openapi.json alone; SCHEMATHESIS_HOOKS names this file.

Where a session is meant, it makes up ids and tokens that no session has. So most of its calls get
those of a session that is there, created for the call; what is wrong on purpose stays as it is.
"""

import itertools
import os
from typing import Any

import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, HookContext
from schemathesis.core.parameters import ParameterLocation

URL = os.environ["SESAME_URL"]
TOKEN = os.environ["SESAME_TOKEN"]
# The bearer token of the principal; none for an anonymous one.
CALLER = os.environ.get("SESAME_CALLER")

# The demo user of `cargo dev`.
USER = {"loginName": "mini@mouse.com"}
PASSWORD = {"password": "V3ryS3cure!"}

# An id that no session has.
NOBODYS = "00000000-0000-4000-8000-000000000000"

# One in so many calls names a session that doesn't exist.
UNKNOWN = 5

# A lifetime is limited by the deployment, here to 30 days, which a pattern can't say.
_SECONDS = st.integers(1, 30 * 24 * 60 * 60 - 1)
_FRACTIONS = st.one_of(st.just(""), st.from_regex(r"\A[.][0-9]{1,9}\Z"))

schemathesis.openapi.format("seconds", st.builds("{}{}s".format, _SECONDS, _FRACTIONS))

_calls = itertools.count()
_http = requests.Session()


def create(checks: dict[str, Any]) -> dict[str, Any]:
    """A session: its id, its token and its sequence."""
    headers = {"authorization": f"Bearer {TOKEN}"}
    answer = _http.post(
        f"{URL}/v2/sessions", json={"checks": checks}, headers=headers, timeout=10
    )
    answer.raise_for_status()
    return answer.json()


def is_positive(case: Case, location: ParameterLocation) -> bool:
    """Whether that part of the call is meant to be valid."""
    part = case.meta.components.get(location) if case.meta else None
    return part is None or part.mode == GenerationMode.POSITIVE


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    bearer = CALLER
    if case.operation.path.endswith("search"):
        # Only a user may list sessions without a filter.
        bearer = create({"user": USER, "password": PASSWORD})["sessionToken"]
    if bearer:
        case.headers["Authorization"] = f"Bearer {bearer}"
    if "session_id" in case.path_parameters and is_positive(
        case, ParameterLocation.PATH
    ):
        if next(_calls) % UNKNOWN == 0:
            make_unknown(case)
        else:
            make_known(case, create({"user": USER}))


def make_unknown(case: Case) -> None:
    """Leaves the generated values, but for an id that must be the same in path and body."""
    if isinstance(case.body, dict) and isinstance(case.body.get("sessionId"), str):
        case.path_parameters["session_id"] = case.body["sessionId"] = NOBODYS


def make_known(case: Case, session: dict[str, Any]) -> None:
    """Puts the session into each part of the call that is meant to be valid."""
    case.path_parameters["session_id"] = session["sessionId"]
    if case.query.get("sessionToken"):
        case.query["sessionToken"] = session["sessionToken"]
    if "If-Match" in case.headers and is_positive(case, ParameterLocation.HEADER):
        sequence = session["details"]["sequence"]
        case.headers["If-Match"] = f'"{sequence}"'
    if not isinstance(case.body, dict):
        return
    if isinstance(case.body.get("sessionId"), str):
        case.body["sessionId"] = session["sessionId"]
    token = case.body.get("sessionToken")
    if isinstance(token, str) and 1 <= len(token) <= 200:
        case.body["sessionToken"] = session["sessionToken"]
    # Without a user, the password is checked against the session's user, so it must be right.
    checks = (
        case.body.get("checks") if is_positive(case, ParameterLocation.BODY) else None
    )
    if checks and checks.get("password") and not checks.get("user"):
        checks["password"] = PASSWORD
