"""Which platform a command works on.

Rule: the local one, unless an option or the environment names a cluster; and it is always visible
which.
"""

import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from kode.cli.errors import CommandError, run
from kode.cli.exit_codes import ExitCode
from kode.cli.options import ApplyOptions, ScopeOptions, TargetOptions
from kode.cli.session import Session
from kode.names import DEFAULT_NAMESPACE

if TYPE_CHECKING:
    from pathlib import Path

    from kode.platform.port import Platform


@dataclass(frozen=True)
class SelectedPlatform:
    """A platform, and the namespace to use where the user names none."""

    platform: "Platform"
    namespace: str = DEFAULT_NAMESPACE
    local: bool = False


def is_cluster(target: TargetOptions) -> bool:
    """Tell whether options and environment name a cluster."""
    return bool(target.context or target.kubeconfig) and not target.local


def select_platform(target: TargetOptions) -> SelectedPlatform:
    """Return the platform that the options select, not yet connected to."""
    if is_cluster(target):
        return _cluster(target)
    import os

    from kode.platform.local.paths import Paths
    from kode.platform.local.platform import LocalPlatform

    return SelectedPlatform(LocalPlatform(Paths.of(os.environ)), local=True)


def _cluster(target: TargetOptions) -> SelectedPlatform:
    with require_cluster_extra():
        from kode.platform.cluster.platform import ClusterPlatform
    environment, file = kubeconfig_source(target)
    force_conflicts = isinstance(target, ApplyOptions) and target.force
    cluster = ClusterPlatform.from_environment(
        environment, file=file, context=target.context, force_conflicts=force_conflicts
    )
    return SelectedPlatform(cluster, cluster.namespace)


@contextmanager
def require_cluster_extra() -> Iterator[None]:
    """Turn a failed import into an error that says what to install."""
    try:
        yield
    except ModuleNotFoundError as error:
        message = f"support for clusters is not installed (missing module {error.name})"
        raise CommandError(ExitCode.PLATFORM, message, "pip install 'kode[cluster]'") from None


def kubeconfig_source(target: TargetOptions) -> "tuple[Mapping[str, str], Path | None]":
    """Return the environment and the kubeconfig file to use; None for the default one."""
    import os
    from pathlib import Path

    if os.pathsep in target.kubeconfig:
        # Several files, as in KUBECONFIG, are merged where the environment is read.
        return {**os.environ, "KUBECONFIG": target.kubeconfig}, None
    return os.environ, Path(target.kubeconfig) if target.kubeconfig else None


def run_command(
    target: TargetOptions, action: Callable[[Session], Awaitable[int | None]]
) -> NoReturn:
    """Run an action on the selected platform, and leave with its exit code."""

    async def act() -> int | None:
        selected = select_platform(target)
        session = Session(
            platform=selected.platform,
            namespace=target.namespace or selected.namespace,
            all_namespaces=isinstance(target, ScopeOptions) and target.all_namespaces,
            local=selected.local,
        )
        try:
            if sys.stderr.isatty():
                sys.stderr.write(f"on {selected.platform.display_name}\n")
            return await action(session)
        finally:
            await selected.platform.close()

    run(act)
