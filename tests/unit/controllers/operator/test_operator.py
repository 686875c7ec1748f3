"""The operator as a program: what it does where it cannot begin."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no kubeconfig found at"),
        ("contexts: []", "no current context"),
        ("{", "not valid YAML"),
        ("7", "not a valid kubeconfig"),
        ("contexts: 7", "not a valid kubeconfig: contexts"),
        ("current-context: a\ncontexts: [{name: a, context: {cluster: c}}]", "has no server"),
    ],
)
def test_without_usable_credentials_it_ends_and_says_why(
    tmp_path: Path, content: str | None, message: str
) -> None:
    file = tmp_path / "config"
    if content is not None:
        file.write_text(content)
    ended = subprocess.run(
        [sys.executable, "-m", "kode.controllers", f"--kubeconfig={file}"],
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert "cannot log in to the API server: " in line
    assert message in line
