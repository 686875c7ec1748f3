"""The editor's container and the containers that run before it.

Rule: what keeps the editor behind its sidecar (host, port, no login, no file of the home) wins over
any variable and any argument that a template or a Kode gives.
"""

from collections.abc import Sequence

from kode.api import layout
from kode.api.pod import InitPlugin
from kode.render import dotfiles, environment, options, terminal, variables
from kode.render.environment import Environment
from kode.render.metadata import Manifest
from kode.render.resolve import ResolvedKode

HOME_VOLUME = "home"
FOLDERS = "folders"
"""Name of the container that makes the workspace: the last word of its command."""

_DEFAULT_RESOURCES = {
    "requests": {"cpu": "100m", "memory": "512Mi"},
    "limits": {"cpu": "2", "memory": "4Gi"},
}
_PLUGIN_RESOURCES = {
    "requests": {"cpu": "50m", "memory": "64Mi"},
    "limits": {"cpu": "2", "memory": "2Gi"},
}
ROOT_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID")
"""What an image needs that starts as root (docs/explanation/images.md says for what)."""

# Makes each folder that is missing and gives it to the editor's user where it may. Where the group
# of a volume changes, Kubernetes opens all that is in it to the new group: private keys among it,
# which ssh then refuses. A link is left: what it leads to may be anything.
_MAKE_FOLDERS = (
    'for folder in "$@"; do [ -d "$folder" ] || mkdir "$folder" || exit 1; '
    '[ "$(id -u)" != 0 ] || chown "$OWNER" "$folder"; done; '
    "for it in .ssh .gnupg .netrc .pgpass .git-credentials; do "
    '[ -L "$HOME/$it" ] || [ ! -e "$HOME/$it" ] || chmod -R go-rwx "$HOME/$it" || :; done'
)


def container(kode: ResolvedKode) -> Manifest:
    """Return the editor's container."""
    template, contract = kode.template, kode.image_profile
    env = environment.editor(kode)
    command, args = env.fill(template.command, "command"), _args(kode, env)
    if env.has_halves and command:
        command = _started(command)
    elif env.has_halves and contract.entrypoint:
        args = _started(args)
    manifest: Manifest = {
        "name": layout.EDITOR,
        "image": template.image,
        "imagePullPolicy": template.image_pull_policy,
        "command": command,
        "args": args,
        "env": list(env.variables),
        "envFrom": environment.sources(kode),
        "resources": _resources(kode),
        "volumeMounts": [*mounts(kode), {"name": "shm", "mountPath": "/dev/shm"}],
        "startupProbe": _probe(period=1, failures=600),
        "readinessProbe": _probe(period=3, failures=10),
        "securityContext": security(kode),
    }
    if contract.opens_working_directory and not template.command:
        manifest["workingDir"] = f"{kode.home}/{kode.workspace}"
    return {key: value for key, value in manifest.items() if value}


def check(kode: ResolvedKode) -> None:
    """Refuse what no container can be given.

    Raises:
        InvalidSpec: something refers to the image's PATH where nobody knows it.
    """
    container(kode)
    init_containers(kode)


def init_containers(kode: ResolvedKode) -> list[Manifest]:
    """Return what runs before the editor, in order: folders, its shell, plugins, dotfiles."""
    file = environment.editor(kode).shell
    return [
        _folders(kode, file),
        *_shell(kode, file),
        *_plugins("template", kode.template_plugins, kode),
        *_plugins("plugin", kode.user_plugins, kode),
        *_dotfiles(kode),
    ]


def mounts(kode: ResolvedKode) -> list[Manifest]:
    """Return where the home volume is mounted.

    An image keeps its settings in a home of its own; where the Kode's home is another path, the
    same volume stands at both, so that settings last as well as files.
    """
    homes = (
        (kode.home, kode.image_profile.home)
        if kode.image_profile.ignores_home_env
        else (kode.home,)
    )
    paths = dict.fromkeys(homes)
    return [{"name": HOME_VOLUME, "mountPath": path} for path in paths]


def security(kode: ResolvedKode) -> Manifest:
    """Return the security context of the editor and of plugins."""
    if kode.privileged:
        return {"privileged": True}
    if kode.image_profile.starts_as_root:
        # It becomes PUID:PGID by itself and needs to be root until then, with these rights of root.
        return {"capabilities": {"drop": ["ALL"], "add": list(ROOT_CAPABILITIES)}}
    return _as_user(kode)


def _as_user(kode: ResolvedKode) -> Manifest:
    return {
        "runAsUser": kode.puid,
        "runAsGroup": kode.pgid,
        "runAsNonRoot": True,
        # A program that is root to whoever starts it, such as sudo, stays the user's.
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }


def _args(kode: ResolvedKode, env: Environment) -> list[str]:
    given, contract = env.fill(kode.template.args, "args"), kode.image_profile
    if kode.template.command or not contract.options:
        return given
    if contract.options == "code-server":
        return options.behind(given, options.code_server(kode.port))
    program = [] if not contract.entrypoint or _names_program(given) else [contract.entrypoint]
    own = [
        *options.jupyter_on_port(kode.port),
        *options.jupyter_behind_sidecar(),
        f"--ServerApp.root_dir={kode.home}",
        f"--FileContentsManager.preferred_dir={kode.home}/{kode.workspace}",
    ]
    return [*program, *options.behind(given, own)]


def _started(words: Sequence[str]) -> list[str]:
    # What reads $(NAME) and $$ is to leave the script to the shell.
    return [*map(variables.escape, terminal.start(())), *words]


def _names_program(given: Sequence[str]) -> bool:
    return bool(given) and not given[0].startswith("-")


def _resources(kode: ResolvedKode) -> Manifest:
    given = kode.template.resources
    amounts = given.model_dump(by_alias=True) if given else {}
    return {name: found for name, found in amounts.items() if found} or _DEFAULT_RESOURCES


def _probe(*, period: int, failures: int) -> Manifest:
    # The sidecar answers for the editor, which listens on loopback, out of the kubelet's reach.
    return {
        "httpGet": {"path": "/ready", "port": layout.SIDECAR_HEALTH},
        "periodSeconds": period,
        "timeoutSeconds": 2,
        "failureThreshold": failures,
    }


def _folders(kode: ResolvedKode, shell: str) -> Manifest:
    parts = kode.workspace.split("/")
    paths = ["/".join([kode.home, *parts[: depth + 1]]) for depth in range(len(parts))]
    if kode.dotfiles or shell:
        # They are brought in by the editor's user, who needs the home itself.
        paths.insert(0, kode.home)
    return {
        "name": FOLDERS,
        "image": kode.template.image,
        "imagePullPolicy": kode.template.image_pull_policy,
        "command": ["sh", "-c", _MAKE_FOLDERS, "folders", *paths],
        "env": [
            {"name": "OWNER", "value": f"{kode.puid}:{kode.pgid}"},
            {"name": "HOME", "value": kode.home},
        ],
        "resources": _PLUGIN_RESOURCES,
        "volumeMounts": mounts(kode),
        "securityContext": security(kode),
    }


def _shell(kode: ResolvedKode, file: str) -> list[Manifest]:
    if not file:
        return []
    return [
        {
            "name": "shell",
            "image": kode.template.image,
            "imagePullPolicy": kode.template.image_pull_policy,
            "command": [variables.escape(word) for word in terminal.write(file)],
            "resources": _PLUGIN_RESOURCES,
            "volumeMounts": mounts(kode),
            "securityContext": _as_user(kode),
        }
    ]


def _plugins(prefix: str, plugins: Sequence[InitPlugin], kode: ResolvedKode) -> list[Manifest]:
    result = []
    for plugin in plugins:
        env = environment.plugin(kode, plugin)
        command = env.fill(plugin.command, f"initPlugins {plugin.name}: command")
        manifest: Manifest = {
            "name": f"{prefix}-{plugin.name}",
            "image": plugin.image,
            "imagePullPolicy": kode.template.image_pull_policy,
            "command": _started(command) if env.has_halves else command,
            "args": env.fill(plugin.args, f"initPlugins {plugin.name}: args"),
            "env": list(env.variables),
            "resources": _PLUGIN_RESOURCES,
            "volumeMounts": mounts(kode),
            "securityContext": security(kode),
        }
        result.append({key: value for key, value in manifest.items() if value})
    return result


def _dotfiles(kode: ResolvedKode) -> list[Manifest]:
    if kode.dotfiles is None:
        return []
    env = environment.dotfiles(kode)
    # Kubernetes reads $(NAME) and $$ in a command; the shell is to see all of it.
    command = [variables.escape(word) for word in dotfiles.argv(kode.dotfiles)]
    manifest: Manifest = {
        "name": "dotfiles",
        "image": kode.template.image,
        "imagePullPolicy": kode.template.image_pull_policy,
        "command": _started(command) if env.has_halves else command,
        "env": list(env.variables),
        "envFrom": environment.sources(kode),
        "resources": _PLUGIN_RESOURCES,
        "volumeMounts": mounts(kode),
        # The last line that it prints is the message of the Kode's condition.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "securityContext": _as_user(kode),
    }
    return [{key: value for key, value in manifest.items() if value}]
