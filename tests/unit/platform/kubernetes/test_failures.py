"""Answers of the API server as errors."""

import orjson
import pytest

from kode.api.conditions import Reason
from kode.platform.kubernetes.failures import (
    Answer,
    Exists,
    Outdated,
    Refused,
    Terminating,
    Unauthorized,
    Vanished,
    error_of,
    retry_after,
)
from kode.platform.port import Expired


def _answer(status: int, **told: object) -> Answer:
    return Answer(status, orjson.dumps({"kind": "Status", **told}))


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        (_answer(409, reason="AlreadyExists"), Exists, Reason.PLATFORM_ERROR),
        (_answer(409, reason="Conflict"), Outdated, Reason.PLATFORM_ERROR),
        (_answer(404), Vanished, Reason.PLATFORM_ERROR),
        (_answer(410), Expired, Reason.EXPIRED),
        (_answer(401), Unauthorized, Reason.PLATFORM_ERROR),
        (_answer(429), Refused, Reason.PLATFORM_ERROR),
        (_answer(500), Refused, Reason.PLATFORM_ERROR),
        (_answer(503), Refused, Reason.PLATFORM_ERROR),
        (_answer(403), Refused, Reason.REJECTED),
        (_answer(422), Refused, Reason.REJECTED),
        (_answer(400), Refused, Reason.REJECTED),
        (_answer(422, details={"causes": [{"field": "spec.x"}]}), Refused, Reason.REJECTED),
        (
            _answer(422, details={"causes": [{"field": "metadata.uid"}]}),
            Outdated,
            Reason.PLATFORM_ERROR,
        ),
        (_answer(422, details="odd"), Refused, Reason.REJECTED),
        (
            _answer(403, details={"causes": [{"reason": "NamespaceTerminating"}]}),
            Terminating,
            Reason.PLATFORM_ERROR,
        ),
    ],
)
def test_an_answer_means_an_error(answer: Answer, kind: type[Exception], reason: Reason) -> None:
    error = error_of(answer, "create it")
    assert type(error) is kind
    assert error.reason is reason


def test_the_words_of_the_api_server_are_kept() -> None:
    assert str(error_of(_answer(403, message="no quota"), "create it")) == "create it: no quota"


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff plain"])
def test_a_body_that_is_no_status_is_read_all_the_same(body: bytes) -> None:
    assert "read it: " in str(error_of(Answer(500, body), "read it"))


def test_long_words_are_cut() -> None:
    assert len(str(error_of(_answer(422, message="x" * 9999), "create it"))) < 1000


@pytest.mark.parametrize(
    ("header", "seconds"), [(None, None), ("3", 3.0), ("0.5", 0.5), ("-1", 0.0), ("soon", None)]
)
def test_the_wait_that_is_asked_for_is_read(header: str | None, seconds: float | None) -> None:
    assert retry_after(header) == seconds
