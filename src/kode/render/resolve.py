"""A Kode over its template: defaults merged, references taken in, nothing left to look up.

Rule: the Kode's own word wins over the template's, the template's over the image's; what a Kode may
not ask for is an error that says so.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from kode import names
from kode.api.conditions import Reason
from kode.api.dotfiles import Dotfiles
from kode.api.kode import Kode, KodeSpec, Storage
from kode.api.pod import EnvVar, InitPlugin, TemplateEnvVar
from kode.api.proxyconfig import DEFAULT_ENVOY_IMAGE, ProxyConfig
from kode.api.template import KodeTemplate, Template, TemplateSpec
from kode.errors import InvalidSpec, RefNotFound
from kode.render import grants, homes, image_profile, options
from kode.render.image_profile import ImageProfile
from kode.render.parameters import fill

DEFAULT_USER = "abc"
DEFAULT_SIZE = "10Gi"
DEFAULT_UID = 1000


@dataclass(frozen=True)
class Credentials:
    """Who may come in.

    Attributes:
        user: login name.
        password: in clear; it must never reach a log, a condition or an annotation.
        secret: name of the Secret of the Kode's namespace that holds it under the key password.
    """

    user: str
    password: str
    secret: str

    def __repr__(self) -> str:
        """Return the value without the password."""
        return f"Credentials(user={self.user!r}, secret={self.secret!r})"


@dataclass(frozen=True)
class Proxy:
    """The sidecar as the proxy config asks for it.

    Attributes:
        name: of the proxy config; empty where there is none.
        image: image of Envoy.
        auth_type: authType; None where there is no proxy config.
        http_filters: filters in Envoy's own JSON.
        clusters: clusters in Envoy's own JSON.
    """

    name: str = ""
    image: str = DEFAULT_ENVOY_IMAGE
    auth_type: str | None = None
    http_filters: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    clusters: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class ResolvedKode:
    """A Kode with nothing left to look up.

    Attributes:
        name: of the Kode.
        namespace: of the Kode.
        uid: of the Kode.
        template: its template's spec, with its placeholders filled.
        image_profile: what the template's image expects.
        credentials: who may come in; None where nobody is told from anybody else.
        proxy: the sidecar.
        port: TCP port that the editor listens on.
        home: where the home volume is mounted.
        workspace: folder of the home that the editor opens.
        puid: user id that the editor runs as.
        pgid: group id that the editor runs as.
        storage: the home volume.
        suspend: whether it is to have no pod.
        privileged: whether the editor runs privileged.
        env: variables of the template, then those of the Kode; of two of a name the later one wins
            (kode.render.variables). The product's own are not among them.
        template_plugins: what runs first.
        user_plugins: what runs then.
        dotfiles: whose script (kode.render.dotfiles) runs last; None for none.
        kode_inputs: what the Kode itself asks of its pod; a change of it is taken at once.
    """

    name: str
    namespace: str
    uid: str
    template: TemplateSpec
    image_profile: ImageProfile
    credentials: Credentials | None
    proxy: Proxy
    port: int
    home: str
    workspace: str
    puid: int
    pgid: int
    storage: Storage
    suspend: bool
    privileged: bool
    env: tuple[TemplateEnvVar | EnvVar, ...]
    template_plugins: tuple[InitPlugin, ...]
    user_plugins: tuple[InitPlugin, ...]
    dotfiles: Dotfiles | None
    kode_inputs: Mapping[str, Any]


def resolve(
    kode: Kode,
    template: Template,
    proxy: ProxyConfig | None,
    credentials: Credentials | None,
    granting: Collection[str] = (),
) -> ResolvedKode:
    """Return the Kode merged with what it refers to.

    Args:
        kode: the Kode.
        template: the template that its templateRef names.
        proxy: the proxy config that the template's envoyProxyRef names, None where it has none.
        credentials: user and password, None where the Kode has none.
        granting: the namespaces whose KodeTemplates may grant what others may not.

    Raises:
        InvalidSpec: the Kode asks for what its template does not permit, or the template's
            arguments would take the editor out from behind its sidecar.
        RefNotFound: a reference crosses namespaces without leave, or the template is broken.
    """
    _check(kode, template, granting)
    spec = kode.spec
    user = credentials.user if credentials else spec.user or ""
    base = fill(kode, template, user)
    image = _contract(base)
    home = spec.home or base.default_home or image.home
    homes.check(home, template.spec, image)
    return ResolvedKode(
        name=kode.metadata.name,
        namespace=kode.metadata.namespace,
        uid=kode.metadata.uid,
        template=base,
        image_profile=image,
        credentials=credentials,
        proxy=_proxy(proxy),
        port=base.port or image.port,
        home=home,
        workspace=spec.workspace or base.default_workspace,
        puid=base.puid or DEFAULT_UID,
        pgid=base.pgid or image.group,
        storage=spec.storage or Storage(),
        suspend=spec.suspend,
        privileged=spec.privileged,
        env=(*base.env, *spec.env),
        template_plugins=tuple(base.init_plugins),
        user_plugins=tuple(spec.init_plugins),
        dotfiles=_dotfiles(spec),
        kode_inputs=_kode_part(kode),
    )


def check_template_ref(kode: Kode, template: Template) -> None:
    """Refuse a template of another namespace that has not named the Kode's.

    Raises:
        RefNotFound: with reason RefNotPermitted.
    """
    if not isinstance(template, KodeTemplate):
        return
    where = (template.metadata.namespace, template.metadata.name)
    check_namespace(kode.metadata.namespace, where, template.spec.allowed_namespaces)


def check_namespace(own: str, template: tuple[str, str], allowed: Collection[object]) -> None:
    """Refuse a KodeTemplate of another namespace that has not named the Kode's.

    Args:
        own: namespace of the Kode.
        template: namespace and name of the template.
        allowed: its allowedNamespaces.

    Raises:
        RefNotFound: with reason RefNotPermitted.
    """
    other, name = template
    if own != other and own not in allowed and "*" not in allowed:
        raise RefNotFound(
            Reason.REF_NOT_PERMITTED,
            f"KodeTemplate {other}/{name} does not allow Kodes of namespace {own}: name it in the "
            "template's spec.allowedNamespaces",
        )


def check_proxy_ref(template: Template) -> None:
    """Refuse a proxy config that a template may not use, or that it names in no namespace.

    Raises:
        RefNotFound: with reason RefNotPermitted.
    """
    ref = template.spec.envoy_proxy_ref
    if ref is None or ref.kind == "EnvoyProxyClusterConfig":
        return
    own = template.metadata.namespace
    if isinstance(template, KodeTemplate) and ref.namespace not in (None, own):
        raise RefNotFound(
            Reason.REF_NOT_PERMITTED,
            f"KodeTemplate {own}/{template.metadata.name} may only use an EnvoyProxyConfig of its "
            f"own namespace, not {ref.namespace}/{ref.name}",
        )
    if not isinstance(template, KodeTemplate) and ref.namespace is None:
        raise RefNotFound(
            Reason.REF_NOT_PERMITTED,
            f"KodeClusterTemplate {template.metadata.name}: envoyProxyRef must say the namespace "
            f"of EnvoyProxyConfig {ref.name}",
        )


def _check(kode: Kode, template: Template, granting: Collection[str]) -> None:
    if kode.metadata.name in names.RESERVED:
        raise InvalidSpec(
            Reason.INVALID_SPEC,
            f"metadata.name: programs look for {kode.metadata.name} by themselves, and would find "
            "this Kode's Service: take another name",
        )
    check_template_ref(kode, template)
    grants.check(kode, template, granting)


def _contract(template: TemplateSpec) -> ImageProfile:
    found = image_profile.of(template.type, template.image, template.default_home)
    if found.options and not template.command:
        options.check(found.options, template.args)
    return found


def _proxy(config: ProxyConfig | None) -> Proxy:
    if config is None:
        return Proxy()
    return Proxy(
        name=config.metadata.name,
        image=config.spec.image,
        auth_type=config.spec.auth_type,
        http_filters=tuple(item.model_dump(mode="json") for item in config.spec.http_filters),
        clusters=tuple(item.model_dump(mode="json") for item in config.spec.clusters),
    )


def _dotfiles(spec: KodeSpec) -> Dotfiles | None:
    return Dotfiles(repository=spec.user_config) if spec.user_config else spec.dotfiles


def _kode_part(kode: Kode) -> Mapping[str, Any]:
    # What was left at its default is left out, so that a new field of a later version does not
    # change what stands for a Kode that never heard of it.
    part = kode.spec.model_dump(
        mode="json",
        by_alias=True,
        exclude_defaults=True,
        exclude={"password", "suspend", "storage"},
    )
    if kode.spec.storage and kode.spec.storage.existing_volume_claim:
        # Nothing else about the storage is anything to the pod.
        part["existingVolumeClaim"] = kode.spec.storage.existing_volume_claim
    return part
