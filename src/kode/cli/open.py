"""`kode open`: a Kode in the browser."""

import asyncio
import os
import sys
from dataclasses import asdict, replace
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
from kode.platform.port import Endpoint


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

    The login is printed where the platform made it up itself. On a cluster, a port of this machine
    may have to lead there; it does so until Ctrl-C, and that is said.
    """

    async def errand(session: Session) -> None:
        await wait.ready(session, name, timeout)
        endpoint = await session.platform.endpoint(name, session.namespace)
        if endpoint.url:
            await _tell(endpoint, output, only_print=only_print)
            return
        async with session.platform.tunnel(name, session.namespace) as url:
            await _tell(replace(endpoint, url=url), output, only_print=only_print)
            sys.stderr.write("this leads there until Ctrl-C\n")
            await asyncio.Event().wait()

    visit(where, errand)


async def _tell(endpoint: Endpoint, form: Form, *, only_print: bool) -> None:
    show(endpoint, form)
    sys.stdout.flush()
    if form is Form.TABLE and not only_print:
        # A browser in the terminal returns only when it is left, and must be served until then.
        await asyncio.to_thread(_browse, endpoint.url)


def show(endpoint: Endpoint, form: Form = Form.TABLE) -> None:
    """Write an endpoint: the url alone on its line, the login below."""
    if form is Form.NAME:
        sys.stdout.write(f"{endpoint.url}\n")
        return
    if form is not Form.TABLE:
        documents.value(form, asdict(endpoint))
        return
    sys.stdout.write(f"{endpoint.url}\n")
    for title, value in (("user", endpoint.user), ("password", endpoint.password)):
        if value is not None:
            sys.stdout.write(f"{title}: {value}\n")
    if endpoint.user is not None and endpoint.password is None:
        sys.stderr.write("the password is the one that was set\n")


def _browse(url: str) -> None:
    # What stands in a status may have been written by others, and a browser opens programs too.
    if urlsplit(url).scheme not in ("http", "https"):
        raise Failure(Exit.PLATFORM, f"{url} is no address of a page, and is not opened")
    # Without a display the browser would be a text one that takes the terminal.
    if sys.platform == "darwin" or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    ):
        import webbrowser

        webbrowser.open(url)
