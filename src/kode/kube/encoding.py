"""Documents on their way to an API server.

Rule: what JSON cannot say, or a path cannot name, is refused here by the path of the field; all
else is the API server's to judge.
"""

import itertools
import json
import re
from collections.abc import Mapping
from typing import Any

from kode.errors import InvalidSpec, Reason
from kode.json_values import find_unencodable
from kode.kube.resources import Object, Resource

_MAX_DEPTH = 500
_INTEGERS = range(-(2**63), 2**63)
_MAX_PROBLEMS = 10
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def encode(document: Object) -> bytes:
    """Return a document as JSON.

    Raises:
        InvalidSpec: JSON, or the API server's reading of it, cannot say it.
    """
    problems = find_unencodable(document, max_depth=_MAX_DEPTH, integers=_INTEGERS)
    wrong = list(itertools.islice(problems, _MAX_PROBLEMS))
    if wrong:
        raise InvalidSpec(Reason.INVALID_SPEC, "; ".join(wrong))
    return json.dumps(
        document, default=dict, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    ).encode()


def is_name(name: str) -> bool:
    """Tell whether a name can stand in a path."""
    return bool(name) and name not in (".", "..") and not set(name) & set("/%")


def check_object_path(resource: Resource, metadata: Mapping[str, Any]) -> None:
    """Refuse a name or a namespace that no object of a kind can have.

    Raises:
        InvalidSpec: the message names the field.
    """
    name, namespace = metadata.get("name"), metadata.get("namespace")
    problem = ""
    if not name:
        problem = "metadata.name: missing"
    elif not isinstance(name, str) or not is_name(name):
        problem = f"metadata.name: {name!r} is not a valid name"
    elif namespace and not resource.namespaced:
        problem = f"metadata.namespace: a {resource.kind} has no namespace; leave it out"
    elif namespace and not (isinstance(namespace, str) and _NAMESPACE.fullmatch(namespace)):
        problem = f"metadata.namespace: {namespace!r} is not a valid namespace name"
    if problem:
        raise InvalidSpec(Reason.INVALID_SPEC, f"{resource.kind}: {problem}")
