"""The enforcer's rules have tests of their own, in Go, beside their source."""

import os
import subprocess

import pytest

from devcluster.components import ADDONS

pytestmark = pytest.mark.cluster


def test_rules_of_network_policies() -> None:
    done = subprocess.run(
        ["go", "test", "./..."],
        check=False,
        cwd=ADDONS.directory,
        env=os.environ | {"CGO_ENABLED": "0"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
