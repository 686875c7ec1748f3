"""The reference pages: fields of every kind, conditions and reasons, layers.

Rule: a page says what the types say; a sentence that is missing here is missing there.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kode.api import crd
from kode.api.conditions import ConditionType, DocumentedEnum, Phase, Reason
from tools.source import ROOT

FOLDER = "docs/reference"
Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """One field: its dotted path, what it takes, what it is when left out, what it means."""

    path: str
    takes: str
    default: str
    meaning: str


def pages() -> dict[str, str]:
    """Every page by its path."""
    fields = {f"{FOLDER}/{_name(kind)}.md": kind_page(kind) for kind in crd.definitions()}
    return {
        **fields,
        f"{FOLDER}/conditions.md": conditions_page(),
        f"{FOLDER}/layers.md": layers_page((ROOT / "pyproject.toml").read_text(encoding="utf-8")),
    }


def kind_page(definition: Schema) -> str:
    """The page of one kind: how to name it, its fields, the rules across them."""
    spec, version = definition["spec"], definition["spec"]["versions"][0]
    schema = version["schema"]["openAPIV3Schema"]
    names = spec["names"]
    head = [
        f"# {names['kind']}",
        schema["description"],
        f"`apiVersion: {spec['group']}/{version['name']}` · {spec['scope'].lower()}",
        f"`kubectl get {names['plural']}`, or `{names['shortNames'][0]}` for short",
    ]
    parts = [*head, *_section("spec", schema)]
    if "status" in schema["properties"]:
        parts += [
            *_section("status", schema),
            "Conditions and reasons: [conditions](conditions.md).",
        ]
    return "\n\n".join(parts) + "\n"


def conditions_page() -> str:
    """The page of condition types, reasons and phases."""
    parts = ["# Conditions, reasons and phases", "What the status of a Kode can say, word by word."]
    for title, members in (("Conditions", ConditionType), ("Reasons", Reason), ("Phases", Phase)):
        parts += [f"## {title}", _member_table(members)]
    return "\n\n".join(parts) + "\n"


def layers_page(pyproject: str) -> str:
    """The page of the import contracts: the layers as a table, top first, and the other bans."""
    contracts = tomllib.loads(pyproject)["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    parts = [
        "# Layers",
        "A package of `src/kode` may import what stands below it, never what stands above.",
        _table(("Packages", "Of one another"), map(_layer, layers)),
        "Besides:",
        "\n".join(f"- {it['name']}." for it in contracts if it["type"] != "layers"),
    ]
    return "\n\n".join(parts) + "\n"


def rows(schema: Schema, prefix: str = "") -> Iterator[Row]:
    """The fields of an object, depth first; `[]` stands for each item, `*` for each key."""
    required = schema.get("required", [])
    for name, field in schema.get("properties", {}).items():
        path = f"{prefix}{name}"
        default = "required" if name in required else _default(field)
        yield Row(path, _takes(field), default, field.get("description", ""))
        yield from rows(field, f"{path}.")
        yield from rows(field.get("items", {}), f"{path}[].")
        if isinstance(field.get("additionalProperties"), Mapping):
            yield from rows(field["additionalProperties"], f"{path}.*.")


def rules(schema: Schema, prefix: str = "") -> Iterator[tuple[str, str]]:
    """The rules that cross fields: where each holds and what it says."""
    for rule in schema.get("x-kubernetes-validations", []):
        yield prefix.rstrip(".") or "spec", rule["message"]
    for name, field in schema.get("properties", {}).items():
        yield from rules(field, f"{prefix}{name}.")
        yield from rules(field.get("items", {}), f"{prefix}{name}[].")


def _layer(layer: str) -> tuple[str, str]:
    names = re.findall(r"\w+", layer)
    independent = "independent" if "|" in layer else "free to import"
    return ", ".join(f"`{name}`" for name in names), independent if len(names) > 1 else ""


def _section(name: str, schema: Schema) -> Iterator[str]:
    part = schema["properties"][name]
    yield f"## {name}"
    yield part.get("description", "")
    head = ("Field", "Takes", "Default", "Meaning")
    yield _table(head, ((f"`{r.path}`", r.takes, r.default, _line(r.meaning)) for r in rows(part)))
    stated = [f"- `{where}`: {_line(message)}." for where, message in rules(part)]
    if stated:
        yield "Rules across fields:"
        yield "\n".join(stated)


def _name(definition: Schema) -> str:
    return str(definition["spec"]["names"]["singular"])


def _takes(field: Schema) -> str:
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if field.get("x-kubernetes-int-or-string"):
        return "quantity" if "pattern" in field else "integer or string"
    if field.get("x-kubernetes-preserve-unknown-fields") and not field.get("properties"):
        return "any object" if "type" in field else "string, number or boolean"
    kind = str(field.get("type", "any"))
    if kind == "array":
        return f"list of {_takes(field.get('items', {}))}"
    if isinstance(field.get("additionalProperties"), Mapping):
        return f"map to {_takes(field['additionalProperties'])}"
    return f"{kind}{_bounds(field)}"


def _bounds(field: Schema) -> str:
    low = field.get("minimum", field.get("minLength"))
    high = field.get("maximum", field.get("maxLength"))
    unit = " characters" if field.get("type") == "string" else ""
    if high is None:
        return "" if low is None else f", at least {low}{unit}"
    return f", at most {high}{unit}" if low is None else f", {low} to {high}{unit}"


def _default(field: Schema) -> str:
    value = field.get("default", "")
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{shown}`" if shown else ""


def _member_table(members: Iterable[DocumentedEnum]) -> str:
    return _table(("Word", "Meaning"), ((f"`{member}`", _line(member.doc)) for member in members))


def _table(head: tuple[str, ...], body: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
