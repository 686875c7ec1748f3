"""The editors of this machine: which are there, and how to come by one.

Rule: the one way in for the rest of the platform and for the command line.
"""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from kode.platform.local.editors import check, install, install_errors, selection, shell
from kode.platform.local.editors.catalog import CODE_SERVER, RELEASES, release
from kode.platform.local.editors.command import CommandFailed
from kode.platform.local.editors.editor import Editor, Tell
from kode.platform.local.paths import Paths


class Editors:
    """The editors of one user on this machine."""

    def __init__(self, paths: Paths, environment: Mapping[str, str] | None = None) -> None:
        self._paths = paths
        self._environment = shell.harmless(os.environ if environment is None else environment)

    def installed(self, name: str) -> Editor | None:
        """Return an editor that can be started now.

        Raises:
            RefNotFound: there is no editor of that name.
            PlatformError: the user chose one of their own, and it is not there.
        """
        wanted = release(name)
        own = (
            selection.load_selected(self._paths, self._environment) if name == CODE_SERVER else None
        )
        return own or install.find(wanted, self._paths.editors)

    def list(self) -> tuple[Editor, ...]:
        """Return the editors that can be started now."""
        editors = (self.installed(item.name) for item in RELEASES)
        return tuple(editor for editor in editors if editor)

    async def install(self, name: str, tell: Tell = lambda _: None) -> Editor:
        """Return an editor, installing it where that is needed.

        Args:
            name: code-server or jupyterlab.
            tell: takes how far it is; called often, from the same thread.

        Raises:
            RefNotFound: there is no editor of that name.
            PlatformError: it cannot be installed; the message says what to do.
        """
        editor = self.installed(name)
        if editor:
            return editor
        paths = self._paths
        return await install.install(
            release(name), paths.editors, paths.cache, self._environment, tell
        )

    def remove(self, name: str) -> bool:
        """Remove what was installed under a name, in every version; downloads are kept.

        Returns:
            Whether anything was there.

        Raises:
            RefNotFound: there is no editor of that name.
        """
        return install.remove(release(name), self._paths.editors)

    async def use(self, path: str | None) -> Path | None:
        """Use a code-server of the user's own from now on; None for Kode's own again.

        Returns:
            Its whole path.

        Raises:
            InvalidSpec: it is not a program.
            PlatformError: it does not start.
        """
        whole = selection.resolve(path, self._environment) if path is not None else None
        if whole:
            try:
                await check.check_starts(Editor(CODE_SERVER, "", (str(whole),)), self._environment)
            except (CommandFailed, OSError) as error:
                raise install_errors.install_error(release(CODE_SERVER), error, whole) from error
        await asyncio.to_thread(selection.save, self._paths, whole)
        return whole
