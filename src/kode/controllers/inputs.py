"""What one pass sees: gathered once, then never read again.

Rule: plain frozen data, no client and no cache behind it; the same Inputs give the same Decision.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kode.api.meta import Object
from kode.evaluate.sidecar_log import Verdict
from kode.render.network_policy import METADATA_ADDRESSES


@dataclass(frozen=True, order=True, slots=True)
class KodeKey:
    """The key of a Kode in the work queue."""

    namespace: str
    name: str

    def __str__(self) -> str:
        """Return namespace/name, as kubectl prints it."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, order=True, slots=True)
class ChildKey:
    """A child within the Kode's namespace."""

    kind: str
    name: str


@dataclass(frozen=True)
class Inputs:
    """The world as one pass sees it.

    Attributes:
        key: the Kode.
        kode: its document; None when it is gone.
        template: the document that spec.templateRef names; None when absent.
        proxy_config: the document that the template's envoyProxyRef names; None when absent.
        secret: the Secret that spec.existingSecret names; None when absent.
        claim: the claim that spec.storage.existingVolumeClaim names; None when absent.
        children: live objects that carry our labels for this Kode, or that stand in the place of
            one (found when a create met them), with metadata (uid, resourceVersion, labels,
            annotations, ownerReferences, deletionTimestamp) and all but status and managedFields;
            claims keep status.phase.
        pod: the pod of the Kode's name: metadata, what kode.controllers.cache.trim keeps of spec
            and status; None when absent.
        other_pod: another pod that carries the Kode's labels, for example that of a StatefulSet of
            0.1.0; None when there is none.
        notes: messages of recent warning events about the claim, newest first; gathered only while
            it is pending.
        now: RFC 3339 time in UTC, for condition transitions.
        operator_namespace: where the operator and the gateway run.
        granting: which of the namespaces of the Kode and of its template an administrator has
            labelled, so that KodeTemplates may grant what is theirs.
        closed: address blocks that no workspace reaches.
        terminating: whether the Kode's namespace is being deleted.
        verdict: what the sidecar's Envoy says of the files that it was brought last; None for
            nothing yet, and where it need not be asked.
        fresh: a random value of this pass alone, for where one is needed: 43 characters of base64.
    """

    key: KodeKey
    # Not shown: a password may stand in the one, and does in the other.
    kode: Object | None = field(repr=False)
    now: str
    template: Object | None = None
    proxy_config: Object | None = None
    secret: Object | None = field(default=None, repr=False)
    claim: Object | None = None
    children: Mapping[ChildKey, Object] = field(default_factory=dict, repr=False)
    pod: Object | None = None
    other_pod: Object | None = None
    notes: tuple[str, ...] = ()
    operator_namespace: str = "kode-system"
    granting: frozenset[str] = frozenset()
    closed: tuple[str, ...] = METADATA_ADDRESSES
    terminating: bool = False
    verdict: Verdict | None = None
    fresh: str = field(default="", repr=False)
