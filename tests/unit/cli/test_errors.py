"""kode.cli.errors: every way in which a command ends."""

import asyncio
import os
import sys
from collections.abc import Coroutine
from typing import Any

import pytest
import typer

from kode.api.conditions import Reason
from kode.cli.errors import CommandError, run
from kode.cli.exit_codes import ExitCode
from kode.errors import Conflict, InvalidSpec, KodeError, NotReady, PlatformError, RefNotFound


def ended(error: BaseException | None, outcome: int | None = None) -> int:
    """Return the exit code of an errand that ends like this."""

    async def action() -> int | None:
        await asyncio.sleep(0)
        if error:
            raise error
        return outcome

    def begun() -> Coroutine[Any, Any, int | None]:
        return action()

    with pytest.raises(typer.Exit) as caught:
        run(begun)
    return int(caught.value.exit_code)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (InvalidSpec, ExitCode.REFUSED),
        (RefNotFound, ExitCode.NOT_FOUND),
        (Conflict, ExitCode.CONFLICT),
        (NotReady, ExitCode.NOT_READY),
        (PlatformError, ExitCode.PLATFORM),
        (KodeError, ExitCode.PLATFORM),
    ],
)
def test_each_error_has_its_code(
    kind: type[KodeError], code: ExitCode, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(kind(Reason.INVALID_SPEC, "it is\nwrong\x1b[2J")) == code
    assert capsys.readouterr().err == "error: it is wrong [2J\n"


def test_an_errand_says_its_own_code() -> None:
    assert ended(None) == 0
    assert ended(None, 7) == 7


def test_a_failure_names_the_next_step(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(CommandError(ExitCode.USAGE, "not so", "like this")) == 2
    assert capsys.readouterr().err == "error: not so\nhint: like this\n"


def test_what_the_system_refuses_is_told_without_a_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ended(PermissionError(13, "Permission denied", "/there")) == 6
    assert ended(OSError("odd")) == 6
    assert capsys.readouterr().err == "error: Permission denied /there\nerror: odd\n"


def test_an_interruption_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == ""


def test_a_reader_that_has_read_enough_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        pipe.write("too late")
        assert ended(None) == 0
