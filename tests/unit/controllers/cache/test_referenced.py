"""The cache of templates and proxy configs."""

from kode.controllers.cache.referenced import ReferencedObjects
from kode.desired.references import Ref
from tests.unit.controllers.objects import template

PLAIN = Ref("KodeClusterTemplate", "", "plain")


def test_newer_documents_are_news_and_are_given_back() -> None:
    referents = ReferencedObjects()
    assert referents.put(template(version=3)) == PLAIN
    assert referents.put(template(version=3)) is None
    assert referents.put(template(version=4, tz="Europe/Vienna")) == PLAIN
    found = referents.get(PLAIN)
    assert found is not None
    assert found["spec"]["tz"] == "Europe/Vienna"
    assert found["metadata"]["resourceVersion"] == "4"
    assert referents.get(None) is None


def test_a_removed_document_is_gone_unless_a_newer_one_is_there() -> None:
    referents = ReferencedObjects()
    referents.put(template(version=3))
    assert referents.remove(template(version=2)) is None
    assert referents.remove(template(version=4)) == PLAIN
    assert referents.remove(template(version=4)) is None


def test_a_list_takes_out_what_it_does_not_name_of_its_kind() -> None:
    referents = ReferencedObjects()
    for name, version in (("stays", 1), ("gone", 2), ("newer", 9)):
        referents.put(template(name, version=version))
    gone = referents.keep("KodeClusterTemplate", {("", "stays")}, version=5)
    assert gone == (Ref("KodeClusterTemplate", "", "gone"),)
    assert referents.keep("KodeTemplate", set(), version=99) == ()


def test_templates_are_found_by_the_proxy_config_that_they_name() -> None:
    referents = ReferencedObjects()
    referents.put(template())
    ref = {"kind": "EnvoyProxyClusterConfig", "name": "basic"}
    referents.put(template("guarded", envoyProxyRef=ref))
    found = referents.templates_using(Ref("EnvoyProxyClusterConfig", "", "basic"))
    assert found == (Ref("KodeClusterTemplate", "", "guarded"),)
