"""People at work while things are killed: requests through the gateway, and commands.

Rule: what was acknowledged is remembered, for it must be there afterwards; what failed because
something was killed is only counted.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException

from tests.local.kodes import LOGIN, opened
from tests.local.machine import Machine

BROKEN = (OSError, HTTPException)
"""What a request may meet whose way is cut."""


class Load:
    """What people do.

    Attributes:
        kept: names of the Kodes whose making was acknowledged.
        wrong: what must never be seen, in words.
        answers: how many requests got their page.
        commands: how many commands succeeded.
    """

    def __init__(self, machine: Machine) -> None:
        self.kept: list[str] = []
        self.wrong: list[str] = []
        self.answers = self.commands = 0
        self._machine = machine
        self._over = threading.Event()

    @contextmanager
    def running(self, asked: str, turned: str) -> Iterator[None]:
        """Ask one Kode for its page, turn another one off and on, and make others."""
        parts: tuple[Callable[[], None], ...] = (
            lambda: self._ask(asked),
            lambda: self._command(turned),
        )
        threads = [threading.Thread(target=self._repeat, args=(part,)) for part in parts]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def _repeat(self, part: Callable[[], None]) -> None:
        while not self._over.is_set():
            part()

    def _ask(self, name: str) -> None:
        try:
            answer = self._machine.ask(f"{name}.localhost", "/who.txt", LOGIN)
        except BROKEN:
            self._over.wait(0.02)
            return
        if answer.status == 200 and answer.body != name:
            self.wrong.append(f"{name} answered {answer.body!r}")
        self.answers += answer.status == 200
        self._over.wait(0.005)

    def _command(self, turned: str) -> None:
        name = f"made-{self.commands}"
        made = opened(name, more="\n  suspend: true")
        commands = (
            (("apply", "-f", "-"), made),
            (("stop", turned), None),
            (("start", turned), None),
        )
        for arguments, given in commands:
            if self._over.is_set():
                return
            found = self._machine.run(*arguments, given=given)
            if found.returncode == 0:
                self.commands += 1
                if given:
                    self.kept.append(name)
            elif found.returncode > 0:
                self.wrong.append(f"kode {' '.join(arguments)}: {found.stderr}")
