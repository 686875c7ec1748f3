"""Certificates of one cluster: two authorities and one identity for each part.

Every ``up`` makes new ones, so no key outlives the cluster it was made for. The
openssl command does the cryptography; what it is told is rendered here.
"""

import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from devcluster import network
from devcluster.errors import DevclusterError

CA = "ca"
FRONT_PROXY_CA = "front-proxy-ca"
SERVICE_ACCOUNT_KEY = "sa.key"
VALID_DAYS = 365


@dataclass(frozen=True)
class Identity:
    """A certificate: who it says it is, and for which names it may serve."""

    name: str
    common_name: str
    organisation: str = ""
    serves: tuple[str, ...] = ()
    issuer: str = CA

    @property
    def subject(self) -> str:
        prefix = f"/O={self.organisation}" if self.organisation else ""
        return f"{prefix}/CN={self.common_name}"


_API_NAMES = (
    "DNS:kubernetes",
    "DNS:kubernetes.default",
    "DNS:kubernetes.default.svc",
    f"DNS:kubernetes.default.svc.{network.CLUSTER_DOMAIN}",
    "DNS:localhost",
    "IP:127.0.0.1",
    f"IP:{network.NODE_IP}",
    f"IP:{network.API_SERVICE_IP}",
)
_NODE_USER = f"system:node:{network.NODE_NAME}"

IDENTITIES = (
    Identity("apiserver", "kube-apiserver", serves=_API_NAMES),
    Identity("apiserver-kubelet", "apiserver-kubelet-client", "system:masters"),
    Identity("front-proxy-client", "front-proxy-client", issuer=FRONT_PROXY_CA),
    Identity(
        "kubelet-server",
        _NODE_USER,
        "system:nodes",
        serves=(f"DNS:{network.NODE_NAME}", f"IP:{network.NODE_IP}"),
    ),
    Identity(
        "metrics-server",
        "metrics-server",
        serves=("DNS:metrics-server.kube-system.svc", f"IP:{network.NODE_IP}"),
    ),
    Identity("admin", "admin", "system:masters"),
    Identity("controller-manager", "system:kube-controller-manager"),
    Identity("scheduler", "system:kube-scheduler"),
    Identity("kubelet", _NODE_USER, "system:nodes"),
    Identity("proxy", "system:kube-proxy"),
)


def openssl_config(identities: Sequence[Identity]) -> str:
    """One section of extensions for each certificate, and one for authorities."""
    lines = [
        "[req]",
        "distinguished_name = empty",
        "[empty]",
        "[authority]",
        "basicConstraints = critical, CA:TRUE",
        "keyUsage = critical, keyCertSign, cRLSign",
        "subjectKeyIdentifier = hash",
    ]
    for identity in identities:
        lines += [
            f"[{identity.name}]",
            "basicConstraints = critical, CA:FALSE",
            "keyUsage = critical, digitalSignature, keyEncipherment",
            f"extendedKeyUsage = {'serverAuth' if identity.serves else 'clientAuth'}",
        ]
        if identity.serves:
            lines.append(f"subjectAltName = {', '.join(identity.serves)}")
    return "\n".join(lines) + "\n"


def create(directory: Path) -> None:
    """Write every key and certificate of a cluster into an empty directory."""
    directory.mkdir(mode=0o700, parents=True)
    (directory / "openssl.cnf").write_text(openssl_config(IDENTITIES))
    with ThreadPoolExecutor(max_workers=4) as pool:
        authorities = [
            pool.submit(_certificate, directory, name, f"/CN={name}", "authority")
            for name in (CA, FRONT_PROXY_CA)
        ]
        # In the old form of EC keys, the only one that Kubernetes reads here.
        argv = ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", SERVICE_ACCOUNT_KEY]
        key = pool.submit(_openssl, directory, argv)
        for each in authorities:
            each.result()
        leaves = [
            pool.submit(
                _certificate,
                directory,
                identity.name,
                identity.subject,
                identity.name,
                identity.issuer,
            )
            for identity in IDENTITIES
        ]
        for each in [key, *leaves]:
            each.result()


def _certificate(directory: Path, name: str, subject: str, section: str, issuer: str = "") -> None:
    argv = ["req", "-config", "openssl.cnf", "-extensions", section, "-x509"]
    argv += ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"]
    argv += [
        "-days",
        str(VALID_DAYS),
        "-subj",
        subject,
        "-keyout",
        f"{name}.key",
        "-out",
        f"{name}.crt",
    ]
    if issuer:
        argv += ["-CA", f"{issuer}.crt", "-CAkey", f"{issuer}.key"]
    _openssl(directory, argv)


def _openssl(directory: Path, argv: list[str]) -> None:
    done = subprocess.run(
        ["openssl", *argv], cwd=directory, check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise DevclusterError(f"openssl {argv[0]} failed:\n{done.stderr.strip()}")
