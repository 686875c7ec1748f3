"""Variables of a container: their order, and what $(NAME) in their values and words becomes.

Rule: pure, and Kubernetes' own rules on every platform: of two variables of a name the later one
wins, $(NAME) is the one that stands before, $$ is a dollar sign, an unknown name stays as written.
Source: https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
"""

import re
from collections.abc import Collection, Iterable, Mapping

from kode.api.pod import EnvVar, TemplateEnvVar

Variable = TemplateEnvVar | EnvVar

_REFERENCE = re.compile(r"\$(?:\$|\(([^)]*)\))")
_BEFORE = "KODE_BEFORE_"


def expand(text: str, values: Mapping[str, str]) -> str:
    """Return a text with each $(NAME) replaced; $$ stands for $, an unknown name for itself."""
    return _REFERENCE.sub(
        lambda match: "$" if match[0] == "$$" else values.get(match[1], match[0]), text
    )


def escape(text: str) -> str:
    """Return the text that `expand` makes this one of."""
    return text.replace("$", "$$")


def fill(text: str, texts: Mapping[str, str]) -> str:
    """Return a text with some of its references replaced; the others wait for `expand`.

    Args:
        text: a text to expand.
        texts: by name, what stands for it: texts to expand, too.
    """
    return _REFERENCE.sub(lambda match: texts.get(match[1], match[0]), text)


def split(text: str, name: str) -> list[str]:
    """Return the parts of a text between its references to a name; the text alone for none."""
    parts, start = [], 0
    for match in _REFERENCE.finditer(text):
        if match[1] == name:
            parts.append(text[start : match.start()])
            start = match.end()
    return [*parts, text[start:]]


def refers(text: str, name: str) -> bool:
    """Tell whether a text refers to a name."""
    return len(split(text, name)) > 1


def order(
    items: Iterable[Variable], values: Mapping[str, str], known: Collection[str] = ()
) -> list[Variable]:
    """Return variables without a name that stands twice, and with the same values.

    Where a later variable refers to the earlier one of its name, as in `A: $(A):more`, the text of
    that one stands in the reference's place; a list with both is refused by an API server.

    Args:
        items: variables, of which a later one wins.
        values: values that can be referred to, and are no variables of the container.
        known: further names that can be referred to, whose values are not known here.
    """
    listed = list(items)
    last = {item.name: place for place, item in enumerate(listed)}
    texts = {name: escape(value) for name, value in values.items()}
    waiting = {name: escape(f"$({name})") for name in last if name not in known}
    ordered: list[Variable] = []
    for place, item in enumerate(listed):
        literal = isinstance(item, EnvVar) or item.value_from is None
        text = fill(item.value or "", texts)
        if last[item.name] == place:
            texts.pop(item.name, None)
            ordered.append(item.model_copy(update={"value": text}) if literal else item)
        elif literal:
            # A name that is none yet stays as it is written, also where this text is put in.
            texts[item.name] = fill(text, waiting)
        else:
            hidden = f"{_BEFORE}{item.name}"
            texts[item.name] = f"$({hidden})"
            if any(refers(later.value or "", item.name) for later in listed[place + 1 :]):
                ordered.append(item.model_copy(update={"name": hidden}))
        waiting.pop(item.name, None)
    return ordered
