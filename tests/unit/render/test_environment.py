"""kode.render.environment: variables as a kubelet and a program in the container see them."""

import subprocess
from collections.abc import Mapping
from typing import Any

import pytest

from kode.errors import InvalidSpec
from kode.render import editor, terminal
from kode.render.resolve import ResolvedKode
from tests.documents import CODERCOM, WEBTOP, credentials, kode, resolved, template, variables
from tests.references import CASES, Case
from tests.unit.render import kubelet

IMAGE_PATH = "/image/bin:/usr/bin:/bin"
OF_TYPE: dict[str, dict[str, Any]] = {
    "linuxserver": {},
    "codercom": {"image": CODERCOM},
    "jupyter": {"type": "jupyter", "image": "jupyter/base-notebook"},
    "custom": {"type": "custom", "image": "x", "port": 9000, "command": ["mine"]},
}
ACCOUNTS = {"linuxserver": "abc", "codercom": "coder", "jupyter": "jovyan", "custom": "kode"}
UNSTARTED: dict[str, dict[str, Any]] = {
    "webtop": {"type": "webtop", "image": WEBTOP},
    "custom": {"type": "custom", "image": "x", "port": 9000},
}


def program(container: Mapping[str, Any], words: tuple[str, ...] = ()) -> dict[str, str]:
    """Return what a program finds that is started in a container as Kode starts them."""
    env = {"PATH": IMAGE_PATH, **kubelet.environment(container)}
    argv = words or terminal.start(("env", "-0"))
    argv = (f"/bin/{argv[0]}", *argv[1:])
    text = subprocess.run(argv, env=env, capture_output=True, text=True, check=True).stdout
    return dict(line.split("=", 1) for line in text.split("\0") if "=" in line)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
@pytest.mark.parametrize("of", OF_TYPE)
def test_references_come_out_as_on_every_platform(of: str, case: Case) -> None:
    by_template, own = case.documents()
    found = resolved(kode(env=own), template(**OF_TYPE[of], env=by_template))
    env = program(editor.container(found))
    facts = {"home": found.home, "port": found.port, "user": ACCOUNTS[of]}
    assert case.values(**facts, path=IMAGE_PATH).items() <= env.items()
    assert not [name for name in env if name.startswith(terminal.PREFIX)]


def of(name: str, value: str, **spec: Any) -> ResolvedKode:
    return resolved(kode(env=[{"name": name, "value": value}]), template(**spec))


@pytest.mark.parametrize("name", UNSTARTED)
def test_no_path_is_put_around_the_images_where_its_own_program_starts(name: str) -> None:
    with pytest.raises(InvalidSpec, match="write the whole PATH") as caught:
        editor.check(of("PATH", "/opt/bin:$(PATH)", **UNSTARTED[name]))
    assert caught.value.message.startswith("env PATH: ")
    editor.check(of("PATH", "/opt/bin:/bin", **UNSTARTED[name]))
    editor.check(of("PATH", "/opt/bin:$$(PATH)", **UNSTARTED[name]))


@pytest.mark.parametrize(("name", "value"), [("A", "$(PATH)"), ("PATH", "$(PATH):/x:$(PATH)")])
def test_the_images_path_is_in_no_other_variable_and_once_in_this(name: str, value: str) -> None:
    with pytest.raises(InvalidSpec, match=rf"^env {name}: \$\(PATH\) is the image's"):
        editor.check(of(name, value))


@pytest.mark.parametrize("field", ["command", "args"])
def test_the_images_path_is_in_no_words(field: str) -> None:
    spec = {**OF_TYPE["custom"], field: ["x", "$(PATH)"]}
    with pytest.raises(InvalidSpec, match=rf"^{field}: \$\(PATH\): .* write \$PATH in the words"):
        editor.check(resolved(over=template(**spec)))
    editor.check(of("PATH", "/bin", **spec))
    plugin = {"name": "a", "image": "b", field: ["$(PATH)"]}
    with pytest.raises(InvalidSpec, match=f"^initPlugins a: {field}: "):
        editor.check(resolved(kode(initPlugins=[plugin])))


def test_words_refer_to_kodes_own_and_to_those_given() -> None:
    words = ["--at=$(HOME):$(PORT)", "--of=$(KODE_NAME)", "--is=$(A)", "$$(PORT) $(B) $PATH"]
    found = editor.container(of("A", "$(USER)", **{**OF_TYPE["custom"], "args": words}))
    assert kubelet.words(found, kubelet.environment(found)) == [
        "mine",
        "--at=/home/kode:9000",
        "--of=dev",
        "--is=kode",
        "$(PORT) $(B) $PATH",
    ]
    at_coders = {"image": CODERCOM, "args": ["--app-name=$(PORT) $(TZ)"]}
    found = editor.container(resolved(over=template(**at_coders)))
    assert kubelet.words(found, kubelet.environment(found))[0] == "--app-name=8080 UTC"
    found = editor.container(of("PORT", "3000", **at_coders))
    assert kubelet.words(found, kubelet.environment(found))[0] == "--app-name=3000 UTC"


@pytest.mark.parametrize("name", ["jupyter", "custom"])
def test_a_program_that_kode_starts_has_the_path(name: str) -> None:
    spec = {**OF_TYPE[name], "args": ["--a=$$(A)", "--b=$(A)"]}
    found = editor.container(of("PATH", "/opt/bin:$(PATH)", **spec))
    words = kubelet.words(found, kubelet.environment(found))
    assert "PATH" not in variables(found)
    at = words.index("start")
    assert [it for it in words if "(A)" in it] == ["--a=$(A)", "--b=$(A)"]
    env = program(found, (*words[: at + 1], "env", "-0"))
    assert env["PATH"] == f"/opt/bin:{IMAGE_PATH}"


def test_a_secret_of_the_products_cannot_be_referred_to() -> None:
    over = template(type="webtop", image=WEBTOP, env=[{"name": "A", "value": "$(PASSWORD)"}])
    found = editor.container(resolved(over=over, login=credentials()))
    assert kubelet.environment(found)["A"] == "$(PASSWORD)"


def test_keys_of_a_secret_can_be_referred_to_and_no_account_hides_them() -> None:
    given = [{"name": "A", "value": "$(TOKEN) $(USER)"}]
    over = template(env=given, envFrom=[{"secretRef": {"name": "s"}}])
    found = kubelet.environment(
        editor.container(resolved(over=over)), {"TOKEN": "t", "USER": "theirs", "PASSWORD": "p"}
    )
    assert (found["A"], found["USER"], found["PASSWORD"]) == ("t abc", "theirs", "")


@pytest.mark.parametrize("user", ["$(HOME)", "$$(HOME)", "a$$b"])
def test_a_users_name_comes_out_as_it_is(user: str) -> None:
    over = template(type="webtop", image=WEBTOP)
    found = editor.container(resolved(over=over, login=credentials(user=user)))
    assert kubelet.environment(found)["CUSTOM_USER"] == user


def plugin(**spec: Any) -> Mapping[str, Any]:
    given = {"name": "a", "image": "b", **spec}
    return editor.init_containers(resolved(kode(initPlugins=[given])))[-1]


def test_plugins_refer_to_the_same_names() -> None:
    env = [{"name": "A", "value": "$(HOME)/$(KODE_NAME)"}, {"name": "B", "value": "$(A):$(PORT)"}]
    found = plugin(env=env, command=["x", "$(B)", "$(KODE_NAMESPACE)"], args=["$(PORT) $(USER)"])
    values = kubelet.environment(found)
    assert values["B"] == "/config/dev:8443"
    assert kubelet.words(found, values) == ["x", "/config/dev:8443", "team", "8443 abc"]


def test_a_plugin_has_a_home_of_its_own_where_it_says_so() -> None:
    found = kubelet.environment(plugin(env=[{"name": "HOME", "value": "/plugin"}]))
    assert (found["HOME"], kubelet.environment(plugin())["HOME"]) == ("/plugin", "/config")


def test_a_plugins_path_is_put_around_its_images_where_it_has_a_command() -> None:
    env = [{"name": "PATH", "value": "$(HOME)/bin:$(PATH)"}]
    found = plugin(env=env, command=["env", "-0"])
    values = kubelet.environment(found)
    assert program(found, tuple(kubelet.words(found, values)))["PATH"] == (
        f"/config/bin:{IMAGE_PATH}"
    )
    with pytest.raises(InvalidSpec, match=r"^initPlugins a: env PATH: "):
        plugin(env=env)


def test_dotfiles_find_the_path_and_the_same_names() -> None:
    given = [{"name": "PATH", "value": "/x:$(PATH)"}, {"name": "A", "value": "$(HOME):$(PORT)"}]
    repository = {"repository": "https://example.org/$(A)", "install": "make $(A) $$(A)"}
    found = editor.init_containers(resolved(kode(env=given, dotfiles=repository)))[-1]
    values = kubelet.environment(found)
    words = kubelet.words(found, values)
    assert (words[-3], words[-1]) == ("https://example.org/$(A)", "make $(A) $$(A)")
    assert values["A"] == "/config:8443"
    at = words.index("start")
    assert program(found, (*words[: at + 1], "env", "-0"))["PATH"] == f"/x:{IMAGE_PATH}"


def _names(given: ResolvedKode) -> list[str]:
    return [it["name"] for it in editor.init_containers(given)]


@pytest.mark.parametrize("image", [CODERCOM, "linuxserver/code-server:latest"])
def test_code_server_is_given_a_shell_only_where_something_would_be_missing(image: str) -> None:
    for name in ("GITHUB_TOKEN", "PATH"):
        assert "shell" in _names(of(name, "x", image=image))
    brought = template(image=image, envFrom=[{"secretRef": {"name": "s"}}])
    assert "shell" in _names(resolved(over=brought))
    assert "shell" not in _names(of("MINE", "x", image=image))
    assert "shell" not in _names(of("GITHUB_TOKEN", "x", image=image, command=["mine"]))
    assert "SHELL" not in variables(editor.container(of("MINE", "x", image=image)))
