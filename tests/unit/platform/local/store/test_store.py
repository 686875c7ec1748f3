"""What the store makes of writes: what belongs together, what goes together, what is remembered."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kode import labels, names
from kode.api.meta import Object
from kode.errors import Conflict, Expired, RefNotFound
from kode.platform.local.store.objects import CLAIM, SECRET, VOLUME_FINALIZER, Document
from kode.platform.local.store.store import LocalStore
from kode.platform.port import Event
from kode.render.metadata import owner
from tests.documents import document

PLACE = "team"


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[LocalStore]:
    found = LocalStore(tmp_path / "kode.db", clock)
    yield found
    found.close()


def kode(store: LocalStore, name: str = "dev", **spec: object) -> Document:
    ref = {"kind": "KodeTemplate", "name": "base"}
    return store.create(document("Kode", name, {"templateRef": ref, **spec}))


def claim(store: LocalStore, of: Document, *, owned: bool = False, name: str = "") -> Document:
    uid = of["metadata"]["uid"]
    metadata: Document = {
        "name": name or names.home_claim(of["metadata"]["name"]),
        "namespace": PLACE,
        "labels": {labels.KODE_UID: names.label_value(uid)},
    }
    if owned:
        metadata["ownerReferences"] = [owner(of["metadata"]["name"], uid)]
    made = {"apiVersion": "v1", "kind": CLAIM, "metadata": metadata, "spec": {}}
    return store.create({**made, "status": {"phase": "Bound"}})


def secret(store: LocalStore, name: str, of: Document | None = None) -> Document:
    metadata: Document = {"name": name, "namespace": PLACE}
    if of:
        metadata["ownerReferences"] = [owner(of["metadata"]["name"], of["metadata"]["uid"])]
    return store.create({"apiVersion": "v1", "kind": SECRET, "metadata": metadata, "data": {}})


def test_a_kode_takes_its_secret_along_and_no_other(store: LocalStore) -> None:
    made = kode(store)
    secret(store, "dev-auth", made)
    secret(store, "somebodys")
    secret(store, "other-auth", kode(store, "other"))
    store.delete("Kode", "dev", PLACE)
    assert [it["metadata"]["name"] for it in store.list(SECRET).items] == [
        "other-auth",
        "somebodys",
    ]


@pytest.mark.parametrize("owned", [False, True])
def test_a_claim_outlives_its_kode_and_is_marked(store: LocalStore, *, owned: bool) -> None:
    claim(store, kode(store), owned=owned)
    store.delete("Kode", "dev", PLACE)
    left = store.get(CLAIM, "dev-home", PLACE)
    assert left["metadata"]["labels"][labels.RETAINED] == "true"
    assert "ownerReferences" not in left["metadata"]
    assert "deletionTimestamp" not in left["metadata"]
    assert left["status"] == {"phase": "Bound"}


@pytest.mark.parametrize("owned", [False, True])
def test_a_claim_that_is_not_kept_begins_to_go(store: LocalStore, *, owned: bool) -> None:
    claim(store, kode(store, storage={"keepVolume": False}), owned=owned)
    store.delete("Kode", "dev", PLACE)
    going = store.get(CLAIM, "dev-home", PLACE)
    assert "deletionTimestamp" in going["metadata"]
    with pytest.raises(Conflict, match="being deleted"):
        claim(store, kode(store))
    store.finalize_claim(going)
    assert store.find(CLAIM, "dev-home", PLACE) is None
    with pytest.raises(RefNotFound):
        store.finalize_claim(going)


def test_a_purge_takes_the_files_whatever_was_said(store: LocalStore) -> None:
    claim(store, kode(store, storage={"keepVolume": True}))
    store.delete("Kode", "dev", PLACE, purge=True)
    assert "deletionTimestamp" in store.get(CLAIM, "dev-home", PLACE)["metadata"]


def test_a_kode_that_somebody_holds_keeps_what_is_its_own_until_it_goes(store: LocalStore) -> None:
    made = kode(store)
    held = {**made["metadata"], "finalizers": ["example.org/wait"]}
    made = store.replace({**made, "metadata": held})
    claim(store, made)
    secret(store, "dev-auth", made)
    store.delete("Kode", "dev", PLACE, purge=True)
    going = store.get("Kode", "dev", PLACE)
    assert "deletionTimestamp" in going["metadata"]
    assert store.find(SECRET, "dev-auth", PLACE)
    assert "deletionTimestamp" not in store.get(CLAIM, "dev-home", PLACE)["metadata"]
    free = {key: value for key, value in going["metadata"].items() if key != "finalizers"}
    store.replace({**going, "metadata": free})
    assert store.find("Kode", "dev", PLACE) is None
    assert store.find(SECRET, "dev-auth", PLACE) is None
    assert "deletionTimestamp" in store.get(CLAIM, "dev-home", PLACE)["metadata"]


def test_what_a_claim_waits_for_is_not_written_away(store: LocalStore) -> None:
    made = claim(store, kode(store))
    metadata = {key: value for key, value in made["metadata"].items() if key != "finalizers"}
    assert store.replace({**made, "metadata": metadata}) == made


def test_an_annotation_alone_costs_no_files(store: LocalStore) -> None:
    ref = {"kind": "KodeTemplate", "name": "base"}
    written = document("Kode", "dev", {"templateRef": ref}, annotations={labels.PURGE: "true"})
    claim(store, store.create(written))
    store.delete("Kode", "dev", PLACE)
    assert labels.RETAINED in store.get(CLAIM, "dev-home", PLACE)["metadata"]["labels"]


def test_a_claim_that_was_only_mounted_is_left_alone(store: LocalStore) -> None:
    before = claim(store, kode(store, "earlier"), name="shared")
    kode(store, storage={"existingVolumeClaim": "shared", "keepVolume": False})
    store.delete("Kode", "dev", PLACE, purge=True)
    assert store.get(CLAIM, "shared", PLACE) == before


def test_a_claim_goes_only_when_its_files_are_gone(store: LocalStore) -> None:
    made = claim(store, kode(store))
    assert made["metadata"]["finalizers"] == [VOLUME_FINALIZER]
    with pytest.raises(RefNotFound):
        store.finalize_claim(made)
    store.delete(CLAIM, "dev-home", PLACE)
    going = store.get(CLAIM, "dev-home", PLACE)
    store.delete(CLAIM, "dev-home", PLACE)
    assert store.get(CLAIM, "dev-home", PLACE) == going


def test_a_late_child_of_a_deleted_kode_is_refused(store: LocalStore) -> None:
    made = kode(store)
    store.delete("Kode", "dev", PLACE)
    with pytest.raises(RefNotFound, match="Kode dev"):
        secret(store, "dev-auth", made)


def test_a_status_is_written_apart_from_the_rest(store: LocalStore) -> None:
    made = kode(store)
    told = store.write_status(made, {"phase": "Running"})
    assert told["metadata"]["generation"] == 1
    changed = store.replace({**told, "spec": {**told["spec"], "user": "ada"}, "status": {}})
    assert changed["status"] == {"phase": "Running"}
    assert changed["metadata"]["generation"] == 2
    again = store.write_status(made, {"phase": "Failed"})
    assert again["spec"]["user"] == "ada"
    assert store.write_status(again, {"phase": "Failed"}) == again


def test_the_status_of_a_kode_that_was_replaced_is_not_written(store: LocalStore) -> None:
    made = kode(store)
    store.delete("Kode", "dev", PLACE)
    with pytest.raises(RefNotFound):
        store.write_status(made, {})
    kode(store)
    with pytest.raises(RefNotFound):
        store.write_status(made, {})


def test_a_delete_can_say_whom_it_means(store: LocalStore) -> None:
    made = kode(store)
    with pytest.raises(RefNotFound):
        store.delete("Kode", "dev", PLACE, uid="another")
    store.delete("Kode", "dev", PLACE, uid=made["metadata"]["uid"])


@pytest.mark.attack
def test_a_password_that_was_moved_is_remembered_nowhere(store: LocalStore, tmp_path: Path) -> None:
    made = kode(store, password="a-very-odd-password")
    store.replace({**made, "metadata": {**made["metadata"], "labels": {"a": "b"}}})
    made = store.get("Kode", "dev", PLACE)
    store.replace({**made, "spec": {"templateRef": made["spec"]["templateRef"]}})
    assert "a-very-odd-password" not in str(store.changes("0"))
    kode(store, "other", password="a-very-odd-password")
    store.delete("Kode", "other", PLACE)
    assert "a-very-odd-password" not in str(store.changes("0"))
    store.close()
    assert b"a-very-odd-password" not in (tmp_path / "kode.db").read_bytes()


def test_changes_are_forgotten_after_a_while(store: LocalStore, clock: Clock) -> None:
    kode(store)
    clock.seconds += 3700
    for number in range(70):
        secret(store, f"s{number}")
    with pytest.raises(Expired):
        store.changes("0")
    assert store.changes("1").changes
    with pytest.raises(Expired):
        store.changes("9999")


def test_changes_are_given_some_at_a_time(store: LocalStore) -> None:
    for number in range(150):
        secret(store, f"s{number}")
    seen, since, complete = 0, "0", False
    while not complete:
        batch = store.changes(since, (SECRET,), PLACE)
        seen, since, complete = seen + len(batch.changes), batch.version, batch.complete
    assert seen == 150
    assert store.changes("0", ("Kode",)).changes == ()
    assert store.changes("0", (), "elsewhere").changes == ()


def happened(message: str, kode: str = "dev", time: str = "2027-01-15T08:00:00Z") -> Event:
    return Event(time, "Normal", "Test", message, PLACE, kode)


def test_what_happens_again_is_counted_and_comes_last(store: LocalStore) -> None:
    for message in ("one", "two", "one"):
        store.record(happened(message))
    assert [(it.message, it.count) for it in store.events(PLACE, "dev")] == [("two", 1), ("one", 2)]
    assert store.events("elsewhere") == ()
    assert len(store.events(None)) == 2


def test_of_one_kode_only_so_many_events_are_kept(store: LocalStore) -> None:
    store.record(happened("kept", "other"))
    for number in range(1_010):
        store.record(happened(str(number)))
    found = store.events(PLACE, "dev")
    assert len(found) == 1_000
    assert found[0].message == "10"
    assert len(store.events(PLACE, "other")) == 1


def test_a_new_kode_begins_with_no_events(store: LocalStore) -> None:
    kode(store)
    store.record(happened("old"))
    store.delete("Kode", "dev", PLACE)
    assert len(store.events(PLACE, "dev")) == 1
    kode(store)
    assert store.events(PLACE, "dev") == ()


def test_events_of_kodes_long_gone_are_forgotten(store: LocalStore) -> None:
    store.record(happened("gone", "gone", "2020-01-01T00:00:00Z"))
    store.record(happened("stays", "other", "2020-01-01T00:00:00Z"))
    kode(store)
    store.delete("Kode", "dev", PLACE)
    assert store.events(None) == ()


def test_a_write_that_fails_half_way_writes_nothing(store: LocalStore) -> None:
    made = kode(store)
    before = store.version()
    with pytest.raises(TypeError):
        store.replace({**made, "spec": {"odd": object()}})
    assert store.version() == before
    assert store.get("Kode", "dev", PLACE) == made


def test_the_statuses_of_a_kind_are_set_in_one_transaction(store: LocalStore) -> None:
    first, second = kode(store, "first"), kode(store, "second")
    store.write_status(first, {"phase": "Running"})
    before = store.version()

    def change(found: Object) -> dict[str, str]:
        if found["metadata"]["name"] == "second":
            raise RuntimeError
        return {"phase": "Unknown"}

    with pytest.raises(RuntimeError):
        store.edit_statuses("Kode", change)
    assert store.version() == before
    version = store.edit_statuses("Kode", lambda _: {"phase": "Unknown"})
    assert version == store.version()
    for made in (first, second):
        found = store.get("Kode", made["metadata"]["name"], PLACE)
        assert found["status"] == {"phase": "Unknown"}
        assert found["metadata"]["generation"] == 1
    # What stands so already is not written, and a watch has nothing to tell.
    assert store.edit_statuses("Kode", lambda found: found["status"]) == version
    changes = store.changes(before).changes
    assert [change.document["metadata"]["name"] for change in changes] == ["first", "second"]


def test_a_status_that_does_not_count_any_more_is_not_written(store: LocalStore) -> None:
    made = kode(store)
    stands = store.write_status(made, {"phase": "Running"})
    assert store.write_status(made, {"phase": "Failed"}, still=lambda: False) == stands
    assert store.get("Kode", "dev", PLACE) == stands
