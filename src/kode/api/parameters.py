"""Parameters: what a template lets each Kode choose.

Rule: a value that is accepted here is text that its parameter's own bounds admit; nobody checks it
again.
"""

import re
from functools import lru_cache
from typing import Annotated, Literal, Self

from pydantic import (
    Field,
    PlainValidator,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import SchemaError

from kode.api.meta import MAX_KEYS, Model, Rule

_MAX_LENGTH = 4096
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
_MAX_NUMBER = 10**15


def _scalar(value: object) -> str | int | float | bool:
    match value:
        case bool():
            return value
        case str() if len(value) > _MAX_LENGTH:
            raise ValueError(f"must have at most {_MAX_LENGTH} characters")
        case str() if "\x00" in value:
            raise ValueError("must not contain the NUL character")
        case int() | float() if not abs(value) <= _MAX_NUMBER:
            raise ValueError(f"must be between -{_MAX_NUMBER} and {_MAX_NUMBER}")
        case str() | int() | float():
            return value
        case _:
            raise ValueError("must be text, a number, true or false")


Value = Annotated[
    str | int | float | bool,
    PlainValidator(_scalar),
    # A structural schema cannot name three types; what is no scalar is refused when it is read.
    WithJsonSchema({"x-kubernetes-preserve-unknown-fields": True}),
]
"""A value of a parameter: text, a number, true or false."""

ParameterName = Annotated[
    str, Field(min_length=1, max_length=63, pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")
]
"""The name of a parameter, as it stands in {{ parameters.name }}."""

Bound = Annotated[float, Field(allow_inf_nan=False)]


class Option(Model):
    """One of the values that a parameter may have."""

    name: Annotated[str, Field(description="Display name.", min_length=1, max_length=128)]
    value: Annotated[Value, Field(description="The value.")]


class Parameter(Model):
    """A value that a Kode may set, and its template's texts hold as {{ parameters.name }}."""

    rules = (
        Rule(
            "self.type == 'number' || (!has(self.min) && !has(self.max))",
            lambda self: self.type == "number" or (self.min, self.max) == (None, None),
            "min and max are for a parameter of type number",
        ),
        Rule(
            "self.type == 'string' || !has(self.pattern)",
            lambda self: self.type == "string" or self.pattern is None,
            "pattern is for a parameter of type string",
        ),
        Rule(
            "!has(self.min) || !has(self.max) || self.min <= self.max",
            lambda self: self.min is None or self.max is None or self.min <= self.max,
            "min must not be larger than max",
        ),
    )

    name: Annotated[ParameterName, Field(description="Name of the parameter.")]
    display_name: Annotated[
        str | None,
        Field(description="Display name; the name when left out.", max_length=128),
    ] = None
    description: Annotated[str, Field(description="What it is for.", max_length=1024)] = ""
    type: Annotated[
        Literal["string", "number", "bool"],
        Field(description="What its values are. A number or bool may be written as text, too."),
    ] = "string"
    default: Annotated[
        Value | None,
        Field(description="Value of a Kode that sets none; when left out, a Kode must set one."),
    ] = None
    options: Annotated[
        list[Option],
        Field(description="The only values that it may have.", max_length=MAX_KEYS),
    ] = []
    min: Annotated[Bound | None, Field(description="The least value of a number.")] = None
    max: Annotated[Bound | None, Field(description="The largest value of a number.")] = None
    pattern: Annotated[
        str | None,
        Field(
            description="Pattern that the whole of a text must match, in the syntax of RE2.",
            min_length=1,
            max_length=512,
        ),
    ] = None

    @model_validator(mode="after")
    def _be_consistent(self) -> Self:
        if self.pattern is not None:
            _matcher(self.pattern)
        seen = set()
        for option in self.options:
            text = self._check_bounds(option.value)
            if text in seen:
                raise ValueError(f"options: duplicate value {text}")
            seen.add(text)
        if self.default is not None:
            try:
                self.accept(self.default)
            except ValueError as error:
                raise ValueError(f"default: {error}") from None
        return self

    @property
    def title(self) -> str:
        """What people are shown: its name, and what it is called where that is more."""
        return f"{self.name} ({self.display_name})" if self.display_name else self.name

    def accept(self, value: str | float | bool) -> str:  # noqa: FBT001 - a value, not a switch
        """Return the text that a value stands for.

        Raises:
            ValueError: the value is none of this parameter's; the message says what would be.
        """
        text = self._check_bounds(value)
        if self.options and text not in {_text(self.type, it.value) for it in self.options}:
            shown = ", ".join(f"{_text(self.type, it.value)} ({it.name})" for it in self.options)
            raise ValueError(f"must be one of {shown}")
        return text

    def _check_bounds(self, value: str | float | bool) -> str:  # noqa: FBT001 - a value, not a switch
        text = _text(self.type, value)
        if self.min is not None and float(text) < self.min:
            raise ValueError(f"must be at least {_number(self.min)}")
        if self.max is not None and float(text) > self.max:
            raise ValueError(f"must be at most {_number(self.max)}")
        if self.pattern is not None and not _matches(self.pattern, text):
            raise ValueError(f"must match pattern {self.pattern}")
        return text


def _text(kind: str, value: str | float | bool) -> str:  # noqa: FBT001 - a value, not a switch
    match kind, value:
        case "bool", bool():
            return "true" if value else "false"
        case "bool", "true" | "false":
            return str(value)
        case "number", int() | float() if not isinstance(value, bool):
            return _number(value)
        case "number", str() if _NUMBER.fullmatch(value):
            return value
        case "string", str():
            return value
        case "string", _:
            raise ValueError("must be text: put it in quotes")
        case _:
            raise ValueError("must be a number" if kind == "number" else "must be true or false")


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(value)


def _matches(pattern: str, text: str) -> bool:
    try:
        _matcher(pattern).validate_python(text)
    except ValidationError:
        return False
    return True


@lru_cache(maxsize=256)
def _matcher(pattern: str) -> TypeAdapter[str]:
    # Python's own patterns can take for ever on a text that somebody else chose; these cannot.
    try:
        return TypeAdapter(Annotated[str, Field(pattern=f"^(?:{pattern})$")])
    except SchemaError:
        raise ValueError(f"pattern: {pattern} is not a valid RE2 pattern") from None
