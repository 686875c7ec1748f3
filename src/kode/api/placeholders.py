"""Placeholders in the texts of a template, such as `{{ parameters.cpu }}`.

Rule: two opening braces before a letter always begin a placeholder; what stands there must be
known, or the template is broken. Filling happens once: what a value brings in is never looked at
again.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import AfterValidator, ValidationInfo

PARAMETER = "parameters."
"""What begins the name of a parameter's placeholder."""

BUILTIN_VARIABLES = ("kode.name", "kode.namespace", "owner.name", "owner.email")
"""What a template may know of a Kode besides its parameters."""

FILLED_CONTEXT = {"filled": True}
"""The validation context of a spec whose placeholders are filled: every text must be as it is."""

MAX_LENGTH = 512
"""Characters of a text with placeholders where the text itself must be shorter."""

_FOUND = re.compile(r"\{\{\s*(?=[A-Za-z])(?:([A-Za-z0-9_.-]+)\s*\}\})?")
_WRITTEN = r"\{\{\s*[A-Za-z][A-Za-z0-9_.-]*\s*\}\}"
_MAX_SHOWN = 40


def allow_placeholders(pattern: str) -> str:
    """Return the pattern of a text that fits a pattern, or has placeholders in it.

    Args:
        pattern: a whole pattern, from ^ to $.
    """
    inner = pattern.removeprefix("^").removesuffix("$")
    return rf"^({inner}|[^{{}}]*({_WRITTEN}[^{{}}]*)+)$"


def check_when_filled(pattern: str, longest: int) -> AfterValidator:
    """Return the check of a text against its own pattern, which waits until it is filled."""

    def check(text: str, info: ValidationInfo) -> str:
        if not has_placeholders(text, info):
            if len(text) > longest:
                raise ValueError(f"must have at most {longest} characters")
            if not re.fullmatch(pattern.removesuffix("$"), text):
                raise ValueError(f"must match pattern '{pattern}'")
        return text

    return AfterValidator(check)


def has_placeholders(value: object, info: ValidationInfo) -> bool:
    """Tell whether a value has placeholders that are still to be filled."""
    return not is_filled(info) and isinstance(value, str) and bool(_FOUND.search(value))


def is_filled(info: ValidationInfo) -> bool:
    """Tell whether the placeholders of what is being validated are filled."""
    return info.context is FILLED_CONTEXT


def unknown(spec: Mapping[str, Any], parameters: frozenset[str]) -> str | None:
    """Return what is wrong with the first placeholder that nothing fills; None where all are known.

    Args:
        spec: the document of a template's spec, without its parameters.
        parameters: the names of its parameters.
    """
    known = {*BUILTIN_VARIABLES, *(PARAMETER + name for name in parameters)}
    for path, text in _texts(spec, ""):
        for match in _FOUND.finditer(text):
            if match[1] is None:
                shown = text[match.start() :][:_MAX_SHOWN]
                return (
                    f"{path}: {shown} is not a valid placeholder: write {{{{ parameters.name }}}}"
                )
            if match[1] not in known:
                return f"{path}: {match[0]} is not known; use one of {', '.join(sorted(known))}"
    return None


def contains_placeholders(spec: Mapping[str, Any]) -> bool:
    """Tell whether the document of a spec has placeholders."""
    return any(_FOUND.search(text) for _, text in _texts(spec, ""))


def fill(node: Any, texts: Mapping[str, str]) -> Any:
    """Return a document with every placeholder replaced by the text of its name."""
    match node:
        case str():
            return _FOUND.sub(_by(texts), node)
        case Mapping():
            return {key: fill(value, texts) for key, value in node.items()}
        case list():
            return [fill(value, texts) for value in node]
        case _:
            return node


def _by(texts: Mapping[str, str]) -> Callable[[re.Match[str]], str]:
    return lambda match: texts[match[1]]


def _texts(node: Any, path: str) -> Iterator[tuple[str, str]]:
    match node:
        case str():
            yield path, node
        case Mapping():
            for key, value in node.items():
                yield from _texts(value, f"{path}.{key}" if path else str(key))
        case list():
            for place, value in enumerate(node):
                yield from _texts(value, f"{path}[{place}]")
