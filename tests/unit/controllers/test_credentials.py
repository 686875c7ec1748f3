"""kode.controllers.credentials."""

import json
from dataclasses import replace
from typing import Any

import pytest

from kode import labels
from kode.api.conditions import Reason
from kode.controllers import credentials as login
from kode.controllers.inputs import ChildKey, Inputs, KodeKey
from kode.errors import RefNotFound
from kode.render.resolve import Credentials
from kode.render.secret import htpasswd
from tests.documents import UID, kode, kode_document, secret_document

Object = dict[str, Any]
OWNED = [{"uid": UID}]


def inputs(*children: Object, secret: Object | None = None) -> Inputs:
    found = {ChildKey(item["kind"], item["metadata"]["name"]): item for item in children}
    key = KodeKey("team", "dev")
    return Inputs(key=key, kode=None, now="now", children=found, secret=secret)


def own(name: str, annotations: dict[str, str] | None = None, /, **texts: str) -> Object:
    found = secret_document(name, **texts)
    found["metadata"].update(ownerReferences=OWNED, annotations=annotations or {})
    return found


def workload(annotations: dict[str, str]) -> Object:
    template = {"metadata": {"annotations": annotations}}
    return {"kind": "StatefulSet", "metadata": {"name": "dev"}, "spec": {"template": template}}


MADE = {labels.CREDENTIALS_SECRET: "dev-auth"}


@pytest.mark.parametrize(
    ("spec", "children", "found"),
    [
        ({}, [], None),
        ({"user": "me"}, [], None),
        ({"password": "p"}, [], ("abc", "p")),
        ({"password": "p", "user": "me"}, [], ("me", "p")),
        ({}, [own("dev-auth", password="kept", username="me")], ("abc", "kept")),
        ({"user": "me"}, [own("dev-auth", password="kept")], ("me", "kept")),
        ({"password": "new"}, [own("dev-auth", password="kept")], ("abc", "new")),
        ({}, [secret_document("dev-auth", password="foreign")], None),
        ({}, [own("dev-envoy", {labels.CREDENTIALS_SECRET: "login"})], None),
    ],
)
def test_login_comes_from_the_spec_or_from_the_own_secret(
    spec: Object, children: list[Object], found: tuple[str, str] | None
) -> None:
    expected = Credentials(*found, "dev-auth") if found else None
    assert login.find(inputs(*children), kode(**spec)) == expected


def test_existing_secret_is_read() -> None:
    secret = secret_document("login", password="p", username="alice")
    found = login.find(inputs(secret=secret), kode(existingSecret="login"))
    assert found == Credentials("alice", "p", "login")


def test_secret_of_another_kode_is_not_used() -> None:
    secret = own("other-auth", password="theirs")
    secret["metadata"]["ownerReferences"] = [{"kind": "Kode", "name": "other", "uid": "x"}]
    with pytest.raises(RefNotFound, match="Secret other-auth is that of Kode other") as caught:
        login.find(inputs(secret=secret), kode(existingSecret="other-auth"))
    assert caught.value.reason is Reason.REF_NOT_PERMITTED


@pytest.mark.parametrize(
    ("spec", "children", "message"),
    [
        ({"existingSecret": "login"}, [], "spec.existingSecret: there is no Secret login in names"),
        ({}, [own("dev-envoy", MADE)], "Secret dev-auth is gone, and with it the password"),
        ({}, [workload(MADE)], "Secret dev-auth is gone, and with it the password"),
        ({}, [workload(MADE), own("dev-auth", password="")], "Secret dev-auth is gone, and with"),
    ],
)
def test_login_that_was_asked_for_and_cannot_be_had_is_no_missing_one(
    spec: Object, children: list[Object], message: str
) -> None:
    with pytest.raises(RefNotFound, match=message) as caught:
        login.find(inputs(*children), kode(**spec))
    assert caught.value.reason is Reason.SECRET_NOT_FOUND


def test_password_is_not_moved_into_a_secret_that_is_being_deleted() -> None:
    going = own("dev-auth", password="old")
    going["metadata"]["deletionTimestamp"] = "now"
    with pytest.raises(RefNotFound, match="Secret dev-auth is being deleted"):
        login.find(inputs(going), kode(password="new"))


def counted(count: str) -> dict[str, str]:
    return {labels.CREDENTIALS_REVISION: count}


@pytest.mark.parametrize(
    ("children", "revision"),
    [
        ([], 1),
        ([workload({**counted("3"), **MADE})], 3),
        ([workload(counted("3"))], 4),
        ([own("dev-envoy", counted("3"), htpasswd="other")], 4),
        ([own("dev-envoy", counted("3")), workload(counted("9"))], 4),
        ([own("dev-envoy", counted("-1"))], 2),
        ([own("dev-envoy", counted("9" * 10))], 2),
        ([own("dev-envoy")], 2),
    ],
)
def test_revision_counts_changes_of_the_login(children: list[Object], revision: int) -> None:
    found = Credentials("abc", "p", "dev-auth")
    assert login.revision(inputs(*children), kode(), found) == revision


def test_revision_stands_on_the_pod_where_the_sidecar_needs_no_secret() -> None:
    found = Credentials("abc", "p", "dev-auth")

    def seen(*, uid: str = UID, **annotations: str) -> Inputs:
        carried = {labels.CREDENTIALS_REVISION: "3", **annotations}
        metadata = {"name": "dev", "ownerReferences": [{"uid": uid}], "annotations": carried}
        return replace(inputs(), pod={"kind": "Pod", "metadata": metadata})

    with_login, without = seen(**MADE), seen()
    assert login.revision(without, kode(), None) == 3
    assert login.revision(without, kode(), found) == 4
    assert login.revision(with_login, kode(), found) == 3
    assert login.revision(with_login, kode(), None) == 4
    assert login.revision(seen(uid="another"), kode(), found) == 1


def test_revision_stays_while_the_login_does() -> None:
    found = Credentials("abc", "p", "dev-auth")
    same = own("dev-envoy", counted("3"), htpasswd=htpasswd(found))
    assert login.revision(inputs(same), kode(), found) == 3
    assert login.revision(inputs(same), kode(), None) == 4
    assert login.revision(inputs(own("dev-envoy", counted("4"))), kode(), None) == 4


SESSION = "s" * 43


def remembered(found: Credentials, session: str = SESSION) -> Object:
    return own("dev-envoy", counted("3"), htpasswd=htpasswd(found, session), session=session)


def test_a_login_is_remembered_by_a_value_that_stays_as_long_as_it() -> None:
    found = Credentials("abc", "p", "dev-auth")
    seen = replace(inputs(remembered(found)), fresh="f" * 43)
    assert login.session(seen, kode(), found) == SESSION
    assert login.revision(seen, kode(), found) == 3
    for other in (Credentials("abc", "new", "dev-auth"), Credentials("me", "p", "dev-auth")):
        assert login.session(seen, kode(), other) == "f" * 43
        assert login.revision(seen, kode(), other) == 4
    # Where it came from is nothing to it.
    assert login.session(seen, kode(), Credentials("abc", "p", "login")) == SESSION
    assert login.session(seen, kode(), None) == ""


def test_a_value_that_is_gone_or_edited_by_hand_is_made_anew_and_restarts_nothing() -> None:
    found = Credentials("abc", "p", "dev-auth")
    edited = remembered(found)
    edited["data"]["session"] = "eA=="
    old = own("dev-envoy", counted("3"), htpasswd=htpasswd(found))
    for live in (edited, old):
        seen = replace(inputs(live), fresh="f" * 43)
        assert login.session(seen, kode(), found) == "f" * 43
        assert login.revision(seen, kode(), found) == 3
    assert login.session(replace(inputs(), fresh="f" * 43), kode(), found) == "f" * 43
    assert "f" * 43 not in repr(replace(inputs(), fresh="f" * 43))


def applied(spec: Any) -> dict[str, str]:
    return {login.LAST_APPLIED: json.dumps({"kind": "Kode", "spec": spec})}


def test_password_is_taken_out_of_spec_and_annotation() -> None:
    document = kode_document(password="p", user="me")
    document["metadata"].update(
        annotations=applied({"password": "p", "user": "me"}), resourceVersion="7"
    )
    patch = login.strip_password(document)
    assert patch is not None
    assert (patch.child, patch.uid, patch.resource_version) == (ChildKey("Kode", "dev"), UID, "7")
    annotation = '{"kind":"Kode","spec":{"user":"me"}}\n'
    assert patch.body == {
        "spec": {"password": None},
        "metadata": {"annotations": {login.LAST_APPLIED: annotation}},
    }


def test_password_that_only_the_annotation_has_is_taken_out() -> None:
    document = kode_document()
    document["metadata"]["annotations"] = applied({"password": "p"})
    patch = login.strip_password(document)
    assert patch is not None
    assert "spec" not in patch.body


@pytest.mark.parametrize(
    "annotations",
    [
        None,
        {},
        applied({"user": "me"}),
        applied(["password"]),
        applied("password"),
        {login.LAST_APPLIED: "1"},
        {login.LAST_APPLIED: "not JSON"},
        {login.LAST_APPLIED: "[" * 100_000},
        {login.LAST_APPLIED: 1},
    ],
)
def test_kode_without_a_password_is_left_alone(annotations: Any) -> None:
    document = kode_document()
    document["metadata"]["annotations"] = annotations
    assert login.strip_password(document) is None
