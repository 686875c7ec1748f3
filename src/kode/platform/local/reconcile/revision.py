"""What a running program was made from, so that a template's edit waits and a Kode's own does not.

Rule: whose change it is decides, as on a cluster (kode.controllers.rollout): what the Kode itself
asks for is taken at once, what a template or a proxy config asks for never ends somebody's work.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from pydantic import TypeAdapter

from kode import labels
from kode.api.kode import Kode
from kode.desired.resolve_references import restarted_at
from kode.gateway.sidecar import Sidecar
from kode.platform.local.files import write_if_changed
from kode.platform.local.program import Program, ProgramPhase, State
from kode.platform.local.reconcile.gather import LocalInputs
from kode.platform.local.runtime.plan import Plan
from kode.render.resolve import ResolvedKode

_FILE = "made.json"
_ENVIRONMENT = "environment.json"


@dataclass(frozen=True)
class Revision:
    """What a program was made from.

    Attributes:
        key: of the program.
        kode: digest of what the Kode itself asks for.
        pod_hash: digest of all that it follows from.
        sidecar: what stands before it.
        claim: name of the claim that it has mounted.
    """

    key: str
    kode: str
    pod_hash: str
    sidecar: Sidecar = field(repr=False)
    claim: str = ""


_REVISION = TypeAdapter(Revision)


def revision_of(
    inputs: LocalInputs,
    desired: tuple[Kode, ResolvedKode],
    program: Program,
    sidecar: Sidecar,
    claim: str,
) -> Revision:
    """Return what a program is made from."""
    kode, resolved = desired
    credentials = resolved.credentials
    own = [
        resolved.kode_inputs,
        restarted_at(inputs.kode, inputs.template, inputs.proxy_config),
        kode.metadata.annotations.get(labels.RUNTIME, ""),
        [credentials.user, credentials.password] if credentials else [],
    ]
    if network := kode.metadata.annotations.get(labels.NETWORK):
        own.append(network)
    before = asdict(sidecar)
    if sidecar.upstream.socket:
        # In which folder it is says nothing of what is asked for.
        before["upstream"]["socket"] = Path(sidecar.upstream.socket).name
    whole = [program.digest, before]
    return Revision(program.key, _digest(own), _digest(whole), sidecar, claim)


def with_restart_mark(program: Program, inputs: LocalInputs) -> Program:
    """Return a program that is another one for each restart that was asked for."""
    mark = restarted_at(inputs.kode, inputs.template, inputs.proxy_config)
    return replace(program, mark=mark)


def is_update_pending(before: Revision | None, now: Revision, state: State | None) -> bool:
    """Tell whether what runs is kept as it is until the next start.

    Args:
        before: what runs was made from; None where that is not known.
        now: what it would be made from now.
        state: of the program; None where there is none.
    """
    if (
        before is None
        or state is None
        or state.phase not in (ProgramPhase.RUNNING, ProgramPhase.UNHEALTHY)
    ):
        # Nobody works in an editor that is not up; a mended template must reach it.
        return False
    return before.kode == now.kode and before.pod_hash != now.pod_hash


def save(folder: Path, found: Revision, planned: Plan) -> None:
    """Write down what runs, and in what environment, for whoever comes later.

    Args:
        folder: of the instance.
        found: what it was made from.
        planned: what runs.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    main = planned.program.main
    place = {"cwd": str(main.cwd), "enter": planned.enter, "within": planned.within}
    place["bin"] = str(planned.bin or "")
    environment = {"argv": main.argv, "env": dict(main.env), **place}
    _put(folder / _ENVIRONMENT, environment)
    _put(folder / _FILE, asdict(found))
    if planned.bin:
        _put_commands(planned.bin, planned.commands)


def load(folder: Path) -> Revision | None:
    """Return what was written down last; None where nothing that can be read was."""
    try:
        return _REVISION.validate_json((folder / _FILE).read_bytes())
    except (OSError, ValueError):
        return None


def load_all(run: Path) -> dict[str, Revision]:
    """Return what stands written down in the folder of what runs, by instance."""
    found = {path.parent.name: load(path.parent) for path in run.glob(f"*/{_FILE}")}
    return {instance: item for instance, item in found.items() if item}


def _put(file: Path, value: object) -> None:
    write_if_changed(file, json.dumps(value))


def _put_commands(folder: Path, commands: Mapping[str, str]) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in folder.iterdir():
        if old.name not in commands:
            old.unlink(missing_ok=True)
    for name, text in commands.items():
        # In one step: somebody may be running it.
        write_if_changed(folder / name, text, mode=0o700)


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
