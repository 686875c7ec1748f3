"""Objects as tables.

Rule: one row an object, with its most important fields; `kode describe` shows the rest.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kode.api.kinds import KODE, Kind
from kode.cli import conditions
from kode.cli.terminal import table
from kode.cli.terminal.format import age

Object = Mapping[str, Any]


def show(kind: Kind, items: Sequence[Object], *, all_namespaces: bool) -> None:
    """Write objects of one kind as a table.

    Args:
        kind: their kind.
        items: the objects.
        all_namespaces: whether to say the namespace of each.
    """
    columns = ["name", *_columns(kind), "age"]
    rows = []
    for item in items:
        meta = item["metadata"]
        cells = kode_cells(item) if kind is KODE else _rest(kind, item)
        rows.append([meta["name"], *cells, age(meta.get("creationTimestamp"))])
    if kind is KODE:
        # The column that may be long comes last.
        columns.append("message")
        rows = [[*row, conditions.message(item)] for row, item in zip(rows, items, strict=True)]
    if all_namespaces and kind.namespaced:
        columns = ["namespace", *columns]
        rows = [
            [item["metadata"].get("namespace", ""), *row]
            for row, item in zip(rows, items, strict=True)
        ]
    table.show(columns, rows)


def kode_cells(item: Object) -> list[str]:
    """Return phase, address and template of a Kode."""
    template = item["spec"].get("templateRef", {}).get("name", "")
    return [conditions.phase(item) or "Pending", conditions.url(item) or "-", template]


def format_parameters(template: Object) -> str:
    """Return the parameters of a template: cpu=2; the name alone where it has no default."""
    texts = []
    for parameter in template["spec"].get("parameters") or ():
        default = parameter.get("default")

        texts.append(
            parameter["name"] if default is None else f"{parameter['name']}={format_value(default)}"
        )
    return ", ".join(texts)


def format_value(value: object) -> str:
    """Return a parameter's value as it is typed."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _columns(kind: Kind) -> list[str]:
    if kind is KODE:
        return ["phase", "url", "template"]
    return list(_CELLS[_family(kind)])


def _rest(kind: Kind, item: Object) -> list[str]:
    return [cell(item) for cell in _CELLS[_family(kind)].values()]


def _family(kind: Kind) -> str:
    return "template" if "template" in kind.word else "proxy"


def _spec(key: str) -> Callable[[Object], str]:
    return lambda item: str(item["spec"].get(key) or "-")


_CELLS: dict[str, dict[str, Callable[[Object], str]]] = {
    "template": {"type": _spec("type"), "image": _spec("image"), "parameters": format_parameters},
    "proxy": {"auth": _spec("authType"), "image": _spec("image")},
}
