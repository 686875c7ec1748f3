"""kode.evaluate.messages."""

import pytest

from kode.evaluate.messages import stable_message

UUID = "0f8fad5b-d9cb-469f-a165-{:012x}"


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ("pulled", "pulled"),
        (f"request {UUID.format(1)} failed", f"request {UUID.format(2)} failed"),
        ("RequestID: 4fc3a91b2e failed", "RequestID: 91b2e4fc3a failed"),
        ("read udp 10.98.0.5:41823->10.96.0.10:53", "read udp 10.98.0.5:39111->10.96.0.10:53"),
        ("at 2026-01-01T10:00:00 it failed", "at 2027-01-01T10:00:00 it failed"),
        ("back-off 10s restarting", "back-off 5m0s restarting"),
        ("image x cannot be pulled: not found", "image x cannot be pulled"),
    ],
)
def test_message_that_says_no_more_leaves_the_old_one(told: str, message: str) -> None:
    assert stable_message(told, message, ()) == told


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ("", "it failed"),
        ("ended with exit code 1", "ended with exit code 2"),
        ("0/3 nodes are available", "0/4 nodes are available"),
        ("image x cannot be pulled", "image x cannot be pulled: not found"),
        ("image x cannot be pulled", "image y cannot be pulled"),
        ("feedface", "decade"),
    ],
)
def test_message_that_says_something_new_is_told(told: str, message: str) -> None:
    assert stable_message(told, message, ()) == message


@pytest.mark.parametrize(
    ("notes", "message"),
    [
        (("new", "old"), "waiting: old"),
        (("new",), "waiting: new"),
        (("other", "old"), "waiting: new"),
    ],
)
def test_warning_that_still_holds_stays(notes: tuple[str, ...], message: str) -> None:
    assert stable_message("waiting: old", "waiting: new", notes) == message
