"""`kode open`: a Kode in the browser."""

import asyncio
import os
import sys
from dataclasses import asdict, replace
from typing import Annotated
from urllib.parse import urlsplit

import typer

from kode.cli import wait
from kode.cli.arguments import Name
from kode.cli.errors import CommandError
from kode.cli.exit_codes import ExitCode
from kode.cli.options import Output, OutputFormat, TargetOptions
from kode.cli.platforms import run_command
from kode.cli.session import Session
from kode.cli.terminal.output import write_value
from kode.platform.port import Endpoint


def command(
    name: Name,
    target: TargetOptions,
    *,
    only_print: Annotated[
        bool, typer.Option("--print", help="Print the address; do not open a browser.")
    ] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", min=0, metavar="SECONDS", help="Longest time to wait.")
    ] = 600.0,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Open a Kode in the browser once it is ready; print its address and login.

    A password is printed only if the platform generated it. On a cluster, if there is no other way
    in, a port of this machine is forwarded to the Kode until Ctrl-C.
    """

    async def action(session: Session) -> None:
        await wait.until_ready(session, name, timeout)
        endpoint = await session.platform.endpoint(name, session.namespace)
        if endpoint.url:
            await _show_and_browse(endpoint, output, only_print=only_print)
            return
        async with session.platform.tunnel(name, session.namespace) as url:
            await _show_and_browse(replace(endpoint, url=url), output, only_print=only_print)
            sys.stderr.write("forwarding until Ctrl-C\n")
            await asyncio.Event().wait()

    run_command(target, action)


async def _show_and_browse(
    endpoint: Endpoint, output_format: OutputFormat, *, only_print: bool
) -> None:
    show(endpoint, output_format)
    sys.stdout.flush()
    if output_format is OutputFormat.TABLE and not only_print:
        # A browser in the terminal returns only when it is left, and must be served until then.
        await asyncio.to_thread(_browse, endpoint.url)


def show(endpoint: Endpoint, output_format: OutputFormat = OutputFormat.TABLE) -> None:
    """Print an endpoint: the url alone on its line, the login below."""
    if output_format is OutputFormat.NAME:
        sys.stdout.write(f"{endpoint.url}\n")
        return
    if output_format is not OutputFormat.TABLE:
        write_value(output_format, asdict(endpoint))
        return
    sys.stdout.write(f"{endpoint.url}\n")
    for title, value in (("user", endpoint.user), ("password", endpoint.password)):
        if value is not None:
            sys.stdout.write(f"{title}: {value}\n")
    if endpoint.user is not None and endpoint.password is None:
        sys.stderr.write("use the password you set\n")


def _browse(url: str) -> None:
    # A status may have been written by others, and a browser opens programs too.
    if urlsplit(url).scheme not in ("http", "https"):
        message = f"{url} was not opened: it is not an http or https address"
        raise CommandError(ExitCode.PLATFORM, message)
    # Without a display the browser would be a text one that takes the terminal.
    if sys.platform == "darwin" or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    ):
        import webbrowser

        webbrowser.open(url)
