"""The editor's container and the containers that run before it.

Rule: what keeps the editor behind its sidecar (host, port, no login, no file of the home) wins over
any variable and any argument that a template or a Kode gives.
"""

from collections.abc import Iterable, Sequence

from kode import names
from kode.api import ports
from kode.api.pod import InitPlugin
from kode.render import dotfiles, options
from kode.render.meta import Manifest
from kode.render.resolve import ResolvedKode

HOME_VOLUME = "home"

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
    template, contract = kode.template, kode.contract
    manifest: Manifest = {
        "name": "editor",
        "image": template.image,
        "imagePullPolicy": template.image_pull_policy,
        "command": list(template.command),
        "args": _args(kode),
        "env": _env(kode),
        "envFrom": _env_from(kode),
        "resources": _resources(kode),
        "volumeMounts": [*mounts(kode), {"name": "shm", "mountPath": "/dev/shm"}],
        "startupProbe": _probe(period=1, failures=600),
        "readinessProbe": _probe(period=3, failures=10),
        "securityContext": security(kode),
    }
    if contract.opens_working_directory and not template.command:
        manifest["workingDir"] = f"{kode.home}/{kode.workspace}"
    return {key: value for key, value in manifest.items() if value}


def init_containers(kode: ResolvedKode) -> list[Manifest]:
    """Return what runs before the editor, in order: folders, plugins, dotfiles."""
    return [
        _folders(kode),
        *_plugins("template", kode.template_plugins, kode),
        *_plugins("plugin", kode.user_plugins, kode),
        *_dotfiles(kode),
    ]


def mounts(kode: ResolvedKode) -> list[Manifest]:
    """Return where the home volume is mounted.

    An image keeps its settings in a home of its own; where the Kode's home is another path, the
    same volume stands at both, so that settings last as well as files.
    """
    homes = (kode.home, kode.contract.home) if kode.contract.keeps_home else (kode.home,)
    paths = dict.fromkeys(homes)
    return [{"name": HOME_VOLUME, "mountPath": path} for path in paths]


def security(kode: ResolvedKode) -> Manifest:
    """Return the security context of the editor and of plugins."""
    if kode.privileged:
        return {"privileged": True}
    if kode.contract.starts_as_root:
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


def _args(kode: ResolvedKode) -> list[str]:
    given, contract = list(kode.template.args), kode.contract
    if kode.template.command or not contract.options:
        return given
    if contract.options == "code-server":
        return options.behind(given, options.code_server(kode.port))
    program = [] if not contract.launcher or _names_program(given) else [contract.launcher]
    own = [
        *options.jupyter_on_port(kode.port),
        *options.jupyter_behind_sidecar(),
        f"--ServerApp.root_dir={kode.home}",
        f"--FileContentsManager.preferred_dir={kode.home}/{kode.workspace}",
    ]
    return [*program, *options.behind(given, own)]


def _names_program(given: Sequence[str]) -> bool:
    return bool(given) and not given[0].startswith("-")


def _env(kode: ResolvedKode) -> list[Manifest]:
    contract, template = kode.contract, kode.template
    own = dict.fromkeys(contract.blanks, "")
    own.update({"PUID": str(kode.puid), "PGID": str(kode.pgid), **_reach(kode)})
    if contract.workspace_variable:
        own[contract.workspace_variable] = f"{kode.home}/{kode.workspace}"
    if kode.home != contract.home or not contract.keeps_home:
        own["HOME"] = kode.home
    if kode.credentials and contract.user_variable:
        # Kubernetes would put the value of a variable in the place of $(NAME).
        own[contract.user_variable] = kode.credentials.user.replace("$(", "$$(")
    taken = _taken(kode, own)
    if template.env_from:
        own = {**_shadows(kode, taken), **own}
    variables = [_variable(name, value) for name, value in own.items()]
    if kode.credentials and contract.asks_basic:
        secret = names.envoy_secret(kode.name)
        variables.append(_secret_variable("PASSWORD", secret, ports.ENVOY_EDITOR_KEY))
    given = _given_env(kode, taken)
    if all(item["name"] != "TZ" for item in given):
        given.insert(0, {"name": "TZ", "value": template.tz})
    return [*given, *variables]


def _reach(kode: ResolvedKode) -> dict[str, str]:
    """Return the variables that say where the editor is reached, and by which file it goes."""
    contract, template = kode.contract, kode.template
    if _is_told_by_options(kode):
        return {}
    reach = {}
    if kode.port != contract.port or not contract.listens_unasked or template.command:
        reach[contract.port_variable] = str(kode.port)
    if contract.host_variable:
        reach[contract.host_variable] = options.LOOPBACK
    if contract.config_variable:
        reach[contract.config_variable] = options.NO_FILE
    return reach


def _is_told_by_options(kode: ResolvedKode) -> bool:
    return kode.contract.options == "code-server" and not kode.template.command


def _taken(kode: ResolvedKode, own: Iterable[str]) -> set[str]:
    contract = kode.contract
    taken = {*own, *(name for name, _ in contract.other_ports)}
    if contract.asks_basic:
        taken.add("PASSWORD")
    if not _is_told_by_options(kode):
        taken.add(contract.port_variable)
    return taken


def _shadows(kode: ResolvedKode, taken: set[str]) -> dict[str, str]:
    """Return variables that keys of envFrom, which nobody has seen yet, could otherwise bring."""
    contract = kode.contract
    shadows = dict(contract.other_ports)
    if contract.listens_unasked:
        # To code-server a port of no letters is none, and neither is it to most programs.
        shadows[contract.port_variable] = ""
    if contract.starts_as_root:
        shadows.update({f"FILE__{name}": "" for name in sorted(taken)})
    return shadows


def _env_from(kode: ResolvedKode) -> list[Manifest]:
    return [
        source.model_dump(by_alias=True, exclude_none=True) for source in kode.template.env_from
    ]


def _given_env(kode: ResolvedKode, taken: set[str]) -> list[Manifest]:
    return [
        item.model_dump(by_alias=True, exclude_none=True)
        for item in kode.env
        if not _is_taken(item.name, taken)
    ]


def _is_taken(name: str, taken: set[str]) -> bool:
    # linuxserver's images take X from the file that FILE__X names, whatever X says.
    return name.removeprefix("FILE__") in taken


def _variable(name: str, value: str) -> Manifest:
    # The API server leaves an empty value out.
    return {"name": name, "value": value} if value else {"name": name}


def _secret_variable(name: str, secret: str, key: str) -> Manifest:
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def _resources(kode: ResolvedKode) -> Manifest:
    given = kode.template.resources
    amounts = given.model_dump(by_alias=True) if given else {}
    return {name: found for name, found in amounts.items() if found} or _DEFAULT_RESOURCES


def _probe(*, period: int, failures: int) -> Manifest:
    # The sidecar answers for the editor, which listens on loopback, out of the kubelet's reach.
    return {
        "httpGet": {"path": "/ready", "port": ports.SIDECAR_HEALTH},
        "periodSeconds": period,
        "timeoutSeconds": 2,
        "failureThreshold": failures,
    }


def _folders(kode: ResolvedKode) -> Manifest:
    parts = kode.workspace.split("/")
    paths = ["/".join([kode.home, *parts[: depth + 1]]) for depth in range(len(parts))]
    if kode.dotfiles:
        # They are brought in by the editor's user, who needs the home itself.
        paths.insert(0, kode.home)
    return {
        "name": "folders",
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


def _plugins(prefix: str, plugins: Sequence[InitPlugin], kode: ResolvedKode) -> list[Manifest]:
    result = []
    for plugin in plugins:
        manifest: Manifest = {
            "name": f"{prefix}-{plugin.name}",
            "image": plugin.image,
            "imagePullPolicy": kode.template.image_pull_policy,
            "command": list(plugin.command),
            "args": list(plugin.args),
            "env": [item.model_dump(by_alias=True) for item in plugin.env],
            "resources": _PLUGIN_RESOURCES,
            "volumeMounts": mounts(kode),
            "securityContext": security(kode),
        }
        result.append({key: value for key, value in manifest.items() if value})
    return result


def _dotfiles(kode: ResolvedKode) -> list[Manifest]:
    if kode.dotfiles is None:
        return []
    home = {"name": "HOME", "value": kode.home}
    manifest: Manifest = {
        "name": "dotfiles",
        "image": kode.template.image,
        "imagePullPolicy": kode.template.image_pull_policy,
        # Kubernetes reads $(NAME) and $$ in a command; the shell is to see all of it.
        "command": [part.replace("$", "$$") for part in dotfiles.argv(kode.dotfiles)],
        # A proxy, or what an install script reads, is set there.
        "env": [*_given_env(kode, {"HOME"}), home],
        "envFrom": _env_from(kode),
        "resources": _PLUGIN_RESOURCES,
        "volumeMounts": mounts(kode),
        # The last line that it prints is the message of the Kode's condition.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "securityContext": _as_user(kode),
    }
    return [{key: value for key, value in manifest.items() if value}]
