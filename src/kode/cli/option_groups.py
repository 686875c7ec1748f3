"""Options that several commands share, each group of them a dataclass.

Rule: a command takes the dataclass as one parameter; on the command line each of its fields is an
option of its own, as if the command had named them all.
"""

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from inspect import Parameter
from typing import Any, get_type_hints


def expand_groups(command: Callable[..., None]) -> Callable[..., None]:
    """Return a function whose parameters are those of a command, dataclasses taken apart."""
    hints = get_type_hints(command, include_extras=True)
    arguments = inspect.signature(command).parameters
    groups = {name: hints[name] for name in arguments if is_dataclass(hints[name])}

    @functools.wraps(command)
    def called(**values: Any) -> None:
        whole = {
            name: group(**{field.name: values.pop(field.name) for field in fields(group)})
            for name, group in groups.items()
        }
        command(**values, **whole)

    parameters: list[Parameter] = []
    for name, own in arguments.items():
        if name in groups:
            parameters += _options(groups[name])
        else:
            parameters.append(own.replace(kind=Parameter.KEYWORD_ONLY, annotation=hints[name]))
    del called.__wrapped__  # what typer would look at instead of the signature below
    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {item.name: item.annotation for item in parameters}
    return called


def _options(group: type) -> Iterator[Parameter]:
    hints = get_type_hints(group, include_extras=True)
    for field in fields(group):
        yield Parameter(
            field.name,
            Parameter.KEYWORD_ONLY,
            default=_default(field),
            annotation=hints[field.name],
        )


def _default(field: Field[Any]) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return Parameter.empty if field.default is MISSING else field.default
