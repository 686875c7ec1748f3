"""One machine around the real store: programs start, answer and crash when a test says so.

Rule: gather, resolve, decide and report are the real ones, and so is the store; what would look at
this machine, or run something on it, is said by the test.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from kode import labels, names
from kode.api.conditions import Reason
from kode.api.meta import Object
from kode.errors import KodeError, NotReady, PlatformError
from kode.evaluate.events import KodeEvent
from kode.gateway.sidecar import Sidecar
from kode.platform.local.editors.editor import Editor
from kode.platform.local.paths import Paths
from kode.platform.local.platform import LocalPlatform
from kode.platform.local.program import ProgramPhase, State
from kode.platform.local.reconcile import decide as decisions
from kode.platform.local.reconcile.decide import LocalDecision
from kode.platform.local.reconcile.gather import LocalInputs, gather
from kode.platform.local.reconcile.report import ProgramProgress, report, route_to
from kode.platform.local.reconcile.resolve import resolve_kode
from kode.platform.local.reconcile.revision import Revision
from kode.platform.local.runtime.engine import Engine
from kode.platform.local.runtime.host import HostContext
from kode.platform.local.store.objects import CLAIM, Key, StoredObject
from kode.platform.local.store.store import LocalStore
from kode.render.resolve import Credentials
from kode.render.secret import htpasswd

NAMESPACE = "team"
_MOST_PASSES = 20
_URL = "http://localhost:8080"
_NOW = "2026-01-01T00:00:00Z"
_FOLDER = Path("/volumes/team")
_UP = (ProgramPhase.RUNNING, ProgramPhase.UNHEALTHY)


class Machine:
    """A store, one Kode's program, and whatever else a machine has.

    Attributes:
        writes: what was written, run and stopped, in order.
        events: what was reported to have happened.
        ready: whether editors come up.
        crash: the last words of an editor that crashes; empty where it does not.
        podman: whether there is one.
        installing: how far its editor's install is; empty where it is installed.
        install_fails: why its editor cannot be installed; empty where it can.
        refusal: why Envoy refuses what it has not taken before; empty where it does not.
    """

    def __init__(self, folder: Path) -> None:
        self._paths = Paths(folder, folder)
        self._platform = LocalPlatform(self._paths)
        self._store = LocalStore(self._paths.store)
        self._program: State | None = None
        self._digest = ""
        """Of the program that was asked for last."""
        self._instance = ""
        self._route = ""
        self._sidecar: Sidecar | None = None
        self._folders: set[str] = set()
        self._revisions: dict[str, Revision] = {}
        self._numbers = count()
        self._taken: list[object] = []
        """Filters that Envoy has taken."""
        self.writes: list[str] = []
        self.events: list[KodeEvent] = []
        self.ready = True
        self.crash = ""
        self.podman = False
        self.installing = ""
        self.install_fails = ""
        self.refusal = ""

    def close(self) -> None:
        asyncio.run(self._platform.close())
        self._store.close()

    # What people and the machine do

    def write(self, document: Object) -> None:
        asyncio.run(self._platform.apply(document))

    def edit(self, kind: str, name: str, merge: Object) -> None:
        live = self._store.get(kind, name, NAMESPACE)
        asyncio.run(self._platform.replace(_merged(live, merge)))

    def delete(self, kind: str, name: str) -> None:
        namespace = "" if "Cluster" in kind else NAMESPACE
        asyncio.run(self._platform.delete(kind, name, namespace))

    def renew_home(self, name: str) -> None:
        asyncio.run(self._platform.renew_home(name, NAMESPACE))
        claim = names.home_claim(name)
        if self._paths.volume(NAMESPACE, claim).is_dir():
            self._folders.add(claim)

    def lose_folder(self, claim: str) -> None:
        self._folders.discard(claim)

    def find(self, kind: str, name: str) -> Object | None:
        return self._store.find(kind, name, NAMESPACE)

    @property
    def guard(self) -> list[str]:
        """Return what stands before the editor: who decides, and the proxy config's filters."""
        if self._sidecar is None:
            return []
        filters = (str(item["name"]) for item in self._sidecar.http_filters)
        return [str(self._sidecar.auth_mode), *filters]

    def is_let_in(self, user: str, password: str) -> bool:
        """Tell whether the sidecar knows a login."""
        line = htpasswd(Credentials(user, password, ""))
        return self._sidecar is not None and line in self._sidecar.users

    @property
    def state(self) -> str:
        """Return what runs, and where the gateway leads."""
        return f"{self._program.phase if self._program else 'nothing runs'}, route {self._route}"

    # The platform

    def settle(self, name: str) -> None:
        """Reconcile until nothing moves."""
        for _ in range(_MOST_PASSES):
            before = self._store.version(), self._program
            self._release()
            self._reconcile(Key("Kode", NAMESPACE, name))
            self._step()
            if before == (self._store.version(), self._program):
                return
        raise AssertionError(f"{name} does not come to rest: {self.writes[-8:]}")

    def _reconcile(self, key: Key) -> None:
        inputs = gather(self._store, key)
        if inputs is None:
            self._stop()
            self._route = "none"
            return
        resolved = resolve_kode(inputs, "made up")
        instance = names.instance(key.name, str(inputs.kode["metadata"]["uid"]))
        claim = str(
            (resolved.claim or inputs.claim or {"metadata": {"name": ""}})["metadata"]["name"]
        )
        leftovers = self._program is not None and self._instance not in ("", instance)
        if leftovers:
            self._stop()
        machine = decisions.Machine(
            host=self._host(instance, claim, inputs),
            volume=_FOLDER / claim,
            revision=self._revisions.get(instance),
            program=self._program,
            has_volume=claim in self._folders,
            has_leftovers=leftovers,
            session="a session",
            lock=f"lock {next(self._numbers)}",
        )
        decision = self._validate(decisions.decide(inputs, resolved, machine))
        self._apply(decision, instance, claim)
        self._report(inputs, decision, instance)

    def _validate(self, decision: LocalDecision) -> LocalDecision:
        if decision.stop or decision.revision is None:
            return decision
        if self._takes(decision.revision.sidecar):
            return decision
        guarded = decision.fallback is not None and self._takes(decision.fallback)
        return decisions.refuse(decision, self.refusal, guarded=guarded)

    def _takes(self, sidecar: Sidecar) -> bool:
        filters = list(sidecar.http_filters)
        if filters and not self.refusal:
            self._taken.append(filters)
        return not filters or filters in self._taken

    def _apply(self, decision: LocalDecision, instance: str, claim: str) -> None:
        writes = decision.writes
        if writes.is_new_claim:
            self._folders.add(claim)
        for document in (writes.secret, writes.kode, writes.claim):
            if document:
                self._put(document)
        if decision.stop:
            self._stop()
        if decision.revision is None:
            return
        if decision.run is None:
            if decision.previous and not decision.stop:
                kept = replace(decision.previous, sidecar=decision.revision.sidecar)
                self._revisions[instance] = kept
            return
        self._folders.add(claim)
        self._revisions[instance], self._instance = decision.revision, instance
        digest = decision.run.program.digest
        self._digest = digest
        if self._program is None:
            self.writes.append("start")
            self._program = State(ProgramPhase.STARTING, digest, 0.0)

    def _report(self, inputs: LocalInputs, decision: LocalDecision, instance: str) -> None:
        route = route_to(inputs, decision, instance, self._program)
        refused = route.sidecar is not None and decision.refusal and not decision.is_guarded
        self._route = route.state + (", refused" if refused else "")
        self._sidecar = None if refused else route.sidecar
        failed = self._program if self._program and self._program.message else None
        unserved = "the gateway does not lead to it" if refused else ""
        progress = ProgramProgress(self._program, failed, unserved)
        found = report(inputs, decision, progress, _URL, _NOW)
        if found:
            self._store.write_status(inputs.kode, found.status)
            self.events.extend(found.events)

    def _put(self, document: Object) -> None:
        def put(live: StoredObject | None) -> StoredObject:
            return replace(live or StoredObject({}), document=dict(document))

        self.writes.append(f"write {document['kind']} {document['metadata']['name']}")
        self._store.edit(Key.of(document), put)

    def _stop(self) -> None:
        if self._program:
            self.writes.append("stop")
        self._program = None

    def _step(self) -> None:
        if self._program and self._program.digest != self._digest:
            self.writes.append("start anew")
            self._program = State(ProgramPhase.STARTING, self._digest, 0.0)
        elif self._program and self._program.phase in (ProgramPhase.STARTING, *_UP) and self.crash:
            self._program = replace(
                self._program,
                phase=ProgramPhase.BACKOFF,
                step="editor",
                exit_code=1,
                message=self.crash,
            )
        elif self._program and self._program.phase is ProgramPhase.STARTING and self.ready:
            self._program = replace(self._program, phase=ProgramPhase.RUNNING)

    def _release(self) -> None:
        for claim in self._store.list(CLAIM).items:
            if "deletionTimestamp" in claim["metadata"] and self._program is None:
                self._folders.discard(claim["metadata"]["name"])
                self._store.finalize_claim(claim)

    def _host(self, instance: str, claim: str, inputs: LocalInputs) -> HostContext | KodeError:
        if self.install_fails:
            return PlatformError(Reason.EDITOR_UNAVAILABLE, self.install_fails)
        if self.installing:
            return NotReady(Reason.STARTING, f"installing code-server: {self.installing}")
        annotations = inputs.kode["metadata"].get("annotations") or {}
        requested = annotations.get(labels.RUNTIME, "")
        return HostContext(  # noqa: S604 - the user's shell is a path
            instance=instance,
            volume=_FOLDER / claim,
            sockets=Path("/s"),
            log=Path("/l/log"),
            port=40001,
            user="ann",
            shell="/bin/sh",
            requested_runtime=requested,
            uid=501,
            gid=502,
            engine=Engine("/usr/bin/podman", "5.4", rootless=True) if self.podman else None,
            editor=Editor("code-server", "4.1", ("/cache/node", "/cache/entry.js"), Path("/cache")),
        )


@contextlib.contextmanager
def machine() -> Iterator[Machine]:
    """Give a machine, on which nothing is yet."""
    with TemporaryDirectory(prefix="kode-") as folder:
        made = Machine(Path(folder))
        try:
            yield made
        finally:
            made.close()


def _merged(live: Object, merge: Object) -> Object:
    found = dict(live)
    for key, value in merge.items():
        if value is None:
            found.pop(key, None)
        elif isinstance(value, dict):
            found[key] = _merged(found.get(key) or {}, value)
        else:
            found[key] = value
    return found
