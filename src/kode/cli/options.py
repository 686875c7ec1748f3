"""Options that several commands share.

Rule: an option means the same wherever it stands, so it is declared once.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer


class Form(StrEnum):
    """How a command writes its answer."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"
    NAME = "name"


Output = Annotated[
    Form,
    typer.Option(
        "--output", "-o", help="json and yaml are whole and for programs; name is kind/name."
    ),
]


@dataclass(frozen=True)
class Where:
    """Which platform, and where on it."""

    namespace: Annotated[
        str,
        typer.Option(
            "--namespace",
            "-n",
            envvar="KODE_NAMESPACE",
            help="Namespace; the context's own, or default, when left out.",
            show_default=False,
        ),
    ] = ""
    context: Annotated[
        str,
        typer.Option(
            "--context",
            envvar="KODE_CONTEXT",
            help="A cluster, by its context in the kubeconfig.",
            show_default=False,
        ),
    ] = ""
    kubeconfig: Annotated[
        str,
        typer.Option(
            "--kubeconfig",
            envvar="KUBECONFIG",
            help="A cluster, by a kubeconfig file.",
            show_default=False,
        ),
    ] = ""
    local: Annotated[
        bool, typer.Option("--local", help="This machine, whatever the environment says.")
    ] = False


@dataclass(frozen=True)
class Anywhere(Where):
    """Which platform, and whether in all of its namespaces."""

    everywhere: Annotated[
        bool, typer.Option("--all-namespaces", "-A", help="In all namespaces.")
    ] = False


@dataclass(frozen=True)
class Takeover(Where):
    """Which platform, and whether what others have set there is taken over."""

    force: Annotated[
        bool,
        typer.Option(
            "--force-conflicts", help="On a cluster: take over fields that others have set."
        ),
    ] = False


@dataclass(frozen=True)
class Patience:
    """Whether and how long to wait."""

    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it is so.")] = True
    timeout: Annotated[
        float, typer.Option("--timeout", min=0, help="Seconds to wait at most.", metavar="SECONDS")
    ] = 600.0


def known(context: typer.Context, incomplete: str) -> list[str]:
    """Return the names of Kodes that a shell offers for what is typed so far."""
    from kode.cli.completion import kodes

    return [name for name in kodes(context.params) if name.startswith(incomplete)]


Name = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the Kode.", autocompletion=known)
]
"""One Kode."""

Names = Annotated[
    list[str], typer.Argument(metavar="NAME...", help="Names of Kodes.", autocompletion=known)
]
"""At least one Kode."""
