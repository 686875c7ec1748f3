"""What a cluster answers a person, in the product's errors and with the next step.

Rule: the only place that words answers of an API server for people.
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
from kode.platform.kubernetes.failures import TOO_LARGE, UNTYPED, Answer, Exists, Outdated, Refused
from kode.platform.kubernetes.objects import Spot

_MOST = 10
_CONFLICT = re.compile(r'conflict with "([^"]*)"')
_UNKNOWN = re.compile(r'(unknown|duplicate) field "([^"]+)"')
_FORBIDDEN = re.compile(
    r'User "(?P<who>[^"]*)" cannot (?P<verb>\w+) resource "(?P<what>[^"]*)" in API group '
    r'"[^"]*"(?: in the namespace "(?P<where>[^"]*)")?'
)
# The value that was refused; of a password not even its owner's screen needs it.
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
def about(spot: Spot) -> Iterator[None]:
    """Have what is raised within told in the product's errors.

    Args:
        spot: what the requests within are about.
    """
    try:
        yield
    except Refused as refused:
        raise meaning(refused, spot) from refused


def meaning(refused: Refused, spot: Spot) -> KodeError:
    """Return the error of the product that an answer means.

    Args:
        refused: the answer as an error.
        spot: what was asked for.
    """
    answer = refused.answer or Answer(HTTPStatus.INTERNAL_SERVER_ERROR)
    told = answer.told
    words = str(told.get("message") or f"HTTP status {answer.status}")
    found: KodeError = PlatformError(refused.reason, str(refused))
    if isinstance(refused, Exists):
        found = Conflict(Reason.ALREADY_EXISTS, f"{spot} exists already")
    elif isinstance(refused, Outdated):
        found = _conflict(spot, told)
    elif answer.status == HTTPStatus.NOT_FOUND:
        found = _absent(spot, told)
    elif answer.status in _INVALID or UNTYPED in words or TOO_LARGE in words:
        text = _fields(spot, told) or words.rpartition(UNTYPED)[2].strip()
        found = InvalidSpec(Reason.INVALID_SPEC, f"{spot}: {text}")
    elif answer.status == HTTPStatus.UNAUTHORIZED:
        found = PlatformError(Reason.REJECTED, _LOG_IN)
    elif answer.status == HTTPStatus.FORBIDDEN:
        found = PlatformError(Reason.REJECTED, _forbidden(words))
    return found


def owners(refused: Outdated) -> dict[str, str]:
    """Return the fields of a conflict and who has set each; empty for another conflict."""
    return _owners(refused.answer.told if refused.answer else {})


def _owners(told: Mapping[str, Any]) -> dict[str, str]:
    return {
        str(cause.get("field", "")).lstrip("."): found[1]
        for cause in _causes(told)
        if (found := _CONFLICT.search(str(cause.get("message", ""))))
    }


def _conflict(spot: Spot, told: Mapping[str, Any]) -> Conflict:
    fields = _owners(told)
    if not fields:
        return Conflict(
            Reason.OUTDATED,
            f"{spot} is no longer what it was when it was read: read it again, and repeat the "
            "change",
        )
    shown = ", ".join(f"{field} ({owner})" for field, owner in list(fields.items())[:_MOST])
    return Conflict(
        Reason.NOT_OWNED,
        f"{spot}: fields that somebody else has set differ: {shown}; leave them out, or take "
        "them over with --force-conflicts",
    )


def _absent(spot: Spot, told: Mapping[str, Any]) -> KodeError:
    details = told.get("details")
    details = details if isinstance(details, Mapping) else {}
    if details.get("kind") == "namespaces" and spot.kind.namespaced:
        return RefNotFound(
            Reason.NOT_FOUND,
            f"namespace {spot.namespace} does not exist; make it with: kubectl create namespace "
            f"{spot.namespace}",
        )
    if not details.get("name") and spot.kind.api_version == API_VERSION:
        return PlatformError(
            Reason.PLATFORM_ERROR,
            f"the cluster does not know {spot.kind.plural}.{GROUP}; install the product there "
            "with: kubectl apply -k deploy/kustomize",
        )
    return RefNotFound(Reason.NOT_FOUND, f"there is no {spot}")


def _forbidden(words: str) -> str:
    found = _FORBIDDEN.search(words)
    if not found:
        return words
    where = f"in namespace {found['where']}" if found["where"] else "in the whole cluster"
    return (
        f"{found['who']} may not {found['verb']} {found['what']} {where}; ask an administrator "
        "of the cluster"
    )


def _fields(spot: Spot, told: Mapping[str, Any]) -> str:
    words = str(told.get("message", ""))
    model = KINDS.get(spot.kind.name)
    unknown = [
        f"{field}: there is no such field{field_hint(model, field) if model else ''}"
        if how == "unknown"
        else f"{field}: it stands there twice"
        for how, field in _UNKNOWN.findall(words)
    ]
    wrong = [
        f"{cause['field']}: {_cause(cause)}"
        for cause in _causes(told)
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


def _causes(told: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    details = told.get("details")
    causes = details.get("causes") if isinstance(details, Mapping) else None
    for cause in causes if isinstance(causes, list) else []:
        if isinstance(cause, Mapping):
            yield cause
