"""`kode open`: a Kode in the browser."""

import asyncio
import os
import sys
from dataclasses import asdict
from typing import Annotated
from urllib.parse import urlsplit

import typer

from kode.cli import wait
from kode.cli.exits import Exit
from kode.cli.failures import Failure
from kode.cli.options import Form, Name, Output, Where
from kode.cli.platforms import visit
from kode.cli.session import Session
from kode.cli.terminal import documents
from kode.platform.port import Address

_PAUSE = 0.1
_ANSWERS_WITHIN = 30.0


def command(
    name: Name,
    where: Where,
    *,
    only_print: Annotated[
        bool, typer.Option("--print", help="Print the address; open nothing.")
    ] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", min=0, metavar="SECONDS", help="Seconds to wait at most.")
    ] = 600.0,
    output: Output = Form.TABLE,
) -> None:
    """Open a Kode in the browser, once it is ready; print its address and login.

    The login is printed where the platform made it up itself. On a cluster, what forwards the port
    runs until Ctrl-C.
    """

    async def errand(session: Session) -> int | None:
        await wait.ready(session, name, timeout)
        address = await session.platform.address(name, session.namespace)
        show(address, output)
        if only_print or output is not Form.TABLE:
            return None
        if address.command:
            return await _forwarded(address)
        _browse(address.url)
        return None

    visit(where, errand)


def show(address: Address, form: Form = Form.TABLE) -> None:
    """Write an address: the url alone on its line, the login below."""
    if form is Form.NAME:
        sys.stdout.write(f"{address.url}\n")
        return
    if form is not Form.TABLE:
        documents.value(form, {**asdict(address), "command": list(address.command)})
        return
    sys.stdout.write(f"{address.url}\n")
    for title, value in (("user", address.user), ("password", address.password)):
        if value is not None:
            sys.stdout.write(f"{title}: {value}\n")
    if address.user is not None and address.password is None:
        sys.stderr.write("the password is the one that was set\n")
    sys.stdout.flush()


def _browse(url: str) -> None:
    # Without a display the browser would be a text one that takes the terminal.
    if sys.platform == "darwin" or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    ):
        import webbrowser

        webbrowser.open(url)


async def _forwarded(address: Address) -> int:
    sys.stderr.write(f"$ {' '.join(address.command)}\n")
    forward = await asyncio.create_subprocess_exec(
        *address.command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        await _answers(address.url, forward)
        _browse(address.url)
        sys.stderr.write("Ctrl-C ends this\n")
        return await forward.wait()
    finally:
        if forward.returncode is None:
            forward.terminate()
            await forward.wait()


async def _answers(url: str, forward: asyncio.subprocess.Process) -> None:
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(_ANSWERS_WITHIN):
            while forward.returncode is None:
                try:
                    _, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
                except OSError:
                    await asyncio.sleep(_PAUSE)
                else:
                    writer.close()
                    return
    except TimeoutError:
        pass
    raise Failure(Exit.PLATFORM, f"nothing answers at {url}")
