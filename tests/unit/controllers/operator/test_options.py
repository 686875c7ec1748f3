"""The options of the operator."""

from pathlib import Path

import pytest

from kode.controllers.operator import options
from kode.controllers.operator.options import Options, addresses, own_namespace, parse
from kode.render.network_policy import METADATA_ADDRESSES


def test_each_option_is_taken() -> None:
    arguments = [
        "--operator-namespace=kodes",
        "--max-concurrent-reconciles=3",
        "--leader-election-id=x",
        "--health-probe-bind-address=127.0.0.1:1",
        "--log-format=json",
        "--log-level=debug",
        "--metadata-addresses=192.0.2.1, 2001:db8::/64",
        "--kubeconfig=/k",
    ]
    blocks = "192.0.2.1, 2001:db8::/64"
    expected = Options("kodes", 3, "x", "127.0.0.1:1", "json", "debug", blocks, "/k")
    assert parse(arguments) == expected


def test_addresses_are_taken_as_blocks() -> None:
    assert addresses("192.0.2.1, 2001:db8::1/64") == ("192.0.2.1/32", "2001:db8::/64")
    assert addresses("") == ()
    assert addresses(Options().metadata_addresses) == METADATA_ADDRESSES


def test_without_options_the_defaults_are_those_of_the_types() -> None:
    assert parse([]) == Options()


@pytest.mark.parametrize(
    "wrong",
    [
        ["--max-concurrent-reconciles=0"],
        ["--metadata-addresses=nowhere"],
        ["--max-concurrent-reconciles=x"],
        ["--log-format=xml"],
        ["--nothing"],
        ["stray"],
    ],
)
def test_a_wrong_option_is_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(wrong)
    assert ended.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_the_help_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--help"])
    shown = capsys.readouterr().out
    assert all("--" + name.replace("_", "-") in shown for name in Options.__annotations__)


def test_the_own_namespace_is_told_read_or_the_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("POD_NAMESPACE", raising=False)
    monkeypatch.setattr(options, "NAMESPACE_FILE", tmp_path / "namespace")
    assert own_namespace() == "kode-system"
    (tmp_path / "namespace").write_text("kodes\n")
    assert own_namespace() == "kodes"
    monkeypatch.setenv("POD_NAMESPACE", "told")
    assert own_namespace() == "told"
