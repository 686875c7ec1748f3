"""What this machine can give a program for a network of its own.

Rule: pure; what is here was tried, never assumed.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import kode

_SOURCES = Path(kode.__file__).parent.parent
_BEGIN = (
    "import sys; sys.path.append(sys.argv[1]); from kode.platform.local.netns import alone; "
    "sys.exit(alone.main(sys.argv[2], sys.argv[3:]))"
)
_ENTER = (
    "import sys; sys.path.append(sys.argv[1]); from kode.platform.local.netns import alone; "
    "sys.exit(alone.enter(sys.argv[2], sys.argv[3:]))"
)
PID = "{pid}"
UPLINKS: Mapping[str, tuple[tuple[str, ...], str]] = {
    # Nothing that listens within is led out; the machine's loopback is at the gateway's address.
    "pasta": (
        (
            *("--config-net", "--foreground", "--quiet"),
            *("--tcp-ports=none", "--udp-ports=none", "--tcp-ns=none", "--udp-ns=none"),
            *("--dns-forward=169.254.1.1", PID),
        ),
        "169.254.1.1",
    ),
    "slirp4netns": (("--configure", "--mtu=65520", PID, "tap0"), "10.0.2.3"),
}
"""What connects a network to the machine's: its options, and the name server that it brings."""


@dataclass(frozen=True)
class Network:
    """What a program's own network can be here.

    Attributes:
        why_not: why there can be none; empty where there can.
        uplink: path of what connects it to the machine's; empty where nothing does.
        no_uplink: why nothing does; empty where something does.
    """

    why_not: str = ""
    uplink: str = ""
    no_uplink: str = ""

    def argv(self, socket: Path, port: int) -> tuple[str, ...]:
        """Return what a program is put behind, for a socket that leads to its port."""
        options, nameserver = UPLINKS[Path(self.uplink).name] if self.uplink else ((), "")
        config = {
            "socket": str(socket),
            "port": port,
            "pid": str(_pid_file(socket)),
            "uplink": [self.uplink, *options] if self.uplink else [],
            "nameserver": nameserver,
        }
        return (*_python(_BEGIN), json.dumps(config))


def enter(socket: Path) -> tuple[str, ...]:
    """Return what a command is put behind that is to run beside a program."""
    return (*_python(_ENTER), str(_pid_file(socket)))


def _pid_file(socket: Path) -> Path:
    return socket.with_suffix(".pid")


def _python(script: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", "-X", "utf8", "-c", script, str(_SOURCES))
