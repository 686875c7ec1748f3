"""What a template may grant, seen on a real API server: it is taken back from what runs."""

import pytest

from tests.cluster.documents import PASSWORD, USER, document, kode, secret, stand_in
from tests.cluster.place import Place, condition

LINUX = {"kubernetes.io/os": "linux"}


@pytest.fixture(scope="module", autouse=True)
def _started(place: Place) -> None:
    place.allow_grants()
    place.apply(
        stand_in("placed", nodeSelector=LINUX),
        stand_in("plain"),
        secret("login", password="first word"),
        kode("placed", "placed"),
        kode("guest", "plain", existingSecret="login"),
    )


def test_leave_taken_back_stops_the_pod_and_given_again_starts_it(place: Place) -> None:
    place.ready("placed")
    place.allow_grants(grants=False)
    told = place.told("placed", "RefNotPermitted", status="False")
    assert "kubectl label namespace" in condition(told, "Ready")["message"]
    place.gone("Pod", "placed")
    assert place.told("placed", "RefNotPermitted", of="Suspended", status="True")
    assert place.wait("Kode", "placed", lambda it: it["status"]["phase"] == "Suspended")
    assert place.warned("placed", "RefNotPermitted")
    place.get("PersistentVolumeClaim", "placed-home")
    place.allow_grants()
    place.ready("placed")


def test_secret_that_is_no_longer_offered_stops_the_pod(place: Place) -> None:
    place.ready("guest")
    mark = "kode.jacero.io/login"
    place.edit("Secret", "login", {"metadata": {"labels": {mark: None}}})
    told = place.told("guest", "RefNotPermitted", status="False")
    command = f"kubectl -n {place.namespace} label secret login {mark}=true"
    assert command in condition(told, "Ready")["message"]
    place.gone("Pod", "guest")
    place.edit("Secret", "login", {"metadata": {"labels": {mark: "true"}}})
    place.ready("guest")


def test_template_of_another_namespace_reads_no_secret_here(place: Place, elsewhere: Place) -> None:
    place.apply(secret("database", password="of the database"))
    elsewhere.apply(
        stand_in(
            "lent",
            allowedNamespaces=[place.namespace],
            envFrom=[{"secretRef": {"name": "database"}}],
        )
    )
    ref = {"kind": "KodeTemplate", "name": "lent", "namespace": elsewhere.namespace}
    place.apply(
        document("Kode", "borrowed", {"templateRef": ref, "user": USER, "password": PASSWORD})
    )
    told = place.told("borrowed", "RefNotPermitted", status="False")
    assert "Secret database" in condition(told, "Ready")["message"]
    assert place.absent("Pod", "borrowed")
