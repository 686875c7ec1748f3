"""`kode crds`: the CustomResourceDefinitions as YAML."""

import sys

import yaml

from kode.api.crd import definitions
from kode.cli.documents import PlainDumper


def run() -> None:
    """Print every definition to standard output."""
    yaml.dump_all(definitions(), sys.stdout, Dumper=PlainDumper, sort_keys=False, width=100, explicit_start=True)
