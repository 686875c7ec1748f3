"""`kode create`: create a Kode from a template."""

import difflib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from kode.api.kinds import CLUSTER_TEMPLATE, TEMPLATE
from kode.api.meta import API_VERSION
from kode.cli import parameters, wait
from kode.cli.errors import CommandError, print_hint
from kode.cli.exit_codes import ExitCode
from kode.cli.options import Output, OutputFormat, TargetOptions
from kode.cli.platforms import run_command
from kode.cli.session import Session
from kode.cli.templates import list_templates
from kode.cli.terminal import prompt
from kode.cli.terminal.output import write_objects


@dataclass(frozen=True)
class KodeOptions:
    """The Kode to create."""

    template: Annotated[
        str,
        typer.Option(
            "--template",
            "-t",
            show_default=False,
            help="Name of the template; namespace/name for a template of another namespace.",
        ),
    ] = ""
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Value of a template parameter."),
    ] = None
    env: Annotated[
        list[str] | None,
        typer.Option(
            "--env", "-e", metavar="NAME=VALUE", help="Environment variable of the editor."
        ),
    ] = None
    workspace: Annotated[
        str, typer.Option("--workspace", help="Folder to open in the editor.", show_default=False)
    ] = ""
    user: Annotated[str, typer.Option("--user", help="Login name.", show_default=False)] = ""
    password: Annotated[
        str,
        typer.Option(
            "--password",
            show_default=False,
            help="Login password; - reads it from standard input, hidden from other users.",
        ),
    ] = ""


@dataclass(frozen=True)
class CreateOptions:
    """How to create it."""

    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not prompt; use defaults.")] = False
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the Kode is ready.")] = False
    timeout: Annotated[
        float, typer.Option("--timeout", min=0, metavar="SECONDS", help="Longest time to wait.")
    ] = 600.0


def command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the Kode.")],
    options: KodeOptions,
    create: CreateOptions,
    target: TargetOptions,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Create a Kode from a template; on a terminal, prompt for missing values."""

    async def action(session: Session) -> None:
        interactive = prompt.can_ask() and not create.yes
        kode = await create_kode(session, name, options, interactive=interactive)
        if create.wait:
            kode = await wait.until_ready(session, name, create.timeout)
        if output is not OutputFormat.TABLE:
            write_objects(output, [kode], single=True)
            return
        sys.stdout.write(f"kode/{name} created\n")
        if not create.wait:
            print_hint(f"kode open {name}")

    run_command(target, action)


async def create_kode(
    session: Session, name: str, options: KodeOptions, *, interactive: bool = False
) -> Mapping[str, Any]:
    """Create a Kode and return it."""
    template = await _template(session, options.template, interactive=interactive)
    settings = parameters.parse_pairs(options.settings or [], "--set")
    declared = template["spec"].get("parameters") or ()
    chosen = parameters.parse_values(declared, settings, interactive=interactive)
    document = {
        "apiVersion": API_VERSION,
        "kind": "Kode",
        "metadata": {"name": name, "namespace": session.namespace},
        "spec": _spec(session, template, options, chosen),
    }
    return await session.platform.create(document)


def _spec(
    session: Session,
    template: Mapping[str, Any],
    options: KodeOptions,
    chosen: Mapping[str, parameters.Value],
) -> dict[str, Any]:
    meta = template["metadata"]
    ref = {"kind": template["kind"], "name": meta["name"]}
    if meta.get("namespace", session.namespace) != session.namespace:
        ref["namespace"] = meta["namespace"]
    env = [
        {"name": name, "value": value}
        for name, value in parameters.parse_pairs(options.env or [], "--env").items()
    ]
    spec: dict[str, Any] = {
        "templateRef": ref,
        "parameters": dict(chosen),
        "env": env,
        "user": options.user,
        "password": _password(options.password),
        "workspace": options.workspace,
    }
    return {key: value for key, value in spec.items() if value}


def _password(option: str) -> str:
    if option != "-":
        return option
    return sys.stdin.readline().rstrip("\n")


async def _template(session: Session, option: str, *, interactive: bool) -> Mapping[str, Any]:
    items = await list_templates(session)
    if not option:
        option = _choose(items, interactive=interactive)
    namespace, slash, name = option.rpartition("/")
    if slash and namespace != session.namespace:
        from dataclasses import replace

        return await replace(session, namespace=namespace).get(name, TEMPLATE)
    for kind in (TEMPLATE, CLUSTER_TEMPLATE):
        for item in items:
            if item["kind"] == kind.name and item["metadata"]["name"] == name:
                return item
    names = [str(item["metadata"]["name"]) for item in items]
    close = " or ".join(difflib.get_close_matches(name, names))
    hint = f"did you mean {close}?" if close else "kode templates lists the templates"
    raise CommandError(ExitCode.NOT_FOUND, f"template {name} does not exist", hint)


def _choose(items: list[Mapping[str, Any]], *, interactive: bool) -> str:
    names = [str(item["metadata"]["name"]) for item in items]
    if interactive:
        return prompt.choice("template", [(name, name) for name in names])
    hint = f"use one of {', '.join(names)}" if names else "kode apply -f FILE adds a template"
    raise CommandError(ExitCode.USAGE, "--template is missing", hint)
