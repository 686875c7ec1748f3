"""Reading YAML files into documents.

Rule: YAML is read as Kubernetes reads it: no timestamps, no duplicate keys, text keys only.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from kode.api.conditions import Reason
from kode.errors import InvalidSpec

_LARGEST = 10 * 2**20


class _Loader(yaml.SafeLoader):
    """SafeLoader without timestamps, and strict about keys."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[str, Any]:
    loader.flatten_mapping(node)
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            raise yaml.constructor.ConstructorError(
                None, None, f"key {key!r} is not text", key_node.start_mark
            )
        if key in result:
            raise yaml.constructor.ConstructorError(
                None, None, f"key {key} stands twice", key_node.start_mark
            )
        result[key] = loader.construct_object(value_node, deep=True)
    return result


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


class PlainDumper(yaml.SafeDumper):
    """SafeDumper that writes a value out wherever it stands, never as an anchor and aliases."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the base class asks for it
        """Return that nothing is written as an alias."""
        return True


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the documents of a file; `-` is standard input; a List is taken apart.

    Raises:
        InvalidSpec: the file cannot be read or is no YAML of objects; the message says where.
    """
    for document in _load(path):
        if document is None:
            continue
        if not isinstance(document, dict):
            raise _invalid(f"{path}: a document is {type(document).__name__}, not an object")
        if document.get("kind") == "List" and isinstance(document.get("items"), list):
            yield from (item for item in document["items"] if isinstance(item, dict))
        else:
            yield document


def _load(path: Path) -> list[Any]:
    try:
        text = sys.stdin.read(_LARGEST + 1) if str(path) == "-" else _text(path)
        if len(text) > _LARGEST:
            raise _invalid(f"{path}: larger than {_LARGEST // 2**20} MiB")
        return list(yaml.load_all(text, Loader=_Loader))
    except OSError as error:
        raise _invalid(f"{path}: {error.strerror}") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise _invalid(f"{path}: {' '.join(str(error).split())}") from None


def _text(path: Path) -> str:
    if path.stat().st_size > _LARGEST:
        raise _invalid(f"{path}: larger than {_LARGEST // 2**20} MiB")
    return path.read_text(encoding="utf-8")


def _invalid(message: str) -> InvalidSpec:
    return InvalidSpec(Reason.INVALID_SPEC, message)
