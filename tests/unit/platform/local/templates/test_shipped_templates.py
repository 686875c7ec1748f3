"""kode.platform.local.templates.shipped_templates."""

from kode.api.document import parse
from kode.api.template import KodeClusterTemplate
from kode.desired.desired_state import derive
from kode.platform.local.runtime.plan import plan
from kode.platform.local.templates.shipped_templates import documents
from tests.documents import credentials, resolved
from tests.unit.platform.local.runtime.hosts import EDITOR, LAB, host


def templates() -> list[KodeClusterTemplate]:
    found = [parse(document) for document in documents()]
    return [item for item in found if isinstance(item, KodeClusterTemplate)]


def test_three_ship() -> None:
    names = [item.metadata.name for item in templates()]
    assert names == ["code-server", "python", "terminal"]


def test_one_machine_can_give_all_that_they_ask() -> None:
    for item in templates():
        editor = EDITOR if item.spec.type == "code-server" else LAB
        meant = derive(resolved(over=item, login=credentials()))
        assert not plan(meant, host(editor=editor)).unsupported
