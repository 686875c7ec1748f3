"""Kode: a development environment for one user.

Rule: every field here changes what is rendered; defaults that a template may give are not set here.
"""

from typing import Annotated, Literal

from pydantic import Field

from kode.api.dotfiles import Dotfiles, Repository
from kode.api.meta import (
    MAX_KEYS,
    CustomResource,
    HomePath,
    Model,
    NamespaceName,
    ObjectName,
    Quantity,
    Rule,
    UniqueByName,
    WorkspacePath,
)
from kode.api.parameters import Value
from kode.api.pod import EnvVar, InitPlugin


class TemplateRef(Model):
    """The template that a Kode is made from."""

    rules = (
        Rule(
            "self.kind == 'KodeTemplate' || !has(self.namespace)",
            lambda self: self.kind == "KodeTemplate" or self.namespace is None,
            "a KodeClusterTemplate has no namespace: leave namespace out",
        ),
    )

    kind: Annotated[
        Literal["KodeTemplate", "KodeClusterTemplate"], Field(description="Kind of the template.")
    ]
    name: Annotated[ObjectName, Field(description="Name of the template.")]
    namespace: Annotated[
        NamespaceName | None,
        Field(
            description="Namespace of a KodeTemplate; the Kode's own when left out. "
            "Another namespace's template must name this one in allowedNamespaces."
        ),
    ] = None


class StorageRequests(Model):
    """Requested amounts."""

    storage: Annotated[Quantity, Field(description="Size, for example 10Gi.")]


class StorageResources(Model):
    """Size of the home volume."""

    requests: Annotated[StorageRequests, Field(description="Requested amounts.")]


class Storage(Model):
    """The home volume: a claim of the Kode's own, or an existing one."""

    rules = (
        Rule(
            "!has(self.existingVolumeClaim) || (!has(self.accessModes) && "
            "!has(self.storageClassName) && !has(self.resources))",
            lambda self: (
                self.existing_volume_claim is None
                or (self.access_modes, self.storage_class_name, self.resources)
                == (None, None, None)
            ),
            "existingVolumeClaim is mounted as it is: leave accessModes, storageClassName and "
            "resources out",
        ),
    )

    access_modes: Annotated[
        list[Literal["ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany", "ReadOnlyMany"]] | None,
        Field(
            description="Access modes of the claim; ReadWriteOnce when left out.",
            min_length=1,
            max_length=4,
        ),
    ] = None
    storage_class_name: Annotated[
        ObjectName | None,
        Field(description="Storage class of the claim; the cluster's default when left out."),
    ] = None
    resources: Annotated[
        StorageResources | None, Field(description="Size of the claim; 10Gi when left out.")
    ] = None
    keep_volume: Annotated[
        bool,
        Field(
            description="Whether the claim outlives the Kode. When false, deleting the Kode "
            "deletes the claim and its files."
        ),
    ] = True
    existing_volume_claim: Annotated[
        ObjectName | None,
        Field(
            description="A claim of the same namespace to mount instead of making one. "
            "It is never owned, changed or deleted."
        ),
    ] = None


class KodeSpec(Model):
    """What the user requests."""

    rules = (
        Rule(
            "!(has(self.password) && has(self.existingSecret))",
            lambda self: self.password is None or self.existing_secret is None,
            "password and existingSecret exclude each other: set one of them",
        ),
        Rule(
            "!(has(self.userConfig) && has(self.dotfiles))",
            lambda self: self.user_config is None or self.dotfiles is None,
            "userConfig is short for dotfiles.repository: set one of them",
        ),
    )

    template_ref: Annotated[TemplateRef, Field(description="The template to use.")]
    parameters: Annotated[
        dict[Annotated[str, Field(max_length=63)], Value],
        Field(description="Values for the template's parameters, by name.", max_length=MAX_KEYS),
    ] = {}
    user: Annotated[
        str | None,
        Field(
            description="Login name; abc when left out.",
            min_length=1,
            max_length=128,
            pattern=r"^[A-Za-z0-9._@+-]+$",
        ),
    ] = None
    password: Annotated[
        str | None,
        Field(
            description="Login password. It is moved into the Secret <kode>-auth and taken out of "
            "the spec; set it again to change it.",
            min_length=1,
            max_length=256,
            pattern=r"^[^\x00-\x1f\x7f]+$",
            # A log line that shows a Kode must not show this.
            repr=False,
        ),
    ] = None
    existing_secret: Annotated[
        ObjectName | None,
        Field(
            description="A Secret of the same namespace with the label kode.jacero.io/login=true "
            "and the keys password and, optionally, username. It is read, never owned, changed or "
            "deleted."
        ),
    ] = None
    home: Annotated[
        HomePath | None,
        Field(
            description="Where the home volume is mounted; the template's defaultHome when left "
            "out. No system folder such as /etc or /usr, nor one within, but for what defaultHome "
            "names."
        ),
    ] = None
    workspace: Annotated[
        WorkspacePath | None,
        Field(
            description="Folder of the home that the editor opens; the template's defaultWorkspace "
            "when left out."
        ),
    ] = None
    storage: Annotated[Storage | None, Field(description="The home volume.")] = None
    suspend: Annotated[
        bool, Field(description="When true there is no pod; the files are kept.")
    ] = False
    user_config: Annotated[
        Repository | None,
        Field(description="URL of a git repository of settings; short for dotfiles.repository."),
    ] = None
    dotfiles: Annotated[
        Dotfiles | None,
        Field(description="A git repository of settings, brought in before the editor starts."),
    ] = None
    env: Annotated[
        UniqueByName[EnvVar],
        Field(description="Variables of the editor; they win over the template's.", max_length=128),
    ] = []
    init_plugins: Annotated[
        UniqueByName[InitPlugin],
        Field(
            description="Containers that run in order before the editor, after the template's own.",
            max_length=16,
        ),
    ] = []
    privileged: Annotated[
        bool,
        Field(
            description="Run the editor privileged; only where the template has allowPrivileged, "
            "and may grant it."
        ),
    ] = False


class Kode(CustomResource):
    """A development environment for one user."""

    kind: Literal["Kode"] = "Kode"
    spec: KodeSpec
