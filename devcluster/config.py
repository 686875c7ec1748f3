"""Configuration files of the cluster's parts, rendered as text.

Pure: the same run directory gives the same bytes. Files that are YAML for their
readers are written as JSON, which is YAML too and needs no library.
"""

import base64
import json
from pathlib import Path

from devcluster import network
from devcluster.paths import RunDir

CONTAINERD_SOCKET = "/run/containerd/containerd.sock"
PAUSE_IMAGE = f"{network.REGISTRY}/library/pause"
MIRRORED = ("docker.io", "registry.k8s.io", "ghcr.io", "_default")


def _json(document: object) -> str:
    return json.dumps(document, indent=2) + "\n"


def kubeconfig(server: str, pki: Path, identity: str) -> str:
    """Credentials inside, so that the file may be copied anywhere."""

    def encode(file: str) -> str:
        return base64.b64encode((pki / file).read_bytes()).decode()

    name = "devcluster"
    return _json(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": name,
                    "cluster": {"server": server, "certificate-authority-data": encode("ca.crt")},
                }
            ],
            "users": [
                {
                    "name": identity,
                    "user": {
                        "client-certificate-data": encode(f"{identity}.crt"),
                        "client-key-data": encode(f"{identity}.key"),
                    },
                }
            ],
            "contexts": [{"name": name, "context": {"cluster": name, "user": identity}}],
            "current-context": name,
        }
    )


def kubelet(run: RunDir) -> str:
    """Configure the node agent.

    Disk pressure and image limits are off: the disk is a developer's own, and filling
    it must not evict what a test looks at.
    """
    return _json(
        {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": str(run.pki / "ca.crt")},
            },
            "authorization": {"mode": "Webhook"},
            "address": network.NODE_IP,
            "tlsCertFile": str(run.pki / "kubelet-server.crt"),
            "tlsPrivateKeyFile": str(run.pki / "kubelet-server.key"),
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{run.cgroup}",
            "failCgroupV1": False,
            "failSwapOn": False,
            "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
            "clusterDNS": [network.DNS_SERVICE_IP],
            "clusterDomain": network.CLUSTER_DOMAIN,
            "resolvConf": "",
            "maxPods": 200,
            "serializeImagePulls": False,
            "registryPullQPS": 0,
            "imageGCHighThresholdPercent": 100,
            "evictionHard": {"memory.available": "100Mi"},
        }
    )


def kube_proxy(run: RunDir) -> str:
    """nftables, and no conntrack sysctl: its limit belongs to the host."""
    return _json(
        {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "mode": "nftables",
            "clusterCIDR": network.POD_CIDR,
            "hostnameOverride": network.NODE_NAME,
            "clientConnection": {"kubeconfig": str(run.kubeconfig("proxy"))},
            "conntrack": {"maxPerCore": 0},
        }
    )


def containerd(run: RunDir, pause_tag: str) -> str:
    return f"""version = 3
root = "{run.containerd}"
state = "/run/containerd"

[grpc]
  address = "{CONTAINERD_SOCKET}"

[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "{PAUSE_IMAGE}:{pause_tag}"

[plugins."io.containerd.cri.v1.images".registry]
  config_path = "{run.registry_hosts}"

[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
  # Its profile would be loaded into the host's kernel and stay there.
  disable_apparmor = true

  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["/usr/lib/cni"]
    conf_dir = "{run.cni}"

  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"

    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
      SystemdCgroup = false
"""


def registry_mirror() -> str:
    """For containerd: ask the loopback registry and no other."""
    return f"""server = "http://{network.REGISTRY}"

[host."http://{network.REGISTRY}"]
  capabilities = ["pull", "resolve"]
"""


def registry(storage: Path) -> str:
    return _json(
        {
            "version": "0.1",
            "storage": {
                "filesystem": {"rootdirectory": str(storage)},
                "delete": {"enabled": True},
            },
            "http": {"addr": network.REGISTRY},
            "log": {"level": "warn"},
        }
    )


def pod_network() -> str:
    """A bridge. No masquerading: there is no way out to masquerade for."""
    return _json(
        {
            "cniVersion": "1.0.0",
            "name": "pods",
            "plugins": [
                {
                    "type": "bridge",
                    "bridge": "pods0",
                    "isGateway": True,
                    "hairpinMode": True,
                    "ipam": {
                        "type": "host-local",
                        "ranges": [[{"subnet": network.POD_CIDR}]],
                        "routes": [{"dst": "0.0.0.0/0"}],
                    },
                },
                {"type": "portmap", "capabilities": {"portMappings": True}},
            ],
        }
    )
