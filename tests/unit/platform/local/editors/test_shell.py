"""kode.platform.local.editors.shell."""

import pytest

from kode.platform.local.editors.check import surroundings
from kode.platform.local.editors.shell import harmless


@pytest.mark.parametrize(
    "name",
    [
        *("PYTHONPATH", "PYTHONHOME", "PYTHONOPTIMIZE", "PYTHONWARNINGS", "PYTHONSTARTUP"),
        *("NODE_PATH", "NODE_ENV", "NODE_DEBUG", "NODE_V8_COVERAGE", "MAKEFLAGS", "MAKELEVEL"),
    ],
)
def test_what_says_how_programs_run_is_left_out(name: str) -> None:
    assert harmless({name: "x", "PATH": "/bin"}) == {"PATH": "/bin"}


@pytest.mark.parametrize(
    "name",
    [
        *("NODE_EXTRA_CA_CERTS", "NODE_TLS_REJECT_UNAUTHORIZED", "NODE_USE_SYSTEM_CA"),
        *("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "npm_config_registry", "https_proxy", "HOME"),
    ],
)
def test_index_proxy_and_certificates_count(name: str) -> None:
    assert harmless({name: "x"}) == {name: "x"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("--no-such-flag", ""),
        ("--inspect --require=/x.js --max-old-space-size=10", ""),
        ("--use-openssl-ca", "--use-openssl-ca"),
        ("--inspect --use-system-ca --tls-min-v1.2", "--use-system-ca --tls-min-v1.2"),
        ("--use-openssl-ca-of-mine", ""),
    ],
)
def test_of_nodes_options_those_of_the_network_count(given: str, kept: str) -> None:
    assert harmless({"NODE_OPTIONS": given}) == ({"NODE_OPTIONS": kept} if kept else {})


def test_an_editor_is_tried_with_what_it_will_have() -> None:
    person = {
        "PATH": "/opt/bin",
        "https_proxy": "http://p.test",
        "NODE_EXTRA_CA_CERTS": "/ca",
        "CODE_SERVER_CONFIG": "/x",
        "JUPYTER_CONFIG_DIR": "/x",
        "VSCODE_IPC_HOOK_CLI": "/x",
        "PASSWORD": "x",
        "XDG_DATA_HOME": "/x",
    }
    assert set(surroundings(person)) == {"PATH", "https_proxy", "NODE_EXTRA_CA_CERTS"}
    assert surroundings({})["PATH"]
