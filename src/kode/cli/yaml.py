"""Reading and writing YAML documents.

Rule: YAML is read as Kubernetes reads it: no timestamps, no base-60 numbers, no duplicate keys,
string keys only; and aliases cannot make a document larger than its limit.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from kode.api.conditions import Reason
from kode.errors import InvalidSpec

_MAX_BYTES = 10 * 2**20
_MAX_NODES = 200_000
"""Values of one document, each alias counted as the values that it refers to."""

_SURROGATE = re.compile(r"[\ud800-\udfff]")
_INT = re.compile(r"[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]*|[1-9][0-9_]*)\Z")
_FLOAT = re.compile(
    r"[-+]?((\.[0-9]+|[0-9]+\.[0-9_]*)([eE][-+]?[0-9]+)?|\.(inf|Inf|INF))\Z|\.nan\Z"
)


class _Loader(yaml.SafeLoader):
    """SafeLoader that reads as Kubernetes does, and refuses aliases that blow up."""

    def construct_document(self, node: yaml.Node) -> Any:
        """Return the value of a document."""
        if _weight(node, {}) > _MAX_NODES:
            raise _at(node, f"more than {_MAX_NODES} values, with aliases expanded")
        return super().construct_document(node)


class PlainDumper(yaml.SafeDumper):
    """SafeDumper that writes a repeated value in full, never as an anchor and aliases."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the base class asks for it
        """Return True: no value is written as an alias."""
        return True


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the documents of a file; `-` is standard input; of a List its items.

    Raises:
        InvalidSpec: the file cannot be read or is not YAML of objects; the message says where.
    """
    for document in _load(path):
        for item in _items(document):
            if isinstance(item, dict):
                yield item
            elif item is not None:
                raise _invalid(f"{path}: a document is {type(item).__name__}, not an object")


def write(documents: Iterable[Any]) -> None:
    """Write documents to standard output."""
    yaml.dump_all(
        documents,
        sys.stdout,
        Dumper=PlainDumper,
        sort_keys=False,
        width=100,
        explicit_start=True,
        allow_unicode=True,
    )


def _items(document: Any) -> list[Any]:
    if isinstance(document, dict) and document.get("kind") == "List":
        items = document.get("items")
        return items if isinstance(items, list) else []
    return [document]


def _load(path: Path) -> list[Any]:
    try:
        text = _text(path)
        return list(yaml.load_all(text, Loader=_Loader))
    except OSError as error:
        raise _invalid(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise _invalid(f"{path}: not UTF-8") from None
    except RecursionError:
        raise _invalid(f"{path}: nested too deeply") from None
    except (yaml.YAMLError, ValueError) as error:
        raise _invalid(f"{path}{_place(error)}: {_problem(error)}") from None


def _text(path: Path) -> str:
    if str(path) == "-":
        raw = sys.stdin.buffer.read(_MAX_BYTES + 1)
    else:
        with path.open("rb") as file:
            raw = file.read(_MAX_BYTES + 1)
    if len(raw) > _MAX_BYTES:
        raise _invalid(f"{path}: larger than {_MAX_BYTES // 2**20} MiB")
    return raw.decode("utf-8")


def _place(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    return f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""


def _problem(error: Exception) -> str:
    return " ".join(str(getattr(error, "problem", None) or error).split())


def _weight(node: yaml.Node, known: dict[yaml.Node, int]) -> int:
    if node in known:
        if not known[node]:
            raise _at(node, "the value contains itself")
        return known[node]
    known[node] = 0
    weight = 1
    if isinstance(node, yaml.ScalarNode) and _SURROGATE.search(node.value):
        raise _at(node, "invalid Unicode: an unpaired surrogate")
    if isinstance(node, yaml.SequenceNode):
        weight += sum(_weight(item, known) for item in node.value)
    elif isinstance(node, yaml.MappingNode):
        weight += sum(_weight(item, known) for pair in node.value for item in pair)
    known[node] = weight
    return weight


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[str, Any]:
    own: set[str] = set()
    for key_node, _ in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":
            continue
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            raise _at(key_node, f"key {key!r} is not a string")
        if key in own:
            raise _at(key_node, f"duplicate key {key}")
        own.add(key)
    # Keys merged in by << come first, so that the mapping's own keys override them.
    loader.flatten_mapping(node)
    return {
        loader.construct_object(key_node, deep=True): loader.construct_object(value, deep=True)
        for key_node, value in node.value
    }


def _at(node: yaml.Node, problem: str) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


def _invalid(message: str) -> InvalidSpec:
    return InvalidSpec(Reason.INVALID_SPEC, message)


_NOT_IN_KUBERNETES = ("timestamp", "int", "float")
_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag.rsplit(":", 1)[-1] not in _NOT_IN_KUBERNETES
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789."))
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", _INT, list("-+0123456789"))
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
