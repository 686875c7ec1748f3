"""Kubeconfig files: which cluster is meant, and who asks.

Rule: files are merged as kubectl merges them (the first one to name something wins), paths in a
file are relative to its folder, and what cannot be used is told with the next step.

Source: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from kode.errors import PlatformError, Reason


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        coerce_numbers_to_str=True,
        alias_generator=lambda name: name.replace("_", "-"),
    )

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, document: Any) -> Any:
        # Programs that write kubeconfigs write null for what is empty.
        if not isinstance(document, dict):
            return document
        return {key: value for key, value in document.items() if value is not None}


class Cluster(_Part):
    """The API server of a cluster."""

    server: str = ""
    certificate_authority: str = ""
    certificate_authority_data: str = Field("", repr=False)
    insecure_skip_tls_verify: bool = False
    tls_server_name: str = ""
    proxy_url: str = ""


class ExecEnvVar(_Part):
    """A variable of a plugin's environment."""

    name: str
    value: str = Field("", repr=False)


class ExecConfig(_Part):
    """A program that gives credentials."""

    model_config = ConfigDict(alias_generator=None)

    api_version: Annotated[str, Field(alias="apiVersion")] = ""
    command: str
    args: tuple[str, ...] = ()
    env: tuple[ExecEnvVar, ...] = ()
    install_hint: Annotated[str, Field(alias="installHint")] = ""
    interactive_mode: Annotated[
        Literal["Never", "IfAvailable", "Always"], Field(alias="interactiveMode")
    ] = "IfAvailable"
    provide_cluster_info: Annotated[bool, Field(alias="provideClusterInfo")] = False


class AuthInfo(_Part):
    """Who asks."""

    client_certificate: str = ""
    client_certificate_data: str = Field("", repr=False)
    client_key: str = ""
    client_key_data: str = Field("", repr=False)
    token: str = Field("", repr=False)
    token_file: Annotated[str, Field(alias="tokenFile")] = ""
    username: str = ""
    password: str = Field("", repr=False)
    act_as: Annotated[str, Field(alias="as")] = ""
    act_as_uid: str = Field("", alias="as-uid")
    act_as_groups: Annotated[tuple[str, ...], Field(alias="as-groups")] = ()
    act_as_extra: dict[str, Any] | None = Field(None, alias="as-user-extra")
    exec: ExecConfig | None = None
    auth_provider: dict[str, Any] | None = None


class _Context(_Part):
    cluster: str = ""
    user: str = ""
    namespace: str = ""


class _NamedCluster(_Part):
    name: str
    cluster: Cluster = Cluster()


class _NamedUser(_Part):
    name: str
    user: AuthInfo = AuthInfo()


class _NamedContext(_Part):
    name: str
    context: _Context = _Context()


class _File(_Part):
    clusters: tuple[_NamedCluster, ...] = ()
    users: tuple[_NamedUser, ...] = ()
    contexts: tuple[_NamedContext, ...] = ()
    current_context: str = ""


@dataclass(frozen=True)
class ContextConfig:
    """One cluster as one user reaches it.

    Attributes:
        name: what people call it: the context's name.
        server: the API server; paths in it are absolute.
        user: who asks; paths in it are absolute.
        namespace: the context's namespace; empty where it names none.
    """

    name: str
    server: Cluster
    user: AuthInfo
    namespace: str = ""


@dataclass
class Kubeconfig:
    """Several files as one."""

    files: list[Path] = field(default_factory=list)
    current: str = ""
    contexts: dict[str, _Context] = field(default_factory=dict)
    servers: dict[str, Cluster] = field(default_factory=dict)
    users: dict[str, AuthInfo] = field(default_factory=dict)

    def add(self, path: Path, text: bytes) -> None:
        """Add a file; what is there already stays.

        Raises:
            PlatformError: it is no kubeconfig.
        """
        file = _parse(path, text)
        folder = path.absolute().parent
        self.files.append(path)
        self.current = self.current or file.current_context
        for context in file.contexts:
            self.contexts.setdefault(context.name, context.context)
        for server in file.clusters:
            self.servers.setdefault(server.name, _server_from(server.cluster, folder))
        for user in file.users:
            self.users.setdefault(user.name, _user_from(user.user, folder))

    def choose(self, context: str = "") -> ContextConfig:
        """Return what a context names.

        Args:
            context: its name; empty for the current one.

        Raises:
            PlatformError: there is no such context, or it names what is not there.
        """
        where = ", ".join(map(str, self.files))
        known = f"contexts: {', '.join(sorted(self.contexts)) or 'none'}"
        name = context or self.current
        if not name:
            raise _trouble(
                f"{where}: no current context is set; select one with --context; {known}"
            )
        selected = self.contexts.get(name)
        if selected is None:
            raise _trouble(f"{where}: context {name!r} does not exist; {known}")
        server, user = self.servers.get(selected.cluster), self.users.get(selected.user, AuthInfo())
        if server is None or not server.server:
            raise _trouble(
                f"{where}: cluster {selected.cluster!r} of context {name!r} has no server"
            )
        if selected.user and selected.user not in self.users:
            raise _trouble(f"{where}: user {selected.user!r} of context {name!r} is not defined")
        if user.auth_provider:
            raise _trouble(
                f"{where}: user {selected.user!r} uses an auth-provider, which Kubernetes has "
                "removed; have your provider's tool write a kubeconfig with exec"
            )
        if user.act_as_extra or len(user.act_as_groups) > 1:
            raise _trouble(
                f"{where}: user {selected.user!r}: impersonation with extra fields or several "
                "groups is not supported; use another user"
            )
        return ContextConfig(name, server, user, selected.namespace)


def paths(environment: Mapping[str, str], explicit: Path | None = None) -> tuple[Path, ...]:
    """Return the files that are meant, whether they exist or not.

    Args:
        environment: KUBECONFIG names files, else ~/.kube/config is it.
        explicit: a file that a user names; then it alone.
    """
    if explicit:
        return (explicit,)
    named = environment.get("KUBECONFIG", "")
    if named:
        return tuple(Path(part) for part in dict.fromkeys(named.split(os.pathsep)) if part)
    return (Path(environment.get("HOME") or Path.home()) / ".kube" / "config",)


def read(files: Iterable[Path]) -> Kubeconfig:
    """Return the files merged; those that are not there are left out, as kubectl does.

    Raises:
        PlatformError: none of them is there, or one cannot be read.
    """
    config, wanted = Kubeconfig(), tuple(files)
    for path in wanted:
        try:
            config.add(path, path.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise _trouble(f"{path}: {error.strerror}") from None
    if not config.files:
        text = ", ".join(map(str, wanted))
        raise _trouble(f"no kubeconfig found at {text}; name one with --kubeconfig or KUBECONFIG")
    return config


def _parse(path: Path, text: bytes) -> _File:
    try:
        return _File.model_validate(yaml.safe_load(text) or {})
    except yaml.YAMLError as error:
        raise _trouble(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    except (ValueError, RecursionError) as error:
        raise _trouble(f"{path}: not a valid kubeconfig: {_problem(error)}") from None


def _problem(error: Exception) -> str:
    # Never the whole error: it would show the value, and that may be a password.
    if not isinstance(error, ValidationError):
        return type(error).__name__
    first = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def _server_from(server: Cluster, folder: Path) -> Cluster:
    return server.model_copy(
        update={
            "server": server.server.rstrip("/"),
            "certificate_authority": _absolute(server.certificate_authority, folder),
        }
    )


def _user_from(user: AuthInfo, folder: Path) -> AuthInfo:
    update: dict[str, Any] = {
        name: _absolute(getattr(user, name), folder)
        for name in ("client_certificate", "client_key", "token_file")
    }
    if user.exec and os.sep in user.exec.command:
        command = _absolute(user.exec.command, folder)
        update["exec"] = user.exec.model_copy(update={"command": command})
    return user.model_copy(update=update)


def _absolute(path: str, folder: Path) -> str:
    return str(folder / path) if path else ""


def _trouble(text: str) -> PlatformError:
    return PlatformError(Reason.PLATFORM_ERROR, text)
