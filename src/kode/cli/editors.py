"""`kode editors`: the editors of this machine.

Rule: an install shows its progress, and says what to do when it fails.
"""

import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kode.cli.errors import CommandError, run
from kode.cli.exit_codes import ExitCode
from kode.cli.lazy_group import OPTIONS
from kode.cli.option_groups import expand_groups
from kode.cli.options import Output, OutputFormat
from kode.errors import PlatformError

if TYPE_CHECKING:
    from kode.platform.local.editors.editors import Editors

group = typer.Typer(help="Install, list and remove the editors of this machine.", **OPTIONS)

EditorName = Annotated[str, typer.Argument(metavar="EDITOR", help="code-server or jupyterlab.")]


def open_editors() -> "Editors":
    """Return the editors of this machine, installed or not."""
    from kode.platform.local.editors.editors import Editors
    from kode.platform.local.paths import Paths

    return Editors(Paths.of(os.environ))


def show(output: Output = OutputFormat.TABLE) -> None:
    """List the editors, and which are installed."""

    async def action() -> None:
        from kode.cli.terminal import table
        from kode.cli.terminal.output import write_value

        rows = editor_rows(open_editors())
        if output is OutputFormat.NAME:
            sys.stdout.write("".join(f"{row['name']}\n" for row in rows))
        elif output is not OutputFormat.TABLE:
            write_value(output, rows)
        else:
            titles = ["editor", "version", "state", "message"]
            table.show(titles, [[str(value) for value in row.values()] for row in rows])

    run(action)


def editor_rows(editors: "Editors") -> list[dict[str, Any]]:
    """Return name, version, state and message of every editor."""
    from kode.platform.local.editors.catalog import RELEASES

    rows: list[dict[str, Any]] = []
    for offer in RELEASES:
        row = {
            "name": offer.name,
            "version": offer.version,
            "state": "not installed",
            "message": "",
        }
        try:
            editor = editors.installed(offer.name)
        except PlatformError as error:
            rows.append({**row, "state": "broken", "message": str(error)})
            continue
        if editor is not None:
            row["state"] = "installed" if editor.root else "user-provided"
            row["version"] = editor.version
            row["message"] = " ".join(editor.notes) or (editor.argv[0] if not editor.root else "")
        rows.append(row)
    return rows


def install(editor: EditorName) -> None:
    """Install an editor into Kode's cache, unless it is installed already."""

    async def action() -> None:
        from kode.cli.terminal.progress import ProgressLine

        with ProgressLine(f"installing {editor}") as progress:
            installed = await open_editors().install(
                editor, lambda step: progress.update(f"{step.done + 1}/{step.total} {step.step}")
            )
        sys.stdout.write(f"{installed.name} {installed.version}".rstrip() + " is installed\n")
        for note in installed.notes:
            sys.stderr.write(f"note: {note}\n")

    run(action)


def remove(editor: EditorName) -> None:
    """Remove an editor; downloads stay in the cache."""

    async def action() -> None:
        removed = open_editors().remove(editor)
        sys.stdout.write(f"{editor} {'is removed' if removed else 'is not installed'}\n")

    run(action)


def use(
    path: Annotated[
        str, typer.Argument(metavar="[PATH]", help="Path or name of an installed code-server.")
    ] = "",
    *,
    builtin: Annotated[
        bool, typer.Option("--builtin", help="Use the code-server that Kode installs.")
    ] = False,
) -> None:
    """Use a code-server that is already installed, or switch back to Kode's."""

    async def action() -> None:
        if bool(path) is builtin:
            raise CommandError(ExitCode.USAGE, "give either a path or --builtin")
        used = await open_editors().use(path or None)
        sys.stdout.write(f"code-server: {used or 'builtin'}\n")

    run(action)


for _name, _function in (("list", show), ("install", install), ("remove", remove), ("use", use)):
    group.command(_name)(expand_groups(_function))
