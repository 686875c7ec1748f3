"""A Kode whose image is run: its program, from the same containers that a cluster would run.

Rule: pure. What runs before the editor, and what the editor is told, is as it is rendered for a
cluster; only who owns the files, and how the editor is reached, is said here.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from kode.api import layout
from kode.platform.local.program import Command, Probe, Program
from kode.platform.local.runtime import image
from kode.platform.local.runtime.container import Container, call, list_unlimited
from kode.platform.local.runtime.engine import Engine
from kode.platform.local.runtime.env import container_env
from kode.platform.local.runtime.host import HostContext
from kode.platform.local.runtime.unsupported import list_unsupported_in_container
from kode.render import editor as rendered
from kode.render import terminal
from kode.render.environment import editor as environment_of
from kode.render.metadata import Manifest
from kode.render.resolve import ResolvedKode

_RELAY = Path(__file__).parents[1] / "shim" / "socket_proxy.py"
_STARTUP_TIMEOUT = 600.0
"""Seconds that an image may take to start, as on a cluster."""
_ROOT = "0:0"
# What root on this machine made, or another user id used, is the editor's from now on.
_OWN = (
    '[ "$(stat -c %u:%g "$1")" = "$OWNER" ] || chown -R "$OWNER" "$1" || exit 1; '
    'for folder in "$@"; do chown "$OWNER" "$folder" || exit 1; done'
)


@dataclass(frozen=True)
class ContainerProgram:
    """A Kode as podman runs it.

    Attributes:
        program: what is to run.
        enter: the call that runs a command in it, before that command's own words.
        runtime: what runs, for people.
        unsupported: what of the template is left out.
    """

    program: Program
    enter: tuple[str, ...]
    runtime: str
    unsupported: tuple[str, ...] = ()


def plan_container(
    kode: ResolvedKode, host: HostContext, engine: Engine, why: str
) -> ContainerProgram:
    """Return a Kode's program, whose image is run.

    Args:
        kode: the Kode.
        host: where it runs.
        engine: what runs it.
        why: why its image is run.
    """
    made = _Builder(kode, host, engine)
    manifest = rendered.container(kode)
    pid_file = host.socket.with_suffix(".pid")
    main = made.step(layout.EDITOR, manifest, f"--pidfile={pid_file}")
    relay = (engine.python, "-I", "-S", "-X", "utf8", str(_RELAY))
    listens = (str(host.socket), str(kode.port), str(pid_file))
    program = Program(
        key=f"{kode.namespace}/{kode.name}",
        instance=host.instance,
        main=replace(main, argv=(*relay, *listens, *main.argv)),
        log=host.log,
        steps=made.before(),
        cleanup=made.cleanup(),
        health=Probe(
            kode.image_profile.health_path,
            socket=host.socket,
            startup_timeout=_STARTUP_TIMEOUT,
            unhealthy_from_status=kode.image_profile.unhealthy_from_status,
        ),
    )
    asked = kode.template.resources is not None
    return ContainerProgram(
        program=program,
        enter=made.enter,
        runtime=f"{engine.title}: image {kode.template.image}, {why}",
        unsupported=(
            *list_unsupported_in_container(kode, rootless=engine.rootless),
            *made.missing,
            *(f"resources.limits.{it}" for it in list_unlimited(manifest, engine) if asked),
        ),
    )


class _Builder:
    """Makes steps of containers, and remembers what could not be had."""

    def __init__(self, kode: ResolvedKode, host: HostContext, engine: Engine) -> None:
        self._kode = kode
        self._host = host
        self._engine = engine
        self._owner = f"{kode.puid}:{kode.pgid}"
        # Beside the pid file, with which the relay takes it away.
        self._file = host.socket.with_suffix(".env")
        self.name = f"kode-{host.instance}"
        self.missing: tuple[str, ...] = ()

    def before(self) -> tuple[Command, ...]:
        """Return what runs before the editor, each image being here before it is needed."""
        template = self._kode.template
        steps, here = [self._pull("image", template.image)], {image.qualified_name(template.image)}
        if not self._engine.rootless:
            steps.append(self._folders())
        _, *others = rendered.init_containers(self._kode)
        for manifest in others:
            name, wanted = manifest["name"], manifest["image"]
            if image.qualified_name(wanted) not in here:
                steps.append(self._pull(f"image-{name}", wanted))
                here.add(image.qualified_name(wanted))
            steps.append(self.step(name, manifest))
        return tuple(steps)

    def step(self, name: str, manifest: Manifest, *options: str) -> Command:
        """Return the step that runs a container."""
        variables = container_env(self._kode, self._host, manifest)
        self._lacks(variables.missing)
        users = None
        if self._engine.rootless:
            users = (self._kode.puid, self._kode.pgid)
        user = self._user(manifest)
        return self._run(name, Container(manifest, variables.values, user, users, options))

    def cleanup(self) -> Command:
        """Return what takes away what is left of the container."""
        return self.own("cleanup", (self._engine.path, "rm", "--force", "--ignore", self.name))

    def own(self, name: str, argv: tuple[str, ...]) -> Command:
        """Return a step of the engine's own."""
        return Command(name, argv, self._engine.environment, self._host.volume)

    @property
    def enter(self) -> tuple[str, ...]:
        """The call that runs a command beside the editor."""
        folder = f"{self._kode.home}/{self._kode.workspace}"
        options = ("--interactive", f"--user={self._owner}", f"--workdir={folder}")
        variables = environment_of(self._kode)
        restored = terminal.start(()) if variables.has_halves or variables.shell else ()
        return (self._engine.path, "exec", *options, self.name, *restored)

    def _pull(self, name: str, wanted: str) -> Command:
        argv = image.pull_command(self._engine, wanted, self._kode.template.image_pull_policy)
        return self.own(name, argv)

    def _folders(self) -> Command:
        # Where a user runs podman they own the files, on both sides.
        rendering = rendered.init_containers(self._kode)[0]
        _, _, _, _, *folders = rendering["command"]
        paths = dict.fromkeys((self._kode.home, *folders))
        manifest = {
            **rendering,
            "command": ["sh", "-c", _OWN, "folders", *paths],
            # It gives the home away, whomever the image starts as.
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"], "add": list(rendered.ROOT_CAPABILITIES)},
            },
        }
        return self._run("folders", Container(manifest, {"OWNER": self._owner}, _ROOT))

    def _run(self, name: str, container: Container) -> Command:
        command = call(container, self._engine, self.name, self._host.volume, self._file)
        self._lacks(command.missing)
        return Command(name, command.argv, command.env, self._host.volume)

    def _lacks(self, missing: tuple[str, ...]) -> None:
        self.missing = tuple(dict.fromkeys((*self.missing, *missing)))

    def _user(self, manifest: Manifest) -> str:
        security = manifest.get("securityContext") or {}
        if "runAsUser" in security:
            return f"{security['runAsUser']}:{security['runAsGroup']}"
        return _ROOT if self._kode.image_profile.starts_as_root else ""
