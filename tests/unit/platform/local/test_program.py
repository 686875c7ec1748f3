"""kode.platform.local.program."""

from dataclasses import replace
from pathlib import Path

from kode.platform.local.program import Command, Probe, Program

MAIN = Command("editor", ("sleep", "9"), {"PATH": "/bin", "PASSWORD": "hunter2"}, Path("/"))
PROGRAM = Program(key="default/dev", instance="dev-1", main=MAIN, log=Path("/l"))


def test_same_program_has_the_same_digest() -> None:
    assert replace(PROGRAM, main=replace(MAIN)).digest == PROGRAM.digest


def test_every_part_counts() -> None:
    others = [
        replace(PROGRAM, main=replace(MAIN, env={"PATH": "/bin"})),
        replace(PROGRAM, steps=(MAIN,)),
        replace(PROGRAM, cleanup=MAIN),
        replace(PROGRAM, health=Probe("/healthz", port=1)),
        replace(PROGRAM, grace=1.0),
        replace(PROGRAM, mark="restarted"),
    ]
    digests = {PROGRAM.digest, *(other.digest for other in others)}
    assert len(digests) == 1 + len(others)


def test_what_it_was_meant_to_be_counts_where_it_is_known() -> None:
    meant = replace(PROGRAM, meant="a")
    assert meant.digest == replace(meant, main=replace(MAIN, env={"TERM": "other"})).digest
    others = [PROGRAM, replace(meant, meant="b"), replace(meant, mark="restarted")]
    assert meant.digest not in {other.digest for other in others}


def test_a_log_line_shows_no_environment() -> None:
    assert "hunter2" not in repr(PROGRAM)
