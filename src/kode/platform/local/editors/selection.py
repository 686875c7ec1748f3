"""A code-server of the user's own, where they have chosen one.

Rule: what lies on the PATH is used only when asked, by KODE_CODE_SERVER or `kode editors use`; the
variable wins.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from kode.api.conditions import Reason
from kode.errors import InvalidSpec, PlatformError
from kode.platform.local.editors.catalog import CODE_SERVER
from kode.platform.local.editors.editor import Editor
from kode.platform.local.files import replace_file
from kode.platform.local.paths import Paths

VARIABLE = "KODE_CODE_SERVER"


def load_selected(paths: Paths, environment: Mapping[str, str]) -> Editor | None:
    """Return the user's own code-server; None where they have chosen none.

    Raises:
        PlatformError: what they have chosen is not there, or the choice cannot be read.
    """
    path = environment.get(VARIABLE)
    source = VARIABLE
    if not path:
        path, source = _read(paths), "`kode editors use`"
    if not path:
        return None
    program = shutil.which(path, path=environment.get("PATH"))
    if not program:
        raise PlatformError(
            Reason.EDITOR_UNAVAILABLE,
            f"{path}, chosen by {source}, cannot be run: choose another, or "
            "`kode editors use --builtin` for the one that Kode installs",
        )
    return Editor(name=CODE_SERVER, version="", argv=(str(Path(program).absolute()),))


def resolve(path: str, environment: Mapping[str, str]) -> Path:
    """Return the whole path of a program.

    Args:
        path: a path, or a name on the PATH.
        environment: for its PATH.

    Raises:
        InvalidSpec: it is not a program.
    """
    program = shutil.which(path, path=environment.get("PATH"))
    if not program:
        raise InvalidSpec(Reason.INVALID_SPEC, f"{path} is not a program that you can run")
    return Path(program).absolute()


def save(paths: Paths, path: Path | None) -> None:
    """Remember which code-server is to be used; None for Kode's own."""
    file = _file(paths)
    if path is None:
        file.unlink(missing_ok=True)
        return
    paths.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    replace_file(file, json.dumps({CODE_SERVER: str(path)}))


def _read(paths: Paths) -> str | None:
    file = _file(paths)
    try:
        choice = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise PlatformError(
            Reason.EDITOR_UNAVAILABLE, f"{file} cannot be read ({error}): remove it"
        ) from error
    selected = choice.get(CODE_SERVER) if isinstance(choice, dict) else None
    return selected if isinstance(selected, str) else None


def _file(paths: Paths) -> Path:
    return paths.root / "editors.json"
