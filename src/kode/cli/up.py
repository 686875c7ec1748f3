"""`kode up`: start the platform on this machine, and the first time an editor on it.

Rule: no Kode is created where one exists; existing ones start by themselves.
"""

import asyncio
import contextlib
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from kode.api.kinds import KODE
from kode.cli import wait
from kode.cli.create import KodeOptions, create_kode
from kode.cli.errors import print_hint, run
from kode.cli.open import show
from kode.cli.session import Session
from kode.cli.terminal.progress import ProgressLine
from kode.errors import Conflict

if TYPE_CHECKING:
    from kode.platform.local.editors.editor import InstallProgress
    from kode.platform.local.paths import Paths

DEFAULT_KODE, DEFAULT_TEMPLATE = "dev", "code-server"


def command(
    *,
    port: Annotated[
        int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")
    ] = 8080,
    address: Annotated[
        str,
        typer.Option(
            "--address",
            help="Address to listen on besides loopback. Other machines can reach it then, and "
            "passwords are sent unencrypted.",
        ),
    ] = "127.0.0.1",
    empty: Annotated[bool, typer.Option("--empty", help="Do not create a first Kode.")] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", min=0, metavar="SECONDS", help="Longest time to wait.")
    ] = 1200.0,
) -> None:
    """Start the platform on this machine, and leave it running.

    If no Kode exists yet, one named dev is created, so that there is an editor to work in.
    """

    async def action() -> None:
        from kode.platform.local import daemon_control
        from kode.platform.local.paths import Paths
        from kode.platform.local.platform import LocalPlatform

        paths = Paths.of(os.environ)
        with ProgressLine("starting the platform") as progress:
            running = await daemon_control.start(
                paths, daemon_control.DaemonOptions(address, port), progress.update
            )
        sys.stdout.write(f"platform: {running.url}\n")
        sys.stdout.flush()
        _warn_of_exposure(address)
        platform = LocalPlatform(paths)
        session = Session(platform, "default", all_namespaces=True, local=True)
        try:
            await _kodes(session, timeout, paths, empty=empty)
        finally:
            await platform.close()
        _note_selected_cluster()

    run(action)


async def _kodes(session: Session, seconds: float, paths: "Paths", *, empty: bool) -> None:
    items = await session.list_objects(KODE)
    if items:
        from kode.cli.list import print_kodes
        from kode.cli.options import OutputFormat

        await print_kodes(session, OutputFormat.TABLE)
        return
    if empty:
        return
    template = await _template(paths, seconds)
    with contextlib.suppress(Conflict):  # another `kode up` created it
        await create_kode(session, DEFAULT_KODE, KodeOptions(template=template))
    await wait.until_ready(session, DEFAULT_KODE, seconds)
    endpoint = await session.platform.endpoint(DEFAULT_KODE, session.namespace)
    sys.stdout.write(f"{DEFAULT_KODE}: ")
    show(endpoint)
    print_hint(f"open the address, or run kode open {DEFAULT_KODE}; kode down stops everything")


async def _template(paths: "Paths", seconds: float) -> str:
    """Return the template of the first Kode: that of an editor that can be installed here.

    After the timeout the platform goes on installing by itself.
    """
    from kode.platform.local.editors.default_editor import install_default_editor
    from kode.platform.local.editors.editors import Editors

    def show_step(step: "InstallProgress") -> None:
        progress.update(f"installing an editor: {step.step} ({step.done + 1} of {step.total})")

    with ProgressLine("looking for an editor") as progress:
        try:
            async with asyncio.timeout(seconds):
                default = await install_default_editor(Editors(paths), show_step)
        except TimeoutError:
            return DEFAULT_TEMPLATE
    if default.why:
        sys.stderr.write(f"note: {default.why}\nnote: using {default.editor.name} instead\n")
    return default.template


def _warn_of_exposure(address: str) -> None:
    """Warn of an address that other machines reach."""
    from ipaddress import ip_address

    if address == "localhost" or ip_address(address).is_loopback:
        return
    sys.stderr.write(
        f"warning: the platform also listens on {address}, where passwords and everything else "
        "are sent unencrypted\n"
    )
    print_hint("put a TLS proxy in front of it, or leave out --address and use `ssh -L`")


def _note_selected_cluster() -> None:
    for name in ("KODE_CONTEXT", "KUBECONFIG"):
        if os.environ.get(name):
            sys.stderr.write(f"note: {name} is set, so other commands use that cluster\n")
            print_hint("add --local to them to use this machine")
            return
