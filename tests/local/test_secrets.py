"""Nothing secret leaves: a machine whose Kodes hold canaries everywhere, through a whole life.

Rule: what is searched is all that a platform leaves: every file with its mode, every word that a
command printed, every command line of the machine from the first start to the last end. That the
search finds what it looks for is shown as well.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from kode.platform.local.editors.catalog import CODE_SERVER, JUPYTERLAB
from kode.platform.local.paths import Paths
from kode.platform.local.store.store import LocalStore
from tests import canaries
from tests.canaries import CANARY, leaks
from tests.documents import Document, proxy_document
from tests.local import traces
from tests.local.kodes import LOGIN, kode, tiny
from tests.local.machine import Machine, newcomers
from tests.local.test_started import installed
from tests.polling import until
from tests.sweep import CommandLines, Search, told

pytestmark = [pytest.mark.slow, pytest.mark.attack]

_TEMPLATES = {"code-server": CODE_SERVER, "python": JUPYTERLAB}
_ENV = ("TOKEN", "REGISTRY_PASSWORD", "DOCKER_AUTH_CONFIG", "PASSWORD", "HASHED_PASSWORD")
_ODD: list[Any] = [CANARY, [CANARY], {"no_such": CANARY}]
_PER_VALUE = 2
_TOKEN = "written-by-the-author-of-the-Kode-b9Xq"
"""Stands in env, so in the Kode itself, as its author wrote it."""


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the folder of temporary files of all that is started here."""
    with tempfile.TemporaryDirectory(prefix="kode-") as name:
        monkeypatch.setenv("TMPDIR", name)
        yield Path(name)


def test_a_whole_life_tells_no_secret(temporary: Path) -> None:
    for name in _TEMPLATES.values():
        installed(name)
    with newcomers() as machine:
        machine.up()
        _live(machine)
        secrets = traces.made_up(machine)
        # The homes as well: nobody has worked in them, so what is there is Kode's doing.
        text = told(traces.leaks(machine, secrets, own={_TOKEN}, homes=True))
        assert not text, text
        _end(machine)
        text = told(Search({*secrets, _TOKEN}).folder(temporary))
        assert not text, text


def _live(machine: Machine) -> None:
    """Start what runs, and refuse what does not, with canaries everywhere."""
    guards = dict(_guards())
    machine.apply(*map(json.dumps, guards.values()))
    machine.apply(*(tiny(name, f"  envoyProxyRef: {_ref(it)}") for name, it in guards.items()))
    env = ", ".join(f"{{name: {name}, value: {_TOKEN}}}" for name in _ENV)
    wish = f"  user: me\n  password: {CANARY}\n"
    machine.apply(*(kode(name, template=name, more=wish) for name in guards))
    for name in _TEMPLATES:
        machine.apply(kode(name, template=name, more=f"{wish}  env: [{env}]"))
    _refuse(machine)
    machine.kode("create", "typed", "--template=right", "--password=-", "--wait", given=CANARY)
    machine.ready("right")
    for name in _TEMPLATES:
        machine.ready(name)
        assert machine.ask(f"{name}.localhost", login=LOGIN).status in {200, 302}
        assert machine.ask(f"{name}.localhost", login=("me", f"{CANARY}!")).status == 401
    for name in guards.keys() - {"right"}:
        until(lambda name=name: _is_refused(machine, name), lambda name=name: name)  # type: ignore[misc]
        machine.run("describe", name)
    for name in (*_TEMPLATES, "right"):
        machine.kode("restart", name, "--wait")
        machine.run("describe", name)
        machine.run("logs", name)
        assert CANARY not in machine.kode("open", name, "--print", "-o", "json")
    machine.kode("logs", "right", "--sidecar")
    machine.kode("events")
    machine.run("doctor")
    for words in (["list"], ["templates"], ["status"]):
        machine.run(*words, "-o", "json")


def _end(machine: Machine) -> None:
    machine.kode("stop", "right", "--wait")
    machine.kode("delete", "code-server", "--wait")
    machine.kode("down")


def _guards() -> Iterator[tuple[str, Document]]:
    """Yield proxy configs with canaries: one that Envoy takes, and some that nobody does."""
    spec = {"authType": "basic", "httpFilters": canaries.filters()[2:]}
    yield "right", _guard("right", spec)
    whole = {"httpFilters": canaries.filters(), "clusters": canaries.clusters(), **spec}
    broken = [
        changed
        for value in _ODD
        # Only what an object takes as it is: whatever is in a filter or a cluster.
        for changed in _some([it for at, it in canaries.planted(whole, value) if at.count(".") > 1])
    ]
    for number, changed in enumerate([whole, *broken]):
        yield f"broken-{number}", _guard(f"broken-{number}", changed)


def _some(every: list[Any]) -> list[Any]:
    return every[:: max(1, len(every) // _PER_VALUE)]


def _guard(name: str, spec: Mapping[str, Any]) -> Document:
    found = proxy_document("EnvoyProxyClusterConfig", **spec)
    return {**found, "metadata": {"name": name}}


def _ref(guard: Document) -> str:
    return f"{{kind: EnvoyProxyClusterConfig, name: {guard['metadata']['name']}}}"


def _refuse(machine: Machine) -> None:
    """Apply what is refused: each place of a Kode with a canary that does not belong there."""
    refused = 0
    for text in (
        kode("dev", more=f"  dotfiles: {{repository: 'https://{CANARY}@example.invalid/me'}}"),
        kode("dev", more=f"  dotfiles: {{repository: 'https://me:{CANARY}@example.invalid/x'}}"),
        kode("dev", more=f"  user: [{CANARY}]"),
        kode("dev", more=f"  password: {{x: {CANARY}}}"),
        kode("dev", more=f"  password: '{CANARY}{'x' * 5000}'"),
        kode("dev", more=f"  password: '{CANARY}\n\n  x'"),
        kode("dev", more=f"  user: 'a:b'\n  password: {CANARY}"),
        kode("dev", more=f"  password: {CANARY}\n  existingSecret: other"),
        kode("dev", more=f"  password: {CANARY}\n  env: {CANARY}"),
        kode("dev", more=f"  password: {CANARY}\n  storage: {{size: 1}}"),
        kode("Dev", more=f"  password: {CANARY}"),
        f"{kode('dev')}  password: {CANARY}\n  : {{",
        f"password: {CANARY}",
    ):
        refused += machine.run("apply", "-f", "-", given=text).returncode != 0
    assert refused > 8
    # It prints Secrets where it is given one, so here it is given what it refuses.
    machine.run("render", "-f", "-", given=f"{kode('dev')}  password: {{x: {CANARY}}}")


def _is_refused(machine: Machine, name: str) -> bool:
    found = machine.condition(name)
    return found.get("status") == "False" and found.get("reason") not in {"Starting", "Pending"}


# That the search finds what it looks for


def test_a_secret_is_found_wherever_a_platform_leaves_it(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "home", tmp_path / "cache", 1)
    assert traces.leaks(machine, set()) == []
    paths: dict[str, tuple[str, str]] = {
        "logs/dev-0/log": (CANARY[4:18], ""),
        "run/dev-0/other.json": (CANARY, ""),
        "volumes/default/dev-home/notes": ("x" * ((1 << 20) - 9) + CANARY, ""),
        f"run/{CANARY}": ("", "the name"),
    }
    for name, (content, _) in paths.items():
        path = machine.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (machine.root / "link").symlink_to(CANARY)
    found = traces.leaks(machine, set(), homes=True)
    assert len(found) == len(paths) + 1
    for name, (_, word) in paths.items():
        assert [leak for leak in found if name in leak.where and word in leak.where], name
    assert len(traces.leaks(machine, set())) == len(paths)


def test_a_file_that_may_hold_a_secret_may_be_read_by_nobody_else(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "home", tmp_path / "cache", 1)
    file = machine.root / "run" / "door" / "listeners.json"
    file.parent.mkdir(parents=True)
    file.write_text(CANARY)
    file.chmod(0o600)
    assert traces.leaks(machine, set()) == []
    file.chmod(0o640)
    (found,) = traces.leaks(machine, set())
    assert "mode 640" in found.where


def test_a_secret_is_found_in_what_a_command_prints(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "home", tmp_path / "cache", 1)
    generated = "a-password-that-was-made-up"
    for words, output in (
        (("describe", "dev"), f"env: {CANARY}"),
        (("list",), generated),
        (("open", "dev"), generated),
        (("exec", "dev"), CANARY),
    ):
        machine.said.append((words, output))
    found = traces.leaks(machine, {generated})
    assert [leak.where for leak in found] == ["kode describe dev", "kode list"]


def test_a_secret_is_found_in_the_command_line_of_a_program_that_is_soon_gone() -> None:
    lines = CommandLines()
    # Not a canary: the run's own watch would find it too.
    word = "not-a-canary-but-as-secret"
    with lines.watched():
        subprocess.run([sys.executable, "-c", "import time; time.sleep(0.2)", word], check=True)
    (found,) = lines.leaks(Search([word]))
    assert found.where == "a command line"


def test_what_a_platform_makes_up_is_searched_for(own_machine: Machine) -> None:
    own_machine.up("--empty")
    own_machine.apply(tiny(), kode("dev", template="tiny"))
    own_machine.ready("dev")
    _, password = own_machine.login("dev")
    secrets = traces.made_up(own_machine)
    assert password in secrets
    assert len(secrets) >= 2
    log = own_machine.root / "logs" / "planted"
    log.write_text(f"the login is {password}")
    (found,) = traces.leaks(own_machine, secrets)
    assert found.where == str(log)
    log.unlink()
    with closing(LocalStore(Paths(own_machine.root, own_machine.cache).store)) as store:
        assert not leaks(json.dumps(store.list("Kode").items))
