"""The flags that an editor is started with.

Rule: pure; what keeps an editor behind its door (socket, mode, login) comes last and so wins over
what a template gives.
"""

from collections.abc import Sequence
from pathlib import PurePath

_OWNER_ONLY = "600"


def code_server(
    socket: PurePath, folder: PurePath, *, login: bool, given: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the flags of code-server.

    Args:
        socket: Unix socket that it listens on.
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
        f"--socket={socket}",
        f"--socket-mode={_OWNER_ONLY}",
        f"--auth={'password' if login else 'none'}",
        str(folder),
    )


def jupyterlab(socket: PurePath, folder: PurePath, *, given: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the flags of JupyterLab, which asks for no password: its door does.

    Args:
        socket: Unix socket that it listens on.
        folder: folder that it serves.
        given: flags of the template.
    """
    return (
        *(item for item in given if item != "--"),
        "--no-browser",
        "--allow-root",
        f"--ServerApp.sock={socket}",
        f"--ServerApp.sock_mode=0{_OWNER_ONLY}",
        f"--ServerApp.root_dir={folder}",
        "--ServerApp.allow_remote_access=True",
        "--ServerApp.terminals_enabled=True",
        "--ServerApp.open_browser=False",
        "--IdentityProvider.token=",
        "--PasswordIdentityProvider.hashed_password=",
        "--PasswordIdentityProvider.allow_password_change=False",
        "--LabApp.extension_manager=readonly",
        "--LabApp.news_url=None",
    )
