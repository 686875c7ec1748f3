"""From a Kode to what runs on this machine.

Rule: pure; the same Kode on the same host gives the same program. What cannot be given is listed,
never left out in silence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from kode.api.conditions import Reason
from kode.api.pod import InitPlugin
from kode.desired.desired_state import DesiredState
from kode.errors import InvalidSpec
from kode.gateway.sidecar import Upstream
from kode.platform.local.program import Command, Program
from kode.platform.local.runtime import commands
from kode.platform.local.runtime.container_program import plan_container
from kode.platform.local.runtime.env import editor_env, plugin_env
from kode.platform.local.runtime.host import HostContext
from kode.platform.local.runtime.process_launch import arguments, launch
from kode.platform.local.runtime.runtimes import Runtime, select_runtime
from kode.platform.local.runtime.unsupported import list_unsupported
from kode.render import dotfiles
from kode.render.resolve import ResolvedKode
from kode.render.secret import authorization, editor_key


@dataclass(frozen=True)
class Plan:
    """What a Kode means here.

    Attributes:
        program: what is to run.
        upstream: the editor, for the gateway.
        runtime: what runs it and why, for people.
        unsupported: what was asked for and cannot be given, one short phrase each.
        enter: the call of podman that a command which is to run beside the editor is put behind;
            empty where it can be run as it is.
        within: the same for one that runs in a network of its own.
        bin: folder of its own commands; None where it has none.
        commands: their scripts, by name.
    """

    program: Program
    upstream: Upstream
    runtime: str
    unsupported: tuple[str, ...] = ()
    enter: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    bin: Path | None = None
    commands: Mapping[str, str] = field(default_factory=dict)


def plan(meaning: DesiredState, host: HostContext) -> Plan:
    """Return what a Kode means on this machine.

    Raises:
        InvalidSpec: the template cannot run here (reason NotOnLocalPlatform), or the annotation
            names no runtime.
        PlatformError: the editor is not installed.
    """
    plan = _make_plan(meaning, host)
    digest = _make_plan(meaning, host.anywhere).program.digest
    return replace(plan, program=replace(plan.program, meant=digest))


def _make_plan(meaning: DesiredState, host: HostContext) -> Plan:
    choice = select_runtime(meaning.kode, host.requested_runtime)
    if choice.runtime is Runtime.PODMAN:
        return _in_container(meaning, host, choice.why)
    return _as_process(meaning, host)


def _in_container(meaning: DesiredState, host: HostContext, why: str) -> Plan:
    if host.engine is None:
        raise InvalidSpec(
            Reason.NOT_ON_LOCAL_PLATFORM, f"its image must be run ({why}), but {host.no_engine}"
        )
    container = plan_container(meaning.kode, host, host.engine, why)
    return Plan(
        program=container.program,
        upstream=_upstream(meaning, host, container.program),
        runtime=container.runtime,
        unsupported=container.unsupported,
        enter=container.enter,
    )


def _as_process(meaning: DesiredState, host: HostContext) -> Plan:
    kode = meaning.kode
    start = launch(kode, host)
    plugins, lacking = _plugins(kode, host)
    program = Program(
        key=f"{kode.namespace}/{kode.name}",
        instance=host.instance,
        main=start.main,
        log=host.log,
        steps=(*start.steps, *plugins, *_dotfiles(kode, host)),
        health=start.health,
        cleanup=start.cleanup,
    )
    return Plan(
        program=program,
        upstream=_upstream(meaning, host, program),
        runtime=start.runtime,
        unsupported=(*list_unsupported(kode, host), *start.unsupported, *lacking),
        within=start.within,
        bin=host.bin,
        commands={**commands.scripts(host.bin), **start.commands} if host.bin else {},
    )


def _upstream(meaning: DesiredState, host: HostContext, program: Program) -> Upstream:
    health = program.health
    assert health  # noqa: S101 - every editor is asked
    upstream, login = meaning.sidecar.upstream, meaning.kode.credentials
    # The gateway's files are its owner's alone, and it has no variables for each Kode.
    header = ""
    if upstream.authorization and login:
        header = authorization(login.user, editor_key(meaning.kode, host.lock_of(login)))
    return replace(
        upstream,
        authorization=header,
        port=health.port or 0,
        health_path=health.path,
        socket=str(health.socket) if health.socket else None,
    )


def _plugins(kode: ResolvedKode, host: HostContext) -> tuple[list[Command], list[str]]:
    named = [
        *((f"template-{item.name}", item) for item in kode.template_plugins),
        *((f"plugin-{item.name}", item) for item in kode.user_plugins),
    ]
    lacking = [f"initPlugins {item.name}: {_without_image(item)}" for _, item in named]
    steps = [_step(name, item, kode, host) for name, item in named if item.command]
    return steps, lacking


def _step(name: str, plugin: InitPlugin, kode: ResolvedKode, host: HostContext) -> Command:
    variables = plugin_env(kode, host, plugin.env)
    argv = arguments([*plugin.command, *plugin.args], kode, host, variables)
    return Command(name, argv, variables.values, host.volume)


def _dotfiles(kode: ResolvedKode, host: HostContext) -> list[Command]:
    if kode.dotfiles is None:
        return []
    # The variables of the editor, so that a proxy or a token that is given is there for git too.
    variables = editor_env(kode, host, {}).values
    return [Command("dotfiles", dotfiles.argv(kode.dotfiles), variables, host.volume)]


def _without_image(plugin: InitPlugin) -> str:
    done = "its command runs on this machine itself" if plugin.command else "it is left out"
    return f"image {plugin.image} is not run, {done}"
