"""The values of a template's parameters, as users type them.

Rule: text is converted to the parameter's type and validated by the same core as everywhere else,
so an invalid value is reported before a Kode with it exists.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from kode.api.parameters import Parameter as Declared
from kode.cli.errors import CommandError
from kode.cli.exit_codes import ExitCode
from kode.cli.terminal import prompt
from kode.cli.terminal.object_table import format_value

Parameter = Mapping[str, Any]
Value = str | int | float | bool

_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def parse_pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """Return names and values of `name=value` texts.

    Raises:
        CommandError: one of them has no name or no `=`.
    """
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise CommandError(ExitCode.USAGE, f"{option} {text}: must be name=value")
        pairs[name] = value
    return pairs


def parse_values(
    declared: Sequence[Parameter], texts: Mapping[str, str], *, interactive: bool
) -> dict[str, Value]:
    """Return the values of parameters.

    Args:
        declared: the template's parameters.
        texts: parameter name to the text that was typed.
        interactive: whether to prompt for the others.

    Raises:
        CommandError: one is unknown, of the wrong type, or missing.
    """
    known = {parameter["name"]: parameter for parameter in declared}
    for name in texts:
        if name not in known:
            hint = f"its parameters are {', '.join(known)}" if known else f"leave out --set {name}"
            raise CommandError(ExitCode.REFUSED, f"the template has no parameter {name}", hint)
    values = {name: parse_value(known[name], text) for name, text in texts.items()}
    missing = [item for item in declared if item["name"] not in texts]
    if interactive:
        values |= {item["name"]: ask_value(item) for item in missing}
    else:
        _require([item for item in missing if item.get("default") is None])
    return values


def parse_value(parameter: Parameter, text: str) -> Value:
    """Return the value of a parameter that a text stands for.

    Raises:
        CommandError: it is not of the parameter's type, or out of its bounds.
    """
    converted = _convert(str(parameter.get("type", "string")), text)
    try:
        Declared.model_validate(parameter, by_alias=True, by_name=False).accept(converted)
    except ValueError as error:
        message = f"--set {parameter['name']}={text}: {error}"
        raise CommandError(ExitCode.REFUSED, message) from None
    return converted


def _convert(kind: str, text: str) -> Value:
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


def ask_value(parameter: Parameter) -> Value:
    """Prompt for the value of a parameter; an empty answer is its default."""
    default = parameter.get("default")
    shown = "" if default is None else format_value(default)
    question = parameter.get("displayName") or parameter["name"]
    if parameter.get("description"):
        question = f"{question}: {parameter['description']}"
    options = [
        (str(item.get("name") or format_value(item["value"])), format_value(item["value"]))
        for item in parameter.get("options") or ()
    ]
    while True:
        text = prompt.choice(question, options, shown) if options else prompt.text(question, shown)
        try:
            return parse_value(parameter, text)
        except CommandError as error:
            prompt.print_message(error.message)


def _require(missing: Sequence[Parameter]) -> None:
    if missing:
        names = ", ".join(item["name"] for item in missing)
        options = " ".join(f"--set {item['name']}=..." for item in missing)
        raise CommandError(ExitCode.REFUSED, f"the template requires {names}", f"add {options}")
