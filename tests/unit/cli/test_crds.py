"""`kode crds`."""

import yaml
from typer.testing import CliRunner

from kode.api.crd import definitions
from kode.cli.main import app


def test_every_definition_is_printed() -> None:
    result = CliRunner().invoke(app, ["crds"])
    assert result.exit_code == 0
    assert list(yaml.load_all(result.stdout, Loader=yaml.CSafeLoader)) == definitions()
