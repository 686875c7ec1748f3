"""One whole pass over one Kode on one machine: gather, understand, write, run, tell.

Rule: whatever happens in a pass stays with its Kode. What cannot be understood stops nothing that
runs; a failure becomes a condition or a line in the log, and a later try.
"""

import asyncio
import logging
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from kode import names
from kode.api.conditions import Reason
from kode.api.meta import Object
from kode.desired import homes
from kode.desired.desired_state import DesiredState
from kode.errors import KodeError, NotReady, RefNotFound
from kode.evaluate.conditions import Observation
from kode.evaluate.events import events_for
from kode.evaluate.observed import PodView
from kode.evaluate.status import status as status_of
from kode.platform.local.gateway import Route
from kode.platform.local.paths import Paths
from kode.platform.local.program import Phase, State
from kode.platform.local.reconcile import credentials, volumes
from kode.platform.local.reconcile import revision as revisions
from kode.platform.local.reconcile.gather import Inputs, gather
from kode.platform.local.reconcile.host_resources import HostResources
from kode.platform.local.reconcile.resolve import (
    ResolvedInputs,
    is_withheld,
    resolve_kode,
    without_password,
)
from kode.platform.local.reconcile.revision import Revision
from kode.platform.local.reconcile.routes import Routes
from kode.platform.local.reconcile.work import Work
from kode.platform.local.runtime import volume_files
from kode.platform.local.status.program_status import as_pod_view
from kode.platform.local.status.statuses import KODE, Statuses, is_to_rest, stamp
from kode.platform.local.store.objects import CLAIM, Key, StoredObject
from kode.platform.local.store.store import Store
from kode.platform.local.supervisor.supervisor import Supervisor
from kode.platform.port import Event
from kode.render.storage import claim_name

_LOG = logging.getLogger(__name__)
_GENERATED_BYTES = 18
_SESSION_BYTES = 32


@dataclass(frozen=True)
class Dependencies:
    """What a pass works with.

    Attributes:
        store: the documents.
        statuses: what is told of them.
        supervisor: what runs.
        paths: where everything is.
        host_resources: what a program needs of this machine.
        routes: what the gateway leads to.
        url: where a browser finds the platform.
        enqueue: has a Kode reconciled once more.
    """

    store: Store
    statuses: Statuses
    supervisor: Supervisor
    paths: Paths
    host_resources: HostResources
    routes: Routes
    url: str
    enqueue: Callable[[Key], None]


class Reconciler:
    """Reconciles Kodes, one at a time."""

    def __init__(self, parts: Dependencies) -> None:
        """Work with the parts of one platform."""
        self._store = parts.store
        self._statuses = parts.statuses
        self._supervisor = parts.supervisor
        self._paths = parts.paths
        self._host_resources = parts.host_resources
        self._routes = parts.routes
        self._url = parts.url
        self._enqueue = parts.enqueue
        self._stopping: dict[str, asyncio.Task[None]] = {}
        self._instances: dict[str, set[str]] = {}
        """What has files in the folder of what runs, by key of its program."""
        self._failed: dict[str, State] = {}
        """What was known of a program when it last ended badly, until it runs."""

    async def load(self) -> set[Key]:
        """Take over what an earlier platform has left; return the Kodes that it is of."""
        for instance, revision in (await self._load_revisions()).items():
            self._instances.setdefault(revision.key, set()).add(instance)
        return {kode_key(program) for program in self._instances}

    async def reconcile(self, key: Key) -> Work | None:
        """Have what runs be what a Kode asks for; return what to report, None for nothing.

        It is to be reported once the gateway has been told of the route.

        Raises:
            KodeError: something failed that the Kode's own status cannot tell of.
            OSError: the disk failed.
        """
        inputs = await asyncio.to_thread(gather, self._store, key)
        if inputs is None:
            self._routes.remove(key)
            await self._remove_instances(key)
            return None
        resolved = resolve_kode(inputs, secrets.token_urlsafe(_GENERATED_BYTES))
        await asyncio.to_thread(self._write, resolved, inputs)
        instance = names.instance(key.name, str(inputs.kode["metadata"]["uid"]))
        folder = self._paths.run / instance
        before = await asyncio.to_thread(revisions.load, folder)
        work = Work(key, inputs, resolved, instance, before)
        await self._run(work)
        self._routes.set(key, self._route(work))
        return work

    async def report(self, work: Work) -> None:
        """Write what came of a pass into the Kode's status, where that is news.

        Raises:
            KodeError: it cannot be written.
        """
        turn = self._statuses.turn
        if not await asyncio.to_thread(self._tell, work, turn):
            self._enqueue(work.key)

    async def delete_released_volumes(self) -> None:
        """Delete the files of claims that are going, where nothing that runs has them open."""
        for claim in (await asyncio.to_thread(self._store.list, CLAIM)).items:
            metadata = claim["metadata"]
            if "deletionTimestamp" not in metadata or await self._is_mounted(claim):
                continue
            folder = self._paths.volume(metadata["namespace"], metadata["name"])
            await asyncio.to_thread(volume_files.remove, folder)
            await asyncio.to_thread(self._store.release, claim)

    async def close(self) -> None:
        """Give up what is being installed, and wait for what is stopping."""
        self._host_resources.close()
        await asyncio.gather(*self._stopping.values(), return_exceptions=True)

    async def _is_mounted(self, claim: Object) -> bool:
        prefix, name = f"{claim['metadata']['namespace']}/", claim["metadata"]["name"]
        keys = self._supervisor.keys()
        kept = {key for key in keys if key.startswith(prefix)}
        loaded = (await self._load_revisions()).values()
        revision = [it for it in loaded if it.key in kept]
        # What is not known to have another one may have this one.
        return any(it.claim == name for it in revision) or bool(kept - {it.key for it in revision})

    async def _load_revisions(self) -> dict[str, Revision]:
        return await asyncio.to_thread(revisions.load_all, self._paths.run)

    def _write(self, resolved: ResolvedInputs, inputs: Inputs) -> None:
        """Write what the store is to hold before anything runs: the login, then the rest."""
        if resolved.login.write:
            self._put(resolved.login.write)
        stripped = without_password(inputs.kode)
        if stripped and resolved.kode and resolved.login.credentials:
            self._store.replace(stripped)
        if resolved.claim:
            metadata = resolved.claim["metadata"]
            if inputs.claim is None:
                # Before the claim, so that one whose folder is not there has lost it.
                volume_files.make(self._paths.volume(metadata["namespace"], metadata["name"]))
            self._put(resolved.claim)

    def _put(self, document: Object) -> None:
        self._store.edit(
            Key.of(document),
            lambda live: replace(live or StoredObject({}), document=dict(document)),
        )

    async def _run(self, work: Work) -> None:
        key = program_key(work.key)
        kode, desired = work.resolved.kode, work.resolved.desired
        suspend = is_to_rest(work.inputs.kode)
        if suspend or is_withheld(work.resolved):
            self._stop(key)
        if not await self._remove_instances(work.key, but=work.instance):
            text = "an earlier Kode of this name is being stopped"
            work.problems.append(NotReady(Reason.STARTING, text))
            return
        if kode is None or desired is None:
            return
        claim = claim_name(desired.kode)
        folder = self._paths.volume(work.key.namespace, claim)
        work.lost = not await self._look_at_home(work, desired, folder)
        try:
            if work.before:
                port = work.before.sidecar.upstream.port
                self._host_resources.reserve_port(work.instance, port, in_use=self._lives(key))
            plan = await self._host_resources.plan(desired, work.inputs, work.key, work.instance)
        except KodeError as error:
            work.problems.append(error)
            return
        work.plan = replace(plan, program=revisions.with_restart_mark(plan.program, work.inputs))
        work.unsupported = plan.unsupported
        before = work.before.sidecar if work.before else None
        fallback_password = secrets.token_urlsafe(_SESSION_BYTES)
        users, session = credentials.sidecar_users(
            before, desired.kode.credentials, fallback_password
        )
        sidecar = replace(
            desired.sidecar, upstream=work.plan.upstream, users=users, session=session
        )
        work.revision = revisions.revision_of(
            work.inputs, (kode, desired.kode), work.plan.program, sidecar, claim
        )
        if suspend:
            return
        work.pending = revisions.is_update_pending(
            work.before, work.revision, self._supervisor.state(key)
        )
        if work.pending or key in self._stopping or work.lost:
            return
        await asyncio.to_thread(volume_files.make, folder, desired.kode.workspace)
        work.home_claim = volumes.home_claim(work.inputs, desired.kode.uid)
        folder_of_run = self._paths.run / work.instance
        self._instances.setdefault(key, set()).add(work.instance)
        await asyncio.to_thread(revisions.save, folder_of_run, work.revision, work.plan)
        await self._supervisor.want(work.plan.program)

    async def _look_at_home(self, work: "Work", desired: DesiredState, folder: Path) -> bool:
        """Return whether the home is there or may be made; note the problem where it is gone."""
        if await asyncio.to_thread(folder.is_dir):
            work.home_claim = volumes.home_claim(work.inputs, desired.kode.uid)
            return True
        if not volumes.is_lost(work.inputs, desired.kode):
            return True
        # An empty home made in silence would look like lost work that nobody told of.
        text = (
            f"the folder of the home is gone: {folder}. Put it back, or begin anew with an empty "
            f"home: {homes.begin_anew(work.key.name)}"
        )
        work.problems.append(RefNotFound(Reason.CLAIM_LOST, text))
        return False

    def _stop(self, key: str) -> None:
        if key in self._stopping or self._supervisor.state(key) is None:
            return
        task = asyncio.create_task(self._supervisor.unwant(key))
        self._stopping[key] = task
        task.add_done_callback(lambda _: self._stopped(key))

    def _stopped(self, key: str) -> None:
        del self._stopping[key]
        self._enqueue(kode_key(key))

    def _lives(self, key: str) -> bool:
        state = self._supervisor.state(key)
        return state is not None and state.phase is not Phase.WAITING

    async def _remove_instances(self, key: Key, but: str = "") -> bool:
        """Stop and forget what is left of Kodes that are gone; return whether nothing is.

        Args:
            key: their name.
            but: the instance of the Kode that has this name now; empty where none has.
        """
        program = program_key(key)
        gone = self._instances.get(program, set()) - {but}
        if gone or not but:
            self._stop(program)
        if not gone or program in self._stopping:
            return not gone
        for instance in gone:
            for folder in (self._paths.run / instance, self._paths.log(instance).parent):
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        self._instances[program] -= gone
        return True

    def _route(self, work: Work) -> Route:
        key = work.key
        state = self._supervisor.state(program_key(key))
        phase = state.phase if state else Phase.STOPPED
        revision = work.before if work.pending or not work.revision else work.revision
        word: str = "stopped"
        if phase in (Phase.RUNNING, Phase.UNHEALTHY):
            word = "running"
        elif phase in (Phase.STARTING, Phase.WAITING):
            word = "failed" if state and state.restarts else "starting"
        elif work.installing:
            word = "starting"
        elif work.all_problems:
            word = "failed"
        return Route(
            id=work.instance,
            hosts=(f"{names.host(key.name, key.namespace)}.localhost",),
            title=f"{key.namespace}/{key.name}",
            state=word,  # type: ignore[arg-type]
            # Before it answers there is nowhere to lead to: Envoy would look for it in vain, and
            # then wait before it looks again.
            sidecar=revision.sidecar if revision and word == "running" else None,
        )

    def _tell(self, work: Work, turn: int) -> bool:
        kode, key = work.inputs.kode, work.key
        if refusal := self._routes.refusal(work.instance):
            text = f"the proxy config is refused by Envoy: {refusal}"
            work.problems.append(RefNotFound(Reason.PROXY_CONFIG_INVALID, text))
        revision = work.revision if not work.pending else work.before
        previous = kode.get("status") or {}
        now = stamp()
        inputs = Observation(
            problems=work.all_problems,
            suspend=is_to_rest(kode),
            claim=work.resolved.claim or work.inputs.claim,
            home_claim=work.home_claim,
            pod=self._view(key, work),
            pod_hash=revision.pod_hash if revision else None,
            update_pending=work.pending,
            notes=work.notes,
            unsupported=work.unsupported,
            unserved=self._routes.why_unserved(key),
            noun="editor",
        )
        template = (work.inputs.template or {}).get("metadata") or {}
        status = status_of(
            inputs,
            generation=int(kode["metadata"].get("generation", 0)),
            template_generation=int(template.get("generation", 0)),
            previous=previous,
            now=now,
        )
        status["url"] = f"{self._url_of(key)}/"
        if work.plan:
            status["runtime"] = work.plan.runtime
        elif "runtime" in previous:
            status["runtime"] = previous["runtime"]
        if status == previous:
            return True
        if not self._statuses.write(kode, status, turn):
            return False
        for notice in events_for(status, previous):
            self._store.record(
                Event(now, notice.type, notice.reason, notice.message, key.namespace, key.name)
            )
        return True

    def _view(self, key: Key, work: Work) -> PodView | None:
        program = program_key(key)
        state = self._supervisor.state(program)
        revision = work.revision if not work.pending else work.before
        if state is not None and _is_on_its_way_out(state, work):
            state = replace(state, phase=Phase.STOPPING)
        if state is not None and state.phase is Phase.WAITING:
            self._failed[program] = state
        elif state is None or state.phase is not Phase.STARTING:
            self._failed.pop(program, None)
        return as_pod_view(state, revision.pod_hash if revision else "", self._failed.get(program))

    def _url_of(self, key: Key) -> str:
        scheme, _, place = self._url.partition("://")
        return f"{scheme}://{names.host(key.name, key.namespace)}.{place}"


def _is_on_its_way_out(state: State, work: Work) -> bool:
    """Tell whether what runs is what was wanted before, and not the start that was asked for."""
    if work.plan is None or work.pending or work.lost:
        return False
    runs = state.phase in (Phase.RUNNING, Phase.UNHEALTHY)
    return runs and state.digest != work.plan.program.digest


def program_key(key: Key) -> str:
    """Return the key of a Kode's program."""
    return f"{key.namespace}/{key.name}"


def kode_key(program: str) -> Key:
    """Return the key of a program's Kode."""
    namespace, _, name = program.partition("/")
    return Key(KODE, namespace, name)
