"""What the API server answers when it does not do what it was asked, as errors of the product.

Rule: the only place that reads status codes and metav1.Status; everything behind it sees errors.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/ and
https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#response-status-kind
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson

from kode.api.conditions import Reason
from kode.errors import PlatformError
from kode.platform.port import Expired

_PASSING = frozenset({429, 500, 502, 503, 504})

UNTYPED = "failed to create typed patch object"
"""How an API server refuses an apply of unknown fields; it calls that an error of its own."""

TOO_LARGE = "request is too large"
"""How its store refuses an object; that is no error of its own either."""

_TERMINATING = "NamespaceTerminating"
_UID = ("field", "metadata.uid")
"""How a merge patch with the uid of an object that was replaced by another is refused."""
_LONGEST_WORDS = 900
_WARNING = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')


class Refused(PlatformError):
    """An answer of the API server that is no success."""

    answer: "Answer | None" = None
    """The answer, where there was one."""


class Exists(Refused):
    """An object of that name stands there already."""


class Outdated(Refused):
    """The object is not what it was when it was read; gather again."""


class Vanished(Refused):
    """The object, or the collection, is not there."""


class Unauthorized(Refused):
    """The credentials are not accepted."""


class Terminating(Refused):
    """Nothing new is made in a namespace that is being deleted."""


class NotLeading(PlatformError):
    """This replica may not write now."""


_ERRORS: dict[int, type[Refused]] = {
    HTTPStatus.CONFLICT: Outdated,
    HTTPStatus.NOT_FOUND: Vanished,
    HTTPStatus.UNAUTHORIZED: Unauthorized,
}


@dataclass(frozen=True)
class Answer:
    """An answer of the API server that is no success.

    Attributes:
        status: the HTTP status code.
        body: the body, by rule a metav1.Status.
        retry_after: seconds that the server asks to wait; None where it does not say.
    """

    status: int
    body: bytes = field(default=b"", repr=False)
    retry_after: float | None = None

    @property
    def told(self) -> Mapping[str, Any]:
        """The metav1.Status, or something like one."""
        try:
            told = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return {"message": self.body[:_LONGEST_WORDS].decode("utf-8", "replace").strip()}
        return told if isinstance(told, dict) else {}


def passes(answer: Answer) -> bool:
    """Tell whether an answer is about trouble that passes by itself."""
    words = str(answer.told.get("message"))
    return answer.status in _PASSING and UNTYPED not in words and TOO_LARGE not in words


def error_of(answer: Answer, what: str) -> PlatformError:
    """Return the error that an answer means.

    Args:
        answer: the answer.
        what: what was asked, for example "create Secret team-a/dev-auth".
    """
    told = answer.told
    words = str(told.get("message") or f"HTTP status {answer.status}")[:_LONGEST_WORDS]
    text = f"{what}: {words}"
    if answer.status == HTTPStatus.GONE:
        return Expired(Reason.EXPIRED, text)
    found = _ERRORS.get(answer.status, Refused)
    if answer.status == HTTPStatus.CONFLICT and told.get("reason") == "AlreadyExists":
        found = Exists
    elif answer.status == HTTPStatus.UNPROCESSABLE_ENTITY and _has_cause(told, *_UID):
        found = Outdated
    elif answer.status == HTTPStatus.FORBIDDEN and _has_cause(told, "reason", _TERMINATING):
        found = Terminating
    known = found is not Refused or passes(answer)
    error = found(Reason.PLATFORM_ERROR if known else Reason.REJECTED, text)
    error.answer = answer
    return error


def retry_after(header: str | None) -> float | None:
    """Return the seconds of a Retry-After header; None where it names none."""
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:
        return None


def warnings(headers: Iterable[str]) -> tuple[str, ...]:
    """Return the texts of Warning headers (RFC 7234: a code, an agent and a quoted text)."""
    return tuple(
        re.sub(r"\\(.)", r"\1", text) for header in headers for text in _WARNING.findall(header)
    )


def _has_cause(told: Mapping[str, Any], key: str, value: str) -> bool:
    details = told.get("details")
    causes = details.get("causes") if isinstance(details, dict) else None
    return any(isinstance(cause, dict) and cause.get(key) == value for cause in causes or ())
