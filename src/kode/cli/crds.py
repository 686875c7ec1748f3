"""`kode crds`: the CustomResourceDefinitions as YAML."""

from kode.api.crd import definitions
from kode.cli.yaml import write


def command() -> None:
    """Print the CustomResourceDefinitions."""
    write(definitions())
