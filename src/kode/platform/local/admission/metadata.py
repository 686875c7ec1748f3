"""What the API server asks of metadata.

Rule: every problem is told with the path of its field; nothing is fixed silently.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ and
https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kode.api.document import CLUSTER_SCOPED

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_MAX_NAME = 253
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_MAX_NAMESPACE = 63
_QUALIFIED = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_MAX_QUALIFIED_NAME = 63
_MAX_ANNOTATIONS = 256 * 2**10
_MAX_SHOWN = 60

_TEXTS = frozenset(
    {
        "generateName",
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "deletionTimestamp",
        "selfLink",
    }
)
_OTHERS = frozenset(
    {
        "name",
        "namespace",
        "labels",
        "annotations",
        "finalizers",
        "ownerReferences",
        "generation",
        "deletionGracePeriodSeconds",
        "managedFields",
    }
)
_OWNER = ("apiVersion", "kind", "name", "uid")


def problems(kind: str, metadata: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the metadata of a document, each with the path of its field.

    Args:
        kind: of the document.
        metadata: without nulls; a namespaced kind has its namespace already.
    """
    yield from _name(metadata.get("name"))
    yield from _namespace(kind, metadata.get("namespace"))
    yield from _labels(metadata.get("labels", {}))
    yield from _annotations(metadata.get("annotations", {}))
    yield from _finalizers(metadata.get("finalizers", []))
    yield from _owners(metadata.get("ownerReferences", []))
    for key, value in metadata.items():
        if key in _TEXTS and not isinstance(value, str):
            yield f"metadata.{key}: must be text"
        elif key not in _TEXTS | _OTHERS:
            yield f"metadata.{_quote(key)}: unknown field"


def _name(name: object) -> Iterator[str]:
    if name is None or name == "":
        yield "metadata.name: required"
    elif not isinstance(name, str):
        yield "metadata.name: must be text"
    elif len(name) > _MAX_NAME:
        yield f"metadata.name: must be no more than {_MAX_NAME} characters"
    elif not _NAME.fullmatch(name):
        yield (
            f"metadata.name: {_quote(name)} must be of lower case letters, digits, - and ., and "
            "begin and end with a letter or a digit"
        )


def _namespace(kind: str, namespace: object) -> Iterator[str]:
    if kind in CLUSTER_SCOPED:
        if namespace not in {None, ""}:
            yield f"metadata.namespace: a {kind} has none: leave namespace out"
    elif (
        not isinstance(namespace, str)
        or len(namespace) > _MAX_NAMESPACE
        or not _NAMESPACE.fullmatch(namespace)
    ):
        yield (
            f"metadata.namespace: {_quote(namespace)} must be of at most {_MAX_NAMESPACE} "
            "lower case letters, digits and -, and begin and end with a letter or a digit"
        )


def _labels(labels: object) -> Iterator[str]:
    if not isinstance(labels, Mapping):
        yield "metadata.labels: must be an object"
        return
    for key, value in labels.items():
        yield from _key("metadata.labels", key)
        if not isinstance(value, str):
            yield f"metadata.labels: the value of {_quote(key)} must be text"
        elif value and not (len(value) <= _MAX_QUALIFIED_NAME and _QUALIFIED.fullmatch(value)):
            yield (
                f"metadata.labels: {_quote(value)} must be of at most {_MAX_QUALIFIED_NAME} "
                "letters, digits, -, _ and ., and begin and end with a letter or a digit"
            )


def _annotations(annotations: object) -> Iterator[str]:
    if not isinstance(annotations, Mapping):
        yield "metadata.annotations: must be an object"
        return
    size = 0
    for key, value in annotations.items():
        # The prefix may be of any case here, but for that the rule is that of labels.
        yield from _key("metadata.annotations", key.lower() if isinstance(key, str) else key)
        if not isinstance(value, str):
            yield f"metadata.annotations: the value of {_quote(key)} must be text"
        else:
            size += len(str(key).encode()) + len(value.encode())
    if size > _MAX_ANNOTATIONS:
        yield f"metadata.annotations: must be no more than {_MAX_ANNOTATIONS} bytes in all"


def _key(where: str, key: object) -> Iterator[str]:
    if not isinstance(key, str):
        yield f"{where}: a key must be text"
        return
    prefix, slash, name = key.rpartition("/")
    fits = len(name) <= _MAX_QUALIFIED_NAME and _QUALIFIED.fullmatch(name)
    if slash:
        fits = fits and len(prefix) <= _MAX_NAME and _NAME.fullmatch(prefix)
    if not fits:
        yield (
            f"{where}: the key {_quote(key)} must be a name of at most {_MAX_QUALIFIED_NAME} "
            "letters, digits, -, _ and ., with or without a DNS name and a / before it"
        )


def _finalizers(finalizers: object) -> Iterator[str]:
    if not isinstance(finalizers, list):
        yield "metadata.finalizers: must be a list"
        return
    for finalizer in finalizers:
        yield from _key("metadata.finalizers", finalizer)


def _owners(owners: object) -> Iterator[str]:
    if not isinstance(owners, list):
        yield "metadata.ownerReferences: must be a list"
        return
    for number, owner in enumerate(owners):
        where = f"metadata.ownerReferences[{number}]"
        if not isinstance(owner, Mapping):
            yield f"{where}: must be an object"
            continue
        for key in _OWNER:
            if not isinstance(owner.get(key), str) or not owner[key]:
                yield f"{where}.{key}: required"


def _quote(value: object) -> str:
    text = value if isinstance(value, str) else f"({type(value).__name__})"
    short = text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."
    return short if short.isprintable() else ascii(short)
