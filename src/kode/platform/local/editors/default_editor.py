"""What serves where the first choice cannot.

Rule: only for the environment that is made when nobody has said what they want; a template that was
chosen is never exchanged for another.
"""

from dataclasses import dataclass

from kode.errors import PlatformError
from kode.platform.local.editors.catalog import CODE_SERVER, JUPYTERLAB
from kode.platform.local.editors.editor import Editor, Tell
from kode.platform.local.editors.editors import Editors


@dataclass(frozen=True)
class DefaultEditor:
    """The environment to begin with.

    Attributes:
        template: name of the template that ships for it.
        editor: its editor, installed.
        why: why it is not the first choice; empty where it is.
    """

    template: str
    editor: Editor
    why: str = ""


async def install_default_editor(editors: Editors, tell: Tell = lambda _: None) -> DefaultEditor:
    """Return what the first environment of a user is made of, installing its editor.

    Args:
        editors: the editors of this machine.
        tell: takes how far an install is.

    Raises:
        PlatformError: no editor can be installed; the message is about the first choice.
    """
    try:
        return DefaultEditor("code-server", await editors.install(CODE_SERVER, tell))
    except PlatformError as error:
        try:
            return DefaultEditor("python", await editors.install(JUPYTERLAB, tell), why=str(error))
        except PlatformError:
            raise error from None
