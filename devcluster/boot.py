"""The steps from nothing to a cluster that takes pods."""

import json
import os
import shutil
import socket
import string
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from devcluster import (
    api,
    cgroups,
    components,
    config,
    fake,
    namespaces,
    network,
    pki,
    registry,
    services,
)
from devcluster.build import location
from devcluster.errors import DevclusterError
from devcluster.namespaces import Process
from devcluster.paths import MANIFESTS, RunDir, Store
from devcluster.state import Mode, State
from devcluster.supervisor import RELAY_FD

BOOT_SECONDS = 120.0
MANY_STARTS = 5


@dataclass(frozen=True)
class Boot:
    """One cluster on its way up."""

    name: str
    mode: Mode
    store: Store

    @property
    def run(self) -> RunDir:
        return self.store.run(self.name)

    @property
    def fake(self) -> bool:
        return self.mode == "fake"

    def components(self) -> Sequence[components.Component]:
        return components.FAKE if self.fake else components.FULL

    def go(self) -> State:
        """Everything, in order. The binaries must have been built."""
        run = self.run
        for directory in (run.root, run.logs, run.config, run.cni, run.volumes, run.hidden):
            directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        with listen() as relay:
            port = relay.getsockname()[1]
            State(self.mode, port).write(run)
            link_binaries(run, self.components(), self.store)
            pki.create(run.pki)
            self.write_config(port)
            if not self.fake:
                cgroups.create(run.cgroup)
            process = namespaces.launch(run, relay)
        state = State(self.mode, port, process.pid, process.started)
        state.write(run)
        self.start(process, api.Api(run, port))
        state = State(self.mode, port, process.pid, process.started, ready=True)
        state.write(run)
        return state

    def start(self, process: Process, server: api.Api) -> None:
        run = self.run

        def wait(what: str, test: Callable[[], bool]) -> None:
            api.wait(what, test, lambda: check_services(run), BOOT_SECONDS)

        target = [str(RELAY_FD), network.NODE_IP, str(network.API_PORT)]
        relay = [sys.executable, "-m", "devcluster.api_proxy", *target]
        namespaces.supply(run, process, services.first(run, relay, fake=self.fake))
        wait("the API server to answer", server.ready)
        namespaces.supply(run, process, services.second(run, fake=self.fake))
        if self.fake:
            apply(run, [storage(), fake.nodes()])
        else:
            registry.push_own(self.store, namespaces.enter(process, whole=False))
            apply(run, [storage(), render("coredns.yaml", dns_values())])
        wait("the default service account", server.default_account)
        node = fake.node_name(0) if self.fake else network.NODE_NAME
        wait(f"node {node} to be ready", lambda: server.node_ready(node))
        if not self.fake:
            wait("DNS", lambda: server.available("kube-system", "coredns"))

    def write_config(self, port: int) -> None:
        run = self.run
        for identity in ("admin", "controller-manager", "scheduler", "kubelet", "proxy"):
            text = config.kubeconfig(network.API_URL, run.pki, identity)
            write_secret(run.kubeconfig(identity), text)
        outside = config.kubeconfig(f"https://127.0.0.1:{port}", run.pki, "admin")
        write_secret(run.host_kubeconfig, outside)
        if self.fake:
            shutil.copy(MANIFESTS / "stages.yaml", run.config / "stages.yaml")
            return
        self.store.registry.mkdir(parents=True, exist_ok=True)
        write(run.config / "kubelet.json", config.kubelet(run))
        write(run.config / "kube-proxy.json", config.kube_proxy(run))
        write(run.config / "containerd.toml", config.containerd(run, registry.pause_tag()))
        write(run.config / "registry.json", config.registry(self.store.registry))
        write(run.cni / "10-pods.conflist", config.pod_network())
        for host in config.MIRRORED:
            write(run.registry_hosts / host / "hosts.toml", config.registry_mirror())


def link_binaries(run: RunDir, wanted: Sequence[components.Component], store: Store) -> None:
    """One directory for PATH, whatever component a binary comes from."""
    for directory in (run.bin, run.tools):
        directory.mkdir(exist_ok=True)
    for component in wanted:
        for name in component.binaries:
            link = run.bin / name
            link.unlink(missing_ok=True)
            link.symlink_to(location(component, store) / name)
    kubectl = run.tools / "kubectl"
    kubectl.unlink(missing_ok=True)
    kubectl.symlink_to(run.bin / kubectl.name)


def storage() -> str:
    return render("storage.yaml", {"provisioner": services.PROVISIONER})


def dns_values() -> dict[str, str]:
    return {"coredns_tag": registry.coredns_tag(), "dns_ip": network.DNS_SERVICE_IP}


def listen() -> socket.socket:
    """The host's end of the relay: made outside, handed to a process inside."""
    return socket.create_server(("127.0.0.1", 0))


def check_services(run: RunDir) -> None:
    """Stop waiting when a service ends again and again, and show what it says."""
    if not run.supervised.exists():
        return
    for name, service in json.loads(run.supervised.read_text()).items():
        if service["starts"] > MANY_STARTS:
            log = run.logs / f"{name}.log"
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
            raise DevclusterError(f"{name} does not stay up; the end of {log}:\n{tail}")


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def write_secret(path: Path, text: str) -> None:
    """For the user alone: the one who called sudo, if that is how root came here."""
    path.touch(mode=0o600)
    os.chown(path, int(os.environ.get("SUDO_UID", "-1")), -1)
    path.write_text(text)


def render(manifest: str, values: dict[str, str]) -> str:
    return string.Template((MANIFESTS / manifest).read_text()).substitute(values)


def apply(run: RunDir, documents: Sequence[str]) -> None:
    """Hand manifests to kubectl, through the relay."""
    with tempfile.TemporaryDirectory() as directory:
        for number, document in enumerate(documents):
            (Path(directory) / f"{number}.yaml").write_text(document)
        kubectl = [str(run.bin / "kubectl"), f"--kubeconfig={run.host_kubeconfig}"]
        done = subprocess.run(
            [*kubectl, "apply", "--server-side", "--force-conflicts", "-f", directory],
            check=False,
            capture_output=True,
            text=True,
        )
    if done.returncode:
        raise DevclusterError(f"kubectl apply failed:\n{done.stderr.strip()}")
