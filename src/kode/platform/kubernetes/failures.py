"""What the API server answers when it does not do what it was asked, as errors of the product.

Rule: the only place that reads status codes and metav1.Status; everything behind it sees errors.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/ and
https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#response-status-kind
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson

from kode.api.conditions import Reason
from kode.errors import PlatformError
from kode.platform.port import Expired

RETRIED = frozenset({429, 500, 502, 503, 504})
"""Status codes of trouble that passes by itself."""

_LONGEST_WORDS = 900


class Exists(PlatformError):
    """An object of that name stands there already."""


class Outdated(PlatformError):
    """The object is not what it was when it was read; gather again."""


class Vanished(PlatformError):
    """The object, or the collection, is not there."""


class Unauthorized(PlatformError):
    """The credentials are not accepted."""


class NotLeading(PlatformError):
    """This replica may not write now."""


_ERRORS: dict[int, type[PlatformError]] = {
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
    body: bytes = b""
    retry_after: float | None = None


def error_of(answer: Answer, what: str) -> PlatformError:
    """Return the error that an answer means.

    Args:
        answer: the answer.
        what: what was asked, for example "create Secret team-a/dev-auth".
    """
    told = _told(answer.body)
    words = str(told.get("message") or f"HTTP status {answer.status}")[:_LONGEST_WORDS]
    reason = told.get("reason")
    text = f"{what}: {words}"
    if answer.status == HTTPStatus.CONFLICT and reason == "AlreadyExists":
        return Exists(Reason.PLATFORM_ERROR, text)
    if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY and _about_uid(told):
        return Outdated(Reason.PLATFORM_ERROR, text)
    if answer.status == HTTPStatus.GONE:
        return Expired(Reason.EXPIRED, text)
    found = _ERRORS.get(answer.status)
    if found or answer.status in RETRIED:
        return (found or PlatformError)(Reason.PLATFORM_ERROR, text)
    return PlatformError(Reason.REJECTED, text)


def retry_after(header: str | None) -> float | None:
    """Return the seconds of a Retry-After header; None where it names none."""
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:
        return None


def _told(body: bytes) -> Mapping[str, Any]:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {"message": body[:_LONGEST_WORDS].decode("utf-8", "replace").strip()}
    return told if isinstance(told, dict) else {}


def _about_uid(told: Mapping[str, Any]) -> bool:
    # A merge patch with the uid of an object that was replaced by another is refused this way.
    details = told.get("details")
    causes = details.get("causes") if isinstance(details, dict) else None
    return any(
        isinstance(cause, dict) and cause.get("field") == "metadata.uid" for cause in causes or ()
    )
