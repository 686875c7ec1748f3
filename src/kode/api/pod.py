"""Kubernetes types that specs embed: environment, resources, tolerations, init plugins.

Rule: field names and meaning are Kubernetes' own; only what the product renders is here.
"""

from typing import Annotated, Literal

from pydantic import Field

from kode.api.meta import Image, Model, ObjectName, Quantity, Rule

EnvName = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$")]
"""The name of an environment variable."""


class EnvVar(Model):
    """A variable with a literal value."""

    name: EnvName
    value: Annotated[str, Field(max_length=32768)] = ""


class KeyRef(Model):
    """One key of a Secret or ConfigMap in the Kode's namespace."""

    name: ObjectName
    key: Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[-._a-zA-Z0-9]+$")]
    optional: bool | None = None


class FieldRef(Model):
    """A field of the pod, as Kubernetes' downward API names it."""

    field_path: Annotated[str, Field(min_length=1, max_length=253)]


class ResourceFieldRef(Model):
    """A resource of a container, as Kubernetes' downward API names it."""

    resource: Annotated[str, Field(min_length=1, max_length=253)]
    container_name: str | None = None
    divisor: Quantity | None = None


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

    secret_key_ref: KeyRef | None = None
    config_map_key_ref: KeyRef | None = None
    field_ref: FieldRef | None = None
    resource_field_ref: ResourceFieldRef | None = None


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

    name: EnvName
    value: Annotated[str, Field(max_length=32768)] | None = None
    value_from: EnvVarSource | None = None


class SourceRef(Model):
    """A Secret or ConfigMap whose every key becomes a variable."""

    name: ObjectName
    optional: bool | None = None


class EnvFromSource(Model):
    """All keys of a Secret or ConfigMap as variables."""

    rules = (
        Rule(
            "has(self.secretRef) != has(self.configMapRef)",
            lambda self: (self.secret_ref is None) != (self.config_map_ref is None),
            "exactly one of secretRef and configMapRef must be set",
        ),
    )

    prefix: Annotated[str, Field(max_length=128)] | None = None
    secret_ref: SourceRef | None = None
    config_map_ref: SourceRef | None = None


class Resources(Model):
    """Compute resources of a container."""

    requests: dict[str, Quantity] | None = None
    limits: dict[str, Quantity] | None = None


class Toleration(Model):
    """A taint that the pod tolerates."""

    key: str | None = None
    operator: Literal["Exists", "Equal"] | None = None
    value: str | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    toleration_seconds: int | None = None


class InitPlugin(Model):
    """A container that runs to its end before the editor starts, with the home mounted.

    Plugins run in order, those of the template first; each may change the home in any way.
    """

    name: Annotated[
        str, Field(min_length=1, max_length=40, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
    ]
    image: Image
    command: Annotated[list[str], Field(max_length=64)] = []
    args: Annotated[list[str], Field(max_length=256)] = []
    env: Annotated[list[EnvVar], Field(max_length=128)] = []
