"""The options that keep an editor behind its sidecar, and those of a template that it may not have.

Rule: where an option counts by being the last, Kode's stands behind the template's; what no later
option takes back is refused before anything starts. No file of the home is asked for either.
Sources: `parse` of out/node/cli.js in code-server's package;
https://jupyter-server.readthedocs.io/en/latest/other/full-config.html
"""

import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Literal

from kode.api.conditions import Reason
from kode.errors import InvalidSpec

LOOPBACK = "127.0.0.1"
NO_FILE = "/dev/null"
"""What stands for a configuration file: one in the home could bring a login or a certificate."""

OptionsOf = Literal["code-server", "jupyter"]

_END = "--"
# Each moves a server to where its sidecar is not, or lets it speak TLS; none is undone by another.
_OF_CODE_SERVER = frozenset({"socket", "socket-fd", "cert", "cert-key", "cert-host", "link"})
# The short names that Jupyter has for options of Kode's.
_OF_JUPYTER = frozenset({"ip", "port", "port-retries", "sock", "certfile", "keyfile", "client-ca"})
_LOGIN_OF_JUPYTER = frozenset(
    {"token", "password", "hashed_password", "password_required", "login_handler_class"}
)
_STARTS_JUPYTER = ("start", "jupyter")
_REFERENCE = re.compile(r"(?<!\$)(?:\$\$)*\$\(")


def code_server(port: int) -> list[str]:
    """Return what code-server is told: only loopback, no login of its own, no file's settings.

    `--host` and `--port` win over `--bind-addr` and over the variables CODE_SERVER_HOST and PORT.
    """
    return ["--auth=none", f"--host={LOOPBACK}", f"--port={port}", f"--config={NO_FILE}"]


def jupyter_on_port(port: int) -> list[str]:
    """Return what puts a Jupyter server on a port of loopback and nowhere else."""
    return [
        f"--ServerApp.ip={LOOPBACK}",
        f"--ServerApp.port={port}",
        # On another port nobody would find it.
        "--ServerApp.port_retries=0",
        "--ServerApp.sock=",
    ]


def jupyter_behind_sidecar() -> list[str]:
    """Return what a Jupyter server is told wherever it listens: no login, no TLS, no other path.

    A section for a class wins over one for the class that it is made from, wherever either stands:
    so each is given for the class that is used.
    """
    provider = "PasswordIdentityProvider"
    return [
        f"--ServerApp.identity_provider_class=jupyter_server.auth.identity.{provider}",
        "--ServerApp.login_handler_class=jupyter_server.auth.login.LegacyLoginHandler",
        "--IdentityProvider.token=",
        f"--{provider}.token=",
        f"--{provider}.hashed_password=",
        f"--{provider}.password_required=False",
        "--ServerApp.password_required=False",
        "--ServerApp.certfile=",
        "--ServerApp.keyfile=",
        "--ServerApp.client_ca=",
        "--ServerApp.ssl_options={}",
        "--ServerApp.base_url=/",
        "--ServerApp.allow_remote_access=True",
    ]


def behind(given: Sequence[str], own: Sequence[str]) -> list[str]:
    """Return options with Kode's own behind those given, ahead of a lone --, which ends options."""
    at = list(given).index(_END) if _END in given else len(given)
    return [*given[:at], *own, *given[at:]]


def check(of: OptionsOf, arguments: Sequence[str]) -> None:
    """Refuse arguments that would take an editor out from behind its sidecar.

    Args:
        of: whose options they are.
        arguments: the template's, as they are given.

    Raises:
        InvalidSpec: one of them is Kode's to give, or nobody can tell yet what it is.
    """
    if of == "jupyter" and arguments and not _starts_jupyter(arguments[0]):
        # The words of a program of the template's own, as its command would be.
        return
    refused = _is_of_code_server if of == "code-server" else _is_of_jupyter
    for argument in arguments:
        if argument == _END:
            return
        reference = _REFERENCE.search(argument)
        known = argument[: reference.end() - 2] if reference else argument
        if reference and "=" not in known and (not known or known.startswith("-")):
            raise InvalidSpec(
                Reason.INVALID_SPEC,
                f"args: {argument} may become any option: write the option's name before it "
                "(--name=$(VARIABLE))",
            )
        name = known.partition("=")[0]
        if name.startswith("-") and refused(name.lstrip("-")):
            raise InvalidSpec(
                Reason.INVALID_SPEC,
                f"args: {name} is Kode's to give: it says where the editor listens or who logs in, "
                "and the sidecar asks for the login; leave it out",
            )


def _starts_jupyter(first: str) -> bool:
    return first.startswith(("-", "$")) or PurePath(first).name.startswith(_STARTS_JUPYTER)


def _is_of_code_server(name: str) -> bool:
    return name in _OF_CODE_SERVER


def _is_of_jupyter(name: str) -> bool:
    section, _, option = name.rpartition(".")
    if section == "ServerApp" or section.endswith("IdentityProvider"):
        own = (*jupyter_on_port(0), *jupyter_behind_sidecar())
        return option in _LOGIN_OF_JUPYTER or any(it.startswith(f"--{name}=") for it in own)
    return name in _OF_JUPYTER
