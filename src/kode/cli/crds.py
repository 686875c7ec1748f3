"""`kode crds`: the CustomResourceDefinitions as YAML."""

from kode.api.crd import definitions
from kode.cli.documents import write


def run() -> None:
    """Print every definition to standard output."""
    write(definitions())
