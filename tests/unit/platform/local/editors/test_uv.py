"""kode.platform.local.editors.uv."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from kode.platform.local.editors import uv

PIP = "http://pip.test/simple"
UV = "http://uv.test/simple"


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., dict[str, str]]:
    """What uv is told, of a person with these files in their home and these variables."""

    def told(files: Mapping[str, str] | None = None, **variables: str) -> dict[str, str]:
        for name, text in (files or {}).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        person = {"HOME": str(tmp_path), "XDG_CONFIG_DIRS": str(tmp_path / "xdg"), **variables}
        return uv.environment(person)

    return told


@pytest.mark.parametrize(
    "files",
    [
        {".config/pip/pip.conf": f"[global]\nindex-url = {PIP}\n"},
        {".config/pip/pip.conf": f"[install]\nindex_url = {PIP}\n"},
        {".pip/pip.conf": f"[global]\nindex-url = {PIP}\n"},
        {"xdg/pip/pip.conf": f"[global]\nindex-url = {PIP}\n"},
        {".config/uv/uv.toml": f'index-url = "{PIP}"\n'},
        {".config/uv/uv.toml": f'[pip]\nindex-url = "{PIP}"\n'},
        {".config/uv/uv.toml": f'[[index]]\nurl = "{PIP}"\ndefault = true\n'},
    ],
)
def test_an_index_in_a_file_counts(
    files: dict[str, str], settings: Callable[..., dict[str, str]]
) -> None:
    assert settings(files)["UV_DEFAULT_INDEX"] == PIP


def test_a_named_index_keeps_its_name_for_its_login(
    settings: Callable[..., dict[str, str]],
) -> None:
    told = settings(
        {".config/uv/uv.toml": f'[[index]]\nname = "own"\nurl = "{UV}"\n'},
        UV_INDEX_OWN_USERNAME="me",
        UV_INDEX_OWN_PASSWORD="not-real",
    )
    assert told["UV_INDEX"] == f"own={UV}"
    assert told["UV_INDEX_OWN_USERNAME"] == "me"
    assert told["UV_INDEX_OWN_PASSWORD"] == "not-real"


def test_a_variable_counts_more_than_a_file_and_uv_more_than_pip(
    settings: Callable[..., dict[str, str]],
) -> None:
    file = {".config/pip/pip.conf": "[global]\nindex-url = http://file.test/simple\n"}
    assert settings(file, PIP_INDEX_URL=PIP)["UV_DEFAULT_INDEX"] == PIP
    assert settings(file, PIP_INDEX_URL=PIP, UV_DEFAULT_INDEX=UV)["UV_DEFAULT_INDEX"] == UV
    older = settings(file, PIP_INDEX_URL=PIP, UV_INDEX_URL=UV)
    assert older["UV_INDEX_URL"] == UV
    assert "UV_DEFAULT_INDEX" not in older


def test_lists_proxies_and_certificates_count(
    settings: Callable[..., dict[str, str]], tmp_path: Path
) -> None:
    told = settings(
        PIP_EXTRA_INDEX_URL=f"{PIP} {UV}",
        PIP_FIND_LINKS=f"{tmp_path} {tmp_path}/absent http://links.test/",
        PIP_TRUSTED_HOST="pip.test uv.test",
        PIP_CERT="/etc/ca.pem",
        PIP_PROXY="http://proxy.test:3128",
        HTTPS_PROXY="http://proxy.test:3129",
        SSL_CERT_FILE="/etc/other.pem",
    )
    assert told["UV_INDEX"] == f"{PIP} {UV}"
    assert told["UV_FIND_LINKS"] == f"{tmp_path},http://links.test/"
    assert told["UV_INSECURE_HOST"] == "pip.test uv.test"
    assert told["ALL_PROXY"] == "http://proxy.test:3128"
    assert told["HTTPS_PROXY"] == "http://proxy.test:3129"
    assert told["SSL_CERT_FILE"] == "/etc/other.pem"


def test_where_and_what_other_installs_are_does_not_count(
    settings: Callable[..., dict[str, str]],
) -> None:
    told = settings(
        {
            ".config/pip/pip.conf": "[global]\nuser = true\ntarget = /else\nno-binary = :all:\n",
            ".config/uv/uv.toml": 'exclude-newer = "2020-01-01"\n[pip]\nsystem = true\n',
        },
        PIP_TARGET="/else",
        PIP_USER="1",
        UV_SYSTEM_PYTHON="1",
        UV_EXCLUDE_NEWER="2020-01-01",
        UV_CONSTRAINT="/else",
        PYTHONPATH="/else",
        VIRTUAL_ENV="/else",
        PATH="/bin",
    )
    assert "/else" not in told.values()
    assert "2020-01-01" not in told.values()
    assert told["PATH"] == "/bin"
    assert told["UV_NO_CONFIG"] == "1"


@pytest.mark.parametrize(
    "files",
    [
        {".config/pip/pip.conf": "no section\n"},
        {".config/pip/pip.conf": "[global]\nindex-url = %(nowhere)s\n\x00"},
        {".config/uv/uv.toml": "not toml\n"},
        {".config/uv/uv.toml": 'pip = "no table"\nindex = ["no table"]\n'},
        {".config/uv/uv.toml": "[[index]]\nname = 'no url'\n"},
    ],
)
def test_a_file_that_says_nothing_is_passed_over(
    files: dict[str, str], settings: Callable[..., dict[str, str]]
) -> None:
    assert settings(files)["UV_NO_CONFIG"] == "1"


def test_files_that_a_person_leaves_out_do_not_count(
    settings: Callable[..., dict[str, str]], tmp_path: Path
) -> None:
    files = {
        ".config/pip/pip.conf": f"[global]\nindex-url = {PIP}\n",
        ".config/uv/uv.toml": f'index-url = "{UV}"\n',
        "chosen.conf": "[global]\nindex-url = http://chosen.test/simple\n",
        "chosen.toml": 'index-url = "http://chosen.test/uv"\n',
    }
    none = settings(files, PIP_CONFIG_FILE="/dev/null", UV_NO_CONFIG="1")
    assert "UV_DEFAULT_INDEX" not in none
    pip = settings(files, PIP_CONFIG_FILE=str(tmp_path / "chosen.conf"), UV_NO_CONFIG="1")
    assert pip["UV_DEFAULT_INDEX"] == "http://chosen.test/simple"
    own = settings(files, UV_CONFIG_FILE=str(tmp_path / "chosen.toml"))
    assert own["UV_DEFAULT_INDEX"] == "http://chosen.test/uv"
