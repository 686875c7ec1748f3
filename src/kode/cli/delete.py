"""`kode delete`: objects go; a Kode's files go only when that is asked for."""

import sys
from dataclasses import dataclass, replace
from typing import Annotated

import typer

from kode.cli import kinds, wait
from kode.cli.exits import Exit
from kode.cli.failures import Failure, each
from kode.cli.files import NAMESPACE, found
from kode.cli.kinds import KODE, Kind
from kode.cli.options import Where
from kode.cli.platforms import visit
from kode.cli.session import Session
from kode.cli.terminal import ask


@dataclass(frozen=True)
class How:
    """How objects are deleted."""

    purge: Annotated[
        bool, typer.Option("--purge", help="Delete the files of Kodes as well, for good.")
    ] = False
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")] = False
    wait: Annotated[bool, typer.Option("--wait", help="Wait until they are gone.")] = False
    timeout: Annotated[
        float, typer.Option("--timeout", min=0, metavar="SECONDS", help="Seconds to wait at most.")
    ] = 120.0


@dataclass(frozen=True)
class _Target:
    kind: Kind
    name: str
    namespace: str


def command(
    where: Where,
    how: How,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME...]", help="Kodes, or kind/name of anything else."),
    ] = None,
    files: Annotated[
        list[str] | None,
        typer.Option("--filename", "-f", metavar="FILE", help="What these files hold."),
    ] = None,
) -> None:
    """Delete objects; the files of a Kode stay, unless --purge or its keepVolume says otherwise."""

    async def errand(session: Session) -> int:
        targets = [
            *(_Target(*kinds.named(name), session.namespace) for name in names or ()),
            *_held(files or [], session.namespace),
        ]
        if not targets:
            raise Failure(Exit.USAGE, "nothing to delete", "give names, or files with -f")
        return await deleted(session, targets, how)

    visit(where, errand)


async def deleted(session: Session, targets: list[_Target], how: How) -> int:
    """Delete every target; return the exit code of the first that failed."""

    async def turn(target: _Target) -> None:
        await _one(replace(session, namespace=target.namespace), target, how)

    return await each(targets, turn, lambda target: f"{target.kind.word} {target.name}")


async def _one(session: Session, target: _Target, how: How) -> None:
    kind, name = target.kind, target.name
    item = await session.find(name, kind)
    storage = item["spec"].get("storage") or {}
    kept = not how.purge and storage.get("keepVolume", True)
    if kind is KODE and not (kept or how.yes or storage.get("existingVolumeClaim")):
        _confirm(name)
    namespace = session.namespace if kind.namespaced else ""
    await session.platform.delete(kind.name, name, namespace, purge=how.purge and kind is KODE)
    note = "; its files are kept" if kind is KODE and kept else ""
    sys.stdout.write(f"{kind.name.lower()}/{name} deleted{note}\n")
    if how.wait:
        await wait.gone(session, kind.name, name, how.timeout)


def _confirm(name: str) -> None:
    if ask.can_ask() and not ask.agreed(f"Delete Kode {name} and all of its files?"):
        raise Failure(Exit.REFUSED, f"kode {name} was not deleted")


def _held(files: list[str], namespace: str) -> list[_Target]:
    targets = []
    for item in found(files, namespace):
        if item.error is not None or item.document is None:
            raise Failure(Exit.REFUSED, f"{item.title}: {item.error}")
        metadata = item.document.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        if not isinstance(metadata, dict) or not isinstance(name, str):
            raise Failure(Exit.REFUSED, f"{item.title}: metadata.name: required")
        kind = kinds.spelled(str(item.document.get("kind")))
        if item.document.get("kind") == NAMESPACE:
            # With it would go all that is in it, of whoever it is.
            sys.stderr.write(f"namespace/{name} is left: kubectl delete namespace {name}\n")
            continue
        if kind is None:
            raise Failure(Exit.REFUSED, f"{item.title}: not a kind of Kode's")
        targets.append(_Target(kind, name, str(metadata.get("namespace", ""))))
    return targets
