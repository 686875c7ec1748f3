"""kode.desired.references."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kode.desired.references import Ref, claim_of, proxy_config_of, secret_of, template_of
from tests.documents import kode_document, template_document

HOSTILE = ["../x", "a/b", "A", "", "a\n", "x" * 254, 1, None, ["a"], {"a": 1}]


@pytest.mark.parametrize(
    ("ref", "found"),
    [
        ({"kind": "KodeTemplate", "name": "a"}, Ref("KodeTemplate", "team", "a")),
        ({"name": "a"}, Ref("KodeTemplate", "team", "a")),
        ({"name": "a", "namespace": "b"}, Ref("KodeTemplate", "b", "a")),
        ({"name": "a", "namespace": "../b"}, Ref("KodeTemplate", "team", "a")),
        ({"kind": "KodeClusterTemplate", "name": "a"}, Ref("KodeClusterTemplate", "", "a")),
        ({"kind": "Secret", "name": "a"}, None),
        ({"kind": ["KodeTemplate"], "name": "a"}, None),
        ("a", None),
    ],
)
def test_template_of_a_kode(ref: Any, found: Ref | None) -> None:
    assert template_of(kode_document(templateRef=ref)) == found


@pytest.mark.parametrize(
    ("kind", "ref", "found"),
    [
        ("KodeTemplate", None, None),
        ("KodeTemplate", {"name": "a"}, Ref("EnvoyProxyConfig", "team", "a")),
        ("KodeClusterTemplate", {"name": "a"}, Ref("EnvoyProxyConfig", "", "a")),
        (
            "KodeTemplate",
            {"kind": "EnvoyProxyClusterConfig", "name": "a"},
            Ref("EnvoyProxyClusterConfig", "", "a"),
        ),
    ],
)
def test_proxy_config_of_a_template(kind: str, ref: Any, found: Ref | None) -> None:
    assert proxy_config_of(template_document(kind, envoyProxyRef=ref)) == found


def test_secret_and_claim_are_of_the_kodes_namespace() -> None:
    found = kode_document(existingSecret="login", storage={"existingVolumeClaim": "files"})
    assert secret_of(found) == Ref("Secret", "team", "login")
    assert claim_of(found) == Ref("PersistentVolumeClaim", "team", "files")


@pytest.mark.parametrize("name", HOSTILE)
def test_name_that_no_object_has_is_no_reference(name: object) -> None:
    found = kode_document(
        existingSecret=name, storage={"existingVolumeClaim": name}, templateRef={"name": name}
    )
    assert (secret_of(found), claim_of(found), template_of(found)) == (None, None, None)


def test_reference_is_shown_as_messages_show_it() -> None:
    assert str(Ref("KodeTemplate", "team", "a")) == "KodeTemplate team/a"
    assert str(Ref("KodeClusterTemplate", "", "a")) == "KodeClusterTemplate a"


ODD = st.recursive(
    st.none() | st.text(max_size=3),
    lambda inner: st.dictionaries(
        st.sampled_from(["spec", "templateRef", "storage", "name", "kind", "metadata"]), inner
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["spec", "metadata"]), ODD))
def test_reading_never_fails(found: dict[str, Any]) -> None:
    for read in (template_of, proxy_config_of, secret_of, claim_of):
        read(found)
