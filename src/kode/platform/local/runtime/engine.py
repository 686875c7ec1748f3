"""The container engine of this machine: what it is and what it can.

Rule: pure; read from what podman says of itself, never from what is usual.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MIN_VERSION = (4, 3)
"""The first version that maps a user to a user id of one's choice (keep-id:uid=)."""

_OWN = re.compile(
    r"HOME|PATH|USER|LOGNAME|TMPDIR|XDG_(RUNTIME_DIR|(DATA|CONFIG|CACHE)_HOME)"
    r"|DBUS_SESSION_BUS_ADDRESS|CONTAINERS_[A-Z_]+|STORAGE_[A-Z_]+|REGISTRY_AUTH_FILE"
    r"|SSL_CERT_(FILE|DIR)|(?i:https?_proxy|all_proxy|no_proxy|ftp_proxy)"
)


@dataclass(frozen=True)
class Engine:
    """What runs images.

    Attributes:
        path: of podman.
        version: its version.
        rootless: whether it runs with a user's own rights.
        limits: whether it can hold a container to amounts, by resource: cpu, memory.
        ulimits: limits of open files and programs that it must be given, where it may not raise
            its own; empty where it may.
        relabels: whether files need a label before a container may use them (SELinux).
        python: what runs the relay.
        environment: its own environment.
        default_runtime: name of the OCI runtime that it starts containers with by itself.
        runtime: name of the OCI runtime that it is told to use; empty for its own.
        why_runtime: why its own is not used; empty where it is.
    """

    path: str
    version: str
    rootless: bool
    limits: frozenset[str] = frozenset({"cpu", "memory"})
    ulimits: tuple[str, ...] = ()
    relabels: bool = False
    python: str = "python3"
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    default_runtime: str = ""
    runtime: str = ""
    why_runtime: str = ""

    @property
    def title(self) -> str:
        """What it is, for people."""
        return f"podman {self.version}" + (f" with {self.runtime}" if self.runtime else "")


@dataclass(frozen=True)
class Refusal:
    """Why nothing runs images here.

    Attributes:
        message: what happened, in podman's words where it has some.
        next_step: what to do.
    """

    message: str
    next_step: str

    def __str__(self) -> str:
        """Return both, as one sentence."""
        return f"{self.message}; {self.next_step}"


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return what of an environment is podman's own."""
    return {name: value for name, value in variables.items() if _OWN.fullmatch(name)}


def limits(host: Mapping[str, Any]) -> frozenset[str]:
    """Return which amounts can be enforced, from the host part of `podman info`."""
    known = host.get("cgroupControllers")
    # With the first version of control groups, only root may divide them.
    rootless = bool((host.get("security") or {}).get("rootless"))
    if not isinstance(known, list) or (rootless and host.get("cgroupVersion") != "v2"):
        return frozenset()
    return frozenset({"cpu", "memory"} & set(known))


def is_too_old(version: str) -> bool:
    """Tell whether a version lacks what is needed."""
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    return numbers < MIN_VERSION
