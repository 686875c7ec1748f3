"""Kubernetes types that specs embed: environment, resources, tolerations, init plugins.

Rule: field names and meaning are Kubernetes' own; only what the product renders is here.
"""

from typing import Annotated, Literal

from pydantic import Field

from kode.api.meta import MAX_KEYS, Image, Model, ObjectName, Quantity, Rule, UniqueByName
from kode.api.templated import TemplatedImage, TemplatedQuantity

EnvName = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$")]
"""The name of an environment variable."""

EnvValue = Annotated[str, Field(max_length=32768)]
"""The value of an environment variable."""

ResourceList = Annotated[dict[str, TemplatedQuantity], Field(max_length=MAX_KEYS)]
"""Amounts by resource: cpu, memory, or what a device plugin offers."""


_REFERENCES = (
    "$(NAME) is filled in where NAME is a variable listed before it (the template's come first; "
    "one of the same name is the earlier one) or one of Kode's own: HOME, USER, LOGNAME, PORT (the "
    "editor's), PUID, PGID, KODE_NAME and KODE_NAMESPACE. PATH may refer to the PATH of the image, "
    "/opt/mine/bin:$(PATH). Any other name stays as it is written; $$(NAME) becomes $(NAME)."
)


class EnvVar(Model):
    """A variable with a literal value."""

    name: Annotated[EnvName, Field(description="Name of the variable.")]
    value: Annotated[
        EnvValue, Field(description=f"Its value; empty when left out. {_REFERENCES}")
    ] = ""


class KeySelector(Model):
    """One key of a Secret or ConfigMap in the Kode's namespace."""

    name: Annotated[ObjectName, Field(description="Name of the Secret or ConfigMap.")]
    key: Annotated[
        str,
        Field(
            description="Key whose value is taken.",
            min_length=1,
            max_length=253,
            pattern=r"^[-._a-zA-Z0-9]+$",
        ),
    ]
    optional: Annotated[
        bool | None, Field(description="When true, an absent object or key is no error.")
    ] = None


class ObjectFieldSelector(Model):
    """A field of the pod, as Kubernetes' downward API names it."""

    field_path: Annotated[
        str, Field(description="For example metadata.name.", min_length=1, max_length=253)
    ]


class ResourceFieldSelector(Model):
    """A resource of a container, as Kubernetes' downward API names it."""

    resource: Annotated[
        str, Field(description="For example limits.memory.", min_length=1, max_length=253)
    ]
    container_name: Annotated[
        str | None,
        Field(description="Container to look at; the editor when left out.", max_length=63),
    ] = None
    divisor: Annotated[Quantity | None, Field(description="Unit to count in, for example 1Mi.")] = (
        None
    )


class EnvVarSource(Model):
    """Where a variable's value comes from; exactly one of the fields."""

    rules = (
        Rule(
            "[has(self.secretKeyRef), has(self.configMapKeyRef), has(self.fieldRef), "
            "has(self.resourceFieldRef)].filter(x, x).size() == 1",
            lambda self: len(self.model_fields_set) == 1,
            "exactly one of secretKeyRef, configMapKeyRef, fieldRef, resourceFieldRef must be set",
        ),
    )

    secret_key_ref: Annotated[
        KeySelector | None, Field(description="A key of a Secret of the Kode's namespace.")
    ] = None
    config_map_key_ref: Annotated[
        KeySelector | None, Field(description="A key of a ConfigMap of the Kode's namespace.")
    ] = None
    field_ref: Annotated[ObjectFieldSelector | None, Field(description="A field of the pod.")] = (
        None
    )
    resource_field_ref: Annotated[
        ResourceFieldSelector | None, Field(description="A resource of a container of the pod.")
    ] = None


class TemplateEnvVar(Model):
    """A variable of a template: a literal value, or a value from elsewhere.

    Only templates may read Secrets into the environment: a Kode's author need not be allowed
    to read every Secret of the namespace.
    """

    rules = (
        Rule(
            "!(has(self.value) && has(self.valueFrom))",
            lambda self: self.value is None or self.value_from is None,
            "value and valueFrom exclude each other: set one of them",
        ),
    )

    name: Annotated[EnvName, Field(description="Name of the variable.")]
    value: Annotated[EnvValue | None, Field(description=f"Its value. {_REFERENCES}")] = None
    value_from: Annotated[EnvVarSource | None, Field(description="Where its value comes from.")] = (
        None
    )


class LocalObjectReference(Model):
    """A Secret or ConfigMap whose every key becomes a variable."""

    name: Annotated[ObjectName, Field(description="Name of the Secret or ConfigMap.")]
    optional: Annotated[
        bool | None, Field(description="When true, an absent object is no error.")
    ] = None


class EnvFromSource(Model):
    """All keys of a Secret or ConfigMap as variables."""

    rules = (
        Rule(
            "has(self.secretRef) != has(self.configMapRef)",
            lambda self: (self.secret_ref is None) != (self.config_map_ref is None),
            "exactly one of secretRef and configMapRef must be set",
        ),
    )

    prefix: Annotated[str | None, Field(description="Put before each key.", max_length=128)] = None
    secret_ref: Annotated[
        LocalObjectReference | None, Field(description="A Secret of the Kode's namespace.")
    ] = None
    config_map_ref: Annotated[
        LocalObjectReference | None, Field(description="A ConfigMap of the Kode's namespace.")
    ] = None


class ResourceRequirements(Model):
    """Compute resources of a container."""

    requests: Annotated[
        ResourceList | None, Field(description="What a node must have free, by resource.")
    ] = None
    limits: Annotated[
        ResourceList | None, Field(description="What the container may use at most, by resource.")
    ] = None


class Toleration(Model):
    """A taint that the pod tolerates."""

    key: Annotated[
        str | None, Field(description="Key of the taint; all keys when left out.", max_length=316)
    ] = None
    operator: Annotated[
        Literal["Exists", "Equal"] | None,
        Field(description="Exists tolerates any value; Equal, the default, only the given one."),
    ] = None
    value: Annotated[str | None, Field(description="Value of the taint.", max_length=63)] = None
    effect: Annotated[
        Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None,
        Field(description="Effect of the taint; all effects when left out."),
    ] = None
    toleration_seconds: Annotated[
        int | None,
        Field(description="How long a NoExecute taint is tolerated; for ever when left out."),
    ] = None


class InitPlugin(Model):
    """A container that runs to its end before the editor starts, with the home mounted.

    Plugins run in order, those of the template first; each may change the home in any way.
    """

    name: Annotated[
        str,
        Field(
            description="Name of the plugin, once in its list.",
            min_length=1,
            max_length=40,
            pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
        ),
    ]
    image: Annotated[Image, Field(description="Image to run.")]
    command: Annotated[
        list[str], Field(description="Replaces the image's entrypoint.", max_length=64)
    ] = []
    args: Annotated[
        list[str], Field(description="Replaces the image's arguments.", max_length=256)
    ] = []
    env: Annotated[
        UniqueByName[EnvVar], Field(description="Variables of the plugin.", max_length=128)
    ] = []


class TemplatePlugin(InitPlugin):
    """An init plugin of a template, whose texts may have placeholders."""

    image: Annotated[TemplatedImage, Field(description="Image to run.")]
