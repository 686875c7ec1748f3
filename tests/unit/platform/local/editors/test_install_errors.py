"""kode.platform.local.editors.install_errors."""

import errno
from pathlib import Path

import pytest

from kode.api.conditions import Reason
from kode.platform.local.editors import install_errors
from kode.platform.local.editors.catalog import CODE_SERVER, JUPYTERLAB, release
from kode.platform.local.editors.command import CommandFailed


@pytest.mark.parametrize(
    "words",
    [
        "npm error code ECONNREFUSED",
        "npm error getaddrinfo ENOTFOUND somewhere",
        "error: No solution found when resolving dependencies",
        "cause: dns error",
        "cause: invalid peer certificate: UnknownIssuer",
    ],
)
def test_without_a_network_it_says_so_and_what_to_do(words: str, tmp_path: Path) -> None:
    found = install_errors.install_error(
        release(CODE_SERVER), CommandFailed("npm", words), tmp_path
    )
    assert found.reason is Reason.EDITOR_UNAVAILABLE
    assert "no network" in str(found)
    assert "kode editors install code-server" in str(found)
    assert "kode editors use PATH" in str(found)
    assert words.removeprefix("npm error ") in str(found)


def test_only_code_server_can_be_ones_own(tmp_path: Path) -> None:
    found = install_errors.install_error(
        release(JUPYTERLAB), CommandFailed("uv", "it broke"), tmp_path
    )
    assert "kode editors use" not in str(found)


@pytest.mark.parametrize(
    "cause",
    [
        CommandFailed("npm", "npm error ENOSPC: no space left on device, write"),
        OSError(errno.ENOSPC, "No space left on device"),
    ],
)
def test_full_disk_is_told_in_gigabytes(cause: CommandFailed | OSError, tmp_path: Path) -> None:
    found = str(
        install_errors.install_error(release(CODE_SERVER), cause, tmp_path / "not" / "made")
    )
    assert "needs 1.3 GB" in found
    assert "KODE_CACHE" in found


def test_anything_else_keeps_the_last_words(tmp_path: Path) -> None:
    words = "\n".join(["fetching", *(f"error number {count} {'x' * 90}" for count in range(9))])
    found = str(
        install_errors.install_error(release(CODE_SERVER), CommandFailed("npm", words), tmp_path)
    )
    assert "error number 6" in found
    assert "error number 5" not in found
    assert len(found) < 700
