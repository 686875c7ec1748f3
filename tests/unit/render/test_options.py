"""kode.render.options: what code-server and Jupyter make of it is in tests/local."""

from typing import Any

import pytest

from kode.api.conditions import Reason
from kode.errors import InvalidSpec
from kode.render import options
from tests.documents import CODERCOM, resolved, template

pytestmark = pytest.mark.attack


@pytest.mark.parametrize(
    ("of", "arguments"),
    [
        ("code-server", ["--auth=none", "--auth", "password", "--bind-addr", "0.0.0.0:80"]),
        ("code-server", ["--app-name=$(NAME)", "./$(FOLDER)", "$$(X)", "--proxy-domain=a.example"]),
        ("code-server", ["--", "--socket=/tmp/x", "$(X)"]),
        ("jupyter", []),
        ("jupyter", ["--debug", "--LabApp.collaborative=True", "--ServerApp.allow_origin=*"]),
        ("jupyter", ["start-notebook.py", "--IdentityProvider.cookie_name=x"]),
        # As their command would be, the words of a program are their template's.
        ("jupyter", ["serve", "--port=80", "$(X)"]),
    ],
)
def test_other_arguments_stay(of: options.OptionsOf, arguments: list[str]) -> None:
    options.check(of, arguments)


@pytest.mark.parametrize(
    "argument",
    [
        "--socket",
        "--socket=/tmp/x",
        "--socket-fd",
        "--socket-fd=3",
        "--cert",
        "--cert=/x",
        "--link",
    ],
)
def test_code_server_is_not_told_to_listen_elsewhere(argument: str) -> None:
    with pytest.raises(InvalidSpec, match=r"args: --[a-z-]+ is Kode's to give") as caught:
        resolved(over=template(image=CODERCOM, args=["--verbose", argument, "3"]))
    assert caught.value.reason is Reason.INVALID_SPEC


@pytest.mark.parametrize(
    "argument",
    [
        *("--ip=0.0.0.0", "--ip", "--port=80", "--sock=/tmp/x", "--certfile=x", "--keyfile=x"),
        *("--ServerApp.ip=0.0.0.0", "-ServerApp.ip=0.0.0.0", "--ServerApp.sock", "--client-ca=x"),
        *("--ServerApp.token=t", "--ServerApp.password=p", "--IdentityProvider.token=t"),
        *("--PasswordIdentityProvider.token=t", "--LegacyIdentityProvider.token=t"),
        *("--PasswordIdentityProvider.hashed_password=x", "--ServerApp.base_url=/x"),
        *("--ServerApp.identity_provider_class=x", "--ServerApp.ssl_options={}"),
    ],
)
@pytest.mark.parametrize("first", [[], ["start-notebook.py"], ["/opt/conda/bin/jupyter", "lab"]])
def test_jupyter_is_not_told_to_listen_elsewhere_or_to_ask(first: list[str], argument: str) -> None:
    with pytest.raises(InvalidSpec, match="is Kode's to give"):
        resolved(over=template(type="jupyter", image="x", args=[*first, argument, "x"]))


@pytest.mark.parametrize("argument", ["$(X)", "-$(X)", "--so$(X)", "--$(X)=1", "$$$(X)"])
@pytest.mark.parametrize("of", ["code-server", "jupyter"])
def test_a_variable_becomes_no_option(of: options.OptionsOf, argument: str) -> None:
    arguments = ["--log=debug", argument]
    if argument.startswith("$$"):
        # It begins with a dollar, whatever the variable holds.
        options.check(of, arguments)
        return
    with pytest.raises(InvalidSpec, match="may become any option"):
        options.check(of, arguments)


@pytest.mark.parametrize(
    "spec",
    [
        {"image": CODERCOM, "command": ["serve"]},
        {"image": "linuxserver/code-server"},
        {"type": "custom", "image": "x", "port": 9000},
    ],
)
def test_arguments_of_other_programs_are_nobodys_business(spec: dict[str, Any]) -> None:
    args = ["--socket=/tmp/x", "$(X)"]
    assert resolved(over=template(**spec, args=args)).template.args == args


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ([], ["a"]),
        (["x"], ["x", "a"]),
        (["x", "--", "y"], ["x", "a", "--", "y"]),
        (["--"], ["a", "--"]),
    ],
)
def test_options_stand_where_options_count(given: list[str], made: list[str]) -> None:
    assert options.behind(given, ["a"]) == made
