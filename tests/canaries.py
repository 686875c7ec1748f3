"""A secret that no test tells anybody: put where secrets stand, looked for where they must not be.

Rule: every test that plants a secret plants this one, so that whatever a run leaves behind
(statuses, Events, logs, command lines, files) can be searched for one text. A quotation may be cut,
so a part of it counts as well, and so does each usual way to write it down.
"""

import base64
import copy
import json
from collections.abc import Iterator
from hashlib import sha1
from typing import Any
from urllib.parse import quote

from tests.documents import Document, kode_document, proxy_document, secret_document

CANARY = "canary-7Qv3xK9w-sings-Zp5tR2mL"
"""No word, no number and no name of a field."""

_PART = 12
_TYPES = "type.googleapis.com/envoy.extensions"
# What is told on purpose: how filters and clusters are called, and of which type they are.
_NAMES = frozenset({"@type", "name", "cluster", "cluster_name", "apiVersion", "kind", "metadata"})


def leaks(text: str | bytes) -> bool:
    """Tell whether a text holds a canary, or enough of one to know it."""
    told = text if isinstance(text, str) else text.decode("utf-8", "replace")
    return any(part in told for part in _PARTS)


def parts() -> frozenset[str]:
    """Return the texts of which any one shows a canary."""
    return _PARTS


def forms(secret: str) -> frozenset[str]:
    """Return each way in which a secret is usually written down, as a whole."""
    return frozenset(_written(secret))


def planted(document: Any, value: Any = CANARY) -> Iterator[tuple[str, Any]]:
    """Yield copies of a document with a canary in the place of one value each.

    Args:
        document: any JSON; its messages and lists are replaced as well as its texts.
        value: what holds the canary.

    Returns:
        Where the canary is, and the copy. Names are left as they are.
    """
    for path in _paths(document):
        found = copy.deepcopy(document)
        place = found
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        yield ".".join(map(str, path)), found


def filters() -> list[Document]:
    """Return filters with a canary in each place that holds a secret; Envoy takes them."""
    return [
        {
            "name": "lua",
            "typed_config": {
                "@type": f"{_TYPES}.filters.http.lua.v3.Lua",
                "default_source_code": {"inline_string": f"local key = '{CANARY}'"},
            },
        },
        {
            "name": "authz",
            "typed_config": {
                "@type": f"{_TYPES}.filters.http.ext_authz.v3.ExtAuthz",
                "transport_api_version": "V3",
                "http_service": {
                    "server_uri": {"uri": "http://authz", "cluster": "authz", "timeout": "1s"},
                    "authorization_request": {
                        "headers_to_add": [{"key": "authorization", "value": f"Bearer {CANARY}"}]
                    },
                },
            },
        },
        {
            "name": "keys",
            "typed_config": {
                "@type": f"{_TYPES}.filters.http.api_key_auth.v3.ApiKeyAuth",
                "credentials": [{"key": CANARY, "client": "me"}],
                "key_sources": [{"header": "x-key"}],
            },
        },
    ]


def clusters() -> list[Document]:
    """Return a cluster with a canary for a client's key, which Envoy refuses as none."""
    endpoint = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 9}}}
    return [
        {
            "name": "authz",
            "type": "STATIC",
            "connect_timeout": "1s",
            "load_assignment": {
                "cluster_name": "authz",
                "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}],
            },
            "transport_socket": {
                "name": "tls",
                "typed_config": {
                    "@type": f"{_TYPES}.transport_sockets.tls.v3.UpstreamTlsContext",
                    "common_tls_context": {
                        "tls_certificates": [
                            {
                                "certificate_chain": {"inline_string": CANARY},
                                "private_key": {
                                    "inline_string": f"-----BEGIN KEY-----\n{CANARY}\n"
                                },
                            }
                        ]
                    },
                },
            },
        }
    ]


def proxy(**spec: Any) -> Document:
    """Return a proxy config with canaries in its filters and clusters."""
    return proxy_document(**{"httpFilters": filters(), "clusters": clusters(), **spec})


def kode(**spec: Any) -> Document:
    """Return a Kode with a canary for its password and in its environment."""
    env = [{"name": "TOKEN", "value": CANARY}]
    return kode_document(**{"user": "me", "password": CANARY, "env": env, **spec})


def secret(name: str = "login") -> Document:
    """Return a Secret that holds a canary."""
    return secret_document(name, username="me", password=CANARY)


def _paths(node: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in items:
        if key in _NAMES:
            continue
        yield (*at, key)
        if isinstance(value, dict | list):
            yield from _paths(value, (*at, key))


def _written(secret: str) -> Iterator[str]:
    yield secret
    yield quote(secret, safe="")
    yield json.dumps(secret)[1:-1]
    for shift in range(3):
        # In base64, what a text looks like follows from where it begins; its ends are left out.
        text = base64.b64encode(b"\0" * shift + secret.encode()).decode()
        yield text[4:-4]
    yield secret.encode().hex()
    # As htpasswd files have it, without a salt: whoever reads it can try passwords.
    yield base64.b64encode(sha1(secret.encode(), usedforsecurity=False).digest()).decode()


_PARTS = frozenset(
    text[start : start + _PART]
    for text in _written(CANARY)
    for start in range(len(text) - _PART + 1)
)
