"""What all tests share: how long properties are searched.

`make check` searches the same examples each time, so that it never fails by chance; a longer and a
new search is `pytest --hypothesis-profile=search`.
"""

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
