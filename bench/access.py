"""Who speaks to the API server, and where it is: read from a kubeconfig, written to one.

Rule: what the operator is allowed in a cluster is what it is allowed here; it gets a token of its
own service account, never the administrator's credentials.
"""

import base64
import os
import ssl
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Access:
    """One identity at one API server.

    Attributes:
        server: the URL.
        authority: the certificate authority, PEM; empty for plain HTTP.
        certificate: a client certificate and its key, PEM; empty with a token.
        token: a bearer token; empty with a certificate.
    """

    server: str
    authority: str = ""
    certificate: str = ""
    token: str = ""

    def tls(self) -> ssl.SSLContext:
        """Return what the connection is secured with."""
        context = ssl.create_default_context(cadata=self.authority or None)
        if self.certificate:
            with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
                file.write(self.certificate)
                file.flush()
                context.load_cert_chain(file.name)
        return context

    def headers(self) -> dict[str, str]:
        """Return the headers that say who we are."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def at(self, server: str) -> "Access":
        """Return the same identity at another address, without TLS."""
        return replace(self, server=server, authority="")

    def write(self, path: Path) -> Path:
        """Write a kubeconfig for an identity that has a token."""
        cluster: dict[str, Any] = {"server": self.server}
        if self.authority:
            data = base64.b64encode(self.authority.encode()).decode()
            cluster["certificate-authority-data"] = data
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "it", "cluster": cluster}],
            "users": [{"name": "it", "user": {"token": self.token}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
            "current-context": "it",
        }
        path.write_text(yaml.safe_dump(document))
        return path


def administrator() -> Access:
    """Return the identity that KUBECONFIG names."""
    path = Path(os.environ.get("KUBECONFIG") or "~/.kube/config").expanduser()
    document = yaml.safe_load(path.read_text())
    chosen = _find_by_name(document["contexts"], document["current-context"])["context"]
    cluster = _find_by_name(document["clusters"], chosen["cluster"])["cluster"]
    user = _find_by_name(document["users"], chosen["user"])["user"]
    parts = [_data(user, "client-certificate"), _data(user, "client-key")]
    return Access(
        server=cluster["server"].rstrip("/"),
        authority=_data(cluster, "certificate-authority"),
        certificate="\n".join(part for part in parts if part),
        token=user.get("token", ""),
    )


def _find_by_name(items: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(item for item in items if item["name"] == name)


def _data(holder: dict[str, Any], key: str) -> str:
    inline = holder.get(f"{key}-data")
    if inline:
        return base64.b64decode(inline).decode()
    return Path(holder[key]).read_text() if holder.get(key) else ""
