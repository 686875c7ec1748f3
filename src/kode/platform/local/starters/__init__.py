"""Templates that ship with the local platform: ready to use, and valid on a cluster too.

Rule: one YAML file a template; what is in them is what `kode apply` would take.
"""

from pathlib import Path
from typing import Any

import yaml

_FOLDER = Path(__file__).parent


def documents() -> tuple[dict[str, Any], ...]:
    """Return the templates as Kubernetes objects, in order of name."""
    return tuple(
        yaml.safe_load(file.read_text(encoding="utf-8")) for file in sorted(_FOLDER.glob("*.yaml"))
    )
