"""Errors of an API server as the product's errors, in messages for users.

Rule: the only place that turns a response into a message: what happened, to what, what to do.
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
from kode.api.unstructured import get_dict, get_dicts
from kode.errors import Conflict, InvalidSpec, KodeError, PlatformError, RefNotFound
from kode.kube.errors import TOO_LARGE, UNTYPED, AlreadyExists, ApiConflict, ApiError, ErrorResponse
from kode.kube.resources import ObjectRef

_MAX_CAUSES = 10
_CONFLICT = re.compile(r'conflict with "([^"]*)"')
_UNKNOWN = re.compile(r'(unknown|duplicate) field "([^"]+)"')
_FORBIDDEN = re.compile(
    r'User "(?P<who>[^"]*)" cannot (?P<verb>\w+) resource "(?P<what>[^"]*)" in API group '
    r'"[^"]*"(?: in the namespace "(?P<where>[^"]*)")?'
)
# The rejected value: a password is not printed, not even to its owner.
_VALUE = re.compile(r'Invalid value: "(?:[^"\\]|\\.)*": ')
_LOG_IN = (
    "the cluster rejected your credentials; log in again, or select another context with --context"
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
    """Raise the API errors of a block as the product's errors.

    Args:
        ref: the object that its requests are about.
    """
    try:
        yield
    except ApiError as error:
        raise to_user_error(error, ref) from error


def to_user_error(error: ApiError, ref: ObjectRef) -> KodeError:
    """Return the product's error for an error of the API server.

    Args:
        error: the response as an error.
        ref: the requested object.
    """
    response = error.response or ErrorResponse(HTTPStatus.INTERNAL_SERVER_ERROR)
    status = response.status
    message = str(status.get("message") or f"HTTP status {response.code}")
    translated: KodeError = PlatformError(error.reason, str(error))
    if isinstance(error, AlreadyExists):
        translated = Conflict(Reason.ALREADY_EXISTS, f"{ref} already exists")
    elif isinstance(error, ApiConflict):
        translated = _conflict(ref, status)
    elif response.code == HTTPStatus.NOT_FOUND:
        translated = _not_found(ref, status)
    elif response.code in _INVALID or UNTYPED in message or TOO_LARGE in message:
        text = _fields(ref, status) or message.rpartition(UNTYPED)[2].strip()
        translated = InvalidSpec(Reason.INVALID_SPEC, f"{ref}: {text}")
    elif response.code == HTTPStatus.UNAUTHORIZED:
        translated = PlatformError(Reason.REJECTED, _LOG_IN)
    elif response.code == HTTPStatus.FORBIDDEN:
        translated = PlatformError(Reason.REJECTED, _forbidden(message))
    return translated


def field_owners(error: ApiConflict) -> dict[str, str]:
    """Return the fields of a conflict and their field managers; empty for another conflict."""
    return _owners(error.response.status if error.response else {})


def _owners(status: Mapping[str, Any]) -> dict[str, str]:
    return {
        str(cause.get("field", "")).lstrip("."): match[1]
        for cause in _causes(status)
        if (match := _CONFLICT.search(str(cause.get("message", ""))))
    }


def _conflict(ref: ObjectRef, status: Mapping[str, Any]) -> Conflict:
    fields = _owners(status)
    if not fields:
        return Conflict(
            Reason.OUTDATED,
            f"{ref} was modified since it was read; get it again and retry",
        )
    shown = ", ".join(f"{field} ({owner})" for field, owner in list(fields.items())[:_MAX_CAUSES])
    return Conflict(
        Reason.NOT_OWNED,
        f"{ref}: fields are owned by other field managers: {shown}; leave them out, or take "
        "them over with --force-conflicts",
    )


def _not_found(ref: ObjectRef, status: Mapping[str, Any]) -> KodeError:
    details = get_dict(status, "details")
    if details.get("kind") == "namespaces" and ref.resource.namespaced:
        return RefNotFound(
            Reason.NOT_FOUND,
            f"namespace {ref.namespace} does not exist; create it with: kubectl create namespace "
            f"{ref.namespace}",
        )
    if not details.get("name") and ref.resource.api_version == API_VERSION:
        return PlatformError(
            Reason.PLATFORM_ERROR,
            f"the cluster has no resource {ref.resource.plural}.{GROUP}; install Kode on it with: "
            "kubectl apply -k deploy/kustomize",
        )
    return RefNotFound(Reason.NOT_FOUND, f"{ref} does not exist")


def _forbidden(message: str) -> str:
    match = _FORBIDDEN.search(message)
    if not match:
        return message
    scope = f"in namespace {match['where']}" if match["where"] else "in all namespaces"
    return (
        f"{match['who']} may not {match['verb']} {match['what']} {scope}; ask an administrator "
        "of the cluster for a role"
    )


def _fields(ref: ObjectRef, status: Mapping[str, Any]) -> str:
    message = str(status.get("message", ""))
    model = KINDS.get(ref.resource.kind)
    unknown = [
        f"{field}: unknown field{field_hint(model, field) if model else ''}"
        if problem == "unknown"
        else f"{field}: duplicate field"
        for problem, field in _UNKNOWN.findall(message)
    ]
    invalid = [
        f"{cause['field']}: {_cause(cause)}"
        for cause in _causes(status)
        if cause.get("field") not in (None, "", "<nil>")
    ]
    causes = list(dict.fromkeys([*unknown, *invalid]))
    more = f"; and {len(causes) - _MAX_CAUSES} more" if len(causes) > _MAX_CAUSES else ""
    return "; ".join(causes[:_MAX_CAUSES]) + more


def _cause(cause: Mapping[str, Any]) -> str:
    message = " ".join(str(cause.get("message", "")).split())
    field = str(cause["field"])
    if "password" in field.lower():
        message = _VALUE.sub("", message)
    return message.replace(f"{field} in body ", "")


def _causes(status: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return get_dicts(get_dict(status, "details"), "causes")
