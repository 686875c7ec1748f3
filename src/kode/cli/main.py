"""The command `kode`: only the list of its commands; each is a file, imported when it is called."""

import os

import typer

from kode.cli.group import OPTIONS, group_of

SECTIONS = {
    "This machine": {
        "up": "Start the platform on this machine.",
        "down": "Stop it; the files stay.",
        "status": "Show what runs and where.",
        "doctor": "Try what is needed; tell what stands in the way.",
        "editors": "Install, list and remove editors.",
    },
    "Kodes": {
        "create": "Make a Kode from a template.",
        "list": "List Kodes.",
        "open": "Open a Kode in the browser.",
        "describe": "Show everything about a Kode.",
        "start": "Start a suspended Kode.",
        "stop": "Stop a Kode; its files stay.",
        "restart": "Start a Kode anew, taking a pending update.",
        "logs": "Print what a Kode's editor wrote.",
        "events": "Show what happened.",
        "exec": "Run a command where a Kode runs.",
        "shell": "Open a shell where a Kode runs.",
    },
    "Objects": {
        "apply": "Make objects be as files say.",
        "get": "Print objects of any kind.",
        "delete": "Delete objects.",
        "templates": "List the templates that may be used.",
        "render": "Print what the operator would apply.",
        "crds": "Print the CustomResourceDefinitions.",
    },
    "Other": {
        "completion": "Print what a shell needs to complete kode.",
        "version": "Print the version.",
        "operator": "Run the operator on a cluster.",
    },
}
"""Title to commands, each with its line."""

app = typer.Typer(name="kode", cls=group_of(SECTIONS), **OPTIONS)


@app.callback()
def kode() -> None:
    """Development environments, on this machine or on a Kubernetes cluster."""


def main() -> None:
    """Run the command line."""
    if "_KODE_COMPLETE" in os.environ:
        from kode.cli.completion import answer

        answer()
    app()
