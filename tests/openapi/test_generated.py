"""The life of a session by the Python client that openapi-generator makes of openapi.json.

.ci/clients generates the client before.
"""

import json
import os

import pytest
from sesame_client import (
    ApiClient,
    ApiException,
    CheckPassword,
    Checks,
    CheckUser,
    Configuration,
    CreateSessionRequest,
    DeleteSessionRequest,
    IDsQuery,
    ListQuery,
    ListSessionsRequest,
    SearchQuery,
    SessionApi,
    SetSessionRequest,
    Status,
)

READY = json.loads(os.environ["SESAME_READY"])
API = SessionApi(ApiClient(Configuration(host=READY["url"], access_token=READY["token"])))


def login(password: str) -> CreateSessionRequest:
    """A login of the demo user."""
    user = CheckUser(login_name="mini@mouse.com")
    return CreateSessionRequest(
        checks=Checks(user=user, password=CheckPassword(password=password)),
        metadata={"device": "a2l0Y2hlbg=="},
        lifetime="3600s",
    )


def refusal(caught: pytest.ExceptionInfo[ApiException]) -> tuple[int, int, str]:
    """The HTTP status, the code and the id of an error, as the client has them."""
    status = caught.value.data
    assert isinstance(status, Status)
    assert status.details is not None
    error_id = status.details[0].id
    assert error_id is not None
    return caught.value.status, status.code, error_id


def test_a_session_is_created_changed_read_listed_and_ended() -> None:
    created = API.create_session_v2(create_session_request=login("V3ryS3cure!"))
    session_id, token = created.session_id, created.session_token

    change = SetSessionRequest(session_token=token, metadata={"room": "Z2FyZGVu"})
    changed = API.set_session_v2(session_id, set_session_request=change)
    assert changed.session_token not in (None, token)
    token = changed.session_token

    session = API.get_session_v2(session_id, session_token=token).session
    assert session.factors is not None
    assert session.factors.user is not None
    assert session.factors.user.login_name == "mini@mouse.com"
    # So the password was sent.
    assert session.factors.password is not None
    assert session.metadata == {"device": "a2l0Y2hlbg==", "room": "Z2FyZGVu"}

    queries = [SearchQuery(ids_query=IDsQuery(ids=[session_id]))]
    wanted = ListSessionsRequest(query=ListQuery(offset="0", limit=5), queries=queries)
    listed = API.list_sessions_v2(list_sessions_request=wanted)
    assert listed.sessions == [session]

    end = DeleteSessionRequest(session_token=token)
    API.delete_session_v2(session_id, delete_session_request=end)
    with pytest.raises(ApiException) as gone:
        API.get_session_v2(session_id, session_token=token)
    assert refusal(gone) == (404, 5, "QUERY-SFeaa")


def test_a_wrong_password_is_refused_with_a_typed_error() -> None:
    with pytest.raises(ApiException) as wrong:
        API.create_session_v2(create_session_request=login("guessed"))

    assert refusal(wrong) == (400, 3, "COMMAND-3M0fs")
