"""What to do about a podman that runs no container.

Rule: pure; podman's own words are always told, and what is advised follows from them.
"""

import re
from collections.abc import Iterable, Mapping

from kode.platform.local.runtime.engine import Engine, Refusal

_OTHER_RUNTIME = {"crun": "runc", "runc": "crun"}
_NO_TUN = (
    "make /dev/net/tun accessible to all users, as is usual (chmod 0666 /dev/net/tun), or set "
    'netns = "none" under [containers] in ~/.config/containers/containers.conf'
)
_NO_USER_IDS = (
    "install newuidmap (on Debian: apt-get install uidmap), and give your user ids in "
    "/etc/subuid and /etc/subgid"
)
_NO_NETWORKS = (
    "install podman's network tools (on Debian: apt-get install iptables, and "
    "containernetworking-plugins or netavark)"
)
_CONNECTS = "install what connects rootless containers (on Debian: apt-get install "
_KNOWN = (
    (r"/dev/net/tun", _NO_TUN),
    (r"find slirp4netns|slirp4netns.*not found", f"{_CONNECTS}slirp4netns)"),
    (r"find pasta|pasta.*not found", f"{_CONNECTS}passt)"),
    (r"newuidmap|newgidmap|sub[ug]id|insufficient UIDs|user namespace", _NO_USER_IDS),
    (r"netavark|aardvark|\bCNI\b|\bcni\b|iptables|nftables", _NO_NETWORKS),
    (r"no space left|disk quota", "free some space where podman keeps containers"),
)
_ELSE = "`podman info`, and `podman run` with any image, may say more"


def refusal(engine: Engine, complaints: Mapping[str, str]) -> Refusal:
    """Return why an engine is none, and what to do.

    Args:
        engine: what was tried.
        complaints: what was said of each OCI runtime that was tried; podman's own is the first.
    """
    messages = list(dict.fromkeys(complaints.values()))
    message = f"podman {engine.version} cannot run a container here: {'; '.join(messages)}"
    return Refusal(message, next_step(messages, tuple(complaints)))


def next_step(messages: Iterable[str], tried: tuple[str, ...] = ()) -> str:
    """Return what to do.

    Args:
        messages: what podman said.
        tried: names of the OCI runtimes that were tried.
    """
    output = "\n".join(messages)
    for pattern, step in _KNOWN:
        if re.search(pattern, output):
            return step
    other = _OTHER_RUNTIME.get(tried[0]) if len(tried) == 1 else None
    if other:
        return (
            f"install another OCI runtime (on Debian: apt-get install {other}), which Kode then "
            f'uses; for podman as a whole set runtime = "{other}" under [engine] in '
            "/etc/containers/containers.conf"
        )
    if len(tried) == 1 and tried[0]:
        return f"fix the OCI runtime {tried[0]}, or set another one in containers.conf"
    return _ELSE
