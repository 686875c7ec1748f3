"""The tutorial's commands, run in order as they stand on the page."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.cluster.place import Place

PAGE = Path("docs/tutorials/first-editor.md")
# The cluster and the operator are there already, a port-forward ends only when stopped, and the
# proxy config of the example, which has no namespace, is used by other tests.
NOT_RUN = re.compile(
    r"make |eval |kubectl port-forward |kubectl apply -k |kubectl rollout |kubectl delete -f "
)


def commands() -> list[str]:
    """Return the page's commands: what is indented by four spaces."""
    found = [line[4:] for line in PAGE.read_text().splitlines() if line.startswith("    ")]
    return [line for line in found if not NOT_RUN.match(line)]


@pytest.mark.cluster
def test_every_command_of_the_tutorial_works(place: Place) -> None:
    """Each ends well, in a namespace of its own."""
    here = f'kubectl() {{ command kubectl --namespace {place.namespace} "$@"; }}'
    done = subprocess.run(
        ["bash", "-eux", "-c", "\n".join([here, *commands()])],
        env={**os.environ, "KODE_NAMESPACE": place.namespace},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert len(commands()) > 15
    assert "hello" in done.stdout
    assert done.stdout.index("UTC") < done.stdout.index("Europe/Stockholm")
