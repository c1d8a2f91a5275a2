"""What Attio's refusals become."""

from __future__ import annotations

from typing import Any

import pytest

from attio_ctl.attio import errors
from attio_ctl.attio.errors import (
    ApiError,
    ConflictError,
    ForbiddenError,
    InactiveObjectError,
    NotFoundError,
    QuotaError,
    RateLimitedError,
    RejectedError,
    ServerError,
    UnauthorizedError,
    UnexpectedAnswerError,
    error_of,
    refusal_of,
)
from attio_ctl.attio.messages import Answer, Method, Request
from attio_ctl.attio.scopes import missing_scopes, scopes_of
from attio_ctl.errors import CredentialsError, Exit

CALL = Request("POST", "/v2/objects")


def error(status: int, body: bytes = b"", **headers: str) -> ApiError:
    return error_of(CALL, refusal_of(Answer(status, headers, body)))


@pytest.mark.parametrize(
    ("status", "code", "error_class", "exit_code"),
    [
        (400, "validation_type", RejectedError, 1),
        (400, "value_not_found", RejectedError, 1),
        (400, "missing_value", RejectedError, 1),
        (400, "system_edit_unauthorized", RejectedError, 1),
        (400, "standard_object_disabled", InactiveObjectError, 1),
        (400, "uniqueness_conflict", ConflictError, 1),
        (400, "quota_exceeded", QuotaError, 1),
        (401, "unauthorized", UnauthorizedError, 13),
        (403, "unauthorized", ForbiddenError, 13),
        (403, "billing_error", QuotaError, 1),
        (403, "quota_exceeded", QuotaError, 1),
        (404, "not_found", NotFoundError, 1),
        (409, "slug_conflict", ConflictError, 1),
        (409, "uniqueness_conflict", ConflictError, 1),
        (413, "validation_type", RejectedError, 1),
        (422, "some_new_code", RejectedError, 1),
        (429, "rate_limit_exceeded", RateLimitedError, 1),
        (500, "", ServerError, 1),
        (503, "", ServerError, 1),
        (302, "", UnexpectedAnswerError, 1),
    ],
)
def test_the_code_decides_and_then_the_status(
    status: int, code: str, error_class: type[ApiError], exit_code: int
) -> None:
    found = error(status, b'{"code": "%s", "message": "Because."}' % code.encode())

    assert type(found) is error_class
    assert found.exit_code == exit_code
    assert (found.status, found.code, found.message) == (status, code, "Because.")


def test_a_message_says_which_call_and_what_attio_said() -> None:
    body = b'{"type":"invalid_request_error","code":"slug_conflict","message":"Failed to create object."}'

    assert str(error(409, body)) == "POST /v2/objects: Attio answered 409 `slug_conflict`: Failed to create object"


def test_the_faults_of_a_body_are_named_one_by_one() -> None:
    body = (
        b'{"status_code":400,"type":"invalid_request_error","code":"validation_type",'
        b'"message":"Body payload validation error.","validation_errors":['
        b'{"code":"invalid_type","path":["data","title"],"message":"Required","expected":"string","received":"undefined"},'
        b'{"code":"custom","path":["data","options",0],"message":"Too long."},{"code":"invalid"}]}'
    )
    found = error(400, body)

    assert found.what == (
        "Attio answered 400 `validation_type`: Body payload validation error "
        "[`data.title`: Required (expected string, received undefined); `data.options.0`: Too long; invalid]"
    )
    assert [fault.path for fault in found.validation_errors] == [("data", "title"), ("data", "options", 0), ()]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>502 Bad Gateway</html>",
        b"null",
        b"[]",
        b'{"code": 7}',
        b'{"message": null}',
        b'{"validation_errors": {}}',
        b"\xff\xfe",
        b'{"code": "x", "mess',
    ],
)
def test_a_body_that_is_not_attios_is_no_trouble(body: bytes) -> None:
    found = error(502, body)

    assert type(found) is ServerError
    assert found.what == "Attio answered 502"


def test_one_odd_part_of_a_refusal_does_not_hide_the_others() -> None:
    body = b'{"type":7,"code":"validation_type","message":"No.","validation_errors":[{"path":"?"},{"message":"Bad."}]}'

    assert error(400, body).what == "Attio answered 400 `validation_type`: No [Bad]"


def test_a_server_error_names_the_execution_for_attios_support() -> None:
    assert "execution id 6f1d" in str(error(500, b"", **{"x-attio-execution-id": "6f1d"}))


def test_what_a_person_can_fix_comes_with_the_next_step() -> None:
    assert "Activate" in str(error(400, b'{"code": "standard_object_disabled"}').hint)
    assert "`object_configuration:read-write`" in str(error(403, b"{}").hint)
    assert "token" in str(error(401).hint)


def test_both_kinds_of_refused_credentials_are_caught_as_such() -> None:
    assert isinstance(error(401), CredentialsError)
    assert isinstance(error(403), CredentialsError)
    assert not isinstance(error(404), CredentialsError)


def test_the_tree_in_the_docstring_is_complete() -> None:
    classes = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, ApiError)]
    drawn = {line.split("── ")[1].split()[0]: line for line in str(errors.__doc__).splitlines() if "── " in line}

    assert drawn.keys() == {c.__name__ for c in classes}
    for c in classes:
        exit_code = c.exit_code.value
        assert f"exit {exit_code} " in drawn[c.__name__]
    assert {c.exit_code for c in classes} == {Exit.ERROR, Exit.CREDENTIALS}


@pytest.mark.parametrize(
    ("method", "path", "scopes"),
    [
        ("GET", "/v2/self", ()),
        ("GET", "/v2/objects", ("object_configuration:read",)),
        ("POST", "/v2/objects", ("object_configuration:read-write",)),
        ("PATCH", "/v2/objects/users", ("object_configuration:read-write",)),
        ("DELETE", "/v2/objects/cars", ("object_configuration:read-write", "record_permission:read-write")),
        ("GET", "/v2/lists/renewals/attributes/stage/statuses", ("object_configuration:read",)),
        ("POST", "/v2/objects/users/attributes", ("object_configuration:read-write",)),
        (
            "POST",
            "/v2/lists/renewals/attributes",
            ("object_configuration:read-write", "list_configuration:read-write"),
        ),
        ("PATCH", "/v2/lists/renewals/attributes/stage/statuses/Won", ("object_configuration:read-write",)),
        ("POST", "/v2/objects/users/records/query", ("record_permission:read", "object_configuration:read")),
        ("PUT", "/v2/objects/users/records/simple", ("record_permission:read-write", "object_configuration:read")),
        ("DELETE", "/v2/objects/users/records/1", ("record_permission:read-write", "object_configuration:read")),
        ("PUT", "/v2/batch/records", ("record_permission:read-write", "object_configuration:read")),
        ("GET", "/v2/lists", ("list_configuration:read",)),
        ("PATCH", "/v2/lists/renewals", ("list_configuration:read-write",)),
        ("GET", "/v2/workspace_members", ("user_management:read",)),
        ("GET", "/v2/webhooks", ("webhook:read",)),
        ("DELETE", "/v2/webhooks/w1", ("webhook:read-write",)),
    ],
)
def test_each_call_names_the_scopes_it_needs(method: Method, path: str, scopes: tuple[str, ...]) -> None:
    assert scopes_of(Request(method, path)) == scopes


def test_a_scope_for_writing_grants_reading_and_not_the_other_way_round() -> None:
    needed = ("webhook:read", "object_configuration:read-write")

    assert missing_scopes(needed, frozenset({"webhook:read-write", "object_configuration:read"})) == (
        "object_configuration:read-write",
    )
    assert missing_scopes(needed, frozenset()) == needed


def test_an_error_that_is_in_no_single_call_has_no_place() -> None:
    lone: Any = UnexpectedAnswerError("the same page twice")

    assert str(lone) == "the same page twice"
    assert (lone.status, lone.code, lone.message, lone.validation_errors) == (None, "", "", ())
