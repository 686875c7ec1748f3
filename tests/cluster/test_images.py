"""The other images that Kode knows come up behind their doors as code-server does."""

import pytest

from tests.cluster.documents import CODERCOM, PASSWORD, USER, WEBTOP, kode, template
from tests.cluster.place import Place


@pytest.fixture(scope="module", autouse=True)
def _started(place: Place) -> None:
    place.apply(
        template("desktop", type="webtop", image=WEBTOP),
        template("coder", image=CODERCOM),
        kode("desktop", "desktop"),
        kode("coder", "coder", workspace="src/app"),
    )


def test_webtop_is_guarded_by_the_sidecar_and_opens(place: Place) -> None:
    place.ready("desktop")
    with place.door("desktop") as door:
        assert door.status("/") == 401
        assert door.status("/", login=(USER, "wrong")) == 401
        page = door.get("/", login=(USER, PASSWORD))
        assert page.status_code == 200
        assert "<html" in page.text.lower()


def test_webtop_keeps_its_files_as_the_user(place: Place) -> None:
    place.ready("desktop")
    assert place.exec("desktop", "stat", "-c", "%u:%g", "/config").strip() == "1000:1000"
    assert "/config" in place.exec("desktop", "cat", "/proc/mounts")


def test_codercom_asks_for_the_password_and_opens_the_workspace(place: Place) -> None:
    place.ready("coder")
    with place.door("coder") as door:
        assert door.status("/") == 302
        assert door.sign_in("wrong") == ""
        cookie = door.sign_in(PASSWORD)
        page = door.get("/?folder=/home/coder/src/app", cookie=cookie)
        assert page.status_code == 200
        assert "workbench" in page.text
        assert door.talk(cookie=cookie)["type"] == "sign"
        assert door.socket() != 101


def test_codercom_runs_as_its_user_in_its_home(place: Place) -> None:
    place.ready("coder")
    assert place.exec("coder", "id", "-u").strip() == "1000"
    place.exec("coder", "sh", "-c", "echo kept > /home/coder/src/app/file")
    home = place.get("PersistentVolumeClaim", "coder-home")
    assert home["status"]["phase"] == "Bound"
    assert "/home/coder" in place.exec("coder", "cat", "/proc/mounts")
