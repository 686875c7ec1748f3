"""`kode version`."""

import sys

from kode.cli.options import Form, Output


def command(output: Output = Form.TABLE) -> None:
    """Print the version of this program and of the API that it speaks."""
    import platform

    from kode.api.meta import API_VERSION

    said = {"version": own(), "api": API_VERSION, "python": platform.python_version()}
    if output in (Form.TABLE, Form.NAME):
        sys.stdout.write(f"kode {said['version']}\n")
        return
    from kode.cli.terminal import documents

    documents.value(output, said)


def own() -> str:
    """Return the version of this program."""
    from importlib.metadata import version

    return version("kode")
