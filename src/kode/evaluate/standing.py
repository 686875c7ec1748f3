"""A status that nobody looks after any more: what of it may stand, and what must not.

Rule: what follows from the documents stays as it was told; what was said of a running editor (that
it answers, that it fails) ends with whoever said it. A status that tells of nothing that runs, a
suspended Kode's or an empty one, stays as it is.

Transition times move where a status moves; generations stay those that were looked at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from kode.api.conditions import ConditionType, Phase, Reason

Status = Mapping[str, Any]

_READY, _WORKLOAD = ConditionType.READY, ConditionType.WORKLOAD_READY
_SUSPENDED = ConditionType.SUSPENDED


@dataclass(frozen=True)
class _Verdict:
    """What is told of a condition instead.

    Attributes:
        status: of the condition.
        reason: why.
        message: why, for people.
    """

    status: Literal["True", "False", "Unknown"]
    reason: Reason
    message: str


_NOT_LOOKED = "the platform has not looked at it yet"
_RESTARTING = _Verdict("False", Reason.STARTING, "it is started anew, as was asked")
_AWAITED = _Verdict("Unknown", Reason.STARTING, _NOT_LOOKED)
_AWAITED_END = _Verdict("Unknown", Reason.STOPPING, _NOT_LOOKED)
_ORPHANED = _Verdict(
    "Unknown",
    Reason.PLATFORM_STOPPED,
    "the platform does not run, so nobody knows: `kode up` starts it",
)
_STOPPING = _Verdict("False", Reason.PLATFORM_STOPPED, "the platform is stopping")
_STOPPED = _Verdict(
    "False", Reason.PLATFORM_STOPPED, "the platform is stopped: `kode up` starts it"
)
_HALTED = _Verdict("False", Reason.SUSPENDED, "suspended: the files are kept")


def awaited(status: Status, now: str, *, suspend: bool) -> Status:
    """Return what stands when a platform begins, which has looked at nothing yet.

    Args:
        status: what was told last.
        now: RFC 3339 time in UTC.
        suspend: whether the Kode is to have nothing that runs.
    """
    if _is_at_rest(status):
        return status
    if suspend:
        return _replace(status, _both(_AWAITED_END), Phase.STOPPING, now)
    return _replace(status, _both(_AWAITED), Phase.STARTING, now)


def orphaned(status: Status) -> Status:
    """Return what may be believed while no platform runs, whatever one has said at last.

    When it ended nobody knows, so transition times stay.
    """
    if _is_at_rest(status) or _find(status, _READY).get("reason") == Reason.PLATFORM_STOPPED:
        return status
    return _replace(status, _both(_ORPHANED), Phase.UNKNOWN, "")


def stopping(status: Status, now: str) -> Status:
    """Return what stands once a platform begins to end, and with it what it runs.

    Args:
        status: what was told last.
        now: RFC 3339 time in UTC.
    """
    if not _is_ready(status):
        return status
    return _replace(status, _both(_STOPPING), Phase.STOPPING, now)


def stopped(status: Status, now: str, *, suspend: bool) -> Status:
    """Return what stands when a platform has ended, and with it all that it ran.

    Args:
        status: what was told last.
        now: RFC 3339 time in UTC.
        suspend: whether the Kode is to have nothing that runs.
    """
    if _is_at_rest(status):
        return status
    if suspend:
        verdicts = {**_both(_HALTED), _SUSPENDED: _Verdict("True", Reason.SUSPENDED, "")}
        return _replace(status, verdicts, Phase.SUSPENDED, now)
    return _replace(status, _both(_STOPPED), Phase.STOPPED, now)


def restarting(status: Status, now: str) -> Status:
    """Return what stands once a restart is asked for: who is Ready after it was started since.

    Args:
        status: what was told last.
        now: RFC 3339 time in UTC.
    """
    if not _is_ready(status):
        return status
    return _replace(status, _both(_RESTARTING), Phase.STARTING, now)


def unserved(status: Status, now: str, *, message: str) -> Status:
    """Return what stands once the gateway leads to no editor any more.

    Args:
        status: what was told last.
        now: RFC 3339 time in UTC.
        message: what is the matter with the gateway.
    """
    if not _is_ready(status):
        return status
    verdict = _Verdict("False", Reason.GATEWAY_NOT_READY, message)
    return _replace(status, {_READY: verdict}, Phase.STARTING, now)


def _is_at_rest(status: Status) -> bool:
    return not _conditions(status) or _find(status, _SUSPENDED).get("status") == "True"


def _is_ready(status: Status) -> bool:
    return _find(status, _READY).get("status") == "True"


def _both(verdict: _Verdict) -> Mapping[str, _Verdict]:
    return {_WORKLOAD: verdict, _READY: verdict}


def _replace(
    status: Status, verdicts: Mapping[str, _Verdict], phase: Phase, now: str
) -> dict[str, Any]:
    told = [_judge(item, verdicts.get(item["type"]), now) for item in _conditions(status)]
    return {**status, "phase": phase.value, "conditions": told}


def _judge(item: Mapping[str, Any], verdict: _Verdict | None, now: str) -> Mapping[str, Any]:
    if verdict is None:
        return item
    moved = bool(now) and item["status"] != verdict.status
    return {
        **item,
        "status": verdict.status,
        "reason": verdict.reason.value,
        "message": verdict.message,
        "lastTransitionTime": now if moved else item["lastTransitionTime"],
    }


def _find(status: Status, kind: ConditionType) -> Mapping[str, Any]:
    return next((item for item in _conditions(status) if item["type"] == kind), {})


def _conditions(status: Status) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = status.get("conditions") or ()
    return found
