"""A Kode over time: its pod goes and comes back, its template changes, it is suspended.

Rule: a pod is known by its uid; the same uid is the same running work of somebody.
"""

import pytest

from tests.cluster.documents import PASSWORD, USER, kode, stand_in
from tests.cluster.place import Place, condition, uid_of

LOGIN = (USER, PASSWORD)
_NOTE = "/config/workspace/note"


@pytest.fixture(scope="module", autouse=True)
def _started(place: Place) -> None:
    place.apply(
        stand_in("plain"),
        stand_in("edited"),
        kode("deleted", "plain"),
        kode("suspended", "plain"),
        kode("personal", "plain"),
        kode("asked", "edited"),
        kode("resumed", "edited"),
    )
    place.ready("deleted", "suspended", "personal", "asked", "resumed")


def test_files_survive_the_deletion_of_the_pod(place: Place) -> None:
    place.exec("deleted", "sh", "-c", f"echo typed > {_NOTE}")
    before = place.uid("deleted")
    place.delete("Pod", "deleted")
    place.replaced("deleted", before)
    assert place.exec("deleted", "cat", _NOTE) == "typed\n"
    place.ready("deleted")


def test_files_survive_suspending(place: Place) -> None:
    place.exec("suspended", "sh", "-c", f"echo typed > {_NOTE}")
    before = place.uid("suspended")
    place.edit("Kode", "suspended", {"spec": {"suspend": True}})
    place.gone("Pod", "suspended")
    told = place.told("suspended", "Suspended", status="False")
    assert condition(told, "Suspended")["status"] == "True"
    assert told["status"]["phase"] == "Suspended"
    claim = place.get("PersistentVolumeClaim", "suspended-home")
    assert claim["status"]["phase"] == "Bound"
    place.edit("Kode", "suspended", {"spec": {"suspend": False}})
    place.replaced("suspended", before)
    assert place.exec("suspended", "cat", _NOTE) == "typed\n"
    found = place.ready("suspended")
    assert condition(found, "Suspended")["status"] == "False"
    after = place.get("PersistentVolumeClaim", "suspended-home")
    assert uid_of(after) == uid_of(claim)


def test_a_change_of_the_kode_is_taken_at_once(place: Place) -> None:
    before = place.uid("personal")
    variables = [{"name": "COLOUR", "value": "green"}]
    place.edit("Kode", "personal", {"spec": {"env": variables}})
    place.replaced("personal", before)
    assert place.exec("personal", "printenv", "COLOUR") == "green\n"
    place.ready("personal")


def test_a_change_of_the_template_waits_until_it_is_asked_for(place: Place) -> None:
    before = {name: place.uid(name) for name in ("asked", "resumed")}
    assert place.exec("asked", "printenv", "TZ") == "UTC\n"
    place.edit("KodeTemplate", "edited", {"spec": {"tz": "Europe/Vienna"}})
    for name in before:
        told = place.told(name, "UpdatePending", status="True")
        assert condition(told, "WorkloadReady")["reason"] == "UpdatePending"
        assert told["status"]["templateGeneration"] == 2
        assert told["status"]["phase"] == "Running"
    # Anything that would roll them out by itself would have begun with the write of the status.
    assert {name: place.uid(name) for name in before} == before
    assert place.exec("asked", "printenv", "TZ") == "UTC\n"

    asked = {"kode.jacero.io/restarted-at": "2030-01-01T00:00:00Z"}
    place.edit("Kode", "asked", {"metadata": {"annotations": asked}})
    place.edit("Kode", "resumed", {"spec": {"suspend": True}})
    place.gone("Pod", "resumed")
    place.edit("Kode", "resumed", {"spec": {"suspend": False}})
    for name, uid in before.items():
        place.replaced(name, uid)
        assert place.exec(name, "printenv", "TZ") == "Europe/Vienna\n"
        place.ready(name)


def test_a_new_image_of_the_template_waits_and_comes_with_the_next_pod(place: Place) -> None:
    place.apply(stand_in("imaged"), kode("imaged", "imaged"))
    place.ready("imaged")
    before = place.uid("imaged")
    image = place.pod("imaged")["spec"]["containers"][0]["image"]
    place.edit("KodeTemplate", "imaged", {"spec": {"image": f"docker.io/{image}"}})
    place.told("imaged", "UpdatePending", status="True")
    assert place.uid("imaged") == before
    place.delete("Pod", "imaged")
    place.replaced("imaged", before)
    place.ready("imaged")
    assert place.pod("imaged")["spec"]["containers"][0]["image"] == f"docker.io/{image}"


def test_the_authorization_header_stays_in_the_sidecar(place: Place) -> None:
    with place.door("suspended") as door:
        seen = door.get("/", login=LOGIN, accept="application/json").json()["headers"]
    names = {name.lower() for name in seen}
    assert "accept" in names
    assert "authorization" not in names
