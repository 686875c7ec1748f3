"""kode.platform.local.runtime.runtimes."""

from typing import Any

import pytest

from kode.api.conditions import Reason
from kode.errors import InvalidSpec
from kode.platform.local.runtime.runtimes import select_runtime
from tests.documents import WEBTOP, resolved, template

CUSTOM: dict[str, Any] = {"type": "custom", "image": "acme/app", "port": 9000}


@pytest.mark.parametrize(
    ("spec", "requested_runtime", "runtime", "why"),
    [
        ({}, "", "process", ""),
        ({"type": "jupyter"}, "", "process", ""),
        ({**CUSTOM, "command": ["serve"]}, "", "process", ""),
        (CUSTOM, "", "podman", "its image"),
        ({"type": "webtop", "image": WEBTOP}, "", "podman", "needs its image"),
        ({}, "podman", "podman", "kode.jacero.io/runtime"),
        ({"type": "webtop", "image": WEBTOP}, "process", "process", "kode.jacero.io/runtime"),
    ],
)
def test_runtime_follows_from_the_template_and_a_wish_wins(
    spec: dict[str, Any], requested_runtime: str, runtime: str, why: str
) -> None:
    found = select_runtime(resolved(over=template(**spec)), requested_runtime)
    assert found.runtime == runtime
    assert why in found.why


@pytest.mark.parametrize("requested_runtime", ["docker", "Podman", " podman"])
def test_wish_for_no_runtime_is_wrong(requested_runtime: str) -> None:
    with pytest.raises(InvalidSpec, match="must be process or podman") as raised:
        select_runtime(resolved(), requested_runtime)
    assert raised.value.reason is Reason.INVALID_SPEC
