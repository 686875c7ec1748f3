"""Documents of the API server's, of which nothing is known but that they are objects of JSON.

Rule: reading never fails; what is missing, or is something else, reads as empty.
"""

from collections.abc import Mapping
from typing import Any


def get_dict(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return the object of a field; an empty one where there is none."""
    value = document.get(key)
    return value if isinstance(value, Mapping) else {}


def get_dicts(document: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """Return the objects of a field that holds a list; whatever else is in it is left out."""
    value = document.get(key)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def get_path(document: Any, *path: str) -> Any:
    """Return what stands below a document, one field after the other; None where nothing does."""
    for key in path:
        document = document.get(key) if isinstance(document, Mapping) else None
    return document
