"""kode.cli.platforms: which platform is meant."""

import os
import sys
from pathlib import Path

import pytest
import yaml

from kode.cli import platforms
from kode.cli.exits import Exit
from kode.cli.failures import Failure
from kode.cli.options import Where
from tests.unit.cli.conftest import Run
from tests.unit.cli.memory import Memory


@pytest.mark.parametrize(
    ("where", "cluster"),
    [
        (Where(), False),
        (Where(context="c"), True),
        (Where(kubeconfig="k"), True),
        (Where(context="c", kubeconfig="k", local=True), False),
    ],
)
def test_this_machine_is_meant_unless_a_cluster_is_named(where: Where, cluster: bool) -> None:  # noqa: FBT001 - pytest calls
    assert platforms.is_cluster(where) is cluster


def test_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KODE_HOME", str(tmp_path / "none"))
    chosen = platforms.choose(Where())
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
        (Where(kubeconfig=str(path)), "cluster here", "default"),
        (Where(kubeconfig=str(path), context="there"), "cluster there", "team-a"),
        (Where(kubeconfig=several), "cluster here", "default"),
    ):
        chosen = platforms.choose(where)
        assert (chosen.platform.display_name, chosen.namespace) == (label, namespace)
        assert not chosen.local
        await chosen.platform.close()


def test_what_a_cluster_needs_is_named_where_it_is_missing() -> None:
    with pytest.raises(Failure) as caught, platforms.needs_cluster():
        raise ModuleNotFoundError(name="aiohttp")
    assert (caught.value.exit, caught.value.then) == (
        Exit.PLATFORM,
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
