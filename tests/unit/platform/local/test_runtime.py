"""kode.platform.local.runtime."""

from typing import Any

import pytest

from kode.api.conditions import Reason
from kode.errors import InvalidSpec
from kode.platform.local.runtime import choose
from tests.documents import WEBTOP, resolved, template

CUSTOM: dict[str, Any] = {"type": "custom", "image": "acme/app", "port": 9000}


@pytest.mark.parametrize(
    ("spec", "wish", "runtime", "why"),
    [
        ({}, "", "process", ""),
        ({"type": "jupyter"}, "", "process", ""),
        ({**CUSTOM, "command": ["serve"]}, "", "process", ""),
        (CUSTOM, "", "podman", "its image says"),
        ({"type": "webtop", "image": WEBTOP}, "", "podman", "all in its image"),
        ({}, "podman", "podman", "kode.jacero.io/runtime"),
        ({"type": "webtop", "image": WEBTOP}, "process", "process", "kode.jacero.io/runtime"),
    ],
)
def test_runtime_follows_from_the_template_and_a_wish_wins(
    spec: dict[str, Any], wish: str, runtime: str, why: str
) -> None:
    found = choose(resolved(over=template(**spec)), wish)
    assert found.runtime == runtime
    assert why in found.why


@pytest.mark.parametrize("wish", ["docker", "Podman", " podman"])
def test_wish_for_no_runtime_is_wrong(wish: str) -> None:
    with pytest.raises(InvalidSpec, match="must be process or podman") as raised:
        choose(resolved(), wish)
    assert raised.value.reason is Reason.INVALID_SPEC
