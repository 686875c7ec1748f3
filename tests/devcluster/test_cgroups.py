"""Control groups, on trees that look like those of cgroup v1 and v2."""

from pathlib import Path

import pytest

from devcluster import cgroups


@pytest.fixture
def version_1(tmp_path: Path) -> Path:
    for controller in ("cpuset", "memory"):
        (tmp_path / controller).mkdir()
        (tmp_path / controller / "cgroup.procs").write_text("1\n")
    (tmp_path / "cpuset/cpuset.cpus").write_text("0-1\n")
    (tmp_path / "cpuset/cpuset.mems").write_text("0\n")
    (tmp_path / "mem").symlink_to("memory")
    return tmp_path


@pytest.fixture
def version_2(tmp_path: Path) -> Path:
    (tmp_path / "cgroup.controllers").write_text("cpu memory\n")
    (tmp_path / "cgroup.subtree_control").write_text("")
    group = tmp_path / "one"
    group.mkdir()
    (group / "cgroup.controllers").write_text("cpu memory\n")
    (group / "cgroup.subtree_control").write_text("memory\n")
    return tmp_path


def test_version_1_has_a_group_in_every_hierarchy(version_1: Path) -> None:
    cgroups.create("one", version_1)
    assert (version_1 / "memory" / "one").is_dir()
    assert (version_1 / "cpuset" / "one" / "cpuset.cpus").read_text() == "0-1\n"
    assert [path.name for path in cgroups.hierarchies(version_1)] == ["cpuset", "memory"]


def test_version_2_has_one_group_that_passes_on_all_controllers(version_2: Path) -> None:
    cgroups.create("one", version_2)
    assert list(cgroups.hierarchies(version_2)) == [version_2]
    # A plain file keeps the last of the words that a kernel would collect.
    assert (version_2 / "cgroup.subtree_control").read_text() == "+memory"
    assert (version_2 / "one" / "cgroup.subtree_control").read_text() == "+cpu"


def test_removal_takes_nested_groups_and_leaves_others(version_1: Path) -> None:
    (version_1 / "memory" / "one" / "pods" / "pod1").mkdir(parents=True)
    (version_1 / "memory" / "two").mkdir()
    cgroups.remove("one", version_1)
    assert not (version_1 / "memory" / "one").exists()
    assert (version_1 / "memory" / "two").is_dir()
