"""kode.desired.resolve_references: the stories of it are in the golden files of decide."""

from typing import Any

import pytest

from kode.api.conditions import Reason
from kode.desired.resolve_references import check_leave, check_offered, restarted_at
from kode.errors import RefNotFound
from kode.labels import RESTARTED_AT
from tests.documents import UID, secret_document

pytestmark = pytest.mark.attack


def marked(mark: str | None) -> Any:
    return {"metadata": {"annotations": {RESTARTED_AT: mark} if mark else None}}


def test_restart_is_asked_of_a_kode_its_template_or_its_proxy_config() -> None:
    told = [
        restarted_at(marked(one), marked(two), marked(three))
        for one in (None, "a")
        for two in (None, "a")
        for three in (None, "a")
    ]
    assert len(set(told)) == len(told)
    assert restarted_at(marked("a"), None, None) == "a"
    assert restarted_at(None, {"metadata": "odd"}, None) == ""


@pytest.mark.parametrize("allowed", [None, "*", {"*": 1}, [], ["other", 5]])
@pytest.mark.parametrize("spec", [True, False])
def test_template_that_cannot_be_read_gives_no_leave(allowed: Any, *, spec: bool) -> None:
    template = {
        "kind": "KodeTemplate",
        "metadata": {"name": "base", "namespace": "lent"},
        "spec": {"allowedNamespaces": allowed} if spec else None,
    }
    with pytest.raises(RefNotFound, match="lent/base does not allow Kodes of namespace team"):
        check_leave("team", template)
    check_leave("lent", template)
    check_leave("team", {**template, "kind": "KodeClusterTemplate"})


@pytest.mark.parametrize("marks", [None, {}, {"kode.jacero.io/login": "yes"}, {"login": "true"}])
def test_secret_is_a_login_only_where_its_owner_says_so(marks: Any) -> None:
    secret = secret_document("database", password="p")
    check_offered(secret, UID)
    secret["metadata"]["labels"] = marks
    command = "kubectl -n team label secret database kode.jacero.io/login=true"
    with pytest.raises(RefNotFound, match=command) as caught:
        check_offered(secret, UID)
    assert caught.value.reason is Reason.REF_NOT_PERMITTED


def test_secret_of_the_kode_itself_needs_no_label() -> None:
    secret = secret_document("dev-auth", password="p")
    secret["metadata"]["labels"] = {}
    secret["metadata"]["ownerReferences"] = [{"kind": "Kode", "name": "dev", "uid": UID}]
    check_offered(secret, UID)


def test_label_does_not_offer_the_secret_of_another_kode() -> None:
    secret = secret_document("other-auth", password="p")
    secret["metadata"]["ownerReferences"] = [{"kind": "Kode", "name": "other", "uid": "x"}]
    with pytest.raises(RefNotFound, match="is that of Kode other"):
        check_offered(secret, UID)
