"""The nouns of a sidecar: what stands before one editor, with no word of Envoy's schema.

Rule: a Sidecar has one AuthMode, and none of them is open to everybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from kode.api import layout

ADMIN_SOCKET = f"{layout.ENVOY_RUN}/admin.sock"
"""Envoy's admin, on a socket that only the sidecar's own container sees."""


class AuthMode(StrEnum):
    """Who decides about a request."""

    BASIC = "basic"
    """The sidecar asks for the Kode's user and password."""
    FILTERS = "filters"
    """The proxy config's own filters authenticate; the sidecar adds nothing."""
    DENY = "closed"
    """Nobody can be told from anybody else, so nobody comes in."""


@dataclass(frozen=True)
class Upstream:
    """The editor behind the sidecar.

    Attributes:
        port: TCP port on loopback; not used where there is a socket.
        health_path: path that answers while the editor lives.
        login_is_healthy: whether a 401 shows that it lives (an image with a lock of its own).
        unhealthy_from_status: the first status on the health path, from 200 on, that shows no life.
        authorization: the Authorization header that the sidecar sends an editor with a lock of its
            own, whatever let a person in; a formatter of Envoy's where it is a secret.
        socket: path of the Unix socket that the editor listens on instead of a port.
    """

    port: int
    health_path: str
    login_is_healthy: bool = False
    unhealthy_from_status: int = 400
    authorization: str = field(default="", repr=False)
    socket: str | None = None


@dataclass(frozen=True)
class Sidecar:
    """The Envoy beside one editor.

    Attributes:
        auth_mode: who decides about a request.
        upstream: the editor.
        users_file: path of the htpasswd file, read where auth_mode is BASIC.
        http_filters: the proxy config's filters in Envoy's JSON, in order.
        clusters: the proxy config's clusters in Envoy's JSON.
        users: an htpasswd file's text, taken instead of the file where it is not empty.
        socket: path of the Unix socket to listen on, behind the local gateway, instead of
            a pod's ports.
        cookie: name of the cookie that remembers a login where auth_mode is BASIC; empty for none.
        session_file: path of the file with the cookie's value; without it no login is remembered.
        session: the cookie's value, taken instead of the file where it is not empty.
    """

    auth_mode: AuthMode
    upstream: Upstream
    users_file: str = f"{layout.ENVOY_FILES}/{layout.ENVOY_USERS}"
    http_filters: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    clusters: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    users: str = field(default="", repr=False)
    socket: str | None = None
    cookie: str = ""
    session_file: str = f"{layout.ENVOY_FILES}/{layout.ENVOY_SESSION}"
    session: str = field(default="", repr=False)
