"""What a kubelet makes of a container's variables and words.

Rule: written down anew from Kubernetes' documentation, not from what is tested by it.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

_TOKEN = re.compile(r"\$\$|\$\(([^)]*)\)")


def environment(
    container: Mapping[str, Any], brought: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the variables of a container, without those of its image.

    Args:
        container: its manifest.
        brought: what its envFrom brings, and the values of valueFrom under `of NAME`.
    """
    values = {key: value for key, value in (brought or {}).items() if not key.startswith("of ")}
    names = [item["name"] for item in container.get("env", ())]
    assert len(names) == len(set(names)), "an API server refuses a name that stands twice"
    for item in container.get("env", ()):
        name = item["name"]
        if "valueFrom" in item:
            values[name] = (brought or {}).get(f"of {name}", f"of {name}")
        else:
            values[name] = expand(item.get("value", ""), values)
    return values


def words(container: Mapping[str, Any], values: Mapping[str, str]) -> list[str]:
    """Return the words of a container as its program gets them."""
    given: Sequence[str] = [*container.get("command", ()), *container.get("args", ())]
    return [expand(word, values) for word in given]


def expand(text: str, values: Mapping[str, str]) -> str:
    """Return a text as a kubelet expands it."""

    def become(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        return values[match[1]] if match[1] in values else match[0]

    return _TOKEN.sub(become, text)
