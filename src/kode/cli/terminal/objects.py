"""Objects as tables.

Rule: one row says of an object what one needs to know first; the rest is `kode describe`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kode.cli import conditions
from kode.cli.kinds import KODE, Kind
from kode.cli.terminal import table
from kode.cli.terminal.format import age

Object = Mapping[str, Any]


def show(kind: Kind, items: Sequence[Object], *, everywhere: bool) -> None:
    """Write objects of one kind as a table.

    Args:
        kind: their kind.
        items: the objects.
        everywhere: whether to say the namespace of each.
    """
    columns = ["name", *_columns(kind), "age"]
    rows = []
    for item in items:
        meta = item["metadata"]
        cells = kode(item) if kind is KODE else _rest(kind, item)
        rows.append([meta["name"], *cells, age(meta.get("creationTimestamp"))])
    if kind is KODE:
        # What may be long comes last.
        columns.append("why")
        rows = [[*row, conditions.why(item)] for row, item in zip(rows, items, strict=True)]
    if everywhere and kind.namespaced:
        columns = ["namespace", *columns]
        rows = [
            [item["metadata"].get("namespace", ""), *row]
            for row, item in zip(rows, items, strict=True)
        ]
    table.show(columns, rows)


def kode(item: Object) -> list[str]:
    """Return phase, address and template of a Kode."""
    template = item["spec"].get("templateRef", {}).get("name", "")
    return [conditions.phase(item) or "Pending", conditions.url(item) or "-", template]


def parameters(template: Object) -> str:
    """Return the parameters of a template: cpu=2, name (without a default it is asked for)."""
    shown = []
    for parameter in template["spec"].get("parameters") or ():
        default = parameter.get("default")
        shown.append(
            parameter["name"] if default is None else f"{parameter['name']}={written(default)}"
        )
    return ", ".join(shown)


def written(value: object) -> str:
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
    "template": {"type": _spec("type"), "image": _spec("image"), "parameters": parameters},
    "proxy": {"auth": _spec("authType"), "image": _spec("image")},
}
