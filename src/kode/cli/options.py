"""Options that several commands share.

Rule: an option means the same wherever it stands, so it is declared once.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer


class OutputFormat(StrEnum):
    """How a command prints its result."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"
    NAME = "name"


Output = Annotated[
    OutputFormat,
    typer.Option(
        "--output", "-o", help="Format; json and yaml print whole objects, name prints kind/name."
    ),
]


@dataclass(frozen=True)
class TargetOptions:
    """Which platform, and which namespace of it."""

    namespace: Annotated[
        str,
        typer.Option(
            "--namespace",
            "-n",
            envvar="KODE_NAMESPACE",
            help="Namespace; by default the context's own, else default.",
            show_default=False,
        ),
    ] = ""
    context: Annotated[
        str,
        typer.Option(
            "--context",
            envvar="KODE_CONTEXT",
            help="Use the cluster of this context in the kubeconfig.",
            show_default=False,
        ),
    ] = ""
    kubeconfig: Annotated[
        str,
        typer.Option(
            "--kubeconfig",
            envvar="KUBECONFIG",
            help="Use the cluster of this kubeconfig file.",
            show_default=False,
        ),
    ] = ""
    local: Annotated[
        bool,
        typer.Option("--local", help="Use this machine even if KUBECONFIG or KODE_CONTEXT is set."),
    ] = False


@dataclass(frozen=True)
class ScopeOptions(TargetOptions):
    """Which platform, and one or all of its namespaces."""

    all_namespaces: Annotated[
        bool, typer.Option("--all-namespaces", "-A", help="Use all namespaces.")
    ] = False


@dataclass(frozen=True)
class ApplyOptions(TargetOptions):
    """Which platform, and whether to take over fields of other field managers."""

    force: Annotated[
        bool,
        typer.Option(
            "--force-conflicts",
            help="On a cluster: take over fields that other field managers own.",
        ),
    ] = False


@dataclass(frozen=True)
class WaitOptions:
    """Whether and how long to wait."""

    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait until the change has taken effect.")
    ] = True
    timeout: Annotated[
        float, typer.Option("--timeout", min=0, help="Longest time to wait.", metavar="SECONDS")
    ] = 600.0
