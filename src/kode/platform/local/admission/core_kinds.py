"""Secrets and claims, as far as one machine needs them.

Rule: what the API server refuses in them is refused here, by the path of the field.

Source: https://kubernetes.io/docs/concepts/configuration/secret/
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from kode.api.document import problems as told
from kode.api.kode import StorageResources
from kode.api.meta import Model, Object, ObjectName
from kode.platform.local.store.objects import CLAIM, SECRET, Document

_KEY = re.compile(r"[-._A-Za-z0-9]{1,253}")
_MAX_BYTES = 2**20
_ASIDE = frozenset({"apiVersion", "kind", "metadata", "status"})


class _ClaimSpec(Model):
    access_modes: Annotated[
        list[Literal["ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany", "ReadOnlyMany"]],
        Field(min_length=1, max_length=4),
    ]
    resources: StorageResources
    storage_class_name: ObjectName | None = None


class _Claim(Model):
    spec: _ClaimSpec


def fill_defaults(document: Document) -> Document:
    """Return a Secret with its texts moved into data and its type; a claim as it is."""
    if document["kind"] == CLAIM:
        return document
    return {"type": "Opaque", **encode_string_data(document)}


def encode_string_data(document: Document) -> Document:
    """Return a Secret with its texts moved into data; what is odd, as it is."""
    texts, data = document.get("stringData"), document.get("data", {})
    if (
        document["kind"] != SECRET
        or not isinstance(texts, Mapping)
        or not isinstance(data, Mapping)
    ):
        return document
    if not all(isinstance(text, str) for text in texts.values()):
        return document
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
    rest = {key: value for key, value in document.items() if key != "stringData"}
    return {**rest, "data": {**data, **encoded}}


def problems(document: Document, live: Object | None) -> Iterator[str]:
    """Yield what is wrong with a Secret or a claim, before it is completed.

    Args:
        document: what is written.
        live: what stands there.
    """
    content = {key: value for key, value in document.items() if key not in _ASIDE}
    if document["kind"] == CLAIM:
        yield from _claim(content, live)
    else:
        yield from _secret(content, live)


def _claim(content: Document, live: Object | None) -> Iterator[str]:
    try:
        _Claim.model_validate(content, by_alias=True, by_name=False)
    except ValidationError as error:
        yield told(error)
        return
    for field in ("accessModes", "storageClassName"):
        if live and content["spec"].get(field) != live["spec"].get(field):
            yield f"spec.{field}: cannot be changed on an existing claim"


def _secret(content: Document, live: Object | None) -> Iterator[str]:
    for key in content:
        if key not in {"data", "stringData", "type", "immutable"}:
            yield f"{key}: unknown field"
    size = 0
    for field in ("data", "stringData"):
        entries = content.get(field, {})
        if not isinstance(entries, Mapping):
            yield f"{field}: must be an object"
            continue
        for key, value in entries.items():
            yield from _entry(field, key, value)
            size += len(value) if isinstance(value, str) else 0
    if size > _MAX_BYTES:
        yield f"data: must be no more than {_MAX_BYTES} bytes in all"
    yield from _check_immutable(content, live)


def _entry(field: str, key: object, value: object) -> Iterator[str]:
    if not isinstance(key, str) or not _KEY.fullmatch(key) or key in {".", ".."}:
        yield f"{field}: a key must be of at most 253 letters, digits, -, _ and ."
    elif not isinstance(value, str):
        yield f"{field}.{key}: must be text"
    elif field == "data" and not _is_base64(value):
        yield f"{field}.{key}: must be base64; plain text goes into stringData"


def _check_immutable(content: Document, live: Object | None) -> Iterator[str]:
    if not isinstance(content.get("type", ""), str):
        yield "type: must be text"
    elif live and content.get("type", "Opaque") != live.get("type"):
        yield "type: cannot be changed on an existing Secret"
    if not isinstance(content.get("immutable", False), bool):
        yield "immutable: must be true or false"
    elif live and live.get("immutable"):
        kept: dict[str, Any] = fill_defaults({"kind": "Secret", **content})
        if kept.get("data") != live.get("data") or not content.get("immutable"):
            yield "data: cannot be changed: the Secret is immutable"


def _is_base64(value: str) -> bool:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True
