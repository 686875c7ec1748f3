"""Every label and annotation key, and the sets of labels that objects carry.

Rule: selectors use only KODE and MANAGED_BY, which never change for an object; the rest may.
"""

from kode import names
from kode.api.meta import GROUP

MANAGED_BY = "app.kubernetes.io/managed-by"
NAME = "app.kubernetes.io/name"
INSTANCE = "app.kubernetes.io/instance"
COMPONENT = "app.kubernetes.io/component"
PART_OF = "app.kubernetes.io/part-of"

PRODUCT = "kode"
"""The value of MANAGED_BY on everything that the operator makes."""

KODE = f"{GROUP}/kode"
"""Label: the Kode's name (as a label value) on each of its children."""

KODE_UID = f"{GROUP}/kode-uid"
"""Label on claims: the uid of the Kode that the files belong to."""

RETAINED = f"{GROUP}/retained"
"""Label on claims whose Kode is gone, so that they can be listed."""

KODE_NAME = f"{GROUP}/kode-name"
"""Annotation on claims: the full name of the Kode, which a label value may have cut."""

KODE_HASH = f"{GROUP}/kode-hash"
"""Annotation of the pod: digest of what the Kode itself asks for; a change is taken at once."""

POD_HASH = f"{GROUP}/pod-hash"
"""Annotation of the pod: digest of all that it was rendered from; a change of it alone waits."""

FAILURES = f"{GROUP}/failures"
"""Annotation of the pod: how many pods before it failed, one after the other."""

ENVOY_CLUSTERS = f"{GROUP}/envoy-clusters"
"""Annotation of the pod: the sidecar's clusters, where nothing in its configuration is a secret."""

ENVOY_LISTENERS = f"{GROUP}/envoy-listeners"
"""Annotation of the pod: the sidecar's listeners; there where ENVOY_CLUSTERS is."""

SIDECAR_REVISION = f"{GROUP}/sidecar-revision"
"""Annotation of the pod: what all that its sidecar is to read is known by. The kubelet brings the
files up to date as soon as an annotation changes."""

SIDECAR_STATUS = f"{GROUP}/sidecar-status"
"""Annotation of the pod: what Envoy said to a revision, as JSON; absent where it cannot refuse."""

UPSTREAM = f"{GROUP}/upstream"
"""Annotation of the pod: where its editor answers, as JSON."""

GRANTS = f"{GROUP}/grants"
"""Annotation of the pod: the fields that its template set and that need leave, by commas."""

CREDENTIALS_REVISION = f"{GROUP}/credentials-revision"
"""Annotation of the sidecar's Secret and of the pod: counts changes of user and password."""

CREDENTIALS_SECRET = f"{GROUP}/credentials-secret"
"""Annotation beside CREDENTIALS_REVISION: the Secret that they came from; absent without them."""

GENERATED = f"{GROUP}/generated"
"""Label on a login Secret whose password the platform made up itself, and so may show."""

RESTARTED_AT = f"{GROUP}/restarted-at"
"""Annotation on a Kode: setting or changing it restarts the pod, taking any pending update. On a
template or a proxy config it does so for every Kode that uses it."""

NEW_HOME = f"{GROUP}/new-home"
"""Annotation on a Kode: the uid of the claim in whose place, now that it is gone, a new and empty
home is to be made. It names that one claim, so that the next loss is not passed over."""

RUNTIME = f"{GROUP}/runtime"
"""Annotation on a Kode: what runs it on the local platform, podman or process; not for clusters."""

NETWORK = f"{GROUP}/network"
"""Annotation on a Kode: `host` accepts that its program listens on an open port of the machine."""

OWNER_NAME = f"{GROUP}/owner-name"
"""Annotation on a Kode: what its template's {{ owner.name }} stands for."""

OWNER_EMAIL = f"{GROUP}/owner-email"
"""Annotation on a Kode: what its template's {{ owner.email }} stands for."""

PURGE = f"{GROUP}/purge"
"""Annotation on a Kode of the local platform that is being deleted: its files go as well."""

ALLOW_GRANTS = f"{GROUP}/allow-grants"
"""Label on a namespace: an administrator lets its KodeTemplates grant what others may not."""

LOGIN = f"{GROUP}/login"
"""Label on a Secret: its owner lets the Kodes of its namespace use it as their login."""

OPERATOR_COMPONENT = "operator"
"""The value of COMPONENT on the operator's pods."""

GATEWAY_COMPONENT = "gateway"
"""The value of COMPONENT on the shared gateway's pods."""


def selector(kode: str) -> dict[str, str]:
    """Return the labels that select the pod of a Kode within its namespace."""
    return {MANAGED_BY: PRODUCT, KODE: names.label_value(kode)}


def child(kode: str, component: str) -> dict[str, str]:
    """Return the labels of a child of a Kode."""
    return {
        NAME: PRODUCT,
        INSTANCE: names.label_value(kode),
        COMPONENT: component,
        PART_OF: PRODUCT,
        **selector(kode),
    }
