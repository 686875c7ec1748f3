"""The flags that an editor is started with.

Rule: pure; what keeps an editor behind its door (socket, mode, login) comes last and so wins over
what a template gives.
"""

from collections.abc import Sequence
from pathlib import PurePath

_OWNER_ONLY = "600"


def code_server(
    sockets: tuple[PurePath, PurePath],
    folder: PurePath,
    *,
    login: bool,
    given: Sequence[str] = (),
) -> tuple[str, ...]:
    """Return the flags of code-server.

    Args:
        sockets: Unix socket that it listens on, and one for its own use: else that would stand in
            the home, whose path may be too long for a socket.
        folder: folder that it opens.
        login: whether it asks for the password of its environment's PASSWORD itself.
        given: flags of the template.
    """
    return (
        # What stands after a lone -- is no flag any more.
        *(item for item in given if item != "--"),
        "--disable-telemetry",
        "--disable-update-check",
        "--disable-workspace-trust",
        f"--socket={sockets[0]}",
        f"--socket-mode={_OWNER_ONLY}",
        f"--session-socket={sockets[1]}",
        f"--auth={'password' if login else 'none'}",
        str(folder),
    )


def jupyterlab(
    socket: PurePath, home: PurePath, folder: PurePath, *, terminal: str, given: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the flags of JupyterLab, which asks for no password: its door does.

    One that is given twice ends it, so that a template cannot take any of these back.

    Args:
        socket: Unix socket that it listens on.
        home: folder that it serves.
        folder: folder in it that it opens.
        terminal: program that its terminals run.
        given: flags of the template.
    """
    return (
        *(item for item in given if item != "--"),
        "--no-browser",
        "--allow-root",
        f"--ServerApp.sock={socket}",
        f"--ServerApp.sock_mode=0{_OWNER_ONLY}",
        f"--ServerApp.root_dir={home}",
        f"--FileContentsManager.preferred_dir={folder}",
        "--ServerApp.allow_remote_access=True",
        "--IdentityProvider.token=",
        "--PasswordIdentityProvider.hashed_password=",
        "--LabApp.extension_manager=readonly",
        "--LabApp.news_url=None",
        # Without -l, which it would add: a login shell begins with another PATH.
        f"--ServerApp.terminado_settings={ {'shell_command': [terminal]} }",
        # It would run npm at each start, to look for what nobody has installed.
        "--LanguageServerManager.autodetect=False",
    )
