"""The values of a template's parameters, as people type them.

Rule: text becomes what the parameter's type says, and is judged by the one core that judges it
everywhere; so a person hears of a wrong value before there is a Kode with it.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from kode.api.parameters import Parameter as Declared
from kode.cli.exits import Exit
from kode.cli.failures import Failure
from kode.cli.terminal import ask
from kode.cli.terminal.objects import written

Parameter = Mapping[str, Any]
Value = str | int | float | bool

_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def pairs(given: Sequence[str], option: str) -> dict[str, str]:
    """Return what `name=value` texts say.

    Raises:
        Failure: one of them is none.
    """
    found = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise Failure(Exit.USAGE, f"{option} {text}: must be name=value")
        found[name] = value
    return found


def values(
    declared: Sequence[Parameter], given: Mapping[str, str], *, asking: bool
) -> dict[str, Value]:
    """Return the values of parameters.

    Args:
        declared: the template's parameters.
        given: name to what was typed.
        asking: whether to ask for those that are not given.

    Raises:
        Failure: one is unknown, of the wrong type, or missing.
    """
    known = {parameter["name"]: parameter for parameter in declared}
    for name in given:
        if name not in known:
            has = f"it has {', '.join(known)}" if known else "it has none"
            raise Failure(Exit.REFUSED, f"the template has no parameter {name}", has)
    found = {name: value(known[name], text) for name, text in given.items()}
    missing = [item for item in declared if item["name"] not in given]
    if asking:
        found |= {item["name"]: asked(item) for item in missing}
    else:
        _require([item for item in missing if item.get("default") is None])
    return found


def value(parameter: Parameter, text: str) -> Value:
    """Return what a text means for a parameter.

    Raises:
        Failure: it is not of the parameter's type, or out of its bounds.
    """
    meant = _meant(str(parameter.get("type", "string")), text)
    try:
        Declared.model_validate(parameter, by_alias=True, by_name=False).accept(meant)
    except ValueError as error:
        message = f"--set {parameter['name']}={text}: {error}"
        raise Failure(Exit.REFUSED, message) from None
    return meant


def _meant(kind: str, text: str) -> Value:
    # What is of another type stays text, and is refused as such.
    if kind == "bool":
        return _BOOLEANS.get(text.lower(), text)
    if kind == "number":
        try:
            number = float(text)
        except ValueError:
            return text
        if not math.isfinite(number):
            return text
        return int(number) if number.is_integer() else number
    return text


def asked(parameter: Parameter) -> Value:
    """Return what a person answers; the default for no answer."""
    default = parameter.get("default")
    shown = "" if default is None else written(default)
    question = parameter.get("displayName") or parameter["name"]
    if parameter.get("description"):
        question = f"{question}: {parameter['description']}"
    options = [
        (str(item.get("name") or written(item["value"])), written(item["value"]))
        for item in parameter.get("options") or ()
    ]
    while True:
        text = ask.choice(question, options, shown) if options else ask.text(question, shown)
        try:
            return value(parameter, text)
        except Failure as failure:
            ask.tell(failure.message)


def _require(missing: Sequence[Parameter]) -> None:
    if missing:
        names = ", ".join(item["name"] for item in missing)
        options = " ".join(f"--set {item['name']}=..." for item in missing)
        raise Failure(Exit.REFUSED, f"the template asks for {names}", f"add {options}")
