"""The kinds of the API group: their names, in the API and as users type them.

Rule: the one table of kinds; CRDs, client and command line read it. It imports nothing, so that
`kode --help` may.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind.

    Attributes:
        name: the kind as manifests spell it.
        plural: its name in URLs.
        short: its short name.
        word: what the command line calls it, in the singular.
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
PROXY_CONFIG = Kind("EnvoyProxyConfig", "envoyproxyconfigs", "epc", "proxyconfig")
CLUSTER_PROXY_CONFIG = Kind(
    "EnvoyProxyClusterConfig",
    "envoyproxyclusterconfigs",
    "epcc",
    "proxyclusterconfig",
    namespaced=False,
)

ALL = (KODE, TEMPLATE, CLUSTER_TEMPLATE, PROXY_CONFIG, CLUSTER_PROXY_CONFIG)
"""Every kind, in a fixed order."""
