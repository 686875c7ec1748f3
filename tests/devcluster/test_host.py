"""What is missing on a host is said before anything is started."""

from devcluster import host


def test_every_package_that_a_start_needs_is_one_that_deps_installs() -> None:
    assert set(host.packages()).issuperset(host.SHOWN_BY)
