"""What the status of a Kode says.

Rule: a status is believed only where it speaks of the Kode as it stands now.
"""

from collections.abc import Mapping
from typing import Any

Object = Mapping[str, Any]

_FAILED = "Failed"
_WITHHELD = frozenset({"NotPermitted", "RefNotPermitted"})
_GONE = ("ClaimDeleted", "ClaimLost")
_GOING = "ClaimTerminating"


def status(kode: Object) -> Mapping[str, Any]:
    """Return the status of a Kode; empty where there is none."""
    return kode.get("status") or {}


def condition(kode: Object, kind: str) -> Mapping[str, Any]:
    """Return a condition; empty where it is not told."""
    for found in status(kode).get("conditions") or ():
        if found.get("type") == kind:
            return dict(found)
    return {}


def current(kode: Object) -> bool:
    """Tell whether the status speaks of the Kode as it stands now."""
    generation = kode["metadata"].get("generation", 0)
    return bool(status(kode).get("observedGeneration", -1) >= generation)


def phase(kode: Object) -> str:
    """Return the phase; empty before anyone looked at the Kode."""
    return str(status(kode).get("phase") or "")


def url(kode: Object) -> str:
    """Return where a Kode is opened; empty where that is not told."""
    return str(status(kode).get("url") or "")


def is_ready(kode: Object) -> bool:
    """Tell whether a person can work."""
    return current(kode) and condition(kode, "Ready").get("status") == "True"


def is_hopeless(kode: Object) -> bool:
    """Tell whether it will not start by itself: it failed, or is suspended as not permitted."""
    withheld = condition(kode, "Suspended").get("reason") in _WITHHELD
    return current(kode) and (phase(kode) == _FAILED or withheld)


def is_suspended(kode: Object) -> bool:
    """Tell whether it stands still, with its files kept."""
    return current(kode) and condition(kode, "Suspended").get("status") == "True"


def home_is_gone(kode: Object) -> bool:
    """Tell whether the files of its home are gone."""
    return condition(kode, "StorageReady").get("reason") in _GONE


def home_goes(kode: Object) -> str:
    """Return why the files of its home are gone, or will be when it stops; empty where neither."""
    found = condition(kode, "StorageReady")
    return told(found) if home_is_gone(kode) or found.get("reason") == _GOING else ""


def why(kode: Object) -> str:
    """Return why a person cannot work yet; empty where they can."""
    ready = condition(kode, "Ready")
    if not ready:
        return "nobody has looked at it yet"
    degraded = condition(kode, "Degraded")
    if ready.get("status") == "True":
        return told(degraded) if degraded.get("status") == "True" else ""
    return told(ready)


def told(found: Mapping[str, Any]) -> str:
    """Return reason and message of a condition."""
    return ": ".join(str(found[key]) for key in ("reason", "message") if found.get(key))
