"""Words of a template as they are meant on one machine.

Rule: pure. `$(NAME)` is what Kubernetes makes of it; a path that begins with the Kode's home is the
same path of the folder that stands for it.
"""

import re
from collections.abc import Mapping
from pathlib import PurePath

_REFERENCE = re.compile(r"\$(?:\$|\(([^)]*)\))")
_BEFORE = r"(?<![\w.~*%@+})\]/-])"
_AFTER = r"(?![\w.@+-])"


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """Return a text with each $(NAME) replaced; $$ stands for $, an unknown name for itself.

    Source: https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
    """
    return _REFERENCE.sub(
        lambda found: "$" if found[0] == "$$" else variables.get(found[1], found[0]), text
    )


def moved(text: str, home: str, folder: PurePath) -> str:
    """Return a text in which paths below the home are paths of a folder.

    A path begins where no letter, digit or other part of a path stands before it, so that
    `$HOME/config`, `./config` and `https://a.example/config` stay what they are beside /config.
    """
    return re.sub(_BEFORE + re.escape(home) + _AFTER, lambda _: str(folder), text)
