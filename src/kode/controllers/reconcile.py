"""One whole pass over one Kode: gather, decide, apply, report.

Rule: whatever happens in a pass stays with its Kode: a failure becomes a condition or a line in the
log, and a later try; it never ends the operator and never touches another Kode.
"""

import logging
import random
from collections.abc import Callable

from kode.api.conditions import Reason
from kode.api.meta import Object
from kode.controllers.apply import Applier, Collision, GrowthRefused
from kode.controllers.decide import after_failure, after_refused_growth, decide
from kode.controllers.decision import Decision
from kode.controllers.gather import Gatherer
from kode.controllers.inputs import ChildKey, Inputs, Key
from kode.controllers.queue import Queue
from kode.controllers.report import Reporter
from kode.errors import KodeError
from kode.kube.errors import ApiConflict, NamespaceTerminating, NotLeader

_LOG = logging.getLogger(__name__)

_MOST_TURNS = 5
"""Times that a pass begins anew because the world was not what it saw."""
STATUS_WAITS = 1.5
"""Seconds that a status that waits is held back for a better one."""
STATUS_WAITS_MORE = 0.15
"""Seconds that it waits longer for each other Kode that is on its way: in a burst the API server
has better things to write."""
STATUS_WAITS_MOST = 60.0
_FEW = 32
"""Keys in the queue that mean no burst yet."""
LOOK_AGAIN = 3600.0
"""Seconds after which a quiet Kode is looked at again, in case that a change was missed."""


class Reconciler:
    """Passes over Kodes."""

    def __init__(
        self,
        *,
        gatherer: Gatherer,
        applier: Applier,
        reporter: Reporter,
        queue: Queue,
        leads: Callable[[], bool],
        clock: Callable[[], float],
    ) -> None:
        """Put the four parts of a pass together.

        Args:
            gatherer: reads.
            applier: writes children.
            reporter: writes status and Events.
            queue: where a Kode is put that needs another pass.
            leads: whether this replica may write.
            clock: monotonic seconds.
        """
        self._gatherer = gatherer
        self._applier = applier
        self._reporter = reporter
        self._queue = queue
        self._leads = leads
        self._clock = clock
        self._met: dict[Key, set[ChildKey]] = {}
        """Objects in the way that no watch tells of, because they carry no label of ours."""
        self._held_back: dict[Key, tuple[float, float]] = {}
        """Since when and until when a status is held back."""

    async def reconcile(self, key: Key) -> None:
        """Make one pass; failures are told and tried again later.

        A replica that may not write makes none: when it comes to lead, every Kode gets one.
        """
        if not self._leads():
            return
        try:
            await self._turns(key)
        except NotLeader as error:
            _LOG.info("%s: given up: %s", key, error)
        except ApiConflict as error:
            self._queue.retry(key)
            _LOG.info("%s: the world moves too fast: %s", key, error)
        except KodeError as error:
            delay = self._queue.retry(key)
            _LOG.warning("%s: %s; again in %.1f s", key, error, delay)
        except Exception:  # noqa: BLE001 - the rule above
            delay = self._queue.retry(key)
            _LOG.exception("%s: a pass failed in an unforeseen way; again in %.1f s", key, delay)
        else:
            self._queue.forgive(key)

    async def _turns(self, key: Key) -> None:
        met = await self._look_up(key)
        for _ in range(_MOST_TURNS):
            inputs = await self._gatherer.gather(key, met)
            decision = decide(inputs)
            try:
                await self._applier.apply(key, decision.writes)
            except Collision as collision:
                met[collision.child] = collision.live
                self._met.setdefault(key, set()).add(collision.child)
            except ApiConflict as error:
                _LOG.debug("%s: %s; gathering again", key, error)
            except NotLeader:
                raise
            except NamespaceTerminating as error:
                # It goes with its namespace, which the caches will know in a moment.
                _LOG.debug("%s: %s", key, error)
                return
            except GrowthRefused as error:
                # Nothing is left to write, and trying again soon would be refused again.
                _LOG.info("%s: %s", key, error)
                await self._finish(inputs, after_refused_growth(inputs, decision, error))
                return
            except KodeError as error:
                await self._tell(inputs, after_failure(inputs, decision, error))
                raise
            else:
                await self._finish(inputs, decision)
                return
        text = f"{key}: the world was another one each of {_MOST_TURNS} times that it was read"
        raise ApiConflict(Reason.PLATFORM_ERROR, text)

    async def _look_up(self, key: Key) -> dict[ChildKey, Object]:
        """Return what still stands in the way of earlier passes."""
        found = {}
        for child in tuple(self._met.get(key, ())):
            live = await self._gatherer.stands(key, child)
            if live is None:
                self._met[key].discard(child)
            else:
                found[child] = live
        if not self._met.get(key):
            self._met.pop(key, None)
        return found

    async def _finish(self, inputs: Inputs, decision: Decision) -> None:
        key = inputs.key
        if inputs.kode is None:
            self._met.pop(key, None)
            self._held_back.pop(key, None)
            return
        if decision.again_after is not None:
            self._queue.add_after(key, decision.again_after)
        else:
            self._queue.add_after(key, LOOK_AGAIN * random.uniform(0.75, 1.25))  # noqa: S311
        if decision.status_waits and self._holds_back(key):
            return
        await self._tell(inputs, decision)

    def _holds_back(self, key: Key) -> bool:
        """Tell whether a status is held back yet; see that it comes in the end."""
        now = self._clock()
        since, until = self._held_back.get(key, (now, now))
        others = len(self._held_back) - (key in self._held_back) + max(len(self._queue) - _FEW, 0)
        patience = STATUS_WAITS + STATUS_WAITS_MORE * others
        # It never grows less: the last of a burst are not told in a burst of their own.
        until = max(until, since + min(patience, STATUS_WAITS_MOST))
        if now >= until:
            return False
        self._held_back[key] = since, until
        self._queue.add_after(key, until - now)
        return True

    async def _tell(self, inputs: Inputs, decision: Decision) -> None:
        self._held_back.pop(inputs.key, None)
        if decision.status is None or inputs.kode is None:
            return
        _LOG.debug("%s: %s", inputs.key, decision.status)
        if not await self._reporter.report(inputs.kode, decision.status):
            self._queue.add(inputs.key)
        await self._reporter.record(inputs.kode, decision.notices)
