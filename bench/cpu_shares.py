"""Where the time goes: CPU of every process of the cluster that runs in our network namespace.

Rule: CPU seconds say more than the clock on a machine that others use as well. On a cluster that is
elsewhere nothing is found, and nothing is told.
"""

from pathlib import Path

from bench.program import usage

_PARTS = frozenset(
    {
        "kube-apiserver",
        "etcd",
        "kube-controller-manager",
        "kube-scheduler",
        "kwok",
        "provisioner",
    }
)


def processes() -> dict[str, int]:
    """Return the ids of the cluster's processes by name."""
    network = Path("/proc/self/ns/net").readlink()
    processes = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            name = Path((process / "cmdline").read_bytes().split(b"\0")[0].decode()).name
            if name in _PARTS and (process / "ns/net").readlink() == network:
                processes[name] = int(process.name)
        except OSError:
            continue  # it has ended meanwhile
    return processes


class Shares:
    """CPU seconds since the beginning, by process."""

    def __init__(self) -> None:
        """Begin now."""
        self._processes = processes()
        self._began = self._read()

    def so_far(self) -> dict[str, float]:
        """Return CPU seconds, the most first."""
        now = self._read()
        used = {name: now[name] - self._began[name] for name in self._began}
        return dict(sorted(used.items(), key=lambda item: -item[1]))

    def _read(self) -> dict[str, float]:
        return {name: usage(pid).cpu for name, pid in self._processes.items()}
