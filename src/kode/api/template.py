"""KodeTemplate and KodeClusterTemplate: what an administrator offers.

Rule: both kinds have one spec; only where they may be used from differs.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, model_validator

from kode.api import layout, placeholders
from kode.api.meta import (
    MAX_KEYS,
    CustomResource,
    Model,
    NamespaceName,
    ObjectName,
    Port,
    Rule,
    UniqueByName,
)
from kode.api.parameters import Parameter
from kode.api.pod import (
    EnvFromSource,
    ResourceRequirements,
    TemplateEnvVar,
    TemplatePlugin,
    Toleration,
)
from kode.api.templated import TemplatedHome, TemplatedImage, TemplatedTimeZone, TemplatedWorkspace

_GRANTED = "In a KodeTemplate: only in a namespace labelled kode.jacero.io/allow-grants=true."
_SIDECAR_PORTS = (layout.SIDECAR_HTTP, layout.SIDECAR_HEALTH)


class EnvoyProxyRef(Model):
    """The proxy config that a template's sidecars use."""

    rules = (
        Rule(
            "self.kind == 'EnvoyProxyConfig' || !has(self.namespace)",
            lambda self: self.kind == "EnvoyProxyConfig" or self.namespace is None,
            "an EnvoyProxyClusterConfig has no namespace: leave namespace out",
        ),
    )

    kind: Annotated[
        Literal["EnvoyProxyConfig", "EnvoyProxyClusterConfig"],
        Field(description="Kind of the proxy config."),
    ] = "EnvoyProxyConfig"
    name: Annotated[ObjectName, Field(description="Name of the proxy config.")]
    namespace: Annotated[
        NamespaceName | None,
        Field(
            description="Namespace of an EnvoyProxyConfig. A KodeTemplate may only name its own; "
            "a KodeClusterTemplate must name one."
        ),
    ] = None


class ServiceSpec(Model):
    """How the Service of a Kode is exposed."""

    type: Annotated[
        Literal["ClusterIP", "NodePort"],
        Field(description="NodePort opens the sidecar's port on every node, to any address."),
    ] = "ClusterIP"


class TemplateSpec(Model):
    """What an environment of this template is made of."""

    rules = (
        Rule(
            f"!has(self.port) || !(self.port in {list(_SIDECAR_PORTS)})",
            lambda self: self.port not in _SIDECAR_PORTS,
            # An editor there could be reached past the sidecar, or keep it from starting.
            f"port must not be one of the sidecar's: {', '.join(map(str, _SIDECAR_PORTS))}",
        ),
        Rule(
            f"!has(self.puid) || self.puid != {layout.SIDECAR_UID}",
            lambda self: self.puid != layout.SIDECAR_UID,
            # An editor with it could do to the sidecar whatever its user may.
            f"puid must not be {layout.SIDECAR_UID}, the sidecar's: take another",
        ),
        Rule(
            "self.type != 'custom' || has(self.port)",
            lambda self: self.type != "custom" or self.port is not None,
            "a template of type custom needs port: where its program listens, told it as PORT",
        ),
    )

    type: Annotated[
        Literal["code-server", "webtop", "jupyter", "custom"],
        Field(
            description="What the image is, and so its ports and variables. jupyter is one "
            "of Jupyter's docker-stacks; custom is any image with a shell whose program listens on "
            "port."
        ),
    ]
    image: Annotated[TemplatedImage, Field(description="Image of the editor.")]
    image_pull_policy: Annotated[
        Literal["Always", "IfNotPresent", "Never"], Field(description="When the image is pulled.")
    ] = "IfNotPresent"
    port: Annotated[
        Port | None,
        Field(
            description="Port that the editor listens on inside the pod; the image's own when left "
            "out (linuxserver/code-server 8443, codercom/code-server 8080, webtop 3000, jupyter "
            "8888). A custom program finds it in PORT and should listen on 127.0.0.1."
        ),
    ] = None
    command: Annotated[
        list[str], Field(description="Replaces the image's entrypoint.", max_length=64)
    ] = []
    args: Annotated[
        list[str],
        Field(
            description="Replaces the image's arguments. To a jupyter image, options alone are "
            "added to those of its server. Where they are options of code-server "
            "(codercom/code-server) or of Jupyter, those that say where it listens, who logs in or "
            "which configuration file counts are Kode's: given all the same, they lose or are "
            "refused.",
            max_length=256,
        ),
    ] = []
    env: Annotated[
        UniqueByName[TemplateEnvVar],
        Field(description="Variables of the editor.", max_length=128),
    ] = []
    env_from: Annotated[
        list[EnvFromSource],
        Field(description="Secrets and ConfigMaps whose keys become variables.", max_length=32),
    ] = []
    tz: Annotated[TemplatedTimeZone, Field(description="Time zone.")] = "UTC"
    puid: Annotated[
        int | None,
        Field(
            description="User id that the editor runs as; 1000 when left out.",
            ge=1,
            le=2147483647,
        ),
    ] = None
    pgid: Annotated[
        int | None,
        Field(
            description="Group id that the editor runs as; the image's own when left out (jupyter "
            "100, others 1000).",
            ge=1,
            le=2147483647,
        ),
    ] = None
    default_home: Annotated[
        TemplatedHome | None,
        Field(
            description="Where the home volume is mounted; the image's own home when left out "
            "(linuxserver /config, codercom /home/coder, jupyter /home/jovyan, custom /home/kode)."
        ),
    ] = None
    default_workspace: Annotated[
        TemplatedWorkspace, Field(description="Folder of the home that the editor opens.")
    ] = "workspace"
    resources: Annotated[
        ResourceRequirements | None,
        Field(
            description="Compute resources of the editor; requests of 100m and 512Mi, limits of "
            "2 and 4Gi when left out."
        ),
    ] = None
    init_plugins: Annotated[
        UniqueByName[TemplatePlugin],
        Field(description="Containers that run in order before the editor.", max_length=16),
    ] = []
    envoy_proxy_ref: Annotated[
        EnvoyProxyRef | None, Field(description="The proxy config of the sidecar.")
    ] = None
    service: Annotated[ServiceSpec | None, Field(description="How the Service is exposed.")] = None
    allow_privileged: Annotated[
        bool, Field(description=f"Whether a Kode may set privileged. {_GRANTED}")
    ] = False
    runtime_class_name: Annotated[
        ObjectName | None,
        Field(description=f"Runtime class of the pod, for example kata. {_GRANTED}"),
    ] = None
    host_users: Annotated[
        bool | None,
        Field(
            description="false runs the pod in a user namespace of its own, where nodes can. true "
            "in a KodeTemplate: only in a namespace labelled kode.jacero.io/allow-grants=true."
        ),
    ] = None
    node_selector: Annotated[
        dict[str, str],
        Field(description=f"Labels of the nodes to run on. {_GRANTED}", max_length=MAX_KEYS),
    ] = {}
    tolerations: Annotated[
        list[Toleration],
        Field(description=f"Taints that the pod tolerates. {_GRANTED}", max_length=32),
    ] = []
    parameters: Annotated[
        UniqueByName[Parameter],
        Field(
            description="What each Kode may choose. Texts of this spec hold the value as "
            "{{ parameters.name }}, and {{ kode.name }}, {{ kode.namespace }}, {{ owner.name }} "
            "and {{ owner.email }} besides.",
            max_length=MAX_KEYS,
        ),
    ] = []

    @model_validator(mode="after")
    def _know_placeholders(self, info: ValidationInfo) -> Self:
        if not placeholders.is_filled(info):
            texts = self.model_dump(by_alias=True, exclude_unset=True, exclude={"parameters"})
            wrong = placeholders.unknown(texts, frozenset(it.name for it in self.parameters))
            if wrong:
                raise ValueError(wrong)
        return self


class NamespacedTemplateSpec(TemplateSpec):
    """The spec of a KodeTemplate: a template, and who else may use it."""

    allowed_namespaces: Annotated[
        list[
            Annotated[
                str,
                Field(min_length=1, max_length=63, pattern=r"^(\*|[a-z0-9]([-a-z0-9]*[a-z0-9])?)$"),
            ]
        ],
        Field(
            description="Other namespaces whose Kodes may use this template; * means all. There "
            "it may read no Secret and no ConfigMap.",
            max_length=256,
        ),
    ] = []


class KodeTemplate(CustomResource):
    """A template of one namespace."""

    kind: Literal["KodeTemplate"] = "KodeTemplate"
    spec: NamespacedTemplateSpec


class KodeClusterTemplate(CustomResource):
    """A template for all namespaces."""

    kind: Literal["KodeClusterTemplate"] = "KodeClusterTemplate"
    spec: TemplateSpec


Template = KodeTemplate | KodeClusterTemplate
