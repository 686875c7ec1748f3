"""tools.reference."""

from kode.api import crd
from kode.api.conditions import Reason
from tools import reference
from tools.reference import Row

SCHEMA = {
    "properties": {
        "name": {"type": "string", "maxLength": 9, "description": "A | B."},
        "on": {"type": "boolean", "default": False},
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"port": {"type": "integer", "minimum": 1, "maximum": 9}},
            },
        },
        "labels": {"type": "object", "additionalProperties": {"enum": ["x", "y"]}},
    },
    "required": ["name"],
    "x-kubernetes-validations": [{"rule": "cel", "message": "pick one"}],
}


def test_rows_name_every_field_by_its_path() -> None:
    assert list(reference.rows(SCHEMA)) == [
        Row("name", "string, at most 9 characters", "required", "A | B."),
        Row("on", "boolean", "`false`", ""),
        Row("items", "list of object", "", ""),
        Row("items[].port", "integer, 1 to 9", "", ""),
        Row("labels", "map to `x`, `y`", "", ""),
    ]


def test_rules_say_where_they_hold() -> None:
    nested = {"properties": {"storage": SCHEMA}}
    assert list(reference.rules(nested)) == [("storage", "pick one")]


def test_every_kind_has_a_page() -> None:
    titles = {page.splitlines()[0] for page in reference.pages().values()}
    assert {f"# {kind['spec']['names']['kind']}" for kind in crd.definitions()} <= titles


def test_every_field_says_what_it_means() -> None:
    silent = [
        f"{kind['spec']['names']['kind']}: {row.path}"
        for kind in crd.definitions()
        for row in reference.rows(kind["spec"]["versions"][0]["schema"]["openAPIV3Schema"])
        if not row.meaning and row.path not in {"apiVersion", "kind", "metadata"}
    ]
    assert silent == []


def test_every_reason_is_in_the_table() -> None:
    page = reference.conditions_page()
    assert all(f"| `{reason}` |" in page for reason in Reason)


def test_layers_are_those_of_the_contract() -> None:
    page = reference.layers_page("""
        [[tool.importlinter.contracts]]
        name = "Down"
        type = "layers"
        layers = ["(cli)", "(render) | (gateway)", "(api) : (names)"]

        [[tool.importlinter.contracts]]
        name = "aiohttp stays"
        type = "forbidden"
    """)
    assert [line for line in page.splitlines() if line[:3] in {"| `", "- a"}] == [
        "| `cli` |  |",
        "| `render`, `gateway` | independent |",
        "| `api`, `names` | free to import |",
        "- aiohttp stays.",
    ]
