"""What all tests share: the start of their programs, the search of properties, the use of memory.

`make check` searches the same examples each time, so that it never fails by chance; a longer and a
new search is `pytest --hypothesis-profile=search`.
"""

import gc
import os
import signal
from types import FrameType

import pytest
from hypothesis import HealthCheck, settings

_SLOW_MACHINES = (HealthCheck.too_slow,)

settings.register_profile(
    "check",
    max_examples=50,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=_SLOW_MACHINES,
)
settings.register_profile(
    "search", max_examples=2000, deadline=None, suppress_health_check=_SLOW_MACHINES
)
settings.load_profile("check")

# What Python itself ignores in each of its processes.
_PYTHONS_OWN = frozenset({signal.SIGPIPE, signal.SIGXFSZ})


@pytest.hookimpl(tryfirst=True)
def pytest_configure() -> None:
    """Start every program of the tests as a shell in a terminal does, whatever started the tests.

    A shell's background job ignores SIGINT and SIGQUIT, nohup's SIGHUP; that, blocked signals and
    the umask would be inherited.
    """
    os.umask(0o022)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in signal.valid_signals() - _PYTHONS_OWN:
        if signal.getsignal(number) is signal.SIG_IGN:
            own = signal.default_int_handler if number == signal.SIGINT else _pass_over
            signal.signal(number, own)


def _pass_over(_number: int, _frame: FrameType | None) -> None:
    """Go on, as before; unlike SIG_IGN, a handler is not inherited by what is started."""


def pytest_collection_finish() -> None:
    """Leave what was imported and collected out of the garbage collector's rounds.

    It stays until the end, and looking through it again and again was a third of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
