"""`kode up`: the platform on this machine, and for a newcomer an editor on it.

Rule: where there is a Kode already nothing is made; what is there comes back by itself.
"""

import asyncio
import contextlib
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from kode.cli import wait
from kode.cli.create import Wish, created
from kode.cli.failures import finish
from kode.cli.kinds import KODE
from kode.cli.open import show
from kode.cli.session import Session
from kode.cli.terminal.progress import Progress
from kode.errors import Conflict

if TYPE_CHECKING:
    from kode.platform.local.editors.editor import InstallProgress as Installing
    from kode.platform.local.paths import Paths

FIRST, TEMPLATE = "dev", "code-server"


def command(
    *,
    port: Annotated[
        int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")
    ] = 8080,
    address: Annotated[
        str,
        typer.Option(
            "--address",
            help="Address to listen on besides this machine's own; only where this says so others "
            "see it, and passwords then go in the clear.",
        ),
    ] = "127.0.0.1",
    empty: Annotated[bool, typer.Option("--empty", help="Make no first Kode.")] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", min=0, metavar="SECONDS", help="Seconds to wait at most.")
    ] = 1200.0,
) -> None:
    """Start the platform on this machine, and leave it running.

    Where no Kode exists yet, one named dev is made, so that an editor is there to work in.
    """

    async def errand() -> None:
        from kode.platform.local import daemon_control
        from kode.platform.local.paths import Paths
        from kode.platform.local.platform import LocalPlatform

        paths = Paths.of(os.environ)
        with Progress("starting the platform") as progress:
            running = await daemon_control.start(
                paths, daemon_control.DaemonOptions(address, port), progress.tell
            )
        sys.stdout.write(f"platform: {running.url}\n")
        sys.stdout.flush()
        _tell_who_listens(address)
        platform = LocalPlatform(paths)
        session = Session(platform, "default", everywhere=True, local=True)
        try:
            await _kodes(session, timeout, paths, empty=empty)
        finally:
            await platform.close()
        _note()

    finish(errand)


async def _kodes(session: Session, seconds: float, paths: "Paths", *, empty: bool) -> None:
    items = await session.items(KODE)
    if items:
        from kode.cli.list import listed
        from kode.cli.options import Form

        await listed(session, Form.TABLE)
        return
    if empty:
        return
    template = await _template(paths, seconds)
    with contextlib.suppress(Conflict):  # another `kode up` was quicker
        await created(session, FIRST, Wish(template=template))
    await wait.ready(session, FIRST, seconds)
    endpoint = await session.platform.endpoint(FIRST, session.namespace)
    sys.stdout.write(f"{FIRST}: ")
    show(endpoint)
    sys.stderr.write(f"next: open it, or kode open {FIRST}; kode down stops everything\n")


async def _template(paths: "Paths", seconds: float) -> str:
    """Return the template to begin with: another where the editor of the first cannot be had.

    Installing goes on in the platform where it takes longer than somebody waits for.
    """
    from kode.platform.local.editors.default_editor import install_default_editor
    from kode.platform.local.editors.editors import Editors

    def tell(said: "Installing") -> None:
        progress.tell(f"installing an editor: {said.step} ({said.done + 1} of {said.total})")

    with Progress("looking for an editor") as progress:
        try:
            async with asyncio.timeout(seconds):
                found = await install_default_editor(Editors(paths), tell)
        except TimeoutError:
            return TEMPLATE
    if found.why:
        sys.stderr.write(f"note: {found.why}\nnote: {found.editor.name} serves instead\n")
    return found.template


def _tell_who_listens(address: str) -> None:
    """Warn of an address that others reach."""
    from ipaddress import ip_address

    if address == "localhost" or ip_address(address).is_loopback:
        return
    sys.stderr.write(
        f"note: it listens on {address} as well, where passwords and all else go in the clear: put "
        "a proxy with TLS before it, or leave --address out and use `ssh -L`\n"
    )


def _note() -> None:
    for name in ("KODE_CONTEXT", "KUBECONFIG"):
        if os.environ.get(name):
            text = f"{name} is set, so other commands mean that cluster; --local means this machine"
            sys.stderr.write(f"note: {text}\n")
            return
