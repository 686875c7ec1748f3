"""The cache of Kodes and the index of whom they refer to."""

from kode.controllers.cache.kodes import Kodes
from kode.controllers.inputs import KodeKey
from kode.desired.references import Ref
from tests.unit.controllers.objects import KEY, kode

PLAIN = Ref("KodeClusterTemplate", "", "plain")


def test_a_kode_is_given_back_with_its_version_and_without_bookkeeping() -> None:
    kodes = Kodes()
    assert kodes.put(kode(version=7))
    found = kodes.get(KEY)
    assert found is not None
    assert found["metadata"]["resourceVersion"] == "7"
    assert "managedFields" not in found["metadata"]
    assert kodes.keys() == (KEY,)
    assert len(kodes) == 1


def test_old_news_and_no_news_are_told_apart_from_news() -> None:
    kodes = Kodes()
    kodes.put(kode(version=7))
    assert not kodes.put(kode(version=6, suspend=True))
    assert not kodes.put(kode(version=8))
    assert kodes.put(kode(version=9, suspend=True))


def test_a_removed_kode_is_gone_unless_a_newer_one_of_the_name_is_there() -> None:
    kodes = Kodes()
    kodes.put(kode(version=7))
    assert not kodes.remove(kode(version=6))
    assert kodes.remove(kode(version=8))
    assert not kodes.remove(kode(version=8))
    assert kodes.get(KEY) is None


def test_a_list_takes_out_what_it_does_not_name() -> None:
    kodes = Kodes()
    for name, version in (("stays", 1), ("gone", 2), ("newer", 9)):
        kodes.put(kode(KodeKey("team", name), version=version))
    assert kodes.keep({("team", "stays")}, version=5) == (KodeKey("team", "gone"),)
    assert len(kodes) == 2


def test_the_index_follows_the_document() -> None:
    kodes = Kodes()
    kodes.put(kode(existingSecret="login", storage={"existingVolumeClaim": "files"}))
    assert kodes.referrers(PLAIN) == (KEY,)
    assert kodes.referrers(Ref("Secret", "team", "login")) == (KEY,)
    assert kodes.referrers(Ref("PersistentVolumeClaim", "team", "files")) == (KEY,)
    assert list(kodes.referrers_by_kind("Secret")) == [KEY]
    kodes.put(kode(version=2, templateRef={"kind": "KodeTemplate", "name": "own"}))
    assert kodes.referrers(PLAIN) == ()
    assert kodes.referrers(Ref("Secret", "team", "login")) == ()
    assert kodes.referrers(Ref("KodeTemplate", "team", "own")) == (KEY,)
    kodes.forget(KEY)
    assert kodes.referrers(Ref("KodeTemplate", "team", "own")) == ()


def test_a_broken_document_refers_to_nothing() -> None:
    kodes = Kodes()
    assert kodes.put(kode(templateRef=7, existingSecret=[], storage="x"))
    assert kodes.get(KEY) is not None
