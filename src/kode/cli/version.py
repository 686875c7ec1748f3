"""`kode version`."""

import sys

from kode.cli.options import Output, OutputFormat


def command(output: Output = OutputFormat.TABLE) -> None:
    """Print the version of this program and of its API."""
    import platform

    from kode.api.meta import API_VERSION

    versions = {
        "version": own_version(),
        "api": API_VERSION,
        "python": platform.python_version(),
    }
    if output in (OutputFormat.TABLE, OutputFormat.NAME):
        sys.stdout.write(f"kode {versions['version']}\n")
        return
    from kode.cli.terminal.output import write_value

    write_value(output, versions)


def own_version() -> str:
    """Return the version of this program."""
    from importlib.metadata import version

    return version("kode")
