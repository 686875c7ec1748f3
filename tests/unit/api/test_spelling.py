"""Today's word for an older one, or for one that is nearly right."""

import pytest

from kode.api.document import KINDS, parse
from kode.api.spelling import field_hint, kind_hint
from kode.errors import InvalidSpec
from tests.documents import kode_document, template_document


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("ClusterKodeTemplate", "; it is called KodeClusterTemplate"),
        ("ClusterEnvoyConfig", "; it is called EnvoyProxyClusterConfig"),
        ("kode", "; did you mean Kode?"),
        ("kodetemplate", "; did you mean KodeTemplate?"),
        ("KodeTemplates", "; did you mean KodeTemplate?"),
        ("EnvoyProxyConfg", "; did you mean EnvoyProxyConfig?"),
        ("Pod", ""),
        ("", ""),
        (["Kode"], ""),
        (None, ""),
    ],
)
def test_a_kind_that_is_plainly_meant_is_named(word: object, hint: str) -> None:
    assert kind_hint(word, KINDS) == hint


@pytest.mark.parametrize(
    ("kind", "path", "hint"),
    [
        ("Kode", "spec.username", "; it is called user"),
        ("KodeTemplate", "spec.envoyConfigRef", "; it is called envoyProxyRef"),
        # There it is not: a Kode has no such reference.
        ("Kode", "spec.envoyConfigRef", ""),
        ("Kode", "spec.templateref", "; did you mean templateRef?"),
        ("Kode", "spec.template_ref", "; did you mean templateRef?"),
        ("Kode", "spec.storage.keepVolumes", "; did you mean keepVolume?"),
        ("Kode", "spec.env[0].nam", "; did you mean name?"),
        ("Kode", "spec.initPlugins[3].imge", "; did you mean image?"),
        ("Kode", "metdata", "; did you mean metadata?"),
        ("Kode", "spec.nonsense", ""),
        ("Kode", "spec.no.such.place", ""),
        ("Kode", "", ""),
        ("KodeClusterTemplate", "spec.resources.limit", "; did you mean limits?"),
    ],
)
def test_a_field_that_is_plainly_meant_is_named(kind: str, path: str, hint: str) -> None:
    assert field_hint(KINDS[kind], path) == hint


def test_a_refused_document_says_which_word_is_meant() -> None:
    for document, told in (
        (kode_document(username="me"), "spec.username: unknown field; it is called user"),
        (template_document(imag="x"), "spec.imag: unknown field; did you mean image?"),
        ({**template_document(), "kind": "ClusterKodeTemplate"}, "; it is called KodeClusterT"),
    ):
        with pytest.raises(InvalidSpec) as caught:
            parse(document)
        assert told in caught.value.message
