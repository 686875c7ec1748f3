"""The flags that an editor is started with.

Rule: pure; what keeps an editor behind its gateway (socket, mode, no login, no file of the home)
comes last and so wins over what a template gives; what would win over that is refused before.
"""

from collections.abc import Sequence
from pathlib import PurePath

from kode.render import options

_OWNER_ONLY = "600"
_PORT_OF_JUPYTER = 8888


def code_server(
    sockets: tuple[PurePath, PurePath], folder: PurePath, args: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the flags of code-server, which asks for no password: its gateway does.

    Args:
        sockets: Unix socket that it listens on, and one for its own use: else that would stand in
            the home, whose path may be too long for a socket.
        folder: folder that it opens.
        args: flags of the template.
    """
    own = (
        "--disable-telemetry",
        "--disable-update-check",
        f"--socket={sockets[0]}",
        f"--socket-mode={_OWNER_ONLY}",
        f"--session-socket={sockets[1]}",
        "--auth=none",
        f"--config={options.NO_FILE}",
        str(folder),
    )
    return tuple(options.behind(args, own))


def jupyterlab(
    sockets: tuple[PurePath, PurePath],
    home: PurePath,
    folder: PurePath,
    *,
    terminal: str,
    args: Sequence[str] = (),
) -> tuple[str, ...]:
    """Return the flags of JupyterLab, which asks for no password: its gateway does.

    Args:
        sockets: Unix socket that it listens on, and the folder of those of its kernels.
        home: folder that it serves.
        folder: folder in it that it opens.
        terminal: program that its terminals run.
        args: flags of the template.
    """
    own = (
        "--no-browser",
        "--allow-root",
        f"--ServerApp.sock={sockets[0]}",
        # Any other than its default, from a file or JUPYTER_PORT, would be one too many.
        f"--ServerApp.port={_PORT_OF_JUPYTER}",
        f"--ServerApp.sock_mode=0{_OWNER_ONLY}",
        f"--ServerApp.root_dir={home}",
        f"--FileContentsManager.preferred_dir={folder}",
        *options.jupyter_behind_sidecar(),
        # On ports of loopback kernels would be there for every user of the machine, and only a key
        # would keep those out. Given for the class that is used: so no file's section wins.
        "--ServerKernelManager.transport=ipc",
        f"--ServerApp.runtime_dir={sockets[1]}",
        "--LabApp.extension_manager=readonly",
        "--LabApp.news_url=None",
        # Without -l, which it would add: a login shell begins with another PATH.
        f"--ServerApp.terminado_settings={ {'shell_command': [terminal]} }",
        # It would run npm at each start, to look for what nobody has installed.
        "--LanguageServerManager.autodetect=False",
    )
    return tuple(options.behind(args, own))
