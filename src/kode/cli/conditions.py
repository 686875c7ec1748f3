"""Reading the status of a Kode.

Rule: a status counts only where it was observed for the current generation of the Kode.
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
    """Return the condition of a type; empty where the status has none."""
    for entry in status(kode).get("conditions") or ():
        if entry.get("type") == kind:
            return dict(entry)
    return {}


def is_current(kode: Object) -> bool:
    """Tell whether the status is of the Kode's current generation."""
    generation = kode["metadata"].get("generation", 0)
    return bool(status(kode).get("observedGeneration", -1) >= generation)


def phase(kode: Object) -> str:
    """Return the phase; empty before the first reconcile."""
    return str(status(kode).get("phase") or "")


def url(kode: Object) -> str:
    """Return the URL of a Kode; empty where the status has none."""
    return str(status(kode).get("url") or "")


def is_ready(kode: Object) -> bool:
    """Tell whether the Kode can be used."""
    return is_current(kode) and condition(kode, "Ready").get("status") == "True"


def has_failed(kode: Object) -> bool:
    """Tell whether it will not start by itself: it failed, or is suspended as not permitted."""
    withheld = condition(kode, "Suspended").get("reason") in _WITHHELD
    return is_current(kode) and (phase(kode) == _FAILED or withheld)


def is_suspended(kode: Object) -> bool:
    """Tell whether it is stopped, with its files kept."""
    return is_current(kode) and condition(kode, "Suspended").get("status") == "True"


def home_is_gone(kode: Object) -> bool:
    """Tell whether the files of its home are gone."""
    return condition(kode, "StorageReady").get("reason") in _GONE


def home_loss(kode: Object) -> str:
    """Return why the files of its home are gone, or will be when it stops; empty where neither."""
    storage = condition(kode, "StorageReady")
    lost = home_is_gone(kode) or storage.get("reason") == _GOING
    return format_condition(storage) if lost else ""


def message(kode: Object) -> str:
    """Return why a Kode cannot be used yet; empty where it can."""
    ready = condition(kode, "Ready")
    if not ready:
        return "not reconciled yet (is the platform or operator running?)"
    degraded = condition(kode, "Degraded")
    if ready.get("status") == "True":
        return format_condition(degraded) if degraded.get("status") == "True" else ""
    return format_condition(ready)


def format_condition(entry: Mapping[str, Any]) -> str:
    """Return reason and message of a condition."""
    return ": ".join(str(entry[key]) for key in ("reason", "message") if entry.get(key))
