"""What a running program was made from, so that a template's edit waits and a Kode's own does not.

Rule: whose change it is decides, as on a cluster (kode.controllers.rollout): what the Kode itself
asks for is taken at once, what a template asks for never ends somebody's work. What stands before
the program (proxy config, user, password) is no part of it, and is changed under it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from pydantic import TypeAdapter

from kode import labels, names
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
_LOGIN = frozenset({"user", "existingSecret"})
"""What a Kode says of its login: the sidecar's business."""
_USER = "owner.name"
"""The placeholder of a template by which a program can know the user's name."""


@dataclass(frozen=True)
class Revision:
    """What a program was made from.

    Attributes:
        key: of the program.
        kode: digest of what the Kode itself asks of it.
        pod_hash: digest of all that it follows from.
        sidecar: what stands before it; its filters and clusters are those that Envoy took last, if
            it has taken any.
        claim: name of the claim that it has mounted.
        lock: the random value from which the key of an image with a lock of its own is made; empty
            for an image without.
    """

    key: str
    kode: str
    pod_hash: str
    sidecar: Sidecar = field(repr=False)
    claim: str = ""
    lock: str = field(default="", repr=False)


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
    own = [
        {key: it for key, it in resolved.kode_inputs.items() if key not in _LOGIN},
        restarted_at(inputs.kode, inputs.template, inputs.proxy_config),
        kode.metadata.annotations.get(labels.RUNTIME, ""),
        _known_login(inputs, kode, resolved),
    ]
    if network := kode.metadata.annotations.get(labels.NETWORK):
        own.append(network)
    return Revision(program.key, _digest(own), program.digest, sidecar, claim)


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


def save(folder: Path, revision: Revision) -> None:
    """Write down what runs, and what stands before it, for whoever comes later.

    Args:
        folder: of the instance.
        revision: what it was made from.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _put(folder / _FILE, asdict(revision))


def save_environment(folder: Path, planned: Plan) -> None:
    """Write down in what environment a program runs, for whoever runs something beside it.

    Args:
        folder: of the instance.
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


def _known_login(inputs: LocalInputs, kode: Kode, resolved: ResolvedKode) -> list[str]:
    """Return what the program itself knows of the login.

    That is the user's name where an image with a lock of its own asks for it, or where the template
    fills it in.
    """
    login = resolved.credentials
    if login and resolved.image_profile.uses_basic_auth:
        return [login.user]
    names_user = labels.OWNER_NAME not in kode.metadata.annotations
    if names_user and _USER in json.dumps(inputs.template):
        return [login.user if login else kode.spec.user or ""]
    return []


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return names.hash_text(text)
