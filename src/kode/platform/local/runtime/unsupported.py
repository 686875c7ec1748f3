"""What a template or a Kode asks for and one machine cannot give.

Rule: told in the words of the YAML, and only where it was asked for: a default is no wish.
"""

import re
from collections.abc import Iterator

from kode.platform.local.runtime.host import HostContext
from kode.render.resolve import ResolvedKode

# Images whose editor is the one that this machine has; of any other, the rest of it is missed.
_STANDS_FOR = {
    "code-server": re.compile(r"(^|/)(linuxserver|codercom)/code-server([:@]|$)"),
    "jupyter": re.compile(r"(^|/)jupyter/(base|minimal|scipy)-notebook([:@]|$)"),
}


def list_unsupported(kode: ResolvedKode, host: HostContext) -> tuple[str, ...]:
    """Return what is not here for an editor that is a process, one short phrase each."""
    return (*_image(kode), *_template(kode), *_identity(kode, host), *_storage(kode))


def list_unsupported_in_container(kode: ResolvedKode, *, rootless: bool) -> tuple[str, ...]:
    """Return what is not here for an editor whose image is run.

    Args:
        kode: the Kode.
        rootless: whether the engine runs with a user's own rights.
    """
    host_users = kode.template.host_users
    # A container of a user's is in a user namespace, one of root's is not.
    users = [] if host_users in (None, not rootless) else [_host_users(host_users)]
    return (*_template(kode), *users, *_storage(kode))


def _image(kode: ResolvedKode) -> Iterator[str]:
    template = kode.template
    known = _STANDS_FOR.get(template.type)
    if not known or not known.search(template.image):
        yield f"image {template.image}: not used; programs of this machine run instead"
    if template.image_pull_policy != "IfNotPresent":
        yield f"imagePullPolicy {template.image_pull_policy}: no image is pulled"
    if template.resources:
        yield "resources: not enforced"
    if kode.privileged:
        yield "privileged: it runs with your own rights"
    if template.host_users is not None:
        yield _host_users(template.host_users)


def _host_users(value: object) -> str:
    return f"hostUsers {str(value).lower()}"


def _template(kode: ResolvedKode) -> Iterator[str]:
    template = kode.template
    if template.service and template.service.type != "ClusterIP":
        yield f"service.type {template.service.type}: only the gateway listens"
    if template.runtime_class_name:
        yield f"runtimeClassName {template.runtime_class_name}"
    if template.node_selector:
        yield "nodeSelector: this machine is the only node"
    if template.tolerations:
        yield "tolerations: this machine is the only node"


def _identity(kode: ResolvedKode, host: HostContext) -> Iterator[str]:
    template = kode.template
    if template.puid not in (None, host.uid):
        yield f"puid {template.puid}: it runs as you, {host.uid}"
    if template.pgid not in (None, host.gid):
        yield f"pgid {template.pgid}: it runs as you, {host.gid}"


def _storage(kode: ResolvedKode) -> Iterator[str]:
    storage = kode.storage
    if storage.storage_class_name:
        yield f"storage.storageClassName {storage.storage_class_name}: the home is a folder"
    if storage.resources:
        yield "storage.resources: the size of the home is not enforced"
