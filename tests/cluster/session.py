"""What lives as long as the test run: the connection, the installed operator, the namespaces.

Rule: a pytest plugin that tests/cluster and tests/browser both register, so that there is one of
each. What it made it removes, and a removal that hangs is a failure.
"""

import re
import secrets
import shutil
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.cluster import artefacts, traces
from tests.cluster.api import Api
from tests.cluster.documents import kode, stand_in
from tests.cluster.installation import Operator
from tests.cluster.place import Place
from tests.sweep import COMMAND_LINES, Leak, Search, told

REPOSITORY = Path(__file__).resolve().parents[2]
ARTEFACTS = REPOSITORY / "artifacts" / "cluster"
SCENARIOS = Path(__file__).with_name("scenarios")
_LAST = ("test_secrets.py", "test_uninstall.py")
"""What all others have left is searched, and then all is taken away."""
_SECONDS_TO_GO = 120
_IN_USE = pytest.StashKey[list[Place]]()


@dataclass
class Namespaces:
    """The namespaces of a run.

    Attributes:
        api: the API server.
        made: the name of each.
        in_use: those of tests that are not done.
        leaks: the secrets that were where none may be, in those that are done.
    """

    api: Api
    made: list[str] = field(default_factory=list)
    in_use: list[Place] = field(default_factory=list)
    leaks: list[Leak] = field(default_factory=list)

    def make(self, name: str) -> Place:
        """Make a namespace with a name of its own."""
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
        unique = f"kode-{slug}-{secrets.token_hex(3)}"
        self.api.create({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": unique}})
        self.made.append(unique)
        # Pods are refused in a namespace whose default account is not there yet.
        self.api.wait("ServiceAccount", "default", unique, lambda seen: seen is not None)
        place = Place(self.api, unique)
        self.in_use.append(place)
        return place

    def end(self, place: Place) -> None:
        """Ask for what runs in a namespace to go; the run's end waits for all of it.

        Before that it is searched for secrets: what it holds does not outlive it.
        """
        self.in_use.remove(place)
        self.leaks += traces.of_namespace(self.api, place.namespace)
        for kind in ("Kode", "Pod"):
            self.api.delete_all(kind, place.namespace)

    def wait_until_gone(self) -> None:
        """End those that are left, and wait for all of them."""
        for place in list(self.in_use):
            self.end(place)
        for name in self.made:
            # A namespace that still has pods is looked at again only after half of their grace.
            for pod in self.api.list("Pod", name):
                about = pod["metadata"]["name"]
                self.api.wait("Pod", about, name, lambda seen: seen is None, _SECONDS_TO_GO)
            self.api.delete("Namespace", name)
        for name in self.made:
            self.api.wait("Namespace", name, "", lambda seen: seen is None, _SECONDS_TO_GO)


@pytest.fixture(scope="session", autouse=True)
def _command_lines() -> Iterator[None]:
    """Watch what stands in the command lines of this machine, and so of the node."""
    with COMMAND_LINES.watched():
        yield
    text = told(COMMAND_LINES.leaks(Search()))
    assert not text, text


@pytest.fixture(scope="session")
def api() -> Iterator[Api]:
    """The API server, as the administrator."""
    found = Api.connect()
    yield found
    found.http.close()


@pytest.fixture(scope="session")
def operator(api: Api) -> Iterator[Operator]:
    """The operator, installed as users install it, with exactly the rights it has there."""
    shutil.rmtree(ARTEFACTS, ignore_errors=True)
    installed = Operator(api, REPOSITORY / "deploy" / "dev")
    installed.install()
    yield installed
    installed.uninstall()


@pytest.fixture(scope="session")
def namespaces(
    request: pytest.FixtureRequest, api: Api, operator: Operator
) -> Iterator[Namespaces]:
    """The namespaces of this run; gone before the operator is."""
    del operator
    found = Namespaces(api)
    request.session.stash[_IN_USE] = found.in_use
    yield found
    found.wait_until_gone()
    text = told(found.leaks)
    assert not text, text


@pytest.fixture(scope="module")
def place(request: pytest.FixtureRequest, namespaces: Namespaces) -> Iterator[Place]:
    """A namespace for the tests of one module."""
    made = namespaces.make(Path(str(request.path)).stem.removeprefix("test_"))
    yield made
    namespaces.end(made)


@pytest.fixture(scope="module")
def elsewhere(request: pytest.FixtureRequest, namespaces: Namespaces) -> Iterator[Place]:
    """Another namespace for the tests of one module."""
    made = namespaces.make(f"{Path(str(request.path)).stem.removeprefix('test_')}-other")
    yield made
    namespaces.end(made)


@pytest.fixture(scope="session")
def silent(namespaces: Namespaces) -> Place:
    """A namespace with a Kode of its name whose editor never answers."""
    made = namespaces.make("silent")
    made.allow_grants()
    made.apply(stand_in("silent", command=["sleep", "3600"]), kode("silent", "silent"))
    return made


@pytest.fixture(scope="session", autouse=True)
def _begin_early(request: pytest.FixtureRequest) -> None:
    """Begin what is told only after a while, so that it passes while other tests run."""
    if any("silent" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("silent")


@pytest.fixture(scope="session")
def scenarios(namespaces: Namespaces) -> Iterator[Place]:
    """A namespace with the usage scenarios of the product's description, applied as printed."""
    made = namespaces.make("scenarios")
    for file in sorted(SCENARIOS.glob("*.yaml")):
        made.kubectl_apply(file.read_text())
    yield made
    made.api.delete("EnvoyProxyClusterConfig", "basic-auth-proxy")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Search what is left, and uninstall, after the browser's tests."""
    order = {name: number for number, name in enumerate(_LAST, start=1)}
    items.sort(key=lambda item: order.get(item.path.name, 0))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what explains a failure."""
    del call
    report = yield
    if report.failed:
        places = item.session.stash.get(_IN_USE, [])
        artefacts.keep(ARTEFACTS, item.nodeid, places)
    return report
