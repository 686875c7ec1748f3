"""What the gateway says of itself: whom Envoy leads to, by Envoy's own word.

Rule: what it says is tried by a request at that moment, with no wait in between.
"""

import asyncio
import json
import signal
from dataclasses import replace
from pathlib import Path

from kode.platform.local import files
from tests.local.gateways import running_gateway
from tests.polling import until_async


async def test_a_kode_is_led_to_from_when_the_door_says_so(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, "one") as found:
        running = found.entry("one")
        starting = replace(running, state="starting", sidecar=None)
        for _ in range(30):
            await found.gateway.set_routes([starting])
            assert not found.gateway.serves(running)
            # At once: the way was closed before the gateway said so.
            assert await found.status("one.localhost") == 503
            await found.gateway.set_routes([running])
            assert found.gateway.serves(running)
            assert await found.status("one.localhost") == 200


async def test_the_door_says_nothing_of_an_envoy_that_has_not_loaded_it(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, "one") as found:
        assert found.envoy
        one, two = found.entry("one"), found.entry("two")
        await found.move_in("two")
        await found.gateway.set_routes([one])
        assert found.gateway.serves(one)
        found.envoy.send_signal(signal.SIGSTOP)
        try:
            assert await found.gateway.set_routes([one, two]) == {}
        finally:
            found.envoy.send_signal(signal.SIGCONT)
        assert found.gateway.serves(one)
        assert not found.gateway.serves(two)
        await found.gateway.set_routes([one, two])
        assert found.gateway.serves(two)
        assert await found.status("two.localhost") == 200


async def test_an_envoy_that_was_lost_leads_to_nobody_until_it_has_said_so(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, "one") as found:
        one = found.entry("one")
        await found.gateway.set_routes([one])
        await found.close(kill=True)
        assert found.gateway.mark_lost()
        assert not found.gateway.mark_lost()
        assert await found.gateway.set_routes([one]) == {}
        assert not found.gateway.serves(one)
        await found.open()
        assert not found.gateway.serves(one)
        await found.gateway.set_routes([one])
        assert found.gateway.serves(one)
        assert await found.status("one.localhost") == 200


async def test_an_envoy_that_is_lost_meanwhile_has_said_nothing(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, "one") as found:
        one = found.entry("one")
        offering = asyncio.create_task(found.gateway.set_routes([one]))
        await asyncio.sleep(0)
        found.gateway.mark_lost()
        await offering
        assert not found.gateway.serves(one)


async def test_what_envoy_has_not_loaded_is_laid_before_it_again(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, "one") as found:
        one = found.entry("one")
        await found.gateway.set_routes([one])
        # As another Envoy would have it that began while the files were replaced.
        file = found.paths.run / "door" / "routes.json"
        right = file.read_bytes()
        other = json.loads(right) | {"version_info": "of another time"}
        files.write_if_changed(file, json.dumps(other))

        async def loaded() -> bool:
            return "of another time" in await found.admin("/stats?filter=version_text")

        await until_async(loaded)
        file.write_bytes(right)
        await found.gateway.set_routes([one])
        assert found.gateway.serves(one)
        assert "of another time" not in await found.admin("/stats?filter=version_text")
