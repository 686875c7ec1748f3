"""The Kodes that are measured, and the children that they mean.

Rule: a bare client and the operator get the same: children come out of the product's own core.
"""

from collections.abc import Iterator, Sequence

from bench.api import Object
from kode import names
from kode.api.document import parse
from kode.api.kode import Kode
from kode.api.meta import API_VERSION
from kode.api.template import Template
from kode.desired.desired_state import derive
from kode.render.resolve import DEFAULT_USER, Credentials, resolve

NAMESPACES = 10
"""Kodes are spread over this many namespaces, as teams would be."""

TEMPLATE: Object = {
    "apiVersion": API_VERSION,
    "kind": "KodeClusterTemplate",
    "metadata": {"name": "bench"},
    "spec": {"type": "code-server", "image": "linuxserver/code-server:latest"},
}
_PASSWORD = "correct horse"  # noqa: S105 - of an editor that exists in the API only


def namespaces(run: str) -> list[Object]:
    """Return the namespaces of a run."""
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"bench-{run}-{number}"}}
        for number in range(NAMESPACES)
    ]


def kodes(run: str, count: int, *, password: bool = False) -> list[Object]:
    """Return Kodes, spread evenly over the namespaces of a run."""
    spec: Object = {"templateRef": {"kind": TEMPLATE["kind"], "name": "bench"}}
    if password:
        spec["password"] = _PASSWORD
    return [
        {
            "apiVersion": API_VERSION,
            "kind": "Kode",
            "metadata": {
                "name": f"kode-{number:05}",
                "namespace": f"bench-{run}-{number % NAMESPACES}",
            },
            "spec": spec,
        }
        for number in range(count)
    ]


def children(live: Sequence[Object], operator_namespace: str) -> Iterator[Sequence[Object]]:
    """Yield the children of each Kode, as the operator makes them.

    Args:
        live: Kodes as the API server has them: children carry their uid.
        operator_namespace: where the operator runs; it stands in the network policies.
    """
    template = parse({**TEMPLATE, "metadata": {"name": "bench", "uid": "bench"}})
    assert isinstance(template, Template)  # noqa: S101 - for the type checker
    for document in live:
        kode = parse(document)
        assert isinstance(kode, Kode)  # noqa: S101 - for the type checker
        credentials = None
        if kode.spec.password:
            secret = names.auth_secret(kode.metadata.name)
            credentials = Credentials(DEFAULT_USER, kode.spec.password, secret)
        desired = derive(resolve(kode, template, None, credentials))
        yield desired.render(operator_namespace=operator_namespace)
