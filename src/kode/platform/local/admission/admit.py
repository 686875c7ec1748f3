"""What the API server would do with a document before it stores it.

Rule: what it refuses is refused, naming each wrong field; what it would fill in is filled in; so
that a document reads back the same on a cluster and on the local platform.
"""

from collections.abc import Mapping
from typing import Any

from kode.api.conditions import Reason
from kode.api.document import KINDS, complete_version, parse
from kode.api.meta import API_VERSION, Object
from kode.api.spelling import kind_hint
from kode.errors import InvalidSpec
from kode.json_values import find_unencodable
from kode.names import DEFAULT_NAMESPACE
from kode.platform.local.admission import core_kinds, metadata, schemas
from kode.platform.local.store.objects import STORED, Document, Key, dumps

_MAX_BYTES = 3 * 2**19
"""Bytes of a document as JSON: what etcd takes."""
_MAX_DEPTH = 100
_INTEGERS = range(-(2**63), 2**64)
_MAX_PROBLEMS = 8


def normalize(document: object) -> tuple[Document, tuple[str, ...]]:
    """Return a document with its full apiVersion and its namespace, and what to say about that.

    Raises:
        InvalidSpec: it is no object of a kind that is stored, or its metadata is wrong.
    """
    if not isinstance(document, Mapping):
        raise _invalid_spec(["a document must be an object"])
    made, warning = complete_version(document)
    kind, version = made.get("kind"), made.get("apiVersion")
    expected = API_VERSION if kind in KINDS else "v1"
    if not isinstance(kind, str) or kind not in STORED or version != expected:
        advice = f"must be one of {', '.join(KINDS)} of {API_VERSION}, or Secret of v1"
        hint = kind_hint(kind, KINDS)
        raise _invalid_spec(
            [f"kind {_format_value(kind)} of apiVersion {_format_value(version)}: {advice}{hint}"]
        )
    fields = made.get("metadata")
    if not isinstance(fields, Mapping):
        raise _invalid_spec(
            ["metadata: must be an object" if fields is not None else "metadata: required"]
        )
    unclean = list(find_unencodable(made, max_depth=_MAX_DEPTH, integers=_INTEGERS))
    if unclean:
        raise _invalid_spec(unclean)
    kept = {key: value for key, value in fields.items() if value is not None}
    if not kept.get("namespace"):
        kept.pop("namespace", None)
        if Key(kind, "", "").namespaced:
            kept["namespace"] = DEFAULT_NAMESPACE
    wrong = list(metadata.problems(kind, kept))
    if kind != "Kode" and kind in KINDS and "status" in made:
        wrong.append("status: unknown field")
    made = {**made, "metadata": kept}
    if wrong:
        raise _invalid_spec([*wrong, *_spec_problems(made, None)])
    made["metadata"].pop("managedFields", None)
    made.pop("status", None)
    return made, (warning,) if warning else ()


def is_namespace(document: object) -> bool:
    """Tell whether a document is a Namespace."""
    return isinstance(document, Mapping) and document.get("kind") == "Namespace"


def namespace(document: Object) -> Document:
    """Return a Namespace as it stands: here every name of one is there already.

    Raises:
        InvalidSpec: it has no name that one can have.
    """
    fields = document.get("metadata")
    name = fields.get("name") if isinstance(fields, Mapping) else None
    wrong = list(metadata.problems("Secret", {"name": "x", "namespace": name or ""}))
    if document.get("apiVersion") != "v1":
        wrong.append(
            f"apiVersion {_format_value(document.get('apiVersion'))}: must be v1 for a Namespace"
        )
    if wrong:
        raise _invalid_spec([it.replace("metadata.namespace", "metadata.name") for it in wrong])
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def admit(document: Document, live: Object | None) -> Document:
    """Return a document that has its place as it is to be stored.

    Args:
        document: what is to be stored, status aside.
        live: what stands there now.

    Raises:
        InvalidSpec: with every field that is wrong.
    """
    kind = document["kind"]
    wrong = _spec_problems(document, live)
    if wrong:
        raise _invalid_spec(wrong)
    if kind in KINDS:
        schema = schemas.of(kind)
        made = schemas.with_defaults(schemas.without_nulls(document, schema), schema)
    else:
        made = core_kinds.fill_defaults(document)
    size = len(dumps(made))
    if size > _MAX_BYTES:
        raise _invalid_spec([f"the document has {size} bytes as JSON; the limit is {_MAX_BYTES}"])
    return dict(made)


def _spec_problems(document: Document, live: Object | None) -> list[str]:
    if document["kind"] not in KINDS:
        return list(core_kinds.problems(document, live))
    try:
        # Its metadata is judged elsewhere, and more strictly.
        parse({**{k: v for k, v in document.items() if k != "status"}, "metadata": {}})
    except InvalidSpec as error:
        return [error.message]
    return []


def _invalid_spec(wrong: list[str]) -> InvalidSpec:
    shown = wrong[:_MAX_PROBLEMS]
    if len(wrong) > _MAX_PROBLEMS:
        shown.append(f"and {len(wrong) - _MAX_PROBLEMS} more")
    message = "; ".join(shown)
    # A key of a document can be anything; what a terminal would obey is spelled out.
    printable = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in message)
    return InvalidSpec(Reason.INVALID_SPEC, printable)


def _format_value(value: Any) -> str:
    if value is None:
        return "(none)"
    return ascii(value[:80])[1:-1] if isinstance(value, str) else f"({type(value).__name__})"
