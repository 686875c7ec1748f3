"""The command `kode`: only the list of its commands; each is a file, imported when it is called.

Rule: nothing is imported that Python has not imported itself, before `main` has seen to it that its
variables, as the shell happens to have them, do not decide whose modules are imported.
"""

import os
import sys

# As mypy reads it; the module typing may be anybody's.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import typer

    app: typer.Typer

SECTIONS = {
    "This machine": {
        "up": "Start the platform on this machine.",
        "down": "Stop the platform; the files stay.",
        "status": "Show the platform and what runs on it.",
        "doctor": "Diagnose problems.",
        "editors": "Install, list and remove editors.",
    },
    "Kodes": {
        "create": "Create a Kode from a template.",
        "list": "List Kodes.",
        "open": "Open a Kode in the browser.",
        "describe": "Show everything about a Kode.",
        "start": "Start a suspended Kode.",
        "stop": "Stop a Kode; its files stay.",
        "restart": "Restart a Kode and apply any pending update.",
        "logs": "Print the logs of a Kode's editor.",
        "events": "Show the events of Kodes.",
        "exec": "Run a command in a Kode.",
        "shell": "Open a shell in a Kode.",
    },
    "Objects": {
        "apply": "Apply files to the platform.",
        "get": "Print objects of any kind.",
        "delete": "Delete objects.",
        "templates": "List the available templates.",
        "render": "Print what the operator would apply.",
        "crds": "Print the CustomResourceDefinitions.",
    },
    "Other": {
        "completion": "Print the completion script for a shell.",
        "version": "Print the version.",
        "operator": "Run the operator on a cluster.",
    },
}
"""Title to commands, each with its line."""

_HARMLESS = frozenset(
    {
        *("PYTHONUTF8", "PYTHONIOENCODING", "PYTHONCOERCECLOCALE", "PYTHONUNBUFFERED"),
        *("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONHASHSEED"),
        # Where an install for one user has put this very command.
        *("PYTHONUSERBASE", "PYTHONNOUSERSITE"),
    }
)
"""Variables of Python's that say nothing of what is imported and how it is run."""


def main() -> None:
    """Run the command line."""
    _drop_python_variables()
    if "_KODE_COMPLETE" in os.environ:
        from kode.cli.completion import register_shells

        register_shells()
    _create_app()()


def _drop_python_variables() -> None:
    """Begin again without what the shell says to Python, where it says anything."""
    ours = __file__.rsplit(os.sep, 3)[0]
    # Whoever runs this from a folder by PYTHONPATH goes on to.
    by_path = ours in os.environ.get("PYTHONPATH", "").split(os.pathsep)
    wanted = {
        name: value
        for name, value in os.environ.items()
        if name in _HARMLESS or not name.startswith("PYTHON")
    } | ({"PYTHONPATH": ours} if by_path else {})
    if wanted != dict(os.environ) and not sys.flags.ignore_environment and sys.executable:
        argv = [sys.executable, *sys.orig_argv[1:]]
        os.execve(sys.executable, argv, wanted)  # noqa: S606 - no shell, that is what we want


def _create_app() -> "typer.Typer":
    import typer

    from kode.cli.lazy_group import OPTIONS, command_group

    app = typer.Typer(name="kode", cls=command_group(SECTIONS), **OPTIONS)

    @app.callback()
    def kode() -> None:
        """Development environments, on this machine or on a Kubernetes cluster."""

    return app


def __getattr__(name: str) -> "Any":
    if name != "app":
        raise AttributeError(name)
    globals()["app"] = _create_app()
    return globals()["app"]
