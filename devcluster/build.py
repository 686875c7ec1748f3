"""Builds components into the cache, each once for its pins, sources and flags.

A component's directory appears in the cache only when it is complete, so a build
that was interrupted is simply started again. Who wants what somebody builds already
waits for that.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from devcluster import locks
from devcluster.components import GO_MINIMUM, Component
from devcluster.errors import DevclusterError
from devcluster.paths import Store

HEARTBEAT_SECONDS = 60


def location(component: Component, store: Store) -> Path:
    """Where the component's binaries are, or will be."""
    return store.binaries / f"{component.name}-{component.key()}"


def binary(component: Component, name: str, store: Store) -> Path:
    return location(component, store) / name


def build(components: Sequence[Component], store: Store) -> None:
    """Build what is missing, telling how far it is."""
    missing = [it for it in components if not location(it, store).is_dir()]
    if not missing:
        return
    require_go()
    for number, component in enumerate(missing, start=1):
        title = f"[{number}/{len(missing)}] {component.name} {component.version()}".rstrip()
        busy = f"{title}: waiting for another build of it to end"
        with locks.hold(store, f".build-{component.name}", busy):
            if location(component, store).is_dir():  # another build has made it meanwhile
                continue
            _say(f"{title}: building (about {component.minutes} min on two cores the first time)")
            started = time.monotonic()
            _build_one(component, store)
            _say(f"{title}: built in {time.monotonic() - started:.0f} s")


def require_go() -> None:
    """Complain in plain words when Go is missing or too old."""
    wanted = ".".join(str(part) for part in GO_MINIMUM)
    if not shutil.which("go"):
        raise DevclusterError(
            f"Go is not installed. Install Go {wanted} or newer (see https://go.dev/doc/install),"
            " put its bin directory in PATH, and run this again."
        )
    # Asked outside any module: a go.mod could make an older Go fetch a newer one.
    version = subprocess.run(
        ["go", "env", "GOVERSION"], check=True, capture_output=True, text=True, cwd="/"
    ).stdout.strip()
    match = re.match(r"go(\d+)\.(\d+)", version)
    if match and (int(match[1]), int(match[2])) < GO_MINIMUM:
        raise DevclusterError(
            f"Go {wanted} or newer is needed to build Kubernetes, but this is {version}."
            " Install a newer Go (see https://go.dev/doc/install) and run this again."
        )


def _build_one(component: Component, store: Store) -> None:
    final = location(component, store)
    scratch = final.with_name(f".{final.name}.{os.getpid()}")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    store.build_logs.mkdir(parents=True, exist_ok=True)
    log = store.build_logs / f"build-{component.name}.log"
    try:
        _run(command(component, scratch), component, log)
        for name, package in component.binaries.items():
            # Go names a binary after its package's last element, less a /vN.
            built = scratch / _go_name(package, component)
            if built.name != name:
                built.rename(scratch / name)
        if component.files:
            _copy_files(component, scratch)
        scratch.rename(final)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def command(component: Component, target: Path) -> list[str]:
    """The go command that builds every binary of a component into a directory."""
    # The linker drops debugging information (-s -w), so it is not made in the first place.
    argv = ["go", "build", "-trimpath", "-buildvcs=false", "-mod=readonly"]
    argv += ["-gcflags", "all=-dwarf=false"]
    if component.tags:
        argv += ["-tags", component.tags]
    argv += ["-ldflags", component.linker_flags(), "-o", f"{target}/"]
    return argv + list(component.binaries.values())


def _go_name(package: str, component: Component) -> str:
    if package == ".":
        return component.name
    return re.sub(r"/v\d+$", "", package).rsplit("/", 1)[-1]


def _copy_files(component: Component, target: Path) -> None:
    """Take files out of a module, which its hash in go.sum covers too."""
    module, pattern = component.files or ("", "")
    listing = subprocess.run(
        ["go", "list", "-m", "-f", "{{.Dir}}", module],
        check=True,
        cwd=component.directory,
        capture_output=True,
        text=True,
    ).stdout.strip()
    for path in sorted(Path(listing).glob(pattern)):
        shutil.copyfile(path, target / path.name)


def _run(argv: list[str], component: Component, log: Path) -> None:
    env = os.environ | {"CGO_ENABLED": "1" if component.cgo else "0", "GOWORK": "off"}
    started = shown = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            argv, cwd=component.directory, env=env, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            while process.poll() is None:
                time.sleep(0.2)
                if time.monotonic() - shown > HEARTBEAT_SECONDS:
                    shown = time.monotonic()
                    _say(f"      {component.name}: still building, {shown - started:.0f} s")
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
        raise DevclusterError(f"building {component.name} failed; the end of {log}:\n{tail}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
