"""A gateway that is attacked, and what must hold of it.

Rule: after each attack somebody who may comes in over a connection of their own, and sees their own
answer; so nothing of the attack is still under way, and nothing of it was left for them.
"""

from dataclasses import dataclass

from tests.envoy import raw
from tests.envoy.attacks import ELSEWHERE, HOST, RIGHT, answer, http2, request, statuses, talk
from tests.envoy.recorder import Recorder, Request, recording
from tests.envoy.sidecars import COOKIE, SESSION, login
from tests.polling import free_port

_MINE = "GET /mine HTTP/1.1"
_FLUSHES = 5


@dataclass(frozen=True)
class Besieged:
    """A gateway of HOST.

    Attributes:
        port: where it is reached.
        editor: what reached the editor behind it.
        page: what stands in the page that anybody gets where a request names no editor; without
            one there is no such page.
    """

    port: int
    editor: Recorder
    page: bytes | None = None

    def lets_in(self) -> None:
        """Check that each right login gets through to the editor, in each way that is used here."""
        for line in (login(), RIGHT):
            assert raw.ask(self.port, line, host=HOST).body == b"/"
            assert answer(self.port, request(line)) == [200]
        field = ("cookie", f"{COOKIE}={SESSION}")
        assert answer(self.port, http2(field)) == [200]
        assert answer(self.port, http2(field, (":method", "POST"), body=b"x")) == [200]
        assert [it.body for it in self.editor.take()] == [b""] * 5 + [b"x"]

    def keeps_out(self, data: bytes) -> None:
        """Check that an attack reaches no editor and is told nothing but why."""
        self.editor.take()
        heard = talk(self.port, data)
        if [it for it in statuses(heard) if it < 400]:
            assert self.page
            assert self.page in heard
        assert self.reached() == []

    def asks(self, lines: tuple[str, ...]) -> None:
        """Check that whoever sends these headers is asked for a login and handed none."""
        self.editor.take()
        for response in (
            raw.ask(self.port, *lines, host=HOST),
            raw.websocket(self.port, *lines, host=HOST),
        ):
            assert response.status == 401
            assert not response.all("set-cookie")
            assert SESSION.encode() not in response.body
        assert self.reached() == []

    def takes_one_at_most(self, data: bytes) -> None:
        """Check that what came in with an attack is one request, however it is read."""
        self.editor.take()
        talk(self.port, data)
        reached = self.reached()
        assert len(reached) <= 1
        for it in reached:
            assert "smuggled" not in it.line
            names = [name for name, _ in it.headers]
            assert names.count("content-length") + names.count("transfer-encoding") <= 1
            assert not [value for _, value in it.headers if "smuggled" in value]
            assert all(name.isascii() and " " not in name for name in names)

    def leads_nowhere_else(self, data: bytes) -> None:
        """Check that no other port is reached through it."""
        port = free_port()
        with recording(port) as elsewhere:
            talk(self.port, data.replace(ELSEWHERE.encode(), str(port).encode()))
            self.reached()
            assert elsewhere.take() == []

    def reached(self) -> list[Request]:
        """Return what reached the editor since the last time, after somebody has come in."""
        taken: list[Request] = []
        # One that was on its way may be noted after the one that came in later.
        for _ in range(_FLUSHES):
            mine = raw.ask(self.port, RIGHT, line=_MINE, host=HOST)
            assert (mine.status, mine.body) == (200, b"/mine")
            taken += self.editor.take()
            if taken[-1].line == _MINE:
                break
        assert taken[-1].line == _MINE
        return [it for it in taken if it.line != _MINE]
