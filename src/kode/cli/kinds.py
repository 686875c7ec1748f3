"""The kinds as people type them.

Rule: what `kubectl` takes (kodes, kode, kd) is taken here too; a shorter word besides.
"""

from dataclasses import dataclass

from kode.cli.exits import Exit
from kode.cli.failures import Failure


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
    def words(self) -> tuple[str, ...]:
        """Everything that names it."""
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
"""Every kind of ours."""


def kind(word: str) -> Kind:
    """Return the kind that a word names.

    Raises:
        Failure: none does.
    """
    for found in KINDS:
        if word.lower() in found.words:
            return found
    known = ", ".join(f"{item.word}s" for item in KINDS)
    raise Failure(Exit.USAGE, f"{word}: no such kind", f"use one of {known}")


def spelled(name: str) -> Kind | None:
    """Return the kind of a manifest's `kind`; None where it is not ours."""
    return next((found for found in KINDS if found.name == name), None)


def named(word: str) -> tuple[Kind, str]:
    """Return the kind and name of `name` (of a Kode) or `kind/name`."""
    left, slash, right = word.partition("/")
    return (kind(left), right) if slash else (KODE, word)
