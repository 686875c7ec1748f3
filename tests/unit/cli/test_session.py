"""kode.cli.session: what every command asks the same way."""

import pytest

from kode.api.conditions import Reason
from kode.cli.session import Session
from kode.errors import RefNotFound
from kode.platform.local.status import daemon_info
from kode.platform.port import ObjectList
from tests.unit.cli.memory import Memory


def test_only_this_machine_can_be_asleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon_info, "find_daemon", lambda _: None)
    assert Session(Memory(), "default", local=True).is_platform_down()
    assert not Session(Memory(), "default").is_platform_down()


async def test_a_reference_that_is_not_found_is_not_the_object() -> None:
    class Odd(Memory):
        async def get(self, *about: object) -> dict[str, object]:
            raise RefNotFound(Reason.TEMPLATE_NOT_FOUND, f"{about}")

        async def list(self, *_: object) -> ObjectList:
            return ObjectList((), "1")

    with pytest.raises(RefNotFound):
        await Session(Odd(), "default").get("dev")
