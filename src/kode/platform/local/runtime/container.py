"""From a container as a cluster has it to a call of podman.

Rule: pure. No value of a variable stands in the call's words, which everybody on the machine may
read: those that the engine would take for its own are in a file, the others in its environment.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kode.api.quantity import parse_quantity
from kode.platform.local.runtime import image
from kode.platform.local.runtime.engine import Engine
from kode.platform.local.shim.procfs import INSTANCE_VARIABLE
from kode.render.editor import HOME_VOLUME
from kode.render.metadata import Manifest
from kode.render.variables import expand

# What podman, and the programs that it starts on this side, go by.
_ENGINE_READS = re.compile(
    r"HOME|PATH|USER|LOGNAME|SHELL|TMPDIR|LANG|LANGUAGE|LC_.*|TZ|TERM|LD_.*|GLIBC_.*|MALLOC_.*"
    r"|GO[A-Z]+|XDG_.*|DBUS_.*|SSL_CERT_.*|NOTIFY_SOCKET|LISTEN_.*|DOCKER_.*"
    r"|_*(CONTAINER|CONTAINERS|CONTAINERD|PODMAN|BUILDAH|STORAGE|REGISTRY|CRIU|NETAVARK|CNI)_.*"
)
_SHARED_MEMORY = "shm"
_FILE_TEXT = "KODE_ENV_FILE"
# The shell's own printf: its words are in no command line.
_WRITE_FILE = (
    f'(umask 077; rm -f "$1"; printf "%s" "${_FILE_TEXT}" >"$1") || exit 1; '
    f'unset {_FILE_TEXT}; shift; exec "$@"'
)


@dataclass(frozen=True)
class Container:
    """One container to run.

    Attributes:
        manifest: what a cluster would run.
        values: its variables.
        user: who it runs as, as uid:gid; empty for whom its image says.
        users: the user's user and group id in it; None for root, whose are the same.
        options: further options of podman's.
    """

    manifest: Manifest
    values: Mapping[str, str] = field(repr=False)
    user: str = ""
    users: tuple[int, int] | None = None
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Call:
    """A call of podman.

    Attributes:
        argv: its words.
        env: its environment.
        missing: what cannot be given, one short phrase each.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    missing: tuple[str, ...] = ()


def call(container: Container, engine: Engine, name: str, volume: Path, file: Path) -> Call:
    """Return the call that runs a container to its end, in the foreground.

    Args:
        container: what to run.
        engine: what runs it.
        name: of the container.
        volume: folder of the home.
        file: where variables are written that the engine would take for its own.
    """
    manifest, values = container.manifest, container.values
    taken = {key: value for key, value in values.items() if _ENGINE_READS.fullmatch(key)}
    # A file has a line for each.
    filed = {key: value for key, value in taken.items() if not re.search(r"[\r\n]", value)}
    hidden = {key: value for key, value in values.items() if key not in taken}
    command = [
        *run(engine, name),
        *container.options,
        "--pull=never",
        *([f"--env-file={file}"] if filed else []),
        *(f"--env={item}" for item in (*hidden, INSTANCE_VARIABLE)),
        *_mounts(manifest, engine, volume),
        *_rights(container),
        *_limits(manifest, engine),
    ]
    if "workingDir" in manifest:
        command.append(f"--workdir={manifest['workingDir']}")
    program = [expand(word, values) for word in manifest.get("command") or ()]
    rest = [expand(word, values) for word in manifest.get("args") or ()]
    if program:
        command.append(f"--entrypoint={json.dumps(program[:1])}")
    text = {_FILE_TEXT: "".join(f"{key}={value}\n" for key, value in filed.items())}
    before = ("sh", "-c", _WRITE_FILE, "podman", str(file)) if filed else ()
    return Call(
        argv=(*before, *command, image.qualified_name(manifest["image"]), *program[1:], *rest),
        env={**engine.environment, **hidden, **(text if filed else {})},
        missing=tuple(
            f"env {key}: a value of several lines, under a name that podman itself reads"
            for key in taken
            if key not in filed
        ),
    )


def run(engine: Engine, name: str) -> tuple[str, ...]:
    """Return the words that every call to run a container begins with.

    Args:
        engine: what runs it.
        name: of the container.
    """
    # Later commands need no such option: a container remembers what it was started with.
    runtime = [f"--runtime={engine.runtime}"] if engine.runtime else []
    options = ("--rm", "--replace", f"--name={name}", "--log-driver=none")
    ulimits = (f"--ulimit={item}" for item in engine.ulimits)
    return (engine.path, "run", *runtime, *options, *ulimits)


def bind(source: Path | str, target: str, *options: str) -> str:
    """Return the option that mounts a folder of this machine.

    Args:
        source: the folder.
        target: its path in the container.
        options: further fields of the mount.
    """
    fields = ("type=bind", f"source={source}", f"target={target}", *options)
    return f"--mount={','.join(map(_quote, fields))}"


def list_unlimited(manifest: Manifest, engine: Engine) -> list[str]:
    """Return the limits that a container is not held to."""
    limits = (manifest.get("resources") or {}).get("limits") or {}
    return [name for name in limits if name not in engine.limits]


def _mounts(manifest: Manifest, engine: Engine, volume: Path) -> Iterator[str]:
    for mount in manifest.get("volumeMounts") or ():
        if mount["name"] == HOME_VOLUME:
            label = ("relabel=private",) if engine.relabels else ()
            yield bind(volume, mount["mountPath"], *label)
        elif mount["name"] == _SHARED_MEMORY:
            yield "--shm-size=1g"


def _quote(text: str) -> str:
    """Return a text as a field of what podman reads as comma separated values."""
    if not re.search(r'[,"\n]', text):
        return text
    return '"' + text.replace('"', '""') + '"'


def _rights(container: Container) -> Iterator[str]:
    security = container.manifest.get("securityContext") or {}
    if container.users:
        uid, gid = container.users
        yield f"--userns=keep-id:uid={uid},gid={gid}"
    if container.user:
        yield f"--user={container.user}"
    if security.get("privileged"):
        yield "--privileged"
    if security.get("allowPrivilegeEscalation") is False:
        yield "--security-opt=no-new-privileges"
    for verb, names in (security.get("capabilities") or {}).items():
        yield from (f"--cap-{verb}={name}" for name in names)


def _limits(manifest: Manifest, engine: Engine) -> Iterator[str]:
    limits = (manifest.get("resources") or {}).get("limits") or {}
    for resource, option in (("cpu", "--cpus"), ("memory", "--memory")):
        most = parse_quantity(limits[resource]) if resource in limits else None
        if most and resource in engine.limits:
            yield f"{option}={float(most):g}" if resource == "cpu" else f"{option}={int(most)}b"
