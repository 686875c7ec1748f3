"""The kinds as users type them.

Rule: every name that `kubectl` takes (kodes, kode, kd) works here too, and a shorter one besides.
"""

from dataclasses import dataclass

from kode.cli.errors import CommandError
from kode.cli.exit_codes import ExitCode


@dataclass(frozen=True)
class Kind:
    """One kind.

    Attributes:
        name: the kind as manifests spell it.
        plural: its name in URLs.
        short: its short name.
        word: what the command line calls it, in the singular; empty for its full name.
        namespaced: whether its objects live in namespaces.
    """

    name: str
    plural: str
    short: str
    word: str
    namespaced: bool = True

    @property
    def aliases(self) -> tuple[str, ...]:
        """Every name of it, in lower case."""
        return (self.word, f"{self.word}s", self.short, self.name.lower(), self.plural)


KODE = Kind("Kode", "kodes", "kd", "kode")
TEMPLATE = Kind("KodeTemplate", "kodetemplates", "kdt", "template")
CLUSTER_TEMPLATE = Kind(
    "KodeClusterTemplate", "kodeclustertemplates", "kdct", "clustertemplate", namespaced=False
)
KINDS = (
    KODE,
    TEMPLATE,
    CLUSTER_TEMPLATE,
    Kind("EnvoyProxyConfig", "envoyproxyconfigs", "epc", "proxyconfig"),
    Kind(
        "EnvoyProxyClusterConfig",
        "envoyproxyclusterconfigs",
        "epcc",
        "proxyclusterconfig",
        namespaced=False,
    ),
)
"""Every kind of Kode's API group."""


def parse_kind(word: str) -> Kind:
    """Return the kind of a name that a user typed.

    Raises:
        CommandError: no kind has that name.
    """
    for item in KINDS:
        if word.lower() in item.aliases:
            return item
    known = ", ".join(f"{item.word}s" for item in KINDS)
    raise CommandError(ExitCode.USAGE, f"unknown kind {word}", f"use one of {known}")


def find_kind(name: str) -> Kind | None:
    """Return the kind of a manifest's `kind`; None for a kind of another API group."""
    return next((item for item in KINDS if item.name == name), None)


def parse_ref(word: str) -> tuple[Kind, str]:
    """Return the kind and name of `name` (of a Kode) or `kind/name`."""
    left, slash, right = word.partition("/")
    return (parse_kind(left), right) if slash else (KODE, word)
