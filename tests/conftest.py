"""What all tests share: how long properties are searched, and how rarely memory is looked through.

`make check` searches the same examples each time, so that it never fails by chance; a longer and a
new search is `pytest --hypothesis-profile=search`.
"""

import gc

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


def pytest_collection_finish() -> None:
    """Leave what was imported and collected out of the garbage collector's rounds.

    It stays until the end, and looking through it again and again was a third of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
