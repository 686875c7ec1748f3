"""kode.cli.platforms: which platform is meant."""

import os
import sys
from pathlib import Path

import pytest
import yaml

from kode.cli import platforms
from kode.cli.errors import CommandError
from kode.cli.exit_codes import ExitCode
from kode.cli.options import TargetOptions
from tests.unit.cli.conftest import Run
from tests.unit.cli.memory import Memory


@pytest.mark.parametrize(
    ("target", "cluster"),
    [
        (TargetOptions(), False),
        (TargetOptions(context="c"), True),
        (TargetOptions(kubeconfig="k"), True),
        (TargetOptions(context="c", kubeconfig="k", local=True), False),
    ],
)
def test_this_machine_is_meant_unless_a_cluster_is_named(
    target: TargetOptions,
    cluster: bool,  # noqa: FBT001 - pytest calls
) -> None:
    assert platforms.is_cluster(target) is cluster


def test_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KODE_HOME", str(tmp_path / "none"))
    chosen = platforms.select_platform(TargetOptions())
    assert (chosen.platform.display_name, chosen.namespace, chosen.local) == (
        "this machine",
        "default",
        True,
    )
    assert not (tmp_path / "none").exists()


async def test_a_cluster_and_its_namespace(tmp_path: Path) -> None:
    cluster = {"server": "http://127.0.0.1:9"}
    config = {
        "current-context": "here",
        "contexts": [
            {"name": "here", "context": {"cluster": "c"}},
            {"name": "there", "context": {"cluster": "c", "namespace": "team-a"}},
        ],
        "clusters": [{"name": "c", "cluster": cluster}],
    }
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(config))
    several = f"{path}{os.pathsep}{tmp_path / 'none'}"
    for where, label, namespace in (
        (TargetOptions(kubeconfig=str(path)), "cluster here", "default"),
        (TargetOptions(kubeconfig=str(path), context="there"), "cluster there", "team-a"),
        (TargetOptions(kubeconfig=several), "cluster here", "default"),
    ):
        chosen = platforms.select_platform(where)
        assert (chosen.platform.display_name, chosen.namespace) == (label, namespace)
        assert not chosen.local
        await chosen.platform.close()


def test_what_a_cluster_needs_is_named_where_it_is_missing() -> None:
    with pytest.raises(CommandError) as caught, platforms.require_cluster_extra():
        raise ModuleNotFoundError(name="aiohttp")
    assert (caught.value.exit_code, caught.value.hint) == (
        ExitCode.PLATFORM,
        "pip install 'kode[cluster]'",
    )


def test_on_a_terminal_it_is_said_which(
    run: Run, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.hold()
    # The runner's streams are no terminal; what asks them is told otherwise.
    shown: list[str] = []

    class Terminal:
        @staticmethod
        def isatty() -> bool:
            return True

        write = shown.append

    class System:
        stderr = Terminal

    monkeypatch.setattr(platforms, "sys", System)
    assert run("list").exit_code == 0
    assert shown == ["on this machine\n"]
    assert sys.stderr is not Terminal
