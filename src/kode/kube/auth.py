"""Who a user, or a program of theirs, is to an API server.

Rule: credentials are read when they are needed and never shown; a private key is in a file of ours
only while it is loaded, and that file is the user's alone.
"""

import asyncio
import base64
import binascii
import ssl
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from kode.errors import PlatformError, Reason
from kode.kube import exec_credential, proxy_env
from kode.kube.config import AuthInfo, Cluster, ContextConfig, paths, read
from kode.kube.exec_credential import ExecCredential

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_TOKEN_TTL = 60.0
"""Seconds for which a token's file is not read again."""


def select_context(
    environment: Mapping[str, str], *, file: Path | None = None, context: str = ""
) -> ContextConfig:
    """Return the cluster that is meant.

    Args:
        environment: KUBECONFIG and HOME say where kubeconfigs are; in a pod without one, its
            service account is used.
        file: a kubeconfig that a user names.
        context: a context that a user names; empty for the current one.

    Raises:
        PlatformError: there is none.
    """
    files = paths(environment, file)
    # A file that a user names must be there.
    if not context and file is None and not any(path.exists() for path in files):
        config = in_pod(environment)
        if config:
            return config
    return read(files).choose(context)


def in_pod(environment: Mapping[str, str], account: Path = _ACCOUNT) -> ContextConfig | None:
    """Return the cluster of the pod that this runs in; None where it runs in none.

    Args:
        environment: names the API server.
        account: folder of the service account's files.
    """
    host = environment.get("KUBERNETES_SERVICE_HOST", "")
    token, namespace = account / "token", account / "namespace"
    if not host or not token.exists():
        return None
    host = f"[{host}]" if ":" in host else host
    port = environment.get("KUBERNETES_SERVICE_PORT") or "443"
    return ContextConfig(
        name="in-cluster",
        server=Cluster.model_validate(
            {"server": f"https://{host}:{port}", "certificate-authority": str(account / "ca.crt")}
        ),
        user=AuthInfo.model_validate({"tokenFile": str(token)}),
        namespace=namespace.read_text("utf-8").strip() if namespace.exists() else "",
    )


class KubeconfigAuth:
    """Credentials of a kubeconfig or of a pod, as a Transport asks for them."""

    def __init__(self, access: ContextConfig, environment: Mapping[str, str]) -> None:
        """Take who asks; nothing is read yet.

        Args:
            access: which cluster, and who.
            environment: for plugins, and for proxies.
        """
        self.server = access.server.server
        """URL of the API server."""
        self._access = access
        self._environment = environment
        self._credential: ExecCredential | None = None
        self._tls: ssl.SSLContext | None = None
        self._token: tuple[float, str] | None = None
        self._turn = asyncio.Lock()

    def server_name(self) -> str | None:
        """Return the name that the server's certificate must have, where it is not the URL's."""
        return self._access.server.tls_server_name or None

    def proxy(self) -> str | None:
        """Return the URL of the proxy on the way; None where there is none."""
        return self._access.server.proxy_url or proxy_env.of(self.server, self._environment)

    def tls(self) -> ssl.SSLContext:
        """Return what the connection is secured with.

        Raises:
            PlatformError: a certificate cannot be used.
        """
        if self._tls is None:
            server = self._access.server
            authority = _bytes(server.certificate_authority_data, server.certificate_authority)
            try:
                context = ssl.create_default_context(
                    cadata=authority.decode("ascii", "replace") or None
                )
            except (ssl.SSLError, ValueError) as error:
                raise self._error(f"its certificate authority cannot be read: {error}") from None
            # Python 3.13 asks more of a certificate than many a cluster's own authority gives.
            context.verify_flags &= ~ssl.VERIFY_X509_STRICT
            if server.insecure_skip_tls_verify:
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            self._tls = context
            self._load_certificate(context)
        return self._tls

    async def headers(self) -> dict[str, str]:
        """Return the headers that say who asks."""
        user = self._access.user
        headers = {
            key: value
            for key, value in (
                ("Impersonate-User", user.act_as),
                ("Impersonate-Uid", user.act_as_uid),
                ("Impersonate-Group", "".join(user.act_as_groups)),
            )
            if value
        }
        authorization = await self._authorization()
        return {**headers, "Authorization": authorization} if authorization else headers

    async def refresh(self) -> None:
        """Forget the credentials, so that they are read, or asked for, again."""
        self._token = self._credential = None

    async def _authorization(self) -> str:
        user = self._access.user
        if user.token_file:
            return f"Bearer {self._of_file(user.token_file)}"
        if user.token:
            return f"Bearer {user.token}"
        if user.exec:
            await self._ask()
            return (
                f"Bearer {self._credential.token}"
                if self._credential and self._credential.token
                else ""
            )
        if user.username:
            pair = f"{user.username}:{user.password}".encode()
            return f"Basic {base64.b64encode(pair).decode()}"
        return ""

    async def _ask(self) -> None:
        # Several requests at once must not open several login pages.
        async with self._turn:
            program, credential = self._access.user.exec, self._credential
            if program is None or (credential and credential.fresh(datetime.now(UTC))):
                return
            self._credential = await exec_credential.run(self._access, program, self._environment)
            if self._tls:
                self._load_certificate(self._tls)

    def _of_file(self, path: str) -> str:
        now = time.monotonic()
        if self._token is None or now - self._token[0] > _TOKEN_TTL:
            self._token = now, _bytes("", path).decode("utf-8", "replace").strip()
        return self._token[1]

    def _load_certificate(self, context: ssl.SSLContext) -> None:
        user = self._access.user
        certificate = _bytes(user.client_certificate_data, user.client_certificate)
        key = _bytes(user.client_key_data, user.client_key)
        if self._credential and self._credential.certificate:
            certificate, key = self._credential.certificate.encode(), self._credential.key.encode()
        if not certificate:
            return
        with ExitStack() as stack:
            names = []
            for text in (certificate, key):
                file = stack.enter_context(tempfile.NamedTemporaryFile(buffering=0))
                file.write(text)
                names.append(file.name)
            try:
                context.load_cert_chain(names[0], names[1] if key else None)
            except (ssl.SSLError, OSError) as error:
                message = f"its client certificate and key cannot be used: {error}"
                raise self._error(message) from None

    def _error(self, text: str) -> PlatformError:
        return PlatformError(Reason.PLATFORM_ERROR, f"context {self._access.name!r}: {text}")


def _bytes(data: str, path: str) -> bytes:
    if data:
        try:
            return base64.b64decode(data, validate=False)
        except binascii.Error:
            text = "certificate data in the kubeconfig is not valid base64"
            raise PlatformError(Reason.PLATFORM_ERROR, text) from None
    if not path:
        return b""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        text = f"cannot read {path}, named in the kubeconfig: {error.strerror}"
        raise PlatformError(Reason.PLATFORM_ERROR, text) from None
