"""Which platform a command means.

Rule: this machine, unless a cluster is named by an option or by the environment; and it is always
visible which.
"""

import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from kode.cli.exits import Exit
from kode.cli.failures import Failure, finish
from kode.cli.options import Anywhere, Takeover, Where
from kode.cli.session import Session

if TYPE_CHECKING:
    from pathlib import Path

    from kode.platform.port import Platform

DEFAULT_NAMESPACE = "default"


@dataclass(frozen=True)
class Chosen:
    """A platform, and the namespace that is meant where none is named."""

    platform: "Platform"
    namespace: str = DEFAULT_NAMESPACE
    local: bool = False


def is_cluster(where: Where) -> bool:
    """Tell whether options and environment name a cluster."""
    return bool(where.context or where.kubeconfig) and not where.local


def choose(where: Where) -> Chosen:
    """Return the platform that is meant, not yet connected to."""
    if is_cluster(where):
        return _cluster(where)
    import os

    from kode.platform.local.paths import Paths
    from kode.platform.local.platform import LocalPlatform

    return Chosen(LocalPlatform(Paths.of(os.environ)), local=True)


def _cluster(where: Where) -> Chosen:
    with needs_cluster():
        from kode.platform.cluster.platform import ClusterPlatform
    environment, file = config(where)
    force_conflicts = isinstance(where, Takeover) and where.force
    cluster = ClusterPlatform.from_environment(
        environment, file=file, context=where.context, force_conflicts=force_conflicts
    )
    return Chosen(cluster, cluster.namespace)


@contextmanager
def needs_cluster() -> Iterator[None]:
    """Tell what is to be installed where an import fails."""
    try:
        yield
    except ModuleNotFoundError as error:
        message = f"a cluster needs more than is installed ({error.name})"
        raise Failure(Exit.PLATFORM, message, "pip install 'kode[cluster]'") from None


def config(where: Where) -> "tuple[Mapping[str, str], Path | None]":
    """Return the environment and the kubeconfig file that are meant; None for the usual one."""
    import os
    from pathlib import Path

    if os.pathsep in where.kubeconfig:
        # Several files, as KUBECONFIG may name: merged by whoever reads the environment.
        return {**os.environ, "KUBECONFIG": where.kubeconfig}, None
    return os.environ, Path(where.kubeconfig) if where.kubeconfig else None


def visit(where: Where, errand: Callable[[Session], Awaitable[int | None]]) -> NoReturn:
    """Run an errand on the platform that is meant, and leave with its exit code."""

    async def errand_there() -> int | None:
        chosen = choose(where)
        session = Session(
            platform=chosen.platform,
            namespace=where.namespace or chosen.namespace,
            everywhere=isinstance(where, Anywhere) and where.everywhere,
            local=chosen.local,
        )
        try:
            if sys.stderr.isatty():
                sys.stderr.write(f"on {chosen.platform.display_name}\n")
            return await errand(session)
        finally:
            await chosen.platform.close()

    finish(errand_there)
