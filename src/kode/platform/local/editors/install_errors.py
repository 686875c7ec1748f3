"""What a user is told when an install fails, and what to do next.

Rule: the words of the program that failed are kept; the advice comes first.
"""

import errno
import re
import shutil
from pathlib import Path

from kode.api.conditions import Reason
from kode.errors import PlatformError
from kode.platform.local.editors.catalog import CODE_SERVER, EditorRelease
from kode.platform.local.editors.command import CommandFailed

_NETWORK = re.compile(
    r"ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH"
    r"|ERR_SOCKET_TIMEOUT|SELF_SIGNED|CERT_|CERTIFICATE_VERIFY|ProxyError|Connection refused"
    r"|NewConnectionError|ConnectTimeout|Max retries|Name or service not known|ReadTimeout"
    r"|Temporary failure in name resolution|Network is unreachable|dns error|tcp connect error"
    r"|invalid peer certificate|operation timed out|error sending request|No solution found"
)
_DISK = re.compile(r"ENOSPC|No space left on device|EDQUOT|Disk quota exceeded")
_CAUSE = re.compile(
    r"reason: (.+)|(\[Errno -?\d+\] [^')]+)|(getaddrinfo .+)|(certificate verify failed[^)]*)"
)
_COMPLAINT = re.compile(r"error|fail|refused|denied|neither|does not", re.IGNORECASE)
_MAX_CHARACTERS = 300


def install_error(
    offer: EditorRelease, cause: CommandFailed | OSError, place: Path
) -> PlatformError:
    """Return the error for an install that failed.

    Args:
        offer: what was to be installed.
        cause: what went wrong.
        place: folder that it was to stand in.
    """
    output = cause.output if isinstance(cause, CommandFailed) else str(cause)
    full = isinstance(cause, OSError) and cause.errno in {errno.ENOSPC, errno.EDQUOT}
    if full or _DISK.search(output):
        return disk_full_error(offer, place)
    last = _last(output)
    if _NETWORK.search(output):
        return PlatformError(
            Reason.EDITOR_UNAVAILABLE,
            f"{offer.name} cannot be downloaded: there is no network, or the package registry "
            f"does not answer. Later, run `kode editors install {offer.name}` to resume"
            f"{_instead(offer)}. Last output: {last}",
        )
    return PlatformError(
        Reason.EDITOR_UNAVAILABLE,
        f"{offer.name} cannot be installed in {place}. Try `kode editors install {offer.name}` "
        f"again{_instead(offer)}. Last output: {last}",
    )


def disk_full_error(offer: EditorRelease, place: Path) -> PlatformError:
    """Return the error for a disk that is full."""
    there = next(path for path in (place, *place.absolute().parents) if path.exists())
    return PlatformError(
        Reason.EDITOR_UNAVAILABLE,
        f"{offer.name} needs {_gigabytes(offer.space)} to install, and {place} has "
        f"{_gigabytes(shutil.disk_usage(there).free)} free: free some space, or set "
        "KODE_CACHE to a folder on another disk",
    )


def _instead(offer: EditorRelease) -> str:
    own = "; or install code-server yourself and run `kode editors use PATH`"
    return own if offer.name == CODE_SERVER else ""


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"


def _last(output: str) -> str:
    """The words that say what is wrong, on one line."""
    causes = [next(filter(None, groups)) for groups in _CAUSE.findall(output)]
    lines = output.splitlines()
    # npm ends with where its log is, which is not the reason.
    complaints = [line for line in lines if _COMPLAINT.search(line)]
    text = causes[-1] if causes else "; ".join(line.strip() for line in (complaints or lines)[-3:])
    return text if len(text) <= _MAX_CHARACTERS else f"{text[:_MAX_CHARACTERS]}…"
