"""Images in the loopback registry: what the cluster itself needs, and pushing.

The registry's storage is in the cache and shared by all clusters, so an image is
pushed once and not once a cluster. References are the public ones: what is pushed
as ``library/busybox`` is what a pod gets that names ``busybox``.
"""

import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from devcluster import build, components, network
from devcluster.errors import DevclusterError
from devcluster.oci import Image, write_layout
from devcluster.paths import Store

BUSYBOX = Path("/bin/busybox")


def repository(reference: str) -> str:
    """The registry's name for a public image name, without host and tag.

    >>> repository("docker.io/busybox:1"), repository("linuxserver/code-server")
    ('library/busybox', 'linuxserver/code-server')
    """
    name = re.sub(r"(@sha256:[0-9a-f]+|:[^/:]+)$", "", reference)
    first, _, rest = name.partition("/")
    if rest and ("." in first or ":" in first or first == "localhost"):
        name = rest
        if first != "docker.io":
            return name
    return name if "/" in name else f"library/{name}"


def tag(reference: str) -> str:
    match = re.search(r":([^/:]+)$", reference)
    return match.group(1) if match else "latest"


def present(reference: str, store: Store) -> bool:
    """Whether the registry has the tag.

    Looks at its storage, whose layout is part of the registry's specification, so that
    no registry need be running.
    """
    tags = store.registry / "docker/registry/v2/repositories" / repository(reference)
    return (tags / "_manifests/tags" / tag(reference) / "current/link").is_file()


def push(source: str, reference: str, prefix: Sequence[str]) -> None:
    """Copy an image into the registry.

    ``source`` is as skopeo names it, such as ``oci:DIR``; ``prefix`` begins a command
    that runs inside the cluster.
    """
    target = f"docker://{network.REGISTRY}/{repository(reference)}:{tag(reference)}"
    argv = [*prefix, "skopeo", "--insecure-policy", "copy", "--quiet"]
    done = subprocess.run(
        [*argv, "--src-tls-verify=false", "--dest-tls-verify=false", source, target],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise DevclusterError(f"pushing {reference} failed:\n{done.stderr.strip()}")


def push_image(
    image: Image, references: Sequence[str], store: Store, prefix: Sequence[str]
) -> None:
    """Push under every reference that the registry does not have yet."""
    missing = [it for it in references if not present(it, store)]
    if not missing:
        return
    with tempfile.TemporaryDirectory() as scratch:
        layout = Path(scratch) / "image"
        write_layout(image, layout)
        for reference in missing:
            push(f"oci:{layout}", reference, prefix)


def pause_tag() -> str:
    return components.ADDONS.key()


def coredns_tag() -> str:
    return f"{components.COREDNS.version()}-{components.COREDNS.key()}"


def push_own(store: Store, prefix: Sequence[str]) -> None:
    """Push the images that the cluster needs to boot, and busybox for tests."""
    pause = Image(
        {"pause": build.binary(components.ADDONS, "pause", store)}, entrypoint=("/pause",)
    )
    coredns = Image(
        {"coredns": build.binary(components.COREDNS, "coredns", store)}, entrypoint=("/coredns",)
    )
    push_image(pause, [f"pause:{pause_tag()}"], store, prefix)
    push_image(coredns, [f"registry.k8s.io/coredns/coredns:{coredns_tag()}"], store, prefix)
    busybox = busybox_image()
    # The tag with the key goes last: it tells that `latest` is up to date.
    if not present(f"busybox:{busybox.key()}", store):
        with tempfile.TemporaryDirectory() as scratch:
            write_layout(busybox, Path(scratch) / "image")
            for name in ("busybox:latest", f"busybox:{busybox.key()}"):
                push(f"oci:{scratch}/image", name, prefix)


def busybox_image() -> Image:
    """Debian's busybox with the libraries it is linked to: a shell and small tools."""
    libraries = subprocess.run(
        ["ldd", str(BUSYBOX)], check=False, capture_output=True, text=True
    ).stdout
    files = {"bin/busybox": BUSYBOX}
    for path in re.findall(r"(/\S+) \(0x", libraries):
        files[path.lstrip("/")] = Path(path)
    applets = subprocess.run(
        [str(BUSYBOX), "--list"], check=True, capture_output=True, text=True
    ).stdout.split()
    links = {f"bin/{name}": "busybox" for name in applets if name != "busybox"}
    return Image(files, links, command=("/bin/sh",))
