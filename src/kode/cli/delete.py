"""`kode delete`: delete objects; a Kode's files are deleted only on request."""

import sys
from dataclasses import dataclass, replace
from typing import Annotated

import typer

from kode.api.kinds import KODE, Kind
from kode.api.meta import GROUP
from kode.cli import kinds, wait
from kode.cli.errors import CommandError, for_each, print_hint
from kode.cli.exit_codes import ExitCode
from kode.cli.files import NAMESPACE, read_documents
from kode.cli.options import TargetOptions
from kode.cli.platforms import run_command
from kode.cli.session import Session
from kode.cli.terminal import prompt


@dataclass(frozen=True)
class DeleteOptions:
    """How objects are deleted."""

    purge: Annotated[
        bool, typer.Option("--purge", help="Also delete the files of Kodes; this cannot be undone.")
    ] = False
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not prompt.")] = False
    wait: Annotated[bool, typer.Option("--wait", help="Wait until they are deleted.")] = False
    timeout: Annotated[
        float, typer.Option("--timeout", min=0, metavar="SECONDS", help="Longest time to wait.")
    ] = 120.0


@dataclass(frozen=True)
class _ObjectRef:
    kind: Kind
    name: str
    namespace: str


def command(
    target: TargetOptions,
    options: DeleteOptions,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME...]", help="Names of Kodes, or kind/name of other objects."),
    ] = None,
    files: Annotated[
        list[str] | None,
        typer.Option(
            "--filename", "-f", metavar="FILE", help="Delete the objects defined in this file."
        ),
    ] = None,
) -> None:
    """Delete objects; the files of a Kode are kept unless --purge or keepVolume: false is set."""

    async def action(session: Session) -> int:
        refs = [
            *(_ObjectRef(*kinds.parse_ref(name), session.namespace) for name in names or ()),
            *_refs_in(files or [], session.namespace),
        ]
        if not refs:
            raise CommandError(
                ExitCode.USAGE, "nothing to delete", "name objects, or files with -f"
            )
        return await delete_objects(session, refs, options)

    run_command(target, action)


async def delete_objects(session: Session, refs: list[_ObjectRef], options: DeleteOptions) -> int:
    """Delete objects; return the exit code of the first that failed."""

    async def delete_one(ref: _ObjectRef) -> None:
        await _delete(replace(session, namespace=ref.namespace), ref, options)

    return await for_each(refs, delete_one, lambda ref: f"{ref.kind.word} {ref.name}")


async def _delete(session: Session, ref: _ObjectRef, options: DeleteOptions) -> None:
    kind, name = ref.kind, ref.name
    item = await session.get(name, kind)
    storage = item["spec"].get("storage") or {}
    kept = not options.purge and storage.get("keepVolume", True)
    if kind is KODE and not (kept or options.yes or storage.get("existingVolumeClaim")):
        _confirm(name)
    namespace = session.namespace if kind.namespaced else ""
    await session.platform.delete(kind.name, name, namespace, purge=options.purge and kind is KODE)
    note = "; its files are kept" if kind is KODE and kept else ""
    sys.stdout.write(f"{kind.name.lower()}/{name} deleted{note}\n")
    if options.wait:
        await wait.until_deleted(session, kind.name, name, options.timeout)


def _confirm(name: str) -> None:
    if prompt.can_ask() and not prompt.confirm(f"Delete Kode {name} and all of its files?"):
        raise CommandError(ExitCode.REFUSED, f"kode {name} was not deleted")


def _refs_in(files: list[str], namespace: str) -> list[_ObjectRef]:
    refs = []
    for item in read_documents(files, namespace):
        if item.error is not None or item.document is None:
            raise CommandError(ExitCode.REFUSED, f"{item.title}: {item.error}")
        metadata = item.document.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        if not isinstance(metadata, dict) or not isinstance(name, str):
            raise CommandError(ExitCode.REFUSED, f"{item.title}: metadata.name: required")
        kind = kinds.find_kind(str(item.document.get("kind")))
        if item.document.get("kind") == NAMESPACE:
            # Deleting it would delete everything in it, whoever owns it.
            sys.stderr.write(f"note: namespace/{name} was not deleted\n")
            print_hint(f"kubectl delete namespace {name}, if nothing in it is needed")
            continue
        if kind is None:
            raise CommandError(ExitCode.REFUSED, f"{item.title}: not a kind of {GROUP}")
        refs.append(_ObjectRef(kind, name, str(metadata.get("namespace", ""))))
    return refs
