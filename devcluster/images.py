"""The test images: one table of what is built here, and the `images` subcommand.

No registry can be reached from a bare machine, so the images that the examples name are built with
the same names and contracts and pushed to the cluster's own registry. The rule: an image is keyed
by the bytes it is made from, so nothing is built or pushed twice.
"""

import argparse
import fcntl
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from devcluster.cluster import Cluster
from devcluster.errors import DevclusterError
from devcluster.images_build import Builder, content_key
from devcluster.images_debian import write_rootfs
from devcluster.images_layout import Layout
from devcluster.paths import cache_dir

REPOSITORY = Path(__file__).resolve().parent.parent
REGISTRY = "127.0.0.1:5000"
PUSHER = Path(__file__).with_name("images_push.py")
DEBIAN = "debian"


@dataclass(frozen=True)
class Image:
    """One image: the folder `images/<name>`, its references, and what else goes into it.

    `needs` names the images its Dockerfile starts from; `inputs` are paths of the repository
    outside its folder, which make the repository its build context.
    """

    name: str
    tags: tuple[str, ...]
    needs: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    pushed: bool = True


IMAGES = (
    Image(DEBIAN, ("docker.io/library/debian:bookworm-slim",)),
    Image("editor", ("docker.io/kode/editor:test",), needs=(DEBIAN,), pushed=False),
    Image("code-server", ("docker.io/linuxserver/code-server:latest",), needs=("editor",)),
    Image("codercom", ("docker.io/codercom/code-server:latest",), needs=("editor",)),
    Image(
        "webtop",
        ("docker.io/linuxserver/webtop:ubuntu-mate", "docker.io/linuxserver/webtop:latest"),
        needs=(DEBIAN,),
    ),
    Image(
        "envoy",
        ("docker.io/envoyproxy/envoy:v1.30-latest", "docker.io/envoyproxy/envoy:v1.40-latest"),
        needs=(DEBIAN,),
    ),
    Image("tools", ("docker.io/kode/tools:test",), needs=(DEBIAN,)),
    Image(
        "operator",
        ("docker.io/kode/operator:dev",),
        needs=(DEBIAN,),
        inputs=(
            *("LICENSE", "README.md", "pyproject.toml", "src/kode"),
            *(f"requirements/{lock}.txt" for lock in ("build", "operator", "uv")),
        ),
    ),
)


def with_needs(names: Sequence[str]) -> tuple[Image, ...]:
    """The named images and what they start from, in the table's order, which is build order."""
    table = {image.name: image for image in IMAGES}
    unknown = sorted(set(names) - table.keys())
    if unknown:
        raise DevclusterError(f"no such image: {', '.join(unknown)}; there are: {', '.join(table)}")
    wanted = set(names)
    for image in reversed(IMAGES):
        if image.name in wanted:
            wanted.update(image.needs)
    return tuple(image for image in IMAGES if image.name in wanted)


def image_keys(images: Sequence[Image], base: str | None) -> dict[str, str]:
    """Each image's content key: its own bytes and those of everything it starts from."""
    keys: dict[str, str] = {}
    for image in images:
        folder = REPOSITORY / "images" / image.name
        seeds = [keys[need] for need in image.needs]
        if image.name == DEBIAN and base:
            seeds.append(f"pulled {base}")
        keys[image.name] = content_key(
            [folder, *(REPOSITORY / path for path in image.inputs)], seeds
        )
    return keys


@contextmanager
def only_one(cache: Path) -> Iterator[None]:
    """Holds the images' lock: two builders would spoil one another's store."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("waiting for another build of the images to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build_missing(
    images: Sequence[Image], cache: Path, base: str | None, say: Callable[[str], None]
) -> dict[str, str]:
    """Builds every image whose key the layout does not hold; name -> manifest digest of each."""
    layout = Layout(cache / "oci")
    builder = Builder(cache)
    keys = image_keys(images, base)
    references = {name: f"{name}-{key}" for name, key in keys.items()}
    held = layout.references()
    missing = [image for image in images if references[image.name] not in held]
    if missing:
        builder.discard_leftovers()
    for image in missing:
        say(f"{image.name}: building")
        started = time.monotonic()
        for needed in images:
            if needed.name in image.needs:
                builder.restore(layout, references[needed.name], needed.tags[0])
        _build_one(image, builder, base)
        builder.export(image.name, image.tags[0], layout, references[image.name])
        say(f"{image.name}: built in {time.monotonic() - started:.0f} s")
    layout.retain({image.name: keys.get(image.name) for image in IMAGES})
    held = layout.references()
    return {name: held[reference] for name, reference in references.items()}


def _build_one(image: Image, builder: Builder, base: str | None) -> None:
    folder = REPOSITORY / "images" / image.name
    build = partial(builder.build, image.name, folder / "Dockerfile", tag=image.tags[0])
    if image.name != DEBIAN:
        build(REPOSITORY if image.inputs else folder)
    elif base:
        builder.pull(image.name, base, image.tags[0])
    else:
        with tempfile.TemporaryDirectory(dir=builder.cache) as scratch:
            write_rootfs(folder, Path(scratch), partial(builder.run, f"{image.name}.rootfs"))
            build(Path(scratch))


def pushed_tags(digests: dict[str, str]) -> dict[str, str]:
    """Reference -> manifest digest of every tag that the registry shall have."""
    images = (image for image in IMAGES if image.pushed and image.name in digests)
    return {tag: digests[image.name] for image in images for tag in image.tags}


def push_missing(tags: dict[str, str], cache: Path, cluster: Cluster) -> None:
    """Pushes the tags that the cluster's registry lacks or has otherwise."""
    parts = ((*reference.partition("/")[2].rsplit(":", 1), tags[reference]) for reference in tags)
    images = [dict(zip(("repository", "tag", "digest"), part, strict=True)) for part in parts]
    request = {"layout": str(cache / "oci"), "registry": REGISTRY, "images": images}
    argv = [*cluster.exec_prefix(), sys.executable, str(PUSHER)]
    if subprocess.run(argv, input=json.dumps(request), text=True, check=False).returncode:
        raise DevclusterError("the images could not be pushed; the cluster must be up in full mode")


def drop_stale(tags: dict[str, str], cluster: Cluster) -> None:
    """Drops the node's copies of older images: the kubelet asks again only for `Always`."""
    argv = [*cluster.exec_prefix(whole=True), "ctr", "--namespace", "k8s.io", "images"]
    environment = os.environ | cluster.exec_environment()
    listed = subprocess.run(
        [*argv, "ls"], env=environment, capture_output=True, text=True, check=False
    ).stdout
    held = {fields[0]: fields[2] for fields in map(str.split, listed.splitlines())}
    stale = [tag for tag, digest in tags.items() if held.get(tag, digest) != digest]
    if stale:
        subprocess.run([*argv, "rm", *stale], env=environment, capture_output=True, check=False)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declares the options of the `images` subcommand."""
    parser.add_argument("names", nargs="*", metavar="IMAGE", help="only these (default: all)")
    parser.add_argument(
        "--base",
        metavar="REFERENCE",
        help="pull this Debian image instead of making one (needs a registry)",
    )
    parser.add_argument(
        "--no-push", action="store_true", help="build, and leave the registry alone"
    )


def run(options: argparse.Namespace, cluster: Cluster) -> None:
    """Builds what is missing and brings it to the cluster."""
    cache = cache_dir() / "images"
    images = with_needs(options.names or [image.name for image in IMAGES])
    with only_one(cache):
        digests = build_missing(images, cache, options.base, _say)
        if not options.no_push:
            tags = pushed_tags(digests)
            push_missing(tags, cache, cluster)
            drop_stale(tags, cluster)


def _say(line: str) -> None:
    print(line, flush=True)
