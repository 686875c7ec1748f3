"""Today's word for one that is an older or nearly the right one.

Rule: said only where it is plain; a guess that may be wrong sends people astray.
"""

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Any, get_args

from pydantic import BaseModel

_FORMER_KINDS = {
    "ClusterKodeTemplate": "KodeClusterTemplate",
    "ClusterEnvoyProxyConfig": "EnvoyProxyClusterConfig",
    "EnvoyConfig": "EnvoyProxyConfig",
    "ClusterEnvoyConfig": "EnvoyProxyClusterConfig",
    "EnvoyClusterConfig": "EnvoyProxyClusterConfig",
}
_FORMER_FIELDS = {
    "username": "user",
    "envoyConfigRef": "envoyProxyRef",
    "envoyProxyConfigRef": "envoyProxyRef",
}
_SIMILAR = 0.8
_PART = re.compile(r"[^.\[\]]+")


def kind_hint(word: object, known: Iterable[str]) -> str:
    """Return what to say after a kind that does not exist; empty where nothing is plain.

    Args:
        word: the kind as it is written.
        known: every kind that exists.
    """
    return _hint(word, _FORMER_KINDS, known) if isinstance(word, str) else ""


def field_hint(model: type[BaseModel], path: str) -> str:
    """Return what to say after a field that does not exist; empty where nothing is plain.

    Args:
        model: the type of the whole document.
        path: where the field was written, for example spec.env[0].nam.
    """
    *above, word = _PART.findall(path) or [""]
    models = [model]
    for part in above:
        if not part.isdecimal():
            models = [inner for outer in models for inner in _inner(outer, part)]
    known = {str(field.alias) for outer in models for field in outer.model_fields.values()}
    return _hint(word, _FORMER_FIELDS, sorted(known))


def _inner(model: type[BaseModel], alias: str) -> Iterator[type[BaseModel]]:
    for field in model.model_fields.values():
        if field.alias == alias:
            yield from _models(field.annotation)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models in a type: of an optional value, a list, a map."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def _hint(word: str, former: dict[str, str], known: Iterable[str]) -> str:
    by_letters = {_letters(name): name for name in known}
    today = former.get(word, "")
    if today and _letters(today) in by_letters:
        return f"; it is called {today}"
    close = difflib.get_close_matches(_letters(word), by_letters, n=1, cutoff=_SIMILAR)
    return f"; did you mean {by_letters[close[0]]}?" if close else ""


def _letters(word: str) -> str:
    return "".join(char for char in word.lower() if char.isalnum())
