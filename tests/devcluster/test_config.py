"""Configuration is rendered from the run directory and nothing else."""

import base64
import json
import tomllib
from pathlib import Path

from devcluster import config, network
from devcluster.paths import RunDir

RUN = RunDir(Path("/cache/run/one"))


def test_kubelet_stays_in_the_group_of_its_cluster() -> None:
    document = json.loads(config.kubelet(RUN))
    assert document["cgroupRoot"] == f"/{RUN.cgroup}"
    assert RunDir(Path("/another/run/one")).cgroup != RUN.cgroup
    assert document["authentication"]["anonymous"] == {"enabled": False}


def test_kube_proxy_leaves_the_hosts_connection_limit_alone() -> None:
    assert json.loads(config.kube_proxy(RUN))["conntrack"] == {"maxPerCore": 0}


def test_containerd_takes_the_pause_image_from_the_loopback_registry() -> None:
    document = tomllib.loads(config.containerd(RUN, "abc"))
    images = document["plugins"]["io.containerd.cri.v1.images"]
    assert images["pinned_images"]["sandbox"] == "127.0.0.1:5000/library/pause:abc"
    assert images["registry"]["config_path"] == "/cache/run/one/config/registry-hosts"


def test_every_registry_is_mirrored_and_no_other_is_asked() -> None:
    assert "_default" in config.MIRRORED
    document = tomllib.loads(config.registry_mirror())
    assert document["server"] == "http://127.0.0.1:5000"
    assert list(document["host"]) == ["http://127.0.0.1:5000"]


def test_pods_get_addresses_of_the_pod_network() -> None:
    document = json.loads(config.pod_network())
    ranges = [plugin["ipam"]["ranges"] for plugin in document["plugins"] if "ipam" in plugin]
    assert ranges == [[[{"subnet": network.POD_CIDR}]]]


def test_registry_listens_on_loopback_only() -> None:
    document = json.loads(config.registry(Path("/cache/registry")))
    assert document["http"]["addr"] == "127.0.0.1:5000"
    assert document["storage"]["filesystem"]["rootdirectory"] == "/cache/registry"


def test_kubeconfig_holds_its_credentials(tmp_path: Path) -> None:
    for name in ("ca.crt", "admin.crt", "admin.key"):
        (tmp_path / name).write_text(name)
    document = json.loads(config.kubeconfig("https://127.0.0.1:1", tmp_path, "admin"))
    assert document["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:1"
    user = document["users"][0]["user"]
    assert base64.b64decode(user["client-key-data"]) == b"admin.key"
