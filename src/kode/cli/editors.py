"""`kode editors`: the editors of this machine.

Rule: an install shows how far it is, and says what to do where it cannot go on.
"""

import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kode.cli.exits import Exit
from kode.cli.failures import Failure, finish
from kode.cli.group import OPTIONS
from kode.cli.options import Form, Output
from kode.cli.spread import spread
from kode.errors import PlatformError

if TYPE_CHECKING:
    from kode.platform.local.editors.editors import Editors

group = typer.Typer(help="Install, list and remove the editors of this machine.", **OPTIONS)

Editor = Annotated[str, typer.Argument(metavar="EDITOR", help="code-server or jupyterlab.")]


def editors() -> "Editors":
    """Return the editors of this machine."""
    from kode.platform.local.editors.editors import Editors
    from kode.platform.local.paths import Paths

    return Editors(Paths.of(os.environ))


def show(output: Output = Form.TABLE) -> None:
    """List the editors that there are, and which are installed."""

    async def errand() -> None:
        from kode.cli.terminal import documents, table

        rows = told(editors())
        if output is Form.NAME:
            sys.stdout.write("".join(f"{row['name']}\n" for row in rows))
        elif output is not Form.TABLE:
            documents.value(output, rows)
        else:
            titles = ["editor", "version", "state", "why"]
            table.show(titles, [[str(value) for value in row.values()] for row in rows])

    finish(errand)


def told(found: "Editors") -> list[dict[str, Any]]:
    """Return name, version, state and notes of every editor."""
    from kode.platform.local.editors.catalog import RELEASES

    rows: list[dict[str, Any]] = []
    for offer in RELEASES:
        row = {"name": offer.name, "version": offer.version, "state": "not installed", "notes": ""}
        try:
            editor = found.installed(offer.name)
        except PlatformError as error:
            rows.append({**row, "state": "broken", "notes": str(error)})
            continue
        if editor is not None:
            row["state"] = "installed" if editor.root else "your own"
            row["version"] = editor.version
            row["notes"] = " ".join(editor.notes) or (editor.argv[0] if not editor.root else "")
        rows.append(row)
    return rows


def install(editor: Editor) -> None:
    """Install an editor into Kode's cache; nothing happens where it is there already."""

    async def errand() -> None:
        from kode.cli.terminal.progress import Progress

        with Progress(f"installing {editor}") as progress:
            found = await editors().install(
                editor, lambda said: progress.tell(f"{said.done + 1}/{said.total} {said.step}")
            )
        sys.stdout.write(f"{found.name} {found.version}".rstrip() + " is installed\n")
        for note in found.notes:
            sys.stderr.write(f"note: {note}\n")

    finish(errand)


def remove(editor: Editor) -> None:
    """Remove an editor; what was downloaded stays in the cache."""

    async def errand() -> None:
        removed = editors().remove(editor)
        sys.stdout.write(f"{editor} {'removed' if removed else 'is not installed'}\n")

    finish(errand)


def use(
    path: Annotated[
        str, typer.Argument(metavar="[PATH]", help="A code-server of yours: a path or a name.")
    ] = "",
    *,
    own: Annotated[bool, typer.Option("--own", help="Kode's own again.")] = False,
) -> None:
    """Use a code-server that is there already, or Kode's own again."""

    async def errand() -> None:
        if bool(path) is own:
            raise Failure(Exit.USAGE, "give either a path or --own")
        used = await editors().use(path or None)
        sys.stdout.write(f"code-server: {used or 'own'}\n")

    finish(errand)


for _name, _function in (("list", show), ("install", install), ("remove", remove), ("use", use)):
    group.command(_name)(spread(_function))
