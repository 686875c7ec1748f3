"""What this machine has for each Kode: an editor, a port, folders, a name.

Rule: what takes long goes on beside the passes, once for all that wait for it; those are told how
far it is.
"""

import asyncio
import logging
import os
import pwd
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from kode import labels
from kode.api.conditions import Reason
from kode.api.meta import Object
from kode.desired.desired_state import DesiredState
from kode.errors import KodeError, NotReady, PlatformError
from kode.platform.local.editors.catalog import CODE_SERVER, JUPYTERLAB
from kode.platform.local.editors.editor import Editor, InstallProgress
from kode.platform.local.editors.editors import Editors
from kode.platform.local.editors.host_env import inherit_env
from kode.platform.local.netns.discovery import NetworkDiscovery as Networks
from kode.platform.local.netns.network import Network
from kode.platform.local.paths import Paths
from kode.platform.local.reconcile.gather import LocalInputs
from kode.platform.local.runtime.engine_discovery import EngineDiscovery
from kode.platform.local.runtime.host import HostContext
from kode.platform.local.runtime.runtimes import Runtime, select_runtime
from kode.platform.local.store.objects import Key
from kode.render.secret import decode
from kode.render.storage import claim_name

_LOG = logging.getLogger(__name__)
_TRY_AGAIN = 60.0
_TELL_EVERY = 1.0
_EDITORS = {"code-server": CODE_SERVER, "jupyter": JUPYTERLAB}
"""What is installed for each type of template."""


@dataclass
class _Install:
    """One editor on its way."""

    task: asyncio.Task[Editor]
    words: str = ""
    told: float = 0.0
    waiting: set[Key] = field(default_factory=set)


class HostResources:
    """What each Kode's program needs of this machine."""

    def __init__(self, paths: Paths, enqueue: Callable[[Key], None]) -> None:
        """Look at the machine.

        Args:
            paths: where everything is.
            enqueue: has a Kode reconciled once more.
        """
        self._paths = paths
        self._enqueue = enqueue
        self._editors = Editors(paths)
        self._look = EngineDiscovery(enqueue)
        self._networks = Networks()
        self._installs: dict[str, _Install] = {}
        self._failed: dict[str, tuple[float, KodeError]] = {}
        self._ports: dict[str, int] = {}
        self._account = pwd.getpwuid(os.getuid())
        self._inherited = inherit_env(os.environ)

    async def host_context(
        self, desired: DesiredState, inputs: LocalInputs, key: Key, instance: str
    ) -> HostContext:
        """Return what a Kode's program needs of this machine.

        Raises:
            NotReady: its editor is being installed, or podman is being looked for; the message
                says how far that is.
            KodeError: it cannot run here; the message says why and what to do.
        """
        annotations = inputs.kode["metadata"].get("annotations") or {}
        requested_runtime = annotations.get(labels.RUNTIME, "")
        editor, engine, no_engine, network = None, None, "", Network()
        if select_runtime(desired.kode, requested_runtime).runtime is Runtime.PODMAN:
            engine, no_engine = self._look.engine(key)
        elif name := _EDITORS.get(desired.kode.template.type):
            editor = self._editor(name, key)
        elif not annotations.get(labels.NETWORK):
            network = await self._networks.network()
        paths = self._paths
        return HostContext(
            instance=instance,
            volume=paths.volume(key.namespace, claim_name(desired.kode)),
            sockets=paths.sockets,
            log=paths.log(instance),
            bin=paths.run / instance / "bin",
            port=self._port(instance),
            user=self._account.pw_name,
            shell=self._account.pw_shell or "/bin/sh",
            uid=os.getuid(),
            gid=os.getgid(),
            editor=editor,
            inherited=self._inherited,
            secrets={name: _texts(secret) for name, secret in inputs.secrets.items()},
            requested_runtime=requested_runtime,
            engine=engine,
            no_engine=no_engine,
            network=network,
            requested_network=annotations.get(labels.NETWORK, ""),
        )

    def reserve_port(self, instance: str, port: int, *, in_use: bool) -> None:
        """Have a Kode listen on the port that it had, unless somebody else has it by now.

        Args:
            instance: of the Kode.
            port: the port; 0 for none.
            in_use: whether the Kode's editor may be listening on it.
        """
        found = self._ports.setdefault(instance, port) if port else self._ports.get(instance)
        if found and not in_use and not _is_free(found):
            del self._ports[instance]

    def close(self) -> None:
        """Give up what is being installed; the next one goes on from there."""
        for install in self._installs.values():
            install.task.cancel()
        self._look.close()

    def _editor(self, name: str, key: Key) -> Editor:
        found = self._editors.installed(name)
        if found:
            return found
        failed = self._failed.get(name)
        if failed and time.monotonic() - failed[0] < _TRY_AGAIN:
            raise PlatformError(Reason.EDITOR_UNAVAILABLE, str(failed[1])) from failed[1]
        install = self._installs.get(name)
        if install is None:
            install = _Install(asyncio.create_task(self._install(name)))
            self._installs[name] = install
        install.waiting.add(key)
        words = install.words or "beginning"
        raise NotReady(Reason.STARTING, f"installing {name}: {words}")

    async def _install(self, name: str) -> Editor:
        def tell(progress: InstallProgress) -> None:
            install = self._installs[name]
            words = f"{progress.step} ({progress.done + 1} of {progress.total})"
            if words != install.words and time.monotonic() - install.told > _TELL_EVERY:
                install.words, install.told = words, time.monotonic()
                for key in install.waiting:
                    self._enqueue(key)

        try:
            editor = await self._editors.install(name, tell)
        except KodeError as error:
            _LOG.warning("installing %s: %s", name, error)
            self._failed[name] = time.monotonic(), error
            raise
        else:
            self._failed.pop(name, None)
            return editor
        finally:
            loop = asyncio.get_running_loop()
            later = _TRY_AGAIN if name in self._failed else 0.0
            for key in self._installs.pop(name).waiting:
                self._enqueue(key)
                if later:
                    loop.call_later(later, self._enqueue, key)

    def _port(self, instance: str) -> int:
        while instance not in self._ports:
            with socket.socket() as server:
                server.bind(("127.0.0.1", 0))
                port = server.getsockname()[1]
            # An editor that has not begun to listen yet has its port already.
            if port not in self._ports.values():
                self._ports[instance] = port
        return self._ports[instance]


def _is_free(port: int) -> bool:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(("127.0.0.1", port))
            server.listen(1)
        except OSError:
            return False
    return True


def _texts(secret: Object) -> dict[str, str]:
    return {key: decode(secret, key) for key in secret.get("data") or {}}
