"""From a Kode to what runs on this machine.

Rule: pure; the same Kode on the same site gives the same program. What cannot be given is listed,
never left out in silence.
"""

from dataclasses import dataclass, replace

from kode.api.pod import InitPlugin
from kode.gateway.sidecar import Door, Upstream
from kode.platform.desired import Meaning
from kode.platform.local import environment
from kode.platform.local.lacks import lacks
from kode.platform.local.launch import arguments, launch
from kode.platform.local.program import Program, Step
from kode.platform.local.site import Site
from kode.render import dotfiles
from kode.render.resolve import ResolvedKode


@dataclass(frozen=True)
class Plan:
    """What a Kode means here.

    Attributes:
        program: what is to run.
        upstream: the editor, for the door.
        runtime: what runs it and why, for people.
        not_here: what was asked for and cannot be given, one short phrase each.
    """

    program: Program
    upstream: Upstream
    runtime: str
    not_here: tuple[str, ...] = ()


def plan(meaning: Meaning, site: Site) -> Plan:
    """Return what a Kode means on this machine.

    Raises:
        InvalidSpec: the template cannot run here (reason NotOnLocalPlatform).
        PlatformError: the editor is not installed.
    """
    kode = meaning.kode
    start = launch(kode, site, login=meaning.door is Door.EDITOR)
    plugins, lacking = _plugins(kode, site)
    program = Program(
        key=f"{kode.namespace}/{kode.name}",
        instance=site.instance,
        main=start.main,
        log=site.log,
        steps=(*start.steps, *plugins, *_dotfiles(kode, site)),
        health=start.health,
    )
    socket = start.health.socket
    return Plan(
        program=program,
        upstream=replace(
            meaning.sidecar.upstream,
            port=start.health.port or 0,
            health_path=start.health.path,
            socket=str(socket) if socket else None,
        ),
        runtime=start.runtime,
        not_here=(*lacks(kode, site), *start.not_here, *lacking),
    )


def _plugins(kode: ResolvedKode, site: Site) -> tuple[list[Step], list[str]]:
    named = [
        *((f"template-{item.name}", item) for item in kode.template_plugins),
        *((f"plugin-{item.name}", item) for item in kode.user_plugins),
    ]
    lacking = [f"initPlugins {item.name}: {_without_image(item)}" for _, item in named]
    steps = [_step(name, item, kode, site) for name, item in named if item.command]
    return steps, lacking


def _step(name: str, plugin: InitPlugin, kode: ResolvedKode, site: Site) -> Step:
    env = environment.plugin(kode, site, plugin.env)
    argv = arguments([*plugin.command, *plugin.args], kode, site, env)
    return Step(name, argv, env, site.volume)


def _dotfiles(kode: ResolvedKode, site: Site) -> list[Step]:
    if kode.dotfiles is None:
        return []
    # The variables of the editor, so that a proxy or a token that is given is there for git too.
    variables = environment.editor(kode, site, {}).values
    return [Step("dotfiles", dotfiles.argv(kode.dotfiles), variables, site.volume)]


def _without_image(plugin: InitPlugin) -> str:
    done = "its command runs on this machine itself" if plugin.command else "it is left out"
    return f"image {plugin.image} is not run, {done}"
