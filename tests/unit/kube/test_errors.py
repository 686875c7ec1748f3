"""Answers of the API server as errors."""

import orjson
import pytest

from kode.api.conditions import Reason
from kode.errors import Expired
from kode.kube.errors import (
    AlreadyExists,
    ApiConflict,
    ApiError,
    ErrorResponse,
    NamespaceTerminating,
    NotFound,
    Unauthorized,
    parse_retry_after,
    to_error,
)


def _answer(status: int, **told: object) -> ErrorResponse:
    return ErrorResponse(status, orjson.dumps({"kind": "Status", **told}))


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        (_answer(409, reason="AlreadyExists"), AlreadyExists, Reason.PLATFORM_ERROR),
        (_answer(409, reason="Conflict"), ApiConflict, Reason.PLATFORM_ERROR),
        (_answer(404), NotFound, Reason.PLATFORM_ERROR),
        (_answer(410), Expired, Reason.EXPIRED),
        (_answer(401), Unauthorized, Reason.PLATFORM_ERROR),
        (_answer(429), ApiError, Reason.PLATFORM_ERROR),
        (_answer(500), ApiError, Reason.PLATFORM_ERROR),
        (_answer(503), ApiError, Reason.PLATFORM_ERROR),
        (_answer(403), ApiError, Reason.REJECTED),
        (_answer(422), ApiError, Reason.REJECTED),
        (_answer(400), ApiError, Reason.REJECTED),
        (_answer(422, details={"causes": [{"field": "spec.x"}]}), ApiError, Reason.REJECTED),
        (
            _answer(422, details={"causes": [{"field": "metadata.uid"}]}),
            ApiConflict,
            Reason.PLATFORM_ERROR,
        ),
        (_answer(422, details="odd"), ApiError, Reason.REJECTED),
        (
            _answer(403, details={"causes": [{"reason": "NamespaceTerminating"}]}),
            NamespaceTerminating,
            Reason.PLATFORM_ERROR,
        ),
    ],
)
def test_an_answer_means_an_error(
    answer: ErrorResponse, kind: type[Exception], reason: Reason
) -> None:
    error = to_error(answer, "create it")
    assert type(error) is kind
    assert error.reason is reason


def test_the_words_of_the_api_server_are_kept() -> None:
    assert str(to_error(_answer(403, message="no quota"), "create it")) == "create it: no quota"


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff plain"])
def test_a_body_that_is_no_status_is_read_all_the_same(body: bytes) -> None:
    assert "read it: " in str(to_error(ErrorResponse(500, body), "read it"))


def test_long_words_are_cut() -> None:
    assert len(str(to_error(_answer(422, message="x" * 9999), "create it"))) < 1000


@pytest.mark.parametrize(
    ("header", "seconds"), [(None, None), ("3", 3.0), ("0.5", 0.5), ("-1", 0.0), ("soon", None)]
)
def test_the_wait_that_is_asked_for_is_read(header: str | None, seconds: float | None) -> None:
    assert parse_retry_after(header) == seconds
