"""kode.cli.terminal: what a person sees on a terminal, and what a pipe gets."""

import io
import sys
from datetime import UTC, datetime

import pytest

from kode.cli.errors import CommandError
from kode.cli.exit_codes import ExitCode
from kode.cli.terminal import prompt, table
from kode.cli.terminal.format import age, format_bytes, sanitize
from kode.cli.terminal.progress import ProgressLine

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Terminal(io.StringIO):
    """A terminal that remembers what it was given."""

    def isatty(self) -> bool:
        return True


def screen_of(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Write to a terminal from now on."""
    for name, value in (("COLUMNS", "60"), ("TERM", "xterm")):
        monkeypatch.setenv(name, value)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    found = Terminal()
    monkeypatch.setattr(sys, "stdout", found)
    monkeypatch.setattr(sys, "stderr", found)
    return found


@pytest.mark.parametrize(
    ("time", "shown"),
    [
        ("2026-01-02T03:04:05Z", "0s"),
        ("2026-01-02T03:03:06Z", "59s"),
        ("2026-01-02T02:04:05.250Z", "59m"),
        ("2026-01-02T00:04:05", "3h"),
        ("2025-12-30T00:00:00Z", "3d"),
        ("2027-01-01T00:00:00Z", "0s"),
        ("yesterday", "-"),
        (None, "-"),
    ],
)
def test_an_age_has_one_unit(time: str | None, shown: str) -> None:
    assert age(time, NOW) == shown


def test_an_age_is_told_from_now() -> None:
    assert age(datetime.now(UTC).isoformat()) in ("0s", "1s", "2s")


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (2048, "2.0 KiB"),
        (5 * 2**30, "5.0 GiB"),
        (2**51, "2048.0 TiB"),
    ],
)
def test_an_amount_is_told_in_its_unit(size: int, shown: str) -> None:
    assert format_bytes(size) == shown


@pytest.mark.attack
def test_a_text_of_others_moves_no_cursor() -> None:
    assert sanitize("a\x1b[2Jb\n\tc\u202ed\x9b") == "a [2Jb c d "


def test_a_table_on_a_terminal_is_in_colour_and_wraps_sentences(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = screen_of(monkeypatch)
    why = "a [red]long[/red] sentence that does not fit on the line of a narrow terminal"
    table.show(["name", "phase", "message"], [["dev", "Running", why], ["x", "", ""]])
    shown = screen.getvalue()
    assert "\x1b[32mRunning\x1b[0m" in shown
    assert "a [red]long[/red] sentence" in shown
    assert len(shown.splitlines()) == 4
    assert shown.splitlines()[-1].split() == ["x", "-", "-"]


def test_no_colour_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = screen_of(monkeypatch)
    monkeypatch.setenv("NO_COLOR", "1")
    table.show(["name", "phase"], [["dev", "Running"]])
    assert "\x1b[32m" not in screen.getvalue()


def test_progress_is_one_line_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = screen_of(monkeypatch)
    with ProgressLine("waiting") as progress:
        progress.update("[1/2] going on")
    assert "[1/2] going on" in screen.getvalue()
    # The cursor is back, and the line is gone.
    assert screen.getvalue().endswith("\x1b[?25h\r\x1b[1A\x1b[2K")


def test_progress_elsewhere_is_one_line_for_each_thing_that_is_new(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with ProgressLine("waiting") as progress:
        for text in ("waiting", "one", "one", "two"):
            progress.update(text)
    assert capsys.readouterr().err == "waiting\none\ntwo\n"


def test_there_is_nothing_to_choose_from_nothing() -> None:
    with pytest.raises(CommandError) as caught:
        prompt.choice("which", [])
    assert caught.value.exit_code is ExitCode.NOT_FOUND


def test_nobody_is_asked_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert not prompt.can_ask()


def test_no_answer_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n"))
    assert prompt.choice("which", [("A", "a"), ("B", "b")], "b") == "b"
