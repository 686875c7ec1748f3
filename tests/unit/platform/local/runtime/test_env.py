"""kode.platform.local.runtime.env."""

from pathlib import Path
from typing import Any

import pytest

from kode.platform.local.editors import host_env
from kode.platform.local.runtime import env
from tests.documents import kode, resolved, template
from tests.references import CASES, Case
from tests.unit.platform.local.runtime.hosts import HOST, host


def variables(own: dict[str, str] | None = None, **spec: Any) -> env.Variables:
    return env.editor_env(resolved(over=template(**spec)), HOST, own or {})


@pytest.mark.attack
def test_of_the_machine_only_what_is_named_goes_on() -> None:
    given = {
        "PATH": "/bin",
        "LC_TIME": "C",
        "https_proxy": "http://p.example:1",
        "NO_PROXY": "localhost",
        "SSL_CERT_FILE": "/ca",
        "AWS_SECRET_ACCESS_KEY": "x",
        "KODE_HOME": "/h",
        "LD_PRELOAD": "/x.so",
        "PYTHONPATH": "/y",
    }
    kept = host_env.inherit_env(given)
    assert set(kept) == {"PATH", "LC_TIME", "https_proxy", "NO_PROXY", "SSL_CERT_FILE"}


def test_everything_knows_whose_it_is() -> None:
    found = variables().values
    assert found["HOME"] == "/v/dev-home"
    assert (found["USER"], found["LOGNAME"], found["SHELL"]) == ("ann", "ann", "/bin/zsh")
    assert (found["KODE_NAME"], found["KODE_NAMESPACE"]) == ("dev", "team")
    assert (found["PATH"], found["LANG"]) == ("/opt/bin:/bin", "de_DE.UTF-8")


def test_bare_machine_has_a_path_and_a_language() -> None:
    found = env.base_env(resolved(), host(inherited={}))
    assert "/usr/bin" in found["PATH"]
    assert found["LANG"] == "C.UTF-8"


def test_time_zone_is_the_machines_until_the_template_says_one() -> None:
    assert "TZ" not in variables().values
    assert variables(tz="Europe/Paris").values["TZ"] == "Europe/Paris"


def test_values_refer_to_earlier_ones_and_to_the_home() -> None:
    env = [
        {"name": "A", "value": "/config/a"},
        {"name": "B", "value": "$(A):$(C)"},
        {"name": "C", "value": "c"},
        {"name": "D"},
    ]
    found = variables(env=env).values
    assert found["A"] == "/v/dev-home/a"
    assert found["B"] == "/v/dev-home/a:$(C)"
    assert not found["D"]


def test_kodes_own_value_wins() -> None:
    own = kode(env=[{"name": "A", "value": "own"}])
    over = template(env=[{"name": "A", "value": "template"}])
    assert env.editor_env(resolved(own, over), HOST, {}).values["A"] == "own"


@pytest.mark.attack
def test_nothing_given_wins_over_what_keeps_the_door() -> None:
    env = [{"name": name, "value": "given"} for name in ("PORT", "HOME", "KODE_NAME", "MINE")]
    found = variables({"PORT": "own"}, env=env).values
    assert (found["PORT"], found["HOME"], found["KODE_NAME"]) == ("own", "/v/dev-home", "dev")
    assert found["MINE"] == "given"


def test_values_of_secrets_are_taken_as_they_are() -> None:
    ref = {"name": "tokens", "key": "odd"}
    found = variables(
        env=[{"name": "ODD", "valueFrom": {"secretKeyRef": ref}}],
        envFrom=[{"prefix": "T_", "secretRef": {"name": "tokens"}}],
    )
    assert found.values["ODD"] == found.values["T_odd"] == "$(PATH)"
    assert found.values["T_api"] == "s3cret"
    assert not found.missing


def test_fields_of_the_pod_that_mean_something_here() -> None:
    paths = {"NAME": "metadata.name", "SPACE": "metadata.namespace"}
    env = [
        {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}
        for name, path in paths.items()
    ]
    found = variables(env=env).values
    assert (found["NAME"], found["SPACE"]) == ("dev", "team")


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ({"secretKeyRef": {"name": "none", "key": "k"}}, "env A: Secret none with the key k"),
        ({"secretKeyRef": {"name": "tokens", "key": "k"}}, "env A: Secret tokens with the key k"),
        ({"configMapKeyRef": {"name": "m", "key": "k"}}, "env A: ConfigMap m"),
        ({"fieldRef": {"fieldPath": "status.podIP"}}, "env A: fieldRef status.podIP"),
        ({"resourceFieldRef": {"resource": "limits.cpu"}}, "env A: resourceFieldRef"),
    ],
)
def test_value_that_cannot_be_had_is_told(source: dict[str, Any], missing: str) -> None:
    found = variables(env=[{"name": "A", "valueFrom": source}])
    assert found.missing == (missing,)
    assert "A" not in found.values


@pytest.mark.parametrize("kind", ["secretKeyRef", "configMapKeyRef"])
def test_optional_value_is_no_loss(kind: str) -> None:
    source = {kind: {"name": "none", "key": "k", "optional": True}}
    assert not variables(env=[{"name": "A", "valueFrom": source}]).missing


def test_sources_that_cannot_be_had_are_told() -> None:
    refs = [{"secretRef": {"name": "none"}}, {"configMapRef": {"name": "m"}}]
    assert variables(envFrom=refs).missing == (
        "envFrom: Secret none, which does not exist",
        "envFrom: ConfigMap m",
    )
    optional = [
        {"secretRef": {"name": "none", "optional": True}},
        {"configMapRef": {"name": "m", "optional": True}},
    ]
    assert not variables(envFrom=optional).missing


@pytest.mark.parametrize("own", ["/mine/bin", "/mine:/opt/bin"])
def test_the_kodes_own_commands_come_first_whatever_path_is_given(own: str) -> None:
    here = host(bin=Path("/b"))
    plain = env.base_env(resolved(), here)
    assert plain["PATH"] == "/b:/opt/bin:/bin"
    given = template(env=[{"name": "PATH", "value": own}])
    found = env.editor_env(resolved(over=given), here, {})
    assert found.values["PATH"] == f"/b:{own}"


FACTS = {"home": "/v/dev-home", "port": 8443, "user": "ann", "path": "/opt/bin:/bin"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_references_come_out_as_on_every_platform(case: Case) -> None:
    by_template, own = case.documents()
    found = env.editor_env(resolved(kode(env=own), template(env=by_template)), HOST, {})
    assert case.values(**FACTS).items() <= found.values.items()
    assert not {"PORT", "PUID", "PGID"} & found.values.keys()


def test_words_refer_to_the_same_names() -> None:
    given = template(env=[{"name": "A", "value": "$(USER)"}])
    found = env.editor_env(resolved(over=given), HOST, {})
    words = ["$(A) $(HOME)", "$(PORT) $(PUID) $(KODE_NAME)", "$$(A) $(NOBODY)"]
    assert found.fill(words) == ("ann /v/dev-home", "8443 501 dev", "$(A) $(NOBODY)")


def test_the_kodes_own_commands_come_first_once_whatever_path_is_put_around() -> None:
    given = template(env=[{"name": "PATH", "value": "/mine:$(PATH)"}])
    found = env.editor_env(resolved(over=given), host(bin=Path("/b")), {})
    assert found.values["PATH"] == "/b:/mine:/opt/bin:/bin"


def test_plugins_refer_to_the_same_names() -> None:
    items = [{"name": "A", "value": "$(HOME)/$(KODE_NAME)"}, {"name": "HOME", "value": "/plugin"}]
    given = kode(initPlugins=[{"name": "a", "image": "b", "env": items}])
    found = env.plugin_env(resolved(given), HOST, given.spec.init_plugins[0].env)
    assert (found.values["A"], found.values["HOME"]) == ("/v/dev-home/dev", "/plugin")
    assert found.fill(["$(PORT) $(A)"]) == ("8443 /v/dev-home/dev",)
