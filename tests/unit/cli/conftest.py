"""Commands on a platform in memory."""

from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from kode.cli import platforms, wait
from kode.cli.main import app
from kode.cli.session import Session
from tests.unit.cli.memory import Memory

Run = Callable[..., Result]


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    """The platform that every command means."""
    for name in ("KODE_NAMESPACE", "KODE_CONTEXT", "KUBECONFIG"):
        monkeypatch.delenv(name, raising=False)
    found = Memory()
    monkeypatch.setattr(
        platforms, "select_platform", lambda _: platforms.SelectedPlatform(found, local=True)
    )
    monkeypatch.setattr(Session, "is_platform_down", lambda _: False)
    monkeypatch.setattr(wait, "_POLL_INTERVAL", 0)
    return found


@pytest.fixture
def run(memory: Memory) -> Run:  # noqa: ARG001 - what commands run on
    """Run `kode` with arguments."""

    def run(*arguments: str, **options: Any) -> Result:
        return CliRunner().invoke(app, list(arguments), **options)

    return run
