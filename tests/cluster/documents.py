"""The documents that these tests apply: short builders, small requests.

Rule: what a test is about stands in the test; what is the same everywhere stands here.
"""

import os
import textwrap
from typing import Any

from kode.labels import LOGIN

Object = dict[str, Any]

API = "kode.jacero.io/v1alpha1"
CODE_SERVER = "linuxserver/code-server:latest"
CODERCOM = "codercom/code-server:latest"
WEBTOP = "linuxserver/webtop:ubuntu-mate"
TOOLS = os.environ.get("KODE_TEST_TOOLS_IMAGE", "kode/tools:test")
"""An image with sh and python3, for probes and for editors that need not be real."""

USER, PASSWORD = "devuser", "devpassword"

SMALL = {
    "requests": {"cpu": "50m", "memory": "128Mi"},
    "limits": {"cpu": "2", "memory": "2Gi"},
}
_TINY = {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"cpu": "1", "memory": "128Mi"}}

# It answers every path with the headers that reached it. As the first process of its container it
# must see to SIGTERM itself, or each of its pods would take 30 s to stop.
_STAND_IN = textwrap.dedent(
    """
    import http.server, json, os, signal
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    class Editor(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps({"headers": dict(self.headers), "env": dict(os.environ)}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        def log_message(self, *_):
            pass
    address = (os.environ["CODE_SERVER_HOST"], int(os.environ["PORT"]))
    http.server.ThreadingHTTPServer(address, Editor).serve_forever()
    """
)


def document(kind: str, name: str, spec: Object, **metadata: Any) -> Object:
    """Return a document of one of our kinds."""
    return {
        "apiVersion": API,
        "kind": kind,
        "metadata": {"name": name, **metadata},
        "spec": spec,
    }


def template(name: str, **spec: Any) -> Object:
    """Return a KodeTemplate of a real code-server."""
    return document(
        "KodeTemplate",
        name,
        {"type": "code-server", "image": CODE_SERVER, "resources": SMALL} | spec,
    )


def stand_in(name: str, **spec: Any) -> Object:
    """Return a KodeTemplate whose editor is a few lines that answer on the editor's port.

    For what is not about the editor: it starts in a moment, and everything around it is real. Its
    command is not the image's own, so the sidecar asks for the password.
    """
    plain = {"image": TOOLS, "command": ["python3", "-c", _STAND_IN], "resources": _TINY}
    return template(name, **(plain | spec))


def kode(name: str, template_name: str, **spec: Any) -> Object:
    """Return a Kode of a KodeTemplate, with a user and a password unless it says otherwise."""
    login = {} if "existingSecret" in spec else {"user": USER, "password": PASSWORD}
    made = {
        "templateRef": {"kind": "KodeTemplate", "name": template_name},
        "storage": {"resources": {"requests": {"storage": "1Gi"}}},
        **login,
        **spec,
    }
    return document("Kode", name, {key: value for key, value in made.items() if value is not None})


def proxy_config(name: str, **spec: Any) -> Object:
    """Return an EnvoyProxyConfig."""
    return document("EnvoyProxyConfig", name, spec)


def secret(name: str, **text: str) -> Object:
    """Return a Secret with the given keys, offered as a login."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "labels": {LOGIN: "true"}},
        "stringData": text,
    }


def probe(name: str, **labels: str) -> Object:
    """Return a pod to look at the cluster from, with no rights at all; it stops at once."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 1000,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [
                {
                    "name": "probe",
                    "securityContext": {
                        "allowPrivilegeEscalation": False,
                        "capabilities": {"drop": ["ALL"]},
                    },
                    "image": TOOLS,
                    "command": ["sleep", "infinity"],
                    "resources": _TINY,
                }
            ],
        },
    }
