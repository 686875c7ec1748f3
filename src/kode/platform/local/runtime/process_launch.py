"""What is started for each type of template.

Rule: pure, one function a type; editors listen on a Unix socket of their own that only its owner
can open, or in a network of their own behind one, so that all requests come through the
gateway.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kode import labels
from kode.api import layout
from kode.api.conditions import Reason
from kode.errors import InvalidSpec, PlatformError
from kode.platform.local.editors import flags
from kode.platform.local.editors.editor import Editor
from kode.platform.local.netns.network import enter
from kode.platform.local.program import Command, Probe
from kode.platform.local.runtime import commands, shell
from kode.platform.local.runtime.env import Variables, base_env, editor_env
from kode.platform.local.runtime.host import HostContext
from kode.platform.local.runtime.substitution import rewrite_home_paths
from kode.render.image_profile import CODER_CODE_SERVER
from kode.render.resolve import ResolvedKode

SOCKET = "KODE_SOCKET"
"""Variable of a program that can listen on a Unix socket: its command says so by naming it."""
HOST_NETWORK = "host"
_RUNTIME_DIR = "JUPYTER_RUNTIME_DIR"
_KERNEL = Path(__file__).parents[1] / "editors" / "kernel.py"
_SETTINGS = ".local/share/code-server/User/settings.json"
_DEFAULTS = {
    # The agent behind it is not installed.
    "chat.disableAIFeatures": True,
    "extensions.autoCheckUpdates": False,
    "extensions.autoUpdate": False,
    "telemetry.telemetryLevel": "off",
    "update.mode": "none",
    "workbench.enableExperiments": False,
    # There is nothing in it without that agent.
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.startupEditor": "none",
}
_NEWS = ".jupyter/lab/user-settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
# A first start begins with work, not with a question about news from elsewhere.
_QUIET = {"checkForUpdates": False, "fetchNews": "false"}
_PAGES = ".jupyter/labconfig/page_config.json"
# A kernel that is debugged listens on a port of loopback and asks nobody who they are.
_NO_DEBUGGER = {"disabledExtensions": {"@jupyterlab/debugger-extension": True}}
_WRITE_ONCE = '[ -e "$1" ] || { mkdir -p "${1%/*}" && printf "%s\\n" "$2" >"$1"; }'


@dataclass(frozen=True)
class LaunchSpec:
    """How the editor of a Kode is started.

    Attributes:
        main: the editor.
        health: how it shows that it lives.
        runtime: what runs, for people.
        steps: what runs before everything else.
        unsupported: what of the template is left out.
        within: what a command that is to run beside it is put behind; empty where it can be run
            as it is.
        commands: scripts of the editor's own commands, by name.
        cleanup: what runs before a start and after an end; None for nothing.
    """

    main: Command
    health: Probe
    runtime: str
    steps: tuple[Command, ...] = ()
    unsupported: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    commands: Mapping[str, str] = field(default_factory=dict)
    cleanup: Command | None = None


def launch(kode: ResolvedKode, host: HostContext) -> LaunchSpec:
    """Return how the editor of a Kode is started.

    Args:
        kode: the Kode.
        host: where it runs.

    Raises:
        InvalidSpec: the template needs its image, or a command (reason NotOnLocalPlatform).
        PlatformError: the editor is not installed.
    """
    match kode.template.type:
        case "code-server":
            return _code_server(kode, host, _editor(host, "code-server"))
        case "jupyter":
            return _jupyter(kode, host, _editor(host, "jupyterlab"))
        case "custom":
            return _custom(kode, host)
        case other:
            raise InvalidSpec(
                Reason.NOT_ON_LOCAL_PLATFORM,
                f"a template of type {other} cannot run as a process: it needs podman",
            )


def arguments(
    items: Sequence[str], kode: ResolvedKode, host: HostContext, variables: Variables
) -> tuple[str, ...]:
    """Return words of a template as they are meant here."""
    return variables.fill(rewrite_home_paths(item, kode.home, host.volume) for item in items)


def _code_server(kode: ResolvedKode, host: HostContext, editor: Editor) -> LaunchSpec:
    template = kode.template
    variables = editor_env(kode, host, {})
    lacking = [*variables.missing, *_list_left_out(template.command, "command")]
    args: Sequence[str] = template.args
    if kode.image_profile != CODER_CODE_SERVER or template.command:
        # They are the words of another program.
        lacking, args = [*lacking, *_list_left_out(args, "args")], ()
    folder = host.volume / kode.workspace
    options = arguments(args, kode, host, variables)
    argv = flags.code_server((host.socket, host.session), folder, options)
    start = shell.give_back(host.volume, (*editor.argv, *argv))
    return LaunchSpec(
        main=Command(layout.EDITOR, start, {**variables.values, **editor.env}, folder),
        health=Probe("/healthz", socket=host.socket),
        runtime=_require_editor(editor),
        steps=(_write_once(kode, host, _SETTINGS, _DEFAULTS),),
        unsupported=tuple(lacking),
        commands=commands.editor(editor.argv, options),
    )


def _jupyter(kode: ResolvedKode, host: HostContext, editor: Editor) -> LaunchSpec:
    template = kode.template
    python = host.volume / ".local" / "share" / "kode" / "python"
    own = {"JUPYTER_PATH": str(python / "share" / "jupyter"), _RUNTIME_DIR: str(host.kernels)}
    variables = editor_env(kode, host, own)
    env = {**variables.values, **editor.env, "VIRTUAL_ENV": str(python)}
    env["PATH"] = f"{python / 'bin'}:{env['PATH']}"
    lacking = [*variables.missing, *_list_left_out(template.command, "command")]
    args: Sequence[str] = template.args
    if args and args[0] == kode.image_profile.entrypoint:
        args = args[1:]
    if template.command or (args and not args[0].startswith("-")):
        lacking, args = [*lacking, *_list_left_out(args, "args")], ()
    folder = host.volume / kode.workspace
    argv = flags.jupyterlab(
        (host.socket, host.kernels),
        host.volume,
        folder,
        terminal=host.shell,
        args=arguments(args, kode, host, variables),
    )
    prepare = (editor.argv[0], "-I", str(_KERNEL), str(python))
    return LaunchSpec(
        main=Command(layout.EDITOR, (*editor.argv, *argv), env, folder),
        health=Probe("/api", socket=host.socket),
        runtime=_require_editor(editor),
        steps=(
            _write_once(kode, host, _NEWS, _QUIET),
            _write_once(kode, host, _PAGES, _NO_DEBUGGER),
            _step(kode, host, "python", prepare),
        ),
        unsupported=tuple(lacking),
        # What a kernel that was killed leaves would be taken for another's.
        cleanup=_step(kode, host, "kernels", ("rm", "-rf", "--", str(host.kernels))),
    )


def _custom(kode: ResolvedKode, host: HostContext) -> LaunchSpec:
    template = kode.template
    if not template.command:
        raise InvalidSpec(
            Reason.NOT_ON_LOCAL_PLATFORM,
            "a template of type custom needs command to run as a process: the entrypoint of its "
            "image is not available",
        )
    entry = _way_in(kode, host)
    variables = editor_env(kode, host, entry.variables)
    argv = arguments([*template.command, *template.args], kode, host, variables)
    return LaunchSpec(
        main=Command(
            layout.EDITOR, (*entry.before, *argv), variables.values, host.volume / kode.workspace
        ),
        health=Probe(
            "/",
            socket=entry.socket,
            port=entry.port,
            unhealthy_from_status=kode.image_profile.unhealthy_from_status,
        ),
        runtime=f"process: {argv[0]}, the template's own command",
        unsupported=(*variables.missing, *entry.unsupported),
        within=entry.within,
    )


@dataclass(frozen=True)
class _WayIn:
    """How a program of the template's own is reached.

    Attributes:
        variables: what tells it where to listen.
        socket: the Unix socket to ask; or
        port: the port of this machine.
        before: what its command is put behind.
        within: what a command that is to run beside it is put behind.
        unsupported: what it lacks.
    """

    variables: Mapping[str, str]
    socket: Path | None = None
    port: int | None = None
    before: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()


def _way_in(kode: ResolvedKode, host: HostContext) -> _WayIn:
    """Return how a program is reached, so that nobody comes past the gateway.

    Raises:
        InvalidSpec: there is no such way here, and the Kode does not accept an open port.
    """
    template, network, requested = kode.template, host.network, host.requested_network
    if requested not in ("", HOST_NETWORK):
        text = f"metadata.annotations.{labels.NETWORK}: is {requested!r}, must be {HOST_NETWORK}"
        raise InvalidSpec(Reason.INVALID_SPEC, text)
    if any(SOCKET in word for word in (*template.command, *template.args)):
        return _WayIn({SOCKET: str(host.socket)}, socket=host.socket)
    if requested:
        open_port = (
            f"network: the program listens on 127.0.0.1:{host.port}, where other users of this "
            "machine and web pages reach it without a password, as the annotation "
            f"{labels.NETWORK} accepts"
        )
        return _WayIn({"PORT": str(host.port)}, port=host.port, unsupported=(open_port,))
    accept = f"the annotation {labels.NETWORK}: {HOST_NETWORK} on the Kode accepts"
    if network.why_not:
        raise InvalidSpec(
            Reason.NOT_ON_LOCAL_PLATFORM,
            "the program would listen on a port that other users of this machine and web pages "
            "reach without a password, and it cannot have a network of its own here: "
            f"{network.why_not}. A command that listens on the Unix socket {SOCKET} needs none; "
            f"an open port is what {accept}",
        )
    lacking = f"network: the program has no route out of its own network: {network.no_uplink}"
    return _WayIn(
        {"PORT": str(kode.port)},
        socket=host.socket,
        before=network.argv(host.socket, kode.port),
        within=enter(host.socket),
        unsupported=(f"{lacking}; the machine's own, with an open port, is what {accept}",)
        if network.no_uplink
        else (),
    )


def _editor(host: HostContext, name: str) -> Editor:
    if host.editor is None:
        raise PlatformError(
            Reason.EDITOR_UNAVAILABLE, f"{name} is not installed: `kode editors install {name}`"
        )
    return host.editor


def _require_editor(editor: Editor) -> str:
    own = "installed by Kode" if editor.root else f"your own, {editor.argv[0]}"
    return f"process: {' '.join(filter(None, (editor.name, editor.version)))}, {own}"


def _step(kode: ResolvedKode, host: HostContext, name: str, argv: tuple[str, ...]) -> Command:
    return Command(name, argv, base_env(kode, host), host.volume)


def _write_once(kode: ResolvedKode, host: HostContext, name: str, settings: object) -> Command:
    """Return what writes settings into the home where the user has none."""
    content = (str(host.volume / name), json.dumps(settings, indent=2))
    return _step(kode, host, "settings", ("sh", "-c", _WRITE_ONCE, "settings", *content))


def _list_left_out(values: Sequence[str], field: str) -> tuple[str, ...]:
    return (
        (f"{field}: not used; it is for the image, and an editor of this machine runs instead",)
        if values
        else ()
    )
