"""The processes of a cluster: what each is called with. Pure tables.

The supervisor (``init.py``) runs them inside the namespaces and starts again what
ends. Those in ``first`` need nothing; the rest is started when the API answers.
"""

from dataclasses import asdict, dataclass, field

from devcluster import network
from devcluster.config import CONTAINERD_SOCKET
from devcluster.paths import RunDir

PROVISIONER = "devcluster.local"
FAKE_NODE_ANNOTATION = "kwok.x-k8s.io/node=fake"


@dataclass(frozen=True)
class Service:
    """One process. ``relays`` gets the socket that listens outside."""

    name: str
    argv: list[str]
    env: dict[str, str] = field(default_factory=dict)
    relays: bool = False

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def first(run: RunDir, relay: list[str], *, fake: bool) -> list[Service]:
    """Started at once, side by side."""
    services = [etcd(run), apiserver(run), Service("relay", relay, relays=True)]
    if not fake:
        services += [
            Service("containerd", ["containerd", "-c", str(run.config / "containerd.toml")]),
            Service(
                "registry",
                ["docker-registry", "serve", str(run.config / "registry.json")],
                {"OTEL_TRACES_EXPORTER": "none"},
            ),
        ]
    return services


def second(run: RunDir, *, fake: bool) -> list[Service]:
    """Started when the API answers."""
    services = [controller_manager(run, fake=fake), scheduler(run), provisioner(run, fake=fake)]
    if fake:
        return [*services, kwok(run)]
    admin = str(run.inside_kubeconfig)
    return [
        *services,
        kubelet(run),
        Service("kube-proxy", ["kube-proxy", "--config", str(run.config / "kube-proxy.json")]),
        Service("netpol", ["netpol", "-kubeconfig", admin, "-pod-cidr", network.POD_CIDR]),
    ]


def etcd(run: RunDir) -> Service:
    peers = "http://127.0.0.1:2380"
    return Service(
        "etcd",
        [
            "etcd",
            f"--data-dir={run.etcd}",
            f"--listen-client-urls={network.ETCD_URL}",
            f"--advertise-client-urls={network.ETCD_URL}",
            f"--listen-peer-urls={peers}",
            f"--initial-advertise-peer-urls={peers}",
            f"--initial-cluster=default={peers}",
            "--quota-backend-bytes=8589934592",
            # A development cluster is thrown away after a crash: speed matters more.
            "--unsafe-no-fsync",
            "--log-level=warn",
        ],
    )


def apiserver(run: RunDir) -> Service:
    pki = run.pki
    return Service(
        "kube-apiserver",
        [
            "kube-apiserver",
            f"--etcd-servers={network.ETCD_URL}",
            f"--secure-port={network.API_PORT}",
            "--bind-address=0.0.0.0",
            f"--advertise-address={network.NODE_IP}",
            f"--tls-cert-file={pki}/apiserver.crt",
            f"--tls-private-key-file={pki}/apiserver.key",
            f"--client-ca-file={pki}/ca.crt",
            f"--kubelet-certificate-authority={pki}/ca.crt",
            f"--kubelet-client-certificate={pki}/apiserver-kubelet.crt",
            f"--kubelet-client-key={pki}/apiserver-kubelet.key",
            "--kubelet-preferred-address-types=InternalIP",
            f"--service-account-key-file={pki}/sa.key",
            f"--service-account-signing-key-file={pki}/sa.key",
            f"--service-account-issuer=https://kubernetes.default.svc.{network.CLUSTER_DOMAIN}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            f"--service-cluster-ip-range={network.SERVICE_CIDR}",
            "--allow-privileged=true",
            f"--requestheader-client-ca-file={pki}/front-proxy-ca.crt",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-username-headers=X-Remote-User",
            f"--proxy-client-cert-file={pki}/front-proxy-client.crt",
            f"--proxy-client-key-file={pki}/front-proxy-client.key",
            "--enable-aggregator-routing=true",
        ],
    )


def _client(run: RunDir, identity: str) -> list[str]:
    path = run.kubeconfig(identity)
    return [
        f"--kubeconfig={path}",
        f"--authentication-kubeconfig={path}",
        f"--authorization-kubeconfig={path}",
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
    ]


# The default limit of 20 requests a second doubles the time to boot, and would be
# what a large test measures.
_UNLIMITED = ["--kube-api-qps=500", "--kube-api-burst=1000"]


def controller_manager(run: RunDir, *, fake: bool) -> Service:
    pki = run.pki
    argv = [
        "kube-controller-manager",
        *_client(run, "controller-manager"),
        f"--service-account-private-key-file={pki}/sa.key",
        f"--root-ca-file={pki}/ca.crt",
        f"--cluster-signing-cert-file={pki}/ca.crt",
        f"--cluster-signing-key-file={pki}/ca.key",
        "--use-service-account-credentials=true",
        f"--cert-dir={run.config}/controller-manager",
        *_UNLIMITED,
    ]
    if fake:
        argv.append("--concurrent-statefulset-syncs=50")
    return Service("kube-controller-manager", argv)


def scheduler(run: RunDir) -> Service:
    argv = ["kube-scheduler", *_client(run, "scheduler"), *_UNLIMITED]
    return Service("kube-scheduler", [*argv, f"--cert-dir={run.config}/scheduler"])


def kubelet(run: RunDir) -> Service:
    return Service(
        "kubelet",
        [
            "kubelet",
            f"--config={run.config / 'kubelet.json'}",
            f"--kubeconfig={run.kubeconfig('kubelet')}",
            f"--node-ip={network.NODE_IP}",
            f"--hostname-override={network.NODE_NAME}",
        ],
    )


def provisioner(run: RunDir, *, fake: bool) -> Service:
    argv = ["provisioner", f"-kubeconfig={run.inside_kubeconfig}", f"-name={PROVISIONER}"]
    if not fake:
        argv += [f"-root={run.volumes}", f"-node={network.NODE_NAME}"]
    return Service("provisioner", argv)


def kwok(run: RunDir) -> Service:
    return Service(
        "kwok",
        [
            "kwok",
            f"--kubeconfig={run.inside_kubeconfig}",
            f"--config={run.config / 'stages.yaml'}",
            "--manage-all-nodes=false",
            f"--manage-nodes-with-annotation-selector={FAKE_NODE_ANNOTATION}",
            f"--node-ip={network.NODE_IP}",
            f"--cidr={network.POD_CIDR}",
            "--node-lease-duration-seconds=40",
        ],
    )


def environment(run: RunDir) -> dict[str, str]:
    """What runs inside finds the cluster's binaries and its credentials."""
    return {
        "PATH": f"{run.bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "KUBECONFIG": str(run.inside_kubeconfig),
        "CONTAINERD_ADDRESS": CONTAINERD_SOCKET,
        "HOME": "/root",
    }
