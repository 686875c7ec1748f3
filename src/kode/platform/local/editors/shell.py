"""What of a shell's variables the programs of an install and of a probe do not get.

Rule: pure. What says how other programs of a user's run (Python, Node, make) changes nothing of
ours; what says by which way and by whose certificates the network is reached does count.

Source: Node's "Command-line API", Python's "Command line and environment".
"""

import re
from collections.abc import Mapping

_DROPPED = re.compile(r"PYTHON\w*|NODE_\w+|MAKEFLAGS|MFLAGS|GNUMAKEFLAGS|MAKELEVEL|INIT_CWD")
_KEPT = frozenset(
    {
        "NODE_EXTRA_CA_CERTS",
        "NODE_TLS_REJECT_UNAUTHORIZED",
        "NODE_USE_ENV_PROXY",
        "NODE_USE_SYSTEM_CA",
    }
)
_OPTIONS = "NODE_OPTIONS"
_NETWORK = re.compile(
    r"--(use-(openssl|bundled|system)-ca|use-env-proxy|tls-(min|max)-v1\.[0-3]|tls-cipher-list=\S+"
    r"|dns-result-order=\S+|(no-)?network-family-autoselection)"
)
"""Options of Node's about the network and certificates."""


def harmless(user_env: Mapping[str, str]) -> dict[str, str]:
    """Return a user's variables without those that say how programs run."""
    kept = {
        name: value
        for name, value in user_env.items()
        if name in _KEPT or not _DROPPED.fullmatch(name)
    }
    options = [word for word in user_env.get(_OPTIONS, "").split() if _NETWORK.fullmatch(word)]
    return {**kept, _OPTIONS: " ".join(options)} if options else kept
