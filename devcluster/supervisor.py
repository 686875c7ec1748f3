"""Process 1 inside a cluster's namespaces: prepares them, then runs the services.

Started by ``namespaces.launch`` in fresh network, mount and process namespaces.
What should run is in the run directory's ``services`` files; SIGHUP makes it look
again. A service that ends is started again. When this process is killed the
kernel kills everything else in the process namespace, and the mounts and the
network go with it: that is how a cluster is torn down.
"""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from devcluster import network
from devcluster.host_changes import NODE_DIRECTORIES
from devcluster.paths import RunDir

RELAY_FD = 3
RESTART_SECONDS = 1.0
AWAITED = {signal.SIGCHLD, signal.SIGHUP}


@dataclass
class Running:
    """A service as it is now; pid 0 while it waits to be started again."""

    argv: list[str]
    env: dict[str, str]
    relays: bool
    pid: int = 0
    starts: int = 0
    not_before: float = 0.0


class Supervisor:
    """Keeps the processes that the services directory asks for."""

    def __init__(self, run: RunDir, relay_socket: int) -> None:
        self.run = run
        self.relay_socket = relay_socket
        self.services: dict[str, Running] = {}

    def loop(self) -> None:
        while True:
            self.read()
            self.start()
            self.record()
            # The timeout is for services that wait to be started again.
            signal.sigtimedwait(AWAITED, RESTART_SECONDS)
            self.reap()

    def read(self) -> None:
        for path in sorted(self.run.services.glob("*.json")):
            if path.stem not in self.services:
                spec = json.loads(path.read_text())
                self.services[path.stem] = Running(spec["argv"], spec["env"], spec["relays"])

    def start(self) -> None:
        for name, service in self.services.items():
            if service.pid or time.monotonic() < service.not_before:
                continue
            log = str(self.run.logs / f"{name}.log")
            actions: list[tuple[object, ...]] = [
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ]
            if service.relays:
                actions.append((os.POSIX_SPAWN_DUP2, self.relay_socket, RELAY_FD))
            service.pid = os.posix_spawnp(
                service.argv[0],
                service.argv,
                os.environ | service.env,
                file_actions=actions,
                setsid=True,
                setsigmask=(),
            )
            service.starts += 1

    def reap(self) -> None:
        """Collect every ended process: services, and orphans of containers."""
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            for service in self.services.values():
                if service.pid == pid:
                    service.pid = 0
                    service.not_before = time.monotonic() + RESTART_SECONDS

    def record(self) -> None:
        states = {
            name: {"running": bool(service.pid), "starts": service.starts}
            for name, service in self.services.items()
        }
        text = json.dumps(states)
        path = self.run.supervised
        if not path.exists() or path.read_text() != text:
            scratch = path.with_suffix(".new")
            scratch.write_text(text)
            scratch.rename(path)


def isolate_mounts(run: RunDir) -> None:
    """Hide the host's directories that the node's parts write to by fixed path."""
    _call("mount", "--make-rshared", "/")  # containers' mounts must reach the kubelet
    _call("mount", "-t", "proc", "proc", "/proc")
    _call("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    for directory in ("/run/netns", "/run/lock"):
        Path(directory).mkdir()
    for directory in NODE_DIRECTORIES:
        if Path(directory).is_dir():
            stand_in = run.hidden / directory.strip("/")
            stand_in.mkdir(parents=True, exist_ok=True)
            _call("mount", "--bind", str(stand_in), directory)


def network_setup() -> str:
    """Commands for ip: the node's own address, and a route to Services.

    Without the route a process of the node could not reach them: routing comes before
    a Service's address is replaced.
    """
    bridge = network.NODE_BRIDGE
    return f"""link set lo up
link add {bridge} type bridge
addr add {network.NODE_IP}/{network.NODE_CIDR.split("/")[1]} dev {bridge}
link set {bridge} up
route add {network.SERVICE_CIDR} dev {bridge}
"""


def open_network() -> None:
    _call("ip", "-batch", "-", text=network_setup())
    for setting in (
        "ipv4/ip_forward",
        "ipv4/conf/all/route_localnet",
        "bridge/bridge-nf-call-iptables",  # pod to Service to pod on one bridge
    ):
        path = Path("/proc/sys/net", setting)
        if path.exists():
            path.write_text("1")


def _call(*argv: str, text: str = "") -> None:
    subprocess.run(argv, check=True, input=text.encode())


def main(root: str, relay_socket: str) -> None:
    run = RunDir(Path(root))
    # /proc is still the host's here, so this is the pid that the host knows.
    own = str(Path("/proc/self").readlink())
    isolate_mounts(run)
    open_network()
    # Before the pid is known to anyone who may send a signal.
    signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
    scratch = run.init_pid.with_suffix(".new")
    scratch.write_text(own)
    scratch.rename(run.init_pid)
    Supervisor(run, int(relay_socket)).loop()


if __name__ == "__main__":
    main(*sys.argv[1:])
