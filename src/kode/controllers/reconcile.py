"""One whole pass over one Kode: gather, decide, apply, report.

Rule: whatever happens in a pass stays with its Kode: a failure becomes a condition or a line in the
log, and a later try; it never ends the operator and never touches another Kode.
"""

import logging
import random
from collections.abc import Callable

from kode.api.conditions import Reason
from kode.api.meta import Object
from kode.controllers.apply import Applier, Collision, ExpansionRefused
from kode.controllers.decide import after_failure, after_refused_expansion, decide
from kode.controllers.decision import Decision
from kode.controllers.gather import Gatherer
from kode.controllers.inputs import ChildKey, Inputs, KodeKey
from kode.controllers.report import Reporter
from kode.errors import KodeError
from kode.kube.errors import ApiConflict, NamespaceTerminating, NotLeader
from kode.workqueue import WorkQueue

_LOG = logging.getLogger(__name__)

_MAX_ATTEMPTS = 5
"""How often a reconcile gathers again because an object was not what it had seen."""
PROGRESS_INTERVAL = 2.0
"""Seconds between two statuses of one Kode that only tell of progress; also before the first, which
what it tells of often overtakes."""
RESYNC_PERIOD = 3600.0
"""Seconds after which a quiet Kode is looked at again, in case that a change was missed."""


class Reconciler:
    """Reconciles Kodes, one at a time each."""

    def __init__(
        self,
        *,
        gatherer: Gatherer,
        applier: Applier,
        reporter: Reporter,
        queue: WorkQueue[KodeKey],
        is_leader: Callable[[], bool],
        clock: Callable[[], float],
    ) -> None:
        """Put the four parts of a pass together.

        Args:
            gatherer: reads.
            applier: writes children.
            reporter: writes status and Events.
            queue: where a Kode is put that needs another pass.
            is_leader: whether this replica may write.
            clock: monotonic seconds.
        """
        self._gatherer = gatherer
        self._applier = applier
        self._reporter = reporter
        self._queue = queue
        self._is_leader = is_leader
        self._clock = clock
        self._conflicts: dict[KodeKey, set[ChildKey]] = {}
        """Objects in the way that no watch tells of, because they carry no label of ours."""
        self._progress_due: dict[KodeKey, float] = {}
        """When the next status that only tells of progress may be written."""

    async def reconcile(self, key: KodeKey) -> None:
        """Reconcile a Kode; failures are reported and retried later.

        A replica that may not write makes none: when it comes to lead, every Kode gets one.
        """
        if not self._is_leader():
            return
        try:
            await self._attempt(key)
        except NotLeader as error:
            _LOG.info("%s: given up: %s", key, error)
        except ApiConflict as error:
            self._queue.add_rate_limited(key)
            _LOG.info("%s: conflict, retrying: %s", key, error)
        except KodeError as error:
            delay = self._queue.add_rate_limited(key)
            _LOG.warning("%s: %s; again in %.1f s", key, error, delay)
        except Exception:  # noqa: BLE001 - the rule above
            delay = self._queue.add_rate_limited(key)
            _LOG.exception("%s: unexpected error in reconcile; again in %.1f s", key, delay)
        else:
            self._queue.forget(key)

    async def _attempt(self, key: KodeKey) -> None:
        conflicts = await self._reread_conflicts(key)
        for _ in range(_MAX_ATTEMPTS):
            inputs = await self._gatherer.gather(key, conflicts)
            decision = decide(inputs)
            try:
                await self._applier.apply(key, decision.writes)
            except Collision as collision:
                conflicts[collision.child] = collision.live
                self._conflicts.setdefault(key, set()).add(collision.child)
            except ApiConflict as error:
                _LOG.debug("%s: %s; gathering again", key, error)
            except NotLeader:
                raise
            except NamespaceTerminating as error:
                # It goes with its namespace, which the caches will know in a moment.
                _LOG.debug("%s: %s", key, error)
                return
            except ExpansionRefused as error:
                # Nothing is left to write, and trying again soon would be refused again.
                _LOG.info("%s: %s", key, error)
                await self._finish(inputs, after_refused_expansion(inputs, decision, error))
                return
            except KodeError as error:
                await self._report(inputs, after_failure(inputs, decision, error))
                raise
            else:
                await self._finish(inputs, decision)
                return
        text = f"{key}: still conflicting after {_MAX_ATTEMPTS} attempts"
        raise ApiConflict(Reason.PLATFORM_ERROR, text)

    async def _reread_conflicts(self, key: KodeKey) -> dict[ChildKey, Object]:
        """Return what still stands in the way of earlier passes."""
        found = {}
        for child in tuple(self._conflicts.get(key, ())):
            followed = self._gatherer.is_followed(key, child)
            live = None if followed else await self._gatherer.get_live(key, child)
            if live is None:
                self._conflicts[key].discard(child)
            else:
                found[child] = live
        if not self._conflicts.get(key):
            self._conflicts.pop(key, None)
        return found

    async def _finish(self, inputs: Inputs, decision: Decision) -> None:
        key = inputs.key
        if inputs.kode is None:
            self._conflicts.pop(key, None)
            self._progress_due.pop(key, None)
            return
        if decision.requeue_after is not None:
            self._queue.add_after(key, decision.requeue_after)
        else:
            self._queue.add_after(key, RESYNC_PERIOD * random.uniform(0.75, 1.25))  # noqa: S311
        if decision.defer_status:
            due = self._progress_due.setdefault(key, self._clock() + PROGRESS_INTERVAL)
            if self._clock() < due:
                self._queue.add_after(key, due - self._clock())
                return
            self._progress_due[key] = self._clock() + PROGRESS_INTERVAL
        else:
            self._progress_due.pop(key, None)
        await self._report(inputs, decision)

    async def _report(self, inputs: Inputs, decision: Decision) -> None:
        if decision.status is None or inputs.kode is None:
            return
        _LOG.debug("%s: %s", inputs.key, decision.status)
        if not await self._reporter.report(inputs.kode, decision.status):
            self._queue.add(inputs.key)
        await self._reporter.record(inputs.kode, decision.events)
