"""The documents of files and folders that a command is given.

Rule: what is wrong with one file or document is told and does not keep the others from their turn.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from kode.api.conditions import Reason
from kode.api.document import CLUSTER_SCOPED, complete_version
from kode.cli.documents import read
from kode.errors import InvalidSpec, KodeError

Files = Annotated[
    list[str],
    typer.Option(
        "--filename",
        "-f",
        metavar="FILE",
        help="YAML or JSON file, a folder of them, or - for standard input. "
        "May be given more than once.",
    ),
]

NAMESPACE = "Namespace"
"""A kind that is not ours, and with which a file for a team begins."""

_SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True)
class Found:
    """One document, or what is wrong with it.

    Attributes:
        path: the file.
        document: the document, with its apiVersion in full and its namespace; None where the file
            is wrong.
        warning: what is to be said besides.
        error: what is wrong.
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
        words = [word for word in (kind, name) if isinstance(word, str) and word.isprintable()]
        if words:
            words[0] = words[0].lower()
        return f"{self.path}: {'/'.join(words)}" if words else str(self.path)


def found(paths: Sequence[str], namespace: str) -> Iterator[Found]:
    """Yield what files and folders hold.

    Args:
        paths: files, folders, or `-`.
        namespace: of documents that name none.
    """
    for given in paths:
        try:
            files = _files(Path(given))
        except InvalidSpec as error:
            yield Found(Path(given), error=error)
            continue
        for path in files:
            yield from _documents(path, namespace)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(item for item in path.iterdir() if item.suffix in _SUFFIXES and item.is_file())
    if not files:
        raise InvalidSpec(Reason.INVALID_SPEC, f"no {', '.join(_SUFFIXES)} file in this folder")
    return files


def _documents(path: Path, namespace: str) -> Iterator[Found]:
    documents = read(path)
    while True:
        try:
            raw = next(documents)
        except StopIteration:
            return
        except InvalidSpec as error:
            text = str(error).removeprefix(f"{path}: ")
            yield Found(path, error=InvalidSpec(error.reason, text))
            return
        document, warning = complete_version(raw)
        yield Found(path, _placed(document, namespace), warning)


def _placed(document: dict[str, Any], namespace: str) -> dict[str, Any]:
    metadata = document.get("metadata")
    if not isinstance(metadata, dict) or document.get("kind") in (*CLUSTER_SCOPED, NAMESPACE):
        return document
    return {
        **document,
        "metadata": {**metadata, "namespace": metadata.get("namespace") or namespace},
    }
