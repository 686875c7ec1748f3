"""What was permitted and is no more, read from documents as they stand.

Rule: nobody keeps what was taken back by breaking the Kode or its template: this asks where a Kode
cannot be read or rendered, of unstructured documents, and what it cannot tell it takes for closed.
"""

from collections.abc import Mapping

from kode.api.meta import Object
from kode.api.unstructured import get_path
from kode.controllers.inputs import Inputs
from kode.desired import references, resolve_references
from kode.errors import KodeError
from kode.evaluate.conditions import WITHHELD
from kode.render import grants


def of_references(inputs: Inputs, kode: Object) -> list[KodeError]:
    """Return what a Kode that cannot be read refers to without leave."""
    metadata = kode["metadata"]
    found: list[KodeError] = []
    try:
        if inputs.template is not None:
            resolve_references.check_leave(str(metadata["namespace"]), inputs.template)
        if inputs.secret is not None:
            resolve_references.check_offered(inputs.secret, str(metadata.get("uid", "")))
    except KodeError as error:
        found.append(error)
    return found


def of_grants(inputs: Inputs, kode: Object, workload: Object | None) -> list[KodeError]:
    """Return what a live workload runs with and is not granted any more.

    Args:
        inputs: what the pass saw.
        kode: the Kode's document.
        workload: its pod as it stands, or its StatefulSet of 0.1.0; None where there is none.
    """
    ref = references.template_of(kode)
    where = [str(kode["metadata"]["namespace"])]
    if ref and ref.namespace:
        where.insert(0, ref.namespace)
    closed = [it for it in dict.fromkeys(where) if it not in inputs.granting]
    if ref and ref.kind == "KodeClusterTemplate":
        closed = []
    fields = grants.revoked(workload, inputs.template, closed)
    return [grants.not_granted(fields, closed)] if fields else []


def withholds(problems: list[KodeError]) -> bool:
    """Tell whether one of the problems stops what runs."""
    return any(problem.reason in WITHHELD for problem in problems)


def suspends(kode: Mapping[str, object]) -> bool:
    """Tell whether a Kode, readable or not, says that there is to be no pod."""
    return get_path(kode, "spec", "suspend") is True
