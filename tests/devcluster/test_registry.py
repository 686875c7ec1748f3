"""Public image names and where the loopback registry keeps them."""

from pathlib import Path

import pytest

from devcluster import registry
from devcluster.paths import Store


@pytest.mark.parametrize(
    ("reference", "repository", "tag"),
    [
        ("busybox", "library/busybox", "latest"),
        ("busybox:1.36", "library/busybox", "1.36"),
        ("docker.io/busybox", "library/busybox", "latest"),
        ("linuxserver/code-server:4", "linuxserver/code-server", "4"),
        ("docker.io/linuxserver/webtop", "linuxserver/webtop", "latest"),
        ("registry.k8s.io/pause:3.10", "pause", "3.10"),
        ("registry.k8s.io/coredns/coredns:v1", "coredns/coredns", "v1"),
        ("localhost:5000/mine", "mine", "latest"),
        ("ghcr.io/a/b/c:1", "a/b/c", "1"),
    ],
)
def test_a_public_name_is_found_where_a_mirror_is_asked(
    reference: str, repository: str, tag: str
) -> None:
    assert registry.repository(reference) == repository
    assert registry.tag(reference) == tag


def test_a_tag_is_present_once_the_registry_has_stored_it(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert not registry.present("busybox:1", store)
    link = (
        store.registry
        / "docker/registry/v2/repositories/library/busybox/_manifests/tags/1/current/link"
    )
    link.parent.mkdir(parents=True)
    link.write_text("sha256:0")
    assert registry.present("busybox:1", store)
    assert not registry.present("busybox:2", store)
