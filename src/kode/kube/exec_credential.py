"""Programs that give credentials: the `exec` of a kubeconfig.

Rule: what such a program gives is kept in memory alone, and asked for again before it ends.

Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
"""

import asyncio
import base64
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePath
from typing import Any

from kode.errors import PlatformError, Reason
from kode.kube.config import Cluster, ContextConfig, ExecConfig

_GROUP = "client.authentication.k8s.io"
_VERSIONS = (f"{_GROUP}/v1", f"{_GROUP}/v1beta1")
_EXPIRY_MARGIN = timedelta(seconds=30)
"""How long before their end credentials are asked for again."""


@dataclass(frozen=True)
class ExecCredential:
    """What a program gave.

    Attributes:
        token: a bearer token; empty for none.
        certificate: a client certificate in PEM; empty for none.
        key: its key in PEM.
        until: when to ask again; None for when they are refused.
    """

    token: str = field(default="", repr=False)
    certificate: str = ""
    key: str = field(default="", repr=False)
    until: datetime | None = None

    def fresh(self, now: datetime) -> bool:
        """Tell whether there is no need to ask again."""
        return self.until is None or now < self.until - _EXPIRY_MARGIN


async def run(
    access: ContextConfig, plugin: ExecConfig, environment: Mapping[str, str]
) -> ExecCredential:
    """Run a program; return what it gave.

    Raises:
        PlatformError: it is not there, failed, or gave nothing that can be used.
    """
    if plugin.api_version not in _VERSIONS:
        raise _trouble(access, plugin, f"apiVersion must be one of {', '.join(_VERSIONS)}")
    interactive = plugin.interactive_mode != "Never" and sys.stdin.isatty()
    if plugin.interactive_mode == "Always" and not interactive:
        raise _trouble(access, plugin, "it needs an interactive terminal")
    variables = {
        **environment,
        **{variable.name: variable.value for variable in plugin.env},
        "KUBERNETES_EXEC_INFO": json.dumps(_question(access, plugin, interactive=interactive)),
    }
    try:
        program = await asyncio.create_subprocess_exec(
            plugin.command,
            *plugin.args,
            env=variables,
            stdin=None if interactive else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        text = f"it cannot be run: {error.strerror or error}"
        raise _trouble(access, plugin, text) from None
    try:
        output, _ = await program.communicate()
    except asyncio.CancelledError:
        program.kill()
        raise
    if program.returncode:
        raise _trouble(access, plugin, f"it failed with exit code {program.returncode}")
    try:
        return parse(output, plugin.api_version)
    except ValueError as error:
        raise _trouble(access, plugin, str(error)) from None


def parse(output: bytes, api_version: str) -> ExecCredential:
    """Return what a program's output gives.

    Raises:
        ValueError: it gives nothing that can be used.
    """
    try:
        credential = json.loads(output)
    except ValueError:
        raise ValueError("its output is not valid JSON") from None
    if not isinstance(credential, dict) or credential.get("kind") != "ExecCredential":
        raise ValueError("its output is not an ExecCredential")
    if credential.get("apiVersion") != api_version:
        version = credential.get("apiVersion")
        raise ValueError(f"it printed version {version}, but the kubeconfig requires {api_version}")
    status = credential.get("status")
    status = status if isinstance(status, dict) else {}
    token, certificate, key = (
        str(status.get(name) or "") for name in ("token", "clientCertificateData", "clientKeyData")
    )
    if not token and not certificate:
        raise ValueError("it printed neither a token nor a certificate")
    if bool(certificate) != bool(key):
        raise ValueError(
            "it printed a certificate without its key, or a key without its certificate"
        )
    return ExecCredential(token, certificate, key, _time(status.get("expirationTimestamp")))


def _time(text: object) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise ValueError(f"expirationTimestamp {text} is not a valid time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _question(access: ContextConfig, plugin: ExecConfig, *, interactive: bool) -> dict[str, Any]:
    spec: dict[str, Any] = {"interactive": interactive}
    if plugin.provide_cluster_info:
        spec["cluster"] = _cluster(access.server)
    return {"apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": spec}


def _cluster(server: Cluster) -> dict[str, Any]:
    authority = server.certificate_authority_data
    if server.certificate_authority and not authority:
        authority = base64.b64encode(Path(server.certificate_authority).read_bytes()).decode()
    cluster: dict[str, Any] = {
        "server": server.server,
        "tls-server-name": server.tls_server_name,
        "insecure-skip-tls-verify": server.insecure_skip_tls_verify,
        "certificate-authority-data": authority,
        "proxy-url": server.proxy_url,
    }
    return {key: value for key, value in cluster.items() if value}


def _trouble(access: ContextConfig, plugin: ExecConfig, text: str) -> PlatformError:
    hint = f"; {' '.join(plugin.install_hint.split())}" if plugin.install_hint else ""
    name = PurePath(plugin.command).name
    return PlatformError(
        Reason.PLATFORM_ERROR,
        f"context {access.name!r} cannot log in with the program {name}: {text}{hint}",
    )
