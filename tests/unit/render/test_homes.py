"""kode.render.homes."""

from typing import Any

import pytest

from kode.api.conditions import Reason
from kode.errors import InvalidSpec
from tests.documents import CODERCOM, kode, resolved, template

pytestmark = pytest.mark.attack

CUSTOM = {"type": "custom", "image": "x", "port": 9}


def refused(home: str, **over: Any) -> bool:
    try:
        resolved(kode(home=home), template(**over))
    except InvalidSpec as error:
        return error.reason is Reason.NOT_PERMITTED and f"spec.home: {home} " in str(error)
    return False


@pytest.mark.parametrize("over", [{}, {"image": CODERCOM}, CUSTOM])
@pytest.mark.parametrize(
    "home",
    [
        *("/etc", "/etc/ssl", "/usr", "/usr/local/bin", "/bin", "/sbin", "/lib", "/lib64"),
        *("/lib/x86_64-linux-gnu", "/proc", "/proc/self", "/dev", "/dev/mine", "/sys", "/boot"),
        *("/run", "/run/secrets", "/var", "/var/run/secrets", "/var/run", "/root", "/opt/conda"),
    ],
)
def test_home_is_no_system_folder_and_lies_in_none(home: str, over: dict[str, Any]) -> None:
    assert refused(home, **over)


@pytest.mark.parametrize(
    "home", ["/home/me", "/config", "/work", "/data/etc", "/etcetera", "/home", "/srv/usr", "/mnt"]
)
def test_home_is_anywhere_else(home: str) -> None:
    assert not refused(home)


@pytest.mark.parametrize("home", ["/app", "/app/code-server", "/custom-cont-init.d", "/package"])
def test_home_is_not_where_root_of_the_image_runs_from(home: str) -> None:
    assert refused(home)
    assert refused(home, type="webtop")
    assert not refused(home, image=CODERCOM)


def test_template_may_say_so() -> None:
    for home in ("/opt/me", "/opt/me/inner"):
        assert not refused(home, defaultHome="/opt/me")
    for home in ("/opt", "/opt/mealy", "/etc"):
        assert refused(home, defaultHome="/opt/me")
    assert resolved(kode(), template(defaultHome="/var/home/me")).home == "/var/home/me"


def test_what_a_kode_puts_into_a_template_is_not_the_templates_word() -> None:
    over = template(
        defaultHome="{{ parameters.home }}", parameters=[{"name": "home", "default": "/etc"}]
    )
    with pytest.raises(InvalidSpec, match=r"spec\.home: /etc is or holds"):
        resolved(kode(), over)
    assert resolved(kode(parameters={"home": "/home/x"}), over).home == "/home/x"
