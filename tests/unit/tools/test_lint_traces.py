"""tools.lint_traces."""

import pytest

from tools.lint_traces import findings
from tools.source import Source

# Split, so that this file does not bear what it describes.
BANNED = [
    ("src/a.py", "PATH = '" + "/wo" + "rk/main'"),
    ("docs/a.md", "Look in " + "/ro" + "ot/.cache"),
    ("docs/a.md", "cd " + "/tm" + "p/clone"),
    ("package-lock.json", '"resolved": "https://registry' + '.npmjs.org/a"'),
    ("requirements/dev.txt", "--index" + "-url https://example.org"),
    ("README.md", "from https://pypi" + ".org/simple"),
    ("a.sh", "GOPROXY=https://proxy" + ".golang.org"),
]


@pytest.mark.parametrize(("path", "line"), BANNED)
def test_trace_is_a_finding_on_its_line(path: str, line: str) -> None:
    assert [finding.line for finding in findings(Source(path, f"\n{line}\n"))] == [2]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("go.sum", "golang.org/x/net v0.1.0 h1:x"),
        ("src/a.py", "mount = '/workspace/'"),
        ("src/a.py", "mount = 'src/" + "work/'"),
        ("tests/a.py", "socket = '" + "/tm" + "p/x'"),
        ("images/a/Dockerfile", "RUN rm -r " + "/ro" + "ot/.cache"),
        ("docs/a.md", "See https://www.debian.org"),
    ],
)
def test_what_only_looks_alike_passes(path: str, line: str) -> None:
    assert not list(findings(Source(path, line)))
