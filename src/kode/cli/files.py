"""The documents in files and folders that a command reads.

Rule: an invalid file or document is reported, and the others are read all the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from kode.api.conditions import Reason
from kode.api.document import CLUSTER_SCOPED, complete_version
from kode.cli.yaml import read
from kode.errors import InvalidSpec, KodeError

Files = Annotated[
    list[str],
    typer.Option(
        "--filename",
        "-f",
        metavar="FILE",
        help="YAML or JSON file, a folder of them, or - for standard input; repeatable.",
    ),
]

NAMESPACE = "Namespace"
"""A kind of Kubernetes that files for a team often begin with."""

_SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True)
class Document:
    """One document, or why it could not be read.

    Attributes:
        path: the file.
        document: the document, with its apiVersion in full and its namespace; None where the file
            could not be read.
        warning: a warning about the document.
        error: why it could not be read.
    """

    path: Path
    document: dict[str, Any] | None = None
    warning: str | None = None
    error: KodeError | None = None

    @property
    def title(self) -> str:
        """File, kind and name, as far as they are known."""
        document = self.document or {}
        metadata = document.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        kind = document.get("kind")
        parts = [part for part in (kind, name) if isinstance(part, str) and part.isprintable()]
        if parts:
            parts[0] = parts[0].lower()
        return f"{self.path}: {'/'.join(parts)}" if parts else str(self.path)


def read_documents(paths: Sequence[str], namespace: str) -> Iterator[Document]:
    """Yield the documents in files and folders.

    Args:
        paths: files, folders, or `-`.
        namespace: the namespace of documents that name none.
    """
    for path_or_folder in paths:
        try:
            files = _files(Path(path_or_folder))
        except InvalidSpec as error:
            yield Document(Path(path_or_folder), error=error)
            continue
        for path in files:
            yield from _documents(path, namespace)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(item for item in path.iterdir() if item.suffix in _SUFFIXES and item.is_file())
    if not files:
        message = f"the folder contains no {', '.join(_SUFFIXES)} file"
        raise InvalidSpec(Reason.INVALID_SPEC, message)
    return files


def _documents(path: Path, namespace: str) -> Iterator[Document]:
    documents = read(path)
    while True:
        try:
            raw = next(documents)
        except StopIteration:
            return
        except InvalidSpec as error:
            text = str(error).removeprefix(f"{path}: ")
            yield Document(path, error=InvalidSpec(error.reason, text))
            return
        document, warning = complete_version(raw)
        yield Document(path, _with_namespace(document, namespace), warning)


def _with_namespace(document: dict[str, Any], namespace: str) -> dict[str, Any]:
    metadata = document.get("metadata")
    if not isinstance(metadata, dict) or document.get("kind") in (*CLUSTER_SCOPED, NAMESPACE):
        return document
    return {
        **document,
        "metadata": {**metadata, "namespace": metadata.get("namespace") or namespace},
    }
