"""What Envoy itself says to a configuration that an administrator had a hand in.

Rule: judged once a configuration, by the very program that would run it; nothing that it refuses
goes live.
"""

import asyncio
from hashlib import sha256
from pathlib import Path

from kode.api.conditions import Reason
from kode.errors import PlatformError
from kode.evaluate.envoy_errors import summarize_error
from kode.platform.local import files

_PATIENCE = 60.0


class EnvoyValidator:
    """Asks Envoy, and remembers what it said.

    Args:
        envoy: the program.
        place: a folder for what it reads, and only while it does.
    """

    def __init__(self, envoy: Path, place: Path) -> None:
        self._envoy = envoy
        self._place = place
        self._results: dict[str, str] = {}
        self._asking = asyncio.Lock()
        """Held while Envoy reads a file, which two that ask the same would take from each other."""

    async def validate(self, config: str) -> str:
        """Return why Envoy refuses a configuration; empty where it takes it.

        Raises:
            PlatformError: it did not say in time, or cannot be started.
        """
        digest = sha256(config.encode("utf-8", "surrogatepass")).hexdigest()
        async with self._asking:
            if digest not in self._results:
                self._results[digest] = await self._ask(config, digest)
        return self._results[digest]

    async def _ask(self, config: str, digest: str) -> str:
        file = files.private_dir(self._place) / f"judged-{digest[:16]}.json"
        files.write_if_changed(file, config)
        try:
            return await self._run(file)
        finally:
            file.unlink(missing_ok=True)

    async def _run(self, file: Path) -> str:
        command = [str(self._envoy), "--mode", "validate", "--config-path", str(file)]
        options = ["--disable-hot-restart", "--log-level", "critical"]
        try:
            running = await asyncio.create_subprocess_exec(
                *command,
                *options,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env={},
            )
        except OSError as error:
            message = f"Envoy cannot be started: {error.strerror}"
            raise PlatformError(Reason.PLATFORM_ERROR, message) from error
        try:
            async with asyncio.timeout(_PATIENCE):
                printed, _ = await running.communicate()
        except TimeoutError as error:
            message = f"Envoy did not judge a proxy config within {_PATIENCE:.0f} s"
            raise PlatformError(Reason.PLATFORM_ERROR, message) from error
        finally:
            if running.returncode is None:
                running.kill()
                await running.wait()
        if not running.returncode:
            return ""
        return (
            summarize_error(printed.decode(errors="replace")) or "Envoy refuses it without a word"
        )
