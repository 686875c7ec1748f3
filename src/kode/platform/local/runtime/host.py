"""What a plan needs to know of the machine.

Rule: plain frozen values, gathered for a plan by its caller; nothing here looks at the machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from kode.platform.local.editors.editor import Editor
from kode.platform.local.netns.network import Network
from kode.platform.local.runtime.engine import Engine
from kode.render.resolve import Credentials

# As the longest folder of sockets leaves room for; see paths.
_DIGITS = 16
_DIGITS_OF_KERNELS = 8


@dataclass(frozen=True)
class HostContext:
    """Where one Kode's program runs.

    Attributes:
        instance: of the Kode; safe as a file name and unique on this machine.
        volume: folder of its home.
        sockets: folder of Unix sockets.
        log: file of its log.
        port: a free TCP port on loopback, for a program that needs one.
        user: login name of whoever runs the platform.
        shell: their shell.
        uid: their user id.
        gid: their group id.
        editor: the editor for its template's type; None where that needs none.
        inherited: variables of the machine, see editors.host_env.
        secrets: Secrets of its namespace, by name and key.
        requested_runtime: the runtime that the Kode's annotation asks for; empty where it has none.
        engine: what runs images; None where nothing does, or nobody needs it.
        no_engine: why nothing runs images.
        network: what a program that listens on a port can have for a network of its own.
        requested_network: the network that the Kode's annotation asks for; empty where it has none.
        bin: folder of commands that come before those of the machine; None for no such folder.
        lock: a random value from which the key of an image with a lock of its own is made.
    """

    instance: str
    volume: Path
    sockets: Path
    log: Path
    port: int
    user: str
    shell: str
    uid: int
    gid: int
    editor: Editor | None = None
    inherited: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    requested_runtime: str = ""
    engine: Engine | None = None
    no_engine: str = "podman is not installed"
    network: Network = field(default_factory=lambda: Network(why_not="it was not tried"))
    requested_network: str = ""
    bin: Path | None = None
    lock: str = field(default="", repr=False)

    def lock_of(self, login: Credentials) -> Credentials:
        """Return the login from which the key of an image with a lock of its own is made.

        It is the same for another password, which the sidecar alone asks for.
        """
        assert self.lock  # noqa: S101 - decided with the Kode
        return replace(login, password=self.lock)

    @property
    def socket(self) -> Path:
        """Where the editor listens; short, whatever the instance."""
        return self._socket("editor")

    @property
    def session(self) -> Path:
        """Where code-server listens for its own command line."""
        return self._socket("session")

    @property
    def kernels(self) -> Path:
        """Folder where Jupyter's kernels listen; its name is short: theirs are long."""
        return self.sockets / f"k-{self._digest[:_DIGITS_OF_KERNELS]}"

    @property
    def anywhere(self) -> "HostContext":
        """The same host without what differs from one shell to the next that starts a platform."""
        engine = replace(self.engine, environment={}) if self.engine else None
        return replace(self, inherited={}, sockets=Path("/"), engine=engine)

    def _socket(self, name: str) -> Path:
        return self.sockets / f"{name}-{self._digest[:_DIGITS]}.sock"

    @property
    def _digest(self) -> str:
        return sha256(self.instance.encode()).hexdigest()
