"""One whole reconcile of one Kode on one machine: gather, decide, apply, report.

Rule: whatever happens in it stays with its Kode: a failure becomes a condition or a line in the
log, and a later try.
"""

import asyncio
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace

from kode import names
from kode.api.meta import Object
from kode.desired.desired_state import DesiredState
from kode.errors import KodeError
from kode.evaluate.report import Report
from kode.platform.local.paths import Paths
from kode.platform.local.program import ProgramPhase, State
from kode.platform.local.reconcile import report as reports
from kode.platform.local.reconcile import revision as revisions
from kode.platform.local.reconcile.decide import LocalDecision, Machine, Writes, decide, refuse
from kode.platform.local.reconcile.gather import LocalInputs, gather
from kode.platform.local.reconcile.host_resources import HostResources
from kode.platform.local.reconcile.resolve import ResolvedInputs, resolve_kode
from kode.platform.local.reconcile.revision import Revision
from kode.platform.local.reconcile.routes import Routes
from kode.platform.local.runtime import volume_files
from kode.platform.local.runtime.host import HostContext
from kode.platform.local.status.statuses import KODE, Statuses, timestamp
from kode.platform.local.store.objects import CLAIM, Key, StoredObject
from kode.platform.local.store.store import LocalStore
from kode.platform.local.supervisor.supervisor import Supervisor
from kode.platform.port import Event
from kode.render.storage import claim_name

_GENERATED_BYTES = 18
_SESSION_BYTES = 32


@dataclass(frozen=True)
class Dependencies:
    """What a reconcile works with.

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

    store: LocalStore
    statuses: Statuses
    supervisor: Supervisor
    paths: Paths
    host_resources: HostResources
    routes: Routes
    url: str
    enqueue: Callable[[Key], None]


@dataclass(frozen=True)
class Reconciled:
    """What was decided and applied, to be reported.

    Attributes:
        key: the Kode.
        instance: its id on this machine.
        inputs: what the store had.
        decision: what was decided.
    """

    key: Key
    instance: str
    inputs: LocalInputs
    decision: LocalDecision


class LocalReconciler:
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

    async def reconcile(self, key: Key) -> Reconciled | None:
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
        instance = names.instance(key.name, str(inputs.kode["metadata"]["uid"]))
        machine = await self._look_at_machine(key, inputs, resolved, instance)
        decision = decide(inputs, resolved, machine)
        await asyncio.to_thread(self._write, decision.writes)
        program = program_key(key)
        if decision.stop:
            self._stop(program)
        else:
            decision = await self._validate(inputs, decision, instance)
            await self._apply(key, instance, resolved, decision)
        state = self._supervisor.state(program)
        self._routes.set(key, reports.route_to(inputs, decision, instance, state))
        return Reconciled(key, instance, inputs, decision)

    async def report(self, reconciled: Reconciled) -> None:
        """Write what came of a reconcile into the Kode's status, where that is news.

        Raises:
            KodeError: it cannot be written.
        """
        turn = self._statuses.turn
        key, now = reconciled.key, timestamp()
        progress = reports.ProgramProgress(
            program=self._supervisor.state(program_key(key)),
            failure=self._last_failure(program_key(key)),
            unserved=self._routes.why_unserved(key),
        )
        report = reports.report(reconciled.inputs, reconciled.decision, progress, self._url, now)
        if report and not await asyncio.to_thread(self._put, reconciled, report, now, turn):
            self._enqueue(key)

    async def delete_released_volumes(self) -> None:
        """Delete the files of claims that are going, where nothing that runs has them open."""
        for claim in (await asyncio.to_thread(self._store.list, CLAIM)).items:
            metadata = claim["metadata"]
            if "deletionTimestamp" not in metadata or await self._is_mounted(claim):
                continue
            folder = self._paths.volume(metadata["namespace"], metadata["name"])
            await asyncio.to_thread(volume_files.remove, folder)
            await asyncio.to_thread(self._store.finalize_claim, claim)

    async def close(self) -> None:
        """Give up what is being installed, and wait for what is stopping."""
        self._host_resources.close()
        await asyncio.gather(*self._stopping.values(), return_exceptions=True)

    async def _is_mounted(self, claim: Object) -> bool:
        prefix, name = f"{claim['metadata']['namespace']}/", claim["metadata"]["name"]
        programs = self._supervisor.keys()
        running = {program for program in programs if program.startswith(prefix)}
        loaded = (await self._load_revisions()).values()
        known = [revision for revision in loaded if revision.key in running]
        # What is not known to have another one may have this one.
        return any(it.claim == name for it in known) or bool(running - {it.key for it in known})

    async def _load_revisions(self) -> dict[str, Revision]:
        return await asyncio.to_thread(revisions.load_all, self._paths.run)

    # Gather

    async def _look_at_machine(
        self, key: Key, inputs: LocalInputs, resolved: ResolvedInputs, instance: str
    ) -> Machine:
        program = program_key(key)
        machine = Machine(
            host=None,
            revision=await asyncio.to_thread(revisions.load, self._paths.run / instance),
            has_leftovers=not await self._remove_instances(key, but=instance),
            session=secrets.token_urlsafe(_SESSION_BYTES),
            lock=secrets.token_urlsafe(_SESSION_BYTES),
        )
        if resolved.desired and not machine.has_leftovers:
            volume = self._paths.volume(key.namespace, claim_name(resolved.desired.kode))
            machine = replace(
                machine,
                volume=volume,
                has_volume=await asyncio.to_thread(volume.is_dir),
                host=await self._host(key, inputs, resolved.desired, (instance, machine.revision)),
            )
        return replace(
            machine,
            program=self._supervisor.state(program),
            is_stopping=program in self._stopping,
        )

    async def _host(
        self,
        key: Key,
        inputs: LocalInputs,
        desired: DesiredState,
        known: tuple[str, Revision | None],
    ) -> HostContext | KodeError:
        instance, revision = known
        if revision:
            state = self._supervisor.state(program_key(key))
            in_use = state is not None and state.phase is not ProgramPhase.BACKOFF
            port = revision.sidecar.upstream.port
            self._host_resources.reserve_port(instance, port, in_use=in_use)
        try:
            return await self._host_resources.host_context(desired, inputs, key, instance)
        except KodeError as error:
            return error

    def _last_failure(self, program: str) -> State | None:
        state = self._supervisor.state(program)
        if state is not None and state.phase is ProgramPhase.BACKOFF:
            self._failed[program] = state
        elif state is None or state.phase is not ProgramPhase.STARTING:
            self._failed.pop(program, None)
        return self._failed.get(program)

    # Apply

    async def _validate(
        self, inputs: LocalInputs, decision: LocalDecision, instance: str
    ) -> LocalDecision:
        """Return a decision whose sidecar Envoy takes, if there is one."""
        if decision.revision is None:
            return decision
        route = reports.route_to(inputs, decision, instance, None)
        sidecar, fallback = decision.revision.sidecar, decision.fallback
        refusal = await self._routes.validate(replace(route, sidecar=sidecar))
        if not refusal:
            return decision
        lost = fallback is None or await self._routes.validate(replace(route, sidecar=fallback))
        return refuse(decision, refusal, guarded=not lost)

    async def _apply(
        self, key: Key, instance: str, resolved: ResolvedInputs, decision: LocalDecision
    ) -> None:
        revision, folder = decision.revision, self._paths.run / instance
        if revision is None:
            return
        if decision.run is None or resolved.desired is None:
            if decision.previous:
                # What goes on is made from what it was; only what stands before it is another.
                kept = replace(decision.previous, sidecar=revision.sidecar)
                await asyncio.to_thread(revisions.save, folder, kept)
            return
        program, kode = program_key(key), resolved.desired.kode
        volume = self._paths.volume(key.namespace, claim_name(kode))
        await asyncio.to_thread(volume_files.make, volume, kode.workspace)
        self._instances.setdefault(program, set()).add(instance)
        await asyncio.to_thread(revisions.save_environment, folder, decision.run)
        await asyncio.to_thread(revisions.save, folder, revision)
        await self._supervisor.run(decision.run.program)

    def _write(self, writes: Writes) -> None:
        if writes.secret:
            self._put_document(writes.secret)
        if writes.kode:
            self._store.replace(writes.kode)
        if writes.claim:
            metadata = writes.claim["metadata"]
            if writes.is_new_claim:
                # Before the claim, so that one whose folder is not there has lost it.
                volume_files.make(self._paths.volume(metadata["namespace"], metadata["name"]))
            self._put_document(writes.claim)

    def _put_document(self, document: Object) -> None:
        self._store.edit(
            Key.of(document),
            lambda live: replace(live or StoredObject({}), document=dict(document)),
        )

    def _put(self, reconciled: Reconciled, report: Report, now: str, turn: int) -> bool:
        if not self._statuses.write(reconciled.inputs.kode, report.status, turn):
            return False
        key = reconciled.key
        for event in report.events:
            self._store.record(
                Event(now, event.type, event.reason, event.message, key.namespace, key.name)
            )
        return True

    def _stop(self, program: str) -> None:
        if program in self._stopping or self._supervisor.state(program) is None:
            return
        task = asyncio.create_task(self._supervisor.stop(program))
        self._stopping[program] = task
        task.add_done_callback(lambda _: self._on_stopped(program))

    def _on_stopped(self, program: str) -> None:
        del self._stopping[program]
        self._enqueue(kode_key(program))

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


def program_key(key: Key) -> str:
    """Return the key of a Kode's program."""
    return f"{key.namespace}/{key.name}"


def kode_key(program: str) -> Key:
    """Return the key of a program's Kode."""
    namespace, _, name = program.partition("/")
    return Key(KODE, namespace, name)
