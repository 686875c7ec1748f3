"""An editor that runs and never answers, as an image of another type does.

Rule: it is told only after all the time that an editor may take to start, so it begins with the run
(tests/cluster/session.py).
"""

from tests.cluster.place import START, Place


def test_an_editor_that_never_answers_is_told_with_its_port(silent: Place) -> None:
    message = silent.message("silent", "Unhealthy", seconds=START)
    assert "nothing answers on port 8443, where an image like code-server listens" in message
    silent.warned("silent", "Unhealthy")
