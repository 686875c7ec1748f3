"""What one pass of the local platform sees: read once from the store, then never again.

Rule: plain frozen data; a document that is broken refers to nothing.
"""

from dataclasses import dataclass, field

from kode import names
from kode.api.meta import Object
from kode.desired import references
from kode.desired.references import Ref
from kode.platform.local.store.objects import CLAIM, SECRET, Key
from kode.platform.local.store.store import LocalStore


@dataclass(frozen=True)
class LocalInputs:
    """The store as one pass sees it.

    Attributes:
        kode: the Kode's document.
        template: the document that its templateRef names; None when absent.
        proxy_config: the document that the template's envoyProxyRef names; None when absent.
        secret: the Secret that existingSecret names; None when absent.
        auth: the Secret of the Kode's own login; None when absent.
        claim: the claim that it mounts, or one that stands in its place; None when absent.
        secrets: Secrets of its namespace by name, for variables that are taken from them.
    """

    kode: Object = field(repr=False)
    template: Object | None = None
    proxy_config: Object | None = None
    secret: Object | None = field(default=None, repr=False)
    auth: Object | None = field(default=None, repr=False)
    claim: Object | None = None
    secrets: dict[str, Object] = field(default_factory=dict, repr=False)


def gather(store: LocalStore, key: Key) -> LocalInputs | None:
    """Return what a pass over a Kode sees; None where the Kode is gone.

    Raises:
        PlatformError: the store cannot be read.
    """
    kode = store.find(key.kind, key.name, key.namespace)
    if kode is None:
        return None
    template = _find(store, references.template_of(kode))
    existing = references.claim_of(kode)
    claim = existing.name if existing else names.home_claim(key.name)
    listed = store.list(SECRET, key.namespace).items
    return LocalInputs(
        kode=kode,
        template=template,
        proxy_config=_find(store, references.proxy_config_of(template) if template else None),
        secret=_find(store, references.secret_of(kode)),
        auth=store.find(SECRET, names.auth_secret(key.name), key.namespace),
        claim=store.find(CLAIM, claim, key.namespace),
        secrets={str(item["metadata"]["name"]): item for item in listed},
    )


def _find(store: LocalStore, ref: Ref | None) -> Object | None:
    return store.find(ref.kind, ref.name, ref.namespace) if ref else None
