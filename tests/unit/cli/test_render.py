"""`kode render`, as a person calls it: exit codes, output and errors."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from kode.api.document import KINDS
from kode.api.meta import API_VERSION
from kode.cli.main import app
from kode.cli.render import load
from kode.errors import InvalidSpec
from tests.documents import (
    kode_document,
    proxy_document,
    secret_document,
    template_document,
)

SEEDS = Path(__file__).parent.parent.parent / "seeds"
NAMES = f"{', '.join(KINDS)} of {API_VERSION}"
NO_PASSWORD = "the proxy config asks for a password: set spec.password or spec.existingSecret"
GUARD = {"envoyProxyRef": {"name": "guard"}}


def run(*arguments: str, given: str | bytes | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["render", *arguments], input=given)
    return result.exit_code, result.stdout, result.stderr


def rendered(*documents: dict[str, Any], options: tuple[str, ...] = ()) -> tuple[int, str, str]:
    return run("-f", "-", *options, given=yaml.safe_dump_all(documents, allow_unicode=True))


@pytest.mark.parametrize(
    ("name", "kodes", "warnings"),
    [("concepts", 1, 0), ("scenario-1", 1, 2), ("scenario-2", 1, 3)],
)
def test_seed_is_accepted_as_written(name: str, kodes: int, warnings: int) -> None:
    code, out, err = run("-f", str(SEEDS / f"{name}.yaml"))
    assert code == 0
    assert out.count("kind: Pod") == kodes
    lines = err.splitlines()
    assert len(lines) == warnings
    assert all("apiVersion v1alpha1 is read as kode.jacero.io/v1alpha1" in it for it in lines)


def test_warning_is_told_word_for_word() -> None:
    _, _, err = run("-f", str(SEEDS / "scenario-1.yaml"))
    assert err.splitlines()[0] == (
        f"warning: {SEEDS}/scenario-1.yaml: KodeTemplate: apiVersion v1alpha1 is read as "
        "kode.jacero.io/v1alpha1; write it in full"
    )


def test_files_may_be_given_apart(tmp_path: Path) -> None:
    for name, document in (("k", kode_document()), ("t", template_document())):
        (tmp_path / name).write_text(yaml.safe_dump(document))
    assert run("-f", str(tmp_path / "k"), "-f", str(tmp_path / "t"))[0] == 0


def test_json_is_one_list() -> None:
    code, out, err = rendered(kode_document(), template_document(), options=("-o", "json"))
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found["kind"] == "List"
    assert [item["kind"] for item in found["items"]][-1] == "Pod"


@pytest.mark.parametrize("output", ["yaml", "json"])
def test_envoy_prints_the_configuration_instead(output: str) -> None:
    options = ("--envoy", "--output", output)
    code, out, _ = rendered(kode_document(), template_document(), options=options)
    assert code == 0
    assert "static_resources" in yaml.safe_load(out)


def test_documents_without_a_namespace_get_the_one_of_the_option() -> None:
    documents = (kode_document(), template_document())
    for document in documents:
        document["metadata"]["namespace"] = None
    _, out, _ = rendered(*documents, options=("-n", "there"))
    assert {item["metadata"]["namespace"] for item in yaml.safe_load_all(out)} == {"there"}


def test_namespace_of_a_cluster_wide_object_is_none() -> None:
    kode = kode_document(templateRef={"kind": "KodeClusterTemplate", "name": "base"})
    template = template_document("KodeClusterTemplate")
    template["metadata"]["namespace"] = "ignored"
    assert rendered(kode, template)[0] == 0


@pytest.mark.parametrize("key", ["data", "stringData"])
def test_existing_secret_is_taken_from_the_files(key: str) -> None:
    secret = secret_document("login", password="p")
    secret[key] = {"password": "cA=="} if key == "data" else {"password": "p"}
    kode = kode_document(existingSecret="login")
    assert rendered(kode, template_document(), secret)[0] == 0


@pytest.mark.parametrize("odd", [None, 1, ["a"]])
def test_odd_secret_lacks_a_password(odd: Any) -> None:
    secret = {**secret_document("login"), "data": odd, "stringData": odd}
    code, _, err = rendered(kode_document(existingSecret="login"), template_document(), secret)
    text = "Secret login needs the key password with one line of text"
    assert (code, err) == (1, f"error: Kode team/dev: {text}\n")


def test_other_documents_are_passed_over() -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}}
    odd = {"apiVersion": "v1", "kind": ["Kode"]}
    assert rendered(pod, odd, kode_document(), template_document())[0] == 0


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        ([kode_document()], "Kode team/dev: KodeTemplate base is not in the files"),
        (
            [kode_document(), template_document(**GUARD)],
            "Kode team/dev: EnvoyProxyConfig guard is not in the files",
        ),
        (
            [kode_document(), template_document(**GUARD), proxy_document(authType="basic")],
            f"Kode team/dev: {NO_PASSWORD}",
        ),
        (
            [kode_document(existingSecret="login"), template_document()],
            "Kode team/dev: Secret login is not in the files",
        ),
        ([kode_document(foo=1)], "-: Kode dev: spec.foo: unknown field"),
        ([{**kode_document(), "metadata": {}}], "-: Kode: metadata.name: required"),
        ([{**kode_document(), "metadata": None}], "-: Kode: metadata.name: required"),
        (
            [{"apiVersion": "kode.jacero.io/v1alpha1", "metadata": {"name": "x"}}],
            f"-: x: kind (none) of apiVersion {API_VERSION}: must be one of {NAMES}",
        ),
        (
            [{"apiVersion": "kode.jacero.io/v1alpha1", "metadata": {}}],
            "-: metadata.name: required",
        ),
    ],
)
def test_what_the_operator_would_refuse_is_refused(
    documents: list[dict[str, Any]], message: str
) -> None:
    assert rendered(*documents) == (1, "", f"error: {message}\n")


def test_every_kode_that_is_wrong_is_told() -> None:
    code, out, err = rendered(kode_document("one"), kode_document("two"))
    assert (code, out) == (1, "")
    assert [line.split(":")[1] for line in err.splitlines()] == [" Kode team/one", " Kode team/two"]


@pytest.mark.parametrize(
    ("arguments", "given", "code", "message"),
    [
        (("-f", "-"), "", 2, "error: the files contain no Kode\n"),
        (("-f", "-", "-o", "xml"), "", 1, "error: --output xml: must be yaml or json\n"),
        (("-f", "-"), b"\xff", 1, "error: -: not UTF-8\n"),
        (("-f", "/none"), None, 1, "error: /none: No such file or directory\n"),
    ],
)
def test_call_that_renders_nothing(
    arguments: tuple[str, ...], given: str | bytes | None, code: int, message: str
) -> None:
    assert run(*arguments, given=given) == (code, "", message)


def test_errors_are_plain_text() -> None:
    code, out, err = run()
    assert (code, out) == (2, "")
    assert "Missing option" in err
    assert "\x1b" not in err


def test_every_wrong_document_is_told_and_the_others_are_rendered(tmp_path: Path) -> None:
    former = {**template_document("KodeClusterTemplate"), "kind": "ClusterKodeTemplate"}
    broken = template_document(envoyConfigRef={"name": "x"})
    broken["metadata"]["name"] = "broken"
    wrong, led_astray, good = kode_document(username="me"), kode_document(), kode_document()
    led_astray["spec"]["templateRef"]["name"] = "broken"
    for document, name in ((wrong, "wrong"), (led_astray, "led-astray"), (good, "good")):
        document["metadata"]["name"] = name
    (tmp_path / "no.yaml").write_text("a: [")
    text = yaml.safe_dump_all([former, broken, wrong, led_astray, good, template_document()])
    code, out, err = run("-f", str(tmp_path / "no.yaml"), "-f", "-", given=text)
    assert code == 1
    kodes = {item["metadata"]["labels"]["kode.jacero.io/kode"] for item in yaml.safe_load_all(out)}
    assert kodes == {"good"}
    lines = err.splitlines()
    former_field = "spec.envoyConfigRef: unknown field; it is called envoyProxyRef"
    assert len(lines) == 5
    assert lines[0].startswith(f"error: {tmp_path}/no.yaml, line 1")
    assert lines[1].startswith("error: -: ClusterKodeTemplate base: kind ClusterKodeTemplate of")
    assert lines[1].endswith("; it is called KodeClusterTemplate")
    assert lines[2:] == [
        f"error: -: KodeTemplate broken: {former_field}",
        "error: -: Kode wrong: spec.username: unknown field; it is called user",
        "error: Kode team/led-astray: KodeTemplate broken is invalid, see the error above",
    ]


def test_a_former_kind_is_not_passed_over_where_its_version_is_short() -> None:
    former = {"apiVersion": "v1alpha1", "kind": "ClusterKodeTemplate", "metadata": {"name": "x"}}
    code, out, err = rendered(former, kode_document(), template_document())
    assert code == 1
    assert "kind: Pod" in out
    assert "it is called KodeClusterTemplate" in err


def test_what_a_template_names_may_be_wrong_itself() -> None:
    proxy = proxy_document(no_such=1)
    proxy["metadata"]["name"] = "guard"
    code, out, err = rendered(kode_document(), template_document(**GUARD), proxy)
    assert (code, out) == (1, "")
    assert err.splitlines()[1] == (
        "error: Kode team/dev: EnvoyProxyConfig guard is invalid, see the error above"
    )


def test_who_loads_documents_hears_of_a_wrong_one(tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(
        f"apiVersion: {API_VERSION}\nkind: Kode\nmetadata: {{name: dev}}\nspec: {{x: 1}}\n"
    )
    with pytest.raises(InvalidSpec):
        load([file], "default")
