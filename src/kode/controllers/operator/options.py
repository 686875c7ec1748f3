"""The options of the operator: one table for the command line, the help and the types.

Rule: every option does what it says, and has a default that is right in a cluster.
"""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from kode.render.network_policy import METADATA_ADDRESSES

NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
"""Where a pod finds its own namespace."""


def own_namespace() -> str:
    """Return the namespace that the operator runs in: POD_NAMESPACE, the pod's, or kode-system."""
    told = os.environ.get("POD_NAMESPACE")
    if told:
        return told
    try:
        return NAMESPACE_FILE.read_text(encoding="utf-8").strip() or "kode-system"
    except OSError:
        return "kode-system"


def _option(default: object, text: str, **more: object) -> Any:
    return field(default=default, metadata={"help": text, **more})


@dataclass(frozen=True)
class Options:
    """What can be chosen."""

    operator_namespace: str = _option(
        "", "namespace of the operator, its lease and the gateway; the pod's own when left out"
    )
    max_concurrent_reconciles: int = _option(16, "how many Kodes are reconciled at a time")
    leader_election_id: str = _option(
        "kode-operator", "name of the Lease that says which replica writes"
    )
    health_probe_bind_address: str = _option(
        "0.0.0.0:8081",
        "address of /healthz, which fails when the operator is stuck, and /readyz, which succeeds "
        "once all is listed; empty: none",
    )
    log_format: str = _option(
        "text", "one line for people, or one JSON object a line", choices=("text", "json")
    )
    log_level: str = _option(
        "info", "least weight of a line to write", choices=("debug", "info", "warning", "error")
    )
    metadata_addresses: str = _option(
        ",".join(METADATA_ADDRESSES),
        "addresses and address blocks that no workspace reaches, instead of these",
    )
    kubeconfig: str = _option(
        "", "kubeconfig to use; KUBECONFIG, or the pod's service account, when left out"
    )


def parse(arguments: Sequence[str]) -> Options:
    """Return the options of a command line; on a wrong one, print what is wrong and exit with 2."""
    parser = argparse.ArgumentParser(prog="kode operator", description="Run the operator.")
    for option in fields(Options):
        parser.add_argument(
            "--" + option.name.replace("_", "-"),
            type=type(option.default),
            default=option.default,
            help=f"{option.metadata['help']} (default: {option.default or 'none'})",
            choices=option.metadata.get("choices"),
        )
    found = parser.parse_args(arguments)
    if found.max_concurrent_reconciles < 1:
        parser.error("argument --max-concurrent-reconciles: must be at least 1")
    try:
        addresses(found.metadata_addresses)
    except ValueError as error:
        parser.error(f"argument --metadata-addresses: {error}")
    return Options(**vars(found))


def addresses(text: str) -> tuple[str, ...]:
    """Return the address blocks of a list with commas.

    Raises:
        ValueError: one of them is none.
    """
    return tuple(str(ip_network(item.strip(), strict=False)) for item in text.split(",") if item)
