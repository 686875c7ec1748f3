"""Words of a template as they are meant on the local platform.

Rule: pure. A path that begins with the Kode's home is the same path of the folder that stands for
it; what `$(NAME)` is, is the same everywhere (kode.render.variables).
"""

import re
from pathlib import PurePath

_BEFORE = r"(?<![\w.~*%@+})\]/-])"
_AFTER = r"(?![\w.@+-])"


def rewrite_home_paths(text: str, home: str, folder: PurePath) -> str:
    """Return a text in which paths below the home are paths of a folder.

    A path begins where no letter, digit or other part of a path stands before it, so that
    `$HOME/config`, `./config` and `https://a.example/config` stay what they are beside /config.
    """
    return re.sub(_BEFORE + re.escape(home) + _AFTER, lambda _: str(folder), text)
