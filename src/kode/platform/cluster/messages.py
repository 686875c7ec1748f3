"""What a cluster responses a person, in the product's errors and with the next step.

Rule: the only place that words responses of an API server for people.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from kode.api.conditions import Reason
from kode.api.document import KINDS
from kode.api.meta import API_VERSION, GROUP
from kode.api.spelling import field_hint
from kode.errors import Conflict, InvalidSpec, KodeError, PlatformError, RefNotFound
from kode.kube.errors import TOO_LARGE, UNTYPED, AlreadyExists, ApiConflict, ApiError, ErrorResponse
from kode.kube.resources import ObjectRef

_MOST = 10
_CONFLICT = re.compile(r'conflict with "([^"]*)"')
_UNKNOWN = re.compile(r'(unknown|duplicate) field "([^"]+)"')
_FORBIDDEN = re.compile(
    r'User "(?P<who>[^"]*)" cannot (?P<verb>\w+) resource "(?P<what>[^"]*)" in API group '
    r'"[^"]*"(?: in the namespace "(?P<where>[^"]*)")?'
)
# The value that was error; of a password not even its owner's screen needs it.
_VALUE = re.compile(r'Invalid value: "(?:[^"\\]|\\.)*": ')
_LOG_IN = (
    "the cluster does not accept your credentials; log in to it again, or choose another context"
)
_INVALID = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    }
)


@contextmanager
def translate_errors(ref: ObjectRef) -> Iterator[None]:
    """Have what is raised within status in the product's errors.

    Args:
        ref: what the requests within are about.
    """
    try:
        yield
    except ApiError as error:
        raise to_user_error(error, ref) from error


def to_user_error(error: ApiError, ref: ObjectRef) -> KodeError:
    """Return the error of the product that an response means.

    Args:
        error: the response as an error.
        ref: what was asked for.
    """
    response = error.response or ErrorResponse(HTTPStatus.INTERNAL_SERVER_ERROR)
    status = response.status
    words = str(status.get("message") or f"HTTP status {response.code}")
    found: KodeError = PlatformError(error.reason, str(error))
    if isinstance(error, AlreadyExists):
        found = Conflict(Reason.ALREADY_EXISTS, f"{ref} exists already")
    elif isinstance(error, ApiConflict):
        found = _conflict(ref, status)
    elif response.code == HTTPStatus.NOT_FOUND:
        found = _absent(ref, status)
    elif response.code in _INVALID or UNTYPED in words or TOO_LARGE in words:
        text = _fields(ref, status) or words.rpartition(UNTYPED)[2].strip()
        found = InvalidSpec(Reason.INVALID_SPEC, f"{ref}: {text}")
    elif response.code == HTTPStatus.UNAUTHORIZED:
        found = PlatformError(Reason.REJECTED, _LOG_IN)
    elif response.code == HTTPStatus.FORBIDDEN:
        found = PlatformError(Reason.REJECTED, _forbidden(words))
    return found


def field_owners(error: ApiConflict) -> dict[str, str]:
    """Return the fields of a conflict and who has set each; empty for another conflict."""
    return _owners(error.response.status if error.response else {})


def _owners(status: Mapping[str, Any]) -> dict[str, str]:
    return {
        str(cause.get("field", "")).lstrip("."): found[1]
        for cause in _causes(status)
        if (found := _CONFLICT.search(str(cause.get("message", ""))))
    }


def _conflict(ref: ObjectRef, status: Mapping[str, Any]) -> Conflict:
    fields = _owners(status)
    if not fields:
        return Conflict(
            Reason.OUTDATED,
            f"{ref} is no longer what it was when it was read: read it again, and repeat the "
            "change",
        )
    shown = ", ".join(f"{field} ({owner})" for field, owner in list(fields.items())[:_MOST])
    return Conflict(
        Reason.NOT_OWNED,
        f"{ref}: fields that somebody else has set differ: {shown}; leave them out, or take "
        "them over with --force-conflicts",
    )


def _absent(ref: ObjectRef, status: Mapping[str, Any]) -> KodeError:
    details = status.get("details")
    details = details if isinstance(details, Mapping) else {}
    if details.get("kind") == "namespaces" and ref.resource.namespaced:
        return RefNotFound(
            Reason.NOT_FOUND,
            f"namespace {ref.namespace} does not exist; make it with: kubectl create namespace "
            f"{ref.namespace}",
        )
    if not details.get("name") and ref.resource.api_version == API_VERSION:
        return PlatformError(
            Reason.PLATFORM_ERROR,
            f"the cluster does not know {ref.resource.plural}.{GROUP}; install the product there "
            "with: kubectl apply -k deploy/kustomize",
        )
    return RefNotFound(Reason.NOT_FOUND, f"there is no {ref}")


def _forbidden(words: str) -> str:
    found = _FORBIDDEN.search(words)
    if not found:
        return words
    where = f"in namespace {found['where']}" if found["where"] else "in the whole cluster"
    return (
        f"{found['who']} may not {found['verb']} {found['what']} {where}; ask an administrator "
        "of the cluster"
    )


def _fields(ref: ObjectRef, status: Mapping[str, Any]) -> str:
    words = str(status.get("message", ""))
    model = KINDS.get(ref.resource.kind)
    unknown = [
        f"{field}: there is no such field{field_hint(model, field) if model else ''}"
        if how == "unknown"
        else f"{field}: it stands there twice"
        for how, field in _UNKNOWN.findall(words)
    ]
    wrong = [
        f"{cause['field']}: {_cause(cause)}"
        for cause in _causes(status)
        if cause.get("field") not in (None, "", "<nil>")
    ]
    found = list(dict.fromkeys([*unknown, *wrong]))
    more = f"; and {len(found) - _MOST} more" if len(found) > _MOST else ""
    return "; ".join(found[:_MOST]) + more


def _cause(cause: Mapping[str, Any]) -> str:
    words = " ".join(str(cause.get("message", "")).split())
    field = str(cause["field"])
    if "password" in field.lower():
        words = _VALUE.sub("", words)
    return words.replace(f"{field} in body ", "")


def _causes(status: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    details = status.get("details")
    causes = details.get("causes") if isinstance(details, Mapping) else None
    for cause in causes if isinstance(causes, list) else []:
        if isinstance(cause, Mapping):
            yield cause
