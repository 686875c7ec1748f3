"""kode.platform.desired."""

import pytest

from kode.errors import InvalidSpec
from kode.gateway.sidecar import Door
from kode.platform.desired import mean
from kode.render.resolve import Credentials
from tests.documents import CODERCOM, EXT_AUTHZ, WEBTOP, credentials, proxy, resolved, template

OPA = {"name": "opa", "type": "strict_dns"}


def test_code_server_asks_itself() -> None:
    assert mean(resolved(login=credentials())).door is Door.EDITOR


def test_webtop_is_asked_for_by_its_sidecar() -> None:
    over = template(type="webtop", image=WEBTOP)
    assert mean(resolved(over=over, login=credentials())).door is Door.BASIC


@pytest.mark.parametrize("kind", ["jupyter", "custom"])
def test_what_has_no_login_is_asked_for_by_its_sidecar(kind: str) -> None:
    over = template(type=kind, image="x", port=9000)
    assert mean(resolved(over=over, login=credentials())).door is Door.BASIC
    assert mean(resolved(over=over)).door is Door.CLOSED


@pytest.mark.parametrize("password", [" p", "p ", "p\u2028"])
def test_password_that_a_login_page_would_trim_is_asked_for_by_the_sidecar(password: str) -> None:
    login = Credentials("abc", password, "dev-auth")
    assert mean(resolved(login=login)).door is Door.BASIC


@pytest.mark.parametrize("image", ["linuxserver/code-server", CODERCOM])
def test_command_of_the_template_is_not_trusted_to_ask(image: str) -> None:
    over = template(image=image, command=["code-server", "--auth", "none"])
    assert mean(resolved(over=over, login=credentials())).door is Door.BASIC


def test_arguments_of_the_template_cannot_take_the_login_away() -> None:
    meaning = mean(
        resolved(over=template(image=CODERCOM, args=["--auth=none"]), login=credentials())
    )
    assert meaning.door is Door.EDITOR
    workload = meaning.render(operator_namespace="kode-system", revision=1)[-1]
    (editor, _) = workload["spec"]["template"]["spec"]["containers"]
    assert editor["args"] == ["--auth=none", "--auth=password"]


def test_filters_of_the_proxy_config_decide_where_they_authenticate() -> None:
    meaning = mean(resolved(guard=proxy(httpFilters=[EXT_AUTHZ], clusters=[OPA])))
    assert meaning.door is Door.FILTERS


def test_broken_proxy_config_means_nothing() -> None:
    with pytest.raises(InvalidSpec, match="kode_editor is reserved"):
        mean(resolved(guard=proxy(clusters=[{"name": "kode_editor"}])))
