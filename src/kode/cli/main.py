"""The command `kode`: only wiring; each command is a file, imported when it is called."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="kode",
    help="Development environments declared as Kubernetes resources.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command()
def render(
    files: Annotated[
        list[Path],
        typer.Option(
            "--filename",
            "-f",
            help="YAML file with Kodes, templates and what they name; - reads standard input. "
            "May be given more than once.",
        ),
    ],
    *,
    envoy: Annotated[
        bool, typer.Option("--envoy", help="Print the sidecars' Envoy configuration instead.")
    ] = False,
    namespace: Annotated[
        str, typer.Option("--namespace", "-n", help="Namespace of documents that name none.")
    ] = "default",
    output: Annotated[str, typer.Option("--output", "-o", help="yaml or json.")] = "yaml",
) -> None:
    """Print what the operator would apply for the Kodes in the given files."""
    from kode.cli.render import run

    raise typer.Exit(run(files, envoy=envoy, namespace=namespace, output=output))


@app.command()
def crds() -> None:
    """Print the CustomResourceDefinitions."""
    from kode.cli.crds import run

    run()


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def operator(context: typer.Context) -> None:
    """Run the operator; `kode operator --help` lists its options."""
    from kode.cli.operator import run

    run(context.args)


def main() -> None:
    """Run the command line."""
    app()
