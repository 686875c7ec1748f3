"""`kode create`: a Kode from a template."""

import difflib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from kode.api.meta import API_VERSION
from kode.cli import parameters, wait
from kode.cli.exits import Exit
from kode.cli.failures import Failure
from kode.cli.kinds import CLUSTER_TEMPLATE, TEMPLATE
from kode.cli.options import Form, Output, Where
from kode.cli.platforms import visit
from kode.cli.session import Session
from kode.cli.templates import offered
from kode.cli.terminal import ask, documents


@dataclass(frozen=True)
class Wish:
    """What is asked for."""

    template: Annotated[
        str,
        typer.Option(
            "--template",
            "-t",
            show_default=False,
            help="Name of the template; namespace/name for one of another namespace.",
        ),
    ] = ""
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Value of a template's parameter."),
    ] = None
    env: Annotated[
        list[str] | None,
        typer.Option("--env", "-e", metavar="NAME=VALUE", help="A variable of the editor."),
    ] = None
    workspace: Annotated[
        str, typer.Option("--workspace", help="Folder that the editor opens.", show_default=False)
    ] = ""
    user: Annotated[str, typer.Option("--user", help="Login name.", show_default=False)] = ""
    password: Annotated[
        str,
        typer.Option(
            "--password",
            show_default=False,
            help="Login password; - reads it from standard input, where no other user sees it.",
        ),
    ] = ""


@dataclass(frozen=True)
class Course:
    """How it is gone about."""

    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; take defaults.")] = False
    wait: Annotated[bool, typer.Option("--wait", help="Wait until a person can work.")] = False
    timeout: Annotated[
        float, typer.Option("--timeout", min=0, metavar="SECONDS", help="Seconds to wait at most.")
    ] = 600.0


def command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the Kode.")],
    wish: Wish,
    course: Course,
    where: Where,
    output: Output = Form.TABLE,
) -> None:
    """Make a Kode from a template; on a terminal, what is not given is asked for."""

    async def errand(session: Session) -> None:
        made = await created(session, name, wish, asking=ask.can_ask() and not course.yes)
        if course.wait:
            made = await wait.ready(session, name, course.timeout)
        if output is not Form.TABLE:
            documents.write(output, [made], single=True)
            return
        sys.stdout.write(f"kode/{name} created\n")
        if not course.wait:
            sys.stderr.write(f"next: kode open {name}\n")

    visit(where, errand)


async def created(
    session: Session, name: str, wish: Wish, *, asking: bool = False
) -> Mapping[str, Any]:
    """Make a Kode; return it as it stands."""
    template = await _template(session, wish.template, asking=asking)
    given = parameters.pairs(wish.settings or [], "--set")
    declared = template["spec"].get("parameters") or ()
    chosen = parameters.values(declared, given, asking=asking)
    document = {
        "apiVersion": API_VERSION,
        "kind": "Kode",
        "metadata": {"name": name, "namespace": session.namespace},
        "spec": _spec(session, template, wish, chosen),
    }
    return await session.platform.create(document)


def _spec(
    session: Session,
    template: Mapping[str, Any],
    wish: Wish,
    chosen: Mapping[str, parameters.Value],
) -> dict[str, Any]:
    meta = template["metadata"]
    ref = {"kind": template["kind"], "name": meta["name"]}
    if meta.get("namespace", session.namespace) != session.namespace:
        ref["namespace"] = meta["namespace"]
    env = [
        {"name": name, "value": value}
        for name, value in parameters.pairs(wish.env or [], "--env").items()
    ]
    spec: dict[str, Any] = {
        "templateRef": ref,
        "parameters": dict(chosen),
        "env": env,
        "user": wish.user,
        "password": _password(wish.password),
        "workspace": wish.workspace,
    }
    return {key: value for key, value in spec.items() if value}


def _password(given: str) -> str:
    if given != "-":
        return given
    return sys.stdin.readline().rstrip("\n")


async def _template(session: Session, given: str, *, asking: bool) -> Mapping[str, Any]:
    items = await offered(session)
    if not given:
        given = _pick(items, asking=asking)
    namespace, slash, name = given.rpartition("/")
    if slash and namespace != session.namespace:
        from dataclasses import replace

        return await replace(session, namespace=namespace).find(name, TEMPLATE)
    for kind in (TEMPLATE, CLUSTER_TEMPLATE):
        for item in items:
            if item["kind"] == kind.name and item["metadata"]["name"] == name:
                return item
    names = [str(item["metadata"]["name"]) for item in items]
    close = " or ".join(difflib.get_close_matches(name, names))
    then = f"did you mean {close}?" if close else "kode templates shows what there is"
    raise Failure(Exit.NOT_FOUND, f"template {name} does not exist", then)


def _pick(items: list[Mapping[str, Any]], *, asking: bool) -> str:
    names = [str(item["metadata"]["name"]) for item in items]
    if asking:
        return ask.choice("template", [(name, name) for name in names])
    known = f"one of {', '.join(names)}" if names else "kode apply -f FILE adds one"
    raise Failure(Exit.USAGE, "--template is missing", known)
