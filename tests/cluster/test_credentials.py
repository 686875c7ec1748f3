"""existingSecret: somebody's own Secret is read, followed, and left alone."""

import pytest

from tests.cluster.documents import PASSWORD, USER, kode, proxy_config, secret, stand_in
from tests.cluster.place import Place, condition


@pytest.fixture(scope="module", autouse=True)
def _started(place: Place) -> None:
    place.apply(
        stand_in("guarded", envoyProxyRef={"name": "guard"}),
        proxy_config("guard", authType="basic"),
        secret("login", username="ada", password="first word"),
        kode("used", "guarded", existingSecret="login"),
        kode("late", "guarded", existingSecret="late"),
        kode("broken", "guarded", existingSecret="broken"),
        kode("renamed", "guarded", existingSecret="login", user="grace"),
        secret("broken", username="ada"),
    )


def test_the_secret_opens_the_door_and_is_not_copied(place: Place) -> None:
    place.ready("used")
    with place.door("used") as door:
        assert door.status("/", login=("ada", "first word")) == 200
        assert door.status("/", login=("abc", "first word")) == 401
        assert door.status("/") == 401
    assert place.absent("Secret", "used-auth")


def test_the_user_of_the_kode_wins_over_that_of_the_secret(place: Place) -> None:
    place.ready("renamed")
    with place.door("renamed") as door:
        assert door.status("/", login=("grace", "first word")) == 200
        assert door.status("/", login=("ada", "first word")) == 401


def test_nothing_starts_before_the_secret_is_there(place: Place) -> None:
    told = place.message("late", "SecretNotFound")
    assert "late" in told
    assert condition(place.get("Kode", "late"), "ResolvedRefs")["status"] == "False"
    assert place.absent("Pod", "late")
    place.apply(secret("late", password="here now"))
    place.ready("late")
    with place.door("late") as door:
        assert door.status("/", login=("abc", "here now")) == 200


def test_a_secret_without_a_password_is_told_and_mended(place: Place) -> None:
    assert "password" in place.message("broken", "SecretInvalid")
    assert place.absent("Pod", "broken")
    place.apply(secret("broken", username="ada", password="mended"))
    place.ready("broken")


def test_a_change_of_the_secret_is_taken(place: Place) -> None:
    place.ready("used")
    before = place.uid("used")
    with place.door("used") as door:
        place.apply(secret("login", username="ada", password="second word"))
        door.wait_until_admitted(("ada", "second word"))
        assert door.status("/", login=("ada", "first word")) == 401
    place.ready("used")
    assert place.uid("used") == before


def test_a_running_editor_outlives_its_secret(place: Place) -> None:
    place.ready("late")
    before = place.uid("late")
    place.delete("Secret", "late")
    told = place.told("late", "SecretNotFound", status="True")
    assert "running as it was" in condition(told, "Ready")["message"]
    assert place.uid("late") == before
    with place.door("late") as door:
        assert door.status("/", login=("abc", "here now")) == 200
        assert door.status("/") == 401


def test_the_secret_is_neither_owned_nor_deleted(place: Place) -> None:
    place.ready("renamed")
    found = place.get("Secret", "login")
    assert "ownerReferences" not in found["metadata"]
    assert found["metadata"].get("labels", {}) == {"kode.jacero.io/login": "true"}
    place.delete("Kode", "renamed")
    place.gone("Pod", "renamed")
    place.gone("Secret", "renamed-envoy")
    assert place.get("Secret", "login")["metadata"]["uid"] == found["metadata"]["uid"]


def test_a_password_deleted_by_hand_is_asked_for_and_set_again(place: Place) -> None:
    place.apply(kode("lost", "guarded"))
    place.ready("lost")
    before = place.uid("lost")
    place.delete("Secret", "lost-auth")
    told = place.told("lost", "SecretNotFound", status="True")
    assert "set spec.password again" in condition(told, "ResolvedRefs")["message"]
    assert place.warned("lost", "SecretNotFound")
    with place.door("lost") as door:
        # Nobody is put out, and nobody is let in who was not before.
        assert door.status("/", login=(USER, PASSWORD)) == 200
        assert door.status("/") == 401
    assert place.uid("lost") == before

    place.edit("Kode", "lost", {"spec": {"password": "third word"}})
    place.wait("Kode", "lost", lambda seen: "password" not in seen["spec"])
    with place.door("lost") as door:
        door.wait_until_admitted((USER, "third word"))
        assert door.status("/", login=(USER, PASSWORD)) == 401
    place.ready("lost")
    assert place.uid("lost") == before
