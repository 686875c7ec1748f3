"""Scenario 1: a code-server with user and password and no proxy config."""

import json
from collections.abc import Iterator

import pytest

from tests.cluster.documents import PASSWORD, USER, kode
from tests.cluster.door import Door
from tests.cluster.place import Place, condition

NAME = "my-code-server"
LOGIN = (USER, PASSWORD)
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@pytest.fixture(scope="module", autouse=True)
def _running(scenarios: Place) -> None:
    scenarios.apply(kode("nobody", "code-server-template", user=None, password=None))
    scenarios.ready(NAME, "nobody")


@pytest.fixture
def door(scenarios: Place) -> Iterator[Door]:
    with scenarios.door(NAME) as found:
        yield found


def test_every_condition_is_told(scenarios: Place) -> None:
    found = scenarios.get("Kode", NAME)
    told = {
        item["type"]: (item["status"], item["reason"]) for item in found["status"]["conditions"]
    }
    assert told == {
        "Accepted": ("True", "Valid"),
        "ResolvedRefs": ("True", "Resolved"),
        "StorageReady": ("True", "Bound"),
        "WorkloadReady": ("True", "Running"),
        "Suspended": ("False", "NotSuspended"),
        "Ready": ("True", "Running"),
    }
    assert found["status"]["phase"] == "Running"


def test_without_a_password_nothing_is_shown(door: Door) -> None:
    for where in ("/", "/login", "/healthz", "/vscode-remote-resource?path=/etc/passwd"):
        answer = door.get(where)
        assert answer.status_code == 401, where
        assert "workbench" not in answer.text
    assert door.status("/proxy/22/") == 401
    assert door.socket() == 401


@pytest.mark.parametrize("wrong", ["", "devpasswor", "devpassword1", "DEVPASSWORD"])
def test_a_wrong_password_is_refused(door: Door, wrong: str) -> None:
    assert door.status("/", login=(USER, wrong)) == 401
    assert door.socket(login=(USER, wrong)) == 401


def test_the_password_opens_the_editor_and_its_websocket(door: Door) -> None:
    page = door.get("/?folder=/config/my-project", login=LOGIN)
    assert page.status_code == 200
    assert "workbench" in page.text
    assert door.socket(login=LOGIN) == 101
    assert door.talk(login=LOGIN)["type"] == "sign"


def test_the_folder_of_the_kode_is_opened(scenarios: Place, door: Door) -> None:
    answer = door.get("/", login=LOGIN)
    assert answer.headers["location"].endswith("folder=/config/my-project")
    owner = scenarios.exec(NAME, "stat", "-c", "%u:%g", "/config/my-project").strip()
    assert owner == "1000:1000"


def test_a_file_of_the_home_changes_no_login(scenarios: Place) -> None:
    text = "auth: password\nhashed-password: x\ncert: true\nbind-addr: 0.0.0.0:9999\n"
    folder = "/config/.config/code-server"
    scenarios.exec(NAME, "sh", "-c", f"mkdir -p {folder} && printf '{text}' >{folder}/config.yaml")
    before = scenarios.uid(NAME)
    scenarios.delete("Pod", NAME)
    scenarios.replaced(NAME, before)
    scenarios.ready(NAME)
    with scenarios.door(NAME) as door:
        assert door.status("/") == 401
        assert "workbench" in door.get("/?folder=/config/my-project", login=LOGIN).text


def test_the_port_of_the_editor_is_nobodys_variable(scenarios: Place) -> None:
    names = {line.partition("=")[0] for line in scenarios.exec(NAME, "env").splitlines()}
    assert "PORT" not in names
    assert "CODE_SERVER_HOST" in names


def test_the_password_is_moved_into_the_secret(scenarios: Place) -> None:
    found = scenarios.get("Kode", NAME)
    assert "password" not in found["spec"]
    applied = json.loads(found["metadata"]["annotations"][_APPLIED])
    assert applied["spec"]["user"] == USER, "the annotation is no longer what kubectl compares"
    assert PASSWORD not in json.dumps(found)
    data = scenarios.get("Secret", f"{NAME}-auth")["data"]
    assert data == {"username": "ZGV2dXNlcg==", "password": "ZGV2cGFzc3dvcmQ="}


def test_the_password_stands_nowhere_else(scenarios: Place) -> None:
    everywhere = {
        key: json.dumps(item)
        for key, item in scenarios.children(NAME).items()
        if key != ("Secret", f"{NAME}-auth")
    }
    everywhere["Pod", NAME] = json.dumps(scenarios.pod(NAME))
    everywhere["Event", NAME] = json.dumps(scenarios.events(NAME))
    kinds = {"Event", "NetworkPolicy", "PersistentVolumeClaim", "Pod", "Secret", "Service"}
    assert {kind for kind, _ in everywhere} == kinds
    assert [key for key, text in everywhere.items() if PASSWORD in text] == []


def test_applying_the_file_again_changes_nothing(scenarios: Place) -> None:
    before = scenarios.uid(NAME)
    assert json.loads(scenarios.get("Kode", NAME)["metadata"]["annotations"][_APPLIED])
    scenarios.edit("Kode", NAME, {"spec": {"password": PASSWORD}})
    scenarios.wait("Kode", NAME, lambda seen: "password" not in seen["spec"])
    scenarios.ready(NAME)
    assert scenarios.uid(NAME) == before


def test_a_kode_without_credentials_lets_nobody_in(scenarios: Place) -> None:
    found = scenarios.get("Kode", "nobody")
    assert "nobody is let in" in condition(found, "Ready")["message"]
    with scenarios.door("nobody") as door:
        for where in ("/", "/login", "/healthz", "/ready", "/static/", "/?folder=/", "//", "/%2e/"):
            assert door.status(where) == 403, where
        assert door.status("/", login=LOGIN) == 403
        assert door.socket() == 403
        assert "spec.password" in door.get("/").text


def test_the_operator_has_nothing_to_complain_of(scenarios: Place) -> None:
    warnings = [item["message"] for item in scenarios.events(NAME) if item["type"] == "Warning"]
    assert warnings == []
