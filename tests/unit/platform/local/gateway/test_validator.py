"""kode.platform.local.gateway.validator: a configuration is judged once."""

import asyncio
from pathlib import Path

from kode.platform.local.gateway.validator import EnvoyValidator


async def test_two_who_ask_at_once_about_one_proxy_config_are_both_answered(tmp_path: Path) -> None:
    envoy = tmp_path / "envoy"
    envoy.write_text('#!/bin/sh\necho asked >>"$0.log"\ncat "$4" >/dev/null || exit 1\n')
    envoy.chmod(0o700)
    validator = EnvoyValidator(envoy, tmp_path)
    answers = await asyncio.gather(*(validator.validate("{}") for _ in range(3)))
    assert answers == ["", "", ""]
    assert (tmp_path / "envoy.log").read_text() == "asked\n"
