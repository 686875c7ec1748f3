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

from kode.errors import Expired, PlatformError, Reason

_RETRYABLE = frozenset({429, 500, 502, 503, 504})

UNTYPED = "failed to create typed patch object"
"""How an API server refuses an apply of unknown fields; it calls that an error of its own."""

TOO_LARGE = "request is too large"
"""How its store refuses an object; that is no error of its own either."""

_TERMINATING = "NamespaceTerminating"
_UID = ("field", "metadata.uid")
"""How a merge patch with the uid of an object that was replaced by another is refused."""
_MAX_MESSAGE = 900
_WARNING = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')


class ApiError(PlatformError):
    """The API server refused a request, or failed."""

    response: "ErrorResponse | None" = None
    """The response, where there was one."""


class AlreadyExists(ApiError):
    """An object of that name exists already."""


class ApiConflict(ApiError):
    """The object has changed since it was read, or somebody else owns its fields."""


class NotFound(ApiError):
    """The object, or the collection, is not there."""


class Unauthorized(ApiError):
    """The credentials are not accepted."""


class NamespaceTerminating(ApiError):
    """Nothing new is made in a namespace that is being deleted."""


class NotLeader(PlatformError):
    """This replica may not write now."""


_ERRORS: dict[int, type[ApiError]] = {
    HTTPStatus.CONFLICT: ApiConflict,
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.UNAUTHORIZED: Unauthorized,
}


@dataclass(frozen=True)
class ErrorResponse:
    """A response of the API server that is not a success.

    Attributes:
        code: the HTTP status code.
        body: the body, by rule a metav1.Status.
        retry_after: seconds that the server asks to wait; None where it does not say.
    """

    code: int
    body: bytes = field(default=b"", repr=False)
    retry_after: float | None = None

    @property
    def status(self) -> Mapping[str, Any]:
        """The metav1.Status, or something like one."""
        try:
            status = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return {"message": self.body[:_MAX_MESSAGE].decode("utf-8", "replace").strip()}
        return status if isinstance(status, dict) else {}


def is_retryable(response: ErrorResponse) -> bool:
    """Tell whether a response is about trouble that passes by itself."""
    message = str(response.status.get("message"))
    return response.code in _RETRYABLE and UNTYPED not in message and TOO_LARGE not in message


def to_error(response: ErrorResponse, what: str) -> PlatformError:
    """Return the error that a response means.

    Args:
        response: the response.
        what: what was asked, for example "create Secret team-a/dev-auth".
    """
    status, code = response.status, response.code
    message = str(status.get("message") or f"HTTP status {code}")[:_MAX_MESSAGE]
    text = f"{what}: {message}"
    if code == HTTPStatus.GONE:
        return Expired(Reason.EXPIRED, text)
    class_ = _ERRORS.get(code, ApiError)
    if code == HTTPStatus.CONFLICT and status.get("reason") == "AlreadyExists":
        class_ = AlreadyExists
    elif code == HTTPStatus.UNPROCESSABLE_ENTITY and _has_cause(status, *_UID):
        class_ = ApiConflict
    elif code == HTTPStatus.FORBIDDEN and _has_cause(status, "reason", _TERMINATING):
        class_ = NamespaceTerminating
    known = class_ is not ApiError or is_retryable(response)
    error = class_(Reason.PLATFORM_ERROR if known else Reason.REJECTED, text)
    error.response = response
    return error


def parse_retry_after(header: str | None) -> float | None:
    """Return the seconds of a Retry-After header; None where it names none."""
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:
        return None


def parse_warnings(headers: Iterable[str]) -> tuple[str, ...]:
    """Return the texts of Warning headers (RFC 7234: a code, an agent and a quoted text)."""
    return tuple(
        re.sub(r"\\(.)", r"\1", text) for header in headers for text in _WARNING.findall(header)
    )


def _has_cause(status: Mapping[str, Any], key: str, value: str) -> bool:
    details = status.get("details")
    causes = details.get("causes") if isinstance(details, dict) else None
    return any(isinstance(cause, dict) and cause.get(key) == value for cause in causes or ())
