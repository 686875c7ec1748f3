"""How the operator logs."""

import json
import logging
from collections.abc import Iterator

import pytest

from kode.controllers.operator import logs


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_one_json_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("json", "info")
    log = logging.getLogger("kode.test")
    log.info("of %s", "note")
    log.debug("not shown")
    try:
        int("odd")
    except ValueError:
        log.exception("failed")
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert (first["level"], first["logger"], first["message"]) == ("info", "kode.test", "of note")
    assert "ValueError: invalid literal" in second["error"]


def test_text_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("text", "debug")
    logging.getLogger("kode.test").debug("shown")
    assert "DEBUG kode.test: shown" in capsys.readouterr().err
