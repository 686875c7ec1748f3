"""kode.platform.local.editors.npmrc."""

import shutil
import subprocess
from pathlib import Path

import pytest

from kode.platform.local.editors import npmrc

REGISTRY = "http://npm.test/"


@pytest.mark.parametrize(
    "line",
    [
        f"registry={REGISTRY}",
        f" registry = {REGISTRY} ",
        f"@acme:registry={REGISTRY}",
        "//npm.test/:_authToken=${TOKEN}",
        "//npm.test/:certfile=/c",
        "_auth=x",
        "proxy=http://proxy.test",
        "https-proxy=http://proxy.test",
        "noproxy=a.test",
        "strict-ssl=false",
        "cafile=/ca.pem",
        'ca[]="-----BEGIN"',
        "Registry=http://npm.test/",
        '"registry"="http://npm.test/"',
    ],
)
def test_where_packages_come_from_counts(tmp_path: Path, line: str) -> None:
    (tmp_path / ".npmrc").write_text(f"; mine\n{line}\n")
    assert npmrc.text({"HOME": str(tmp_path)}) == f"{line.strip()}\n"


@pytest.mark.parametrize(
    "line",
    [
        *("global=true", "location=global", "prefix=/else", "before=2024-01-01"),
        *("dry-run=true", "dry_run=true", "omit=prod", "omit[]=optional", "only=dev"),
        *("production=true", "ignore-scripts=false", "package-lock=false", "install-links=true"),
        *("package-lock-only=true", "cache=/else", "engine-strict=true", "cpu=arm", "libc=musl"),
        *("min-release-age=7", "workspaces=true", "bin-links=false", "loglevel=silent", "[prod]"),
        *("node-options=--no-such", "script-shell=/x", "# registry=x", "registries=x", "json=true"),
    ],
)
def test_where_how_and_which_does_not(tmp_path: Path, line: str) -> None:
    (tmp_path / ".npmrc").write_text(f"{line}\n")
    assert npmrc.text({"HOME": str(tmp_path)}) == ""
    name, _, value = line.partition("=")
    for variable in (f"npm_config_{name}", f"NPM_CONFIG_{name.upper().replace('-', '_')}"):
        assert npmrc.environment({variable: value}) == {}


@pytest.mark.parametrize(
    "name",
    [
        *("npm_config_registry", "NPM_CONFIG_REGISTRY", "npm_config_https_proxy"),
        *("npm_config_strict_ssl", "npm_config_cafile", "npm_config__auth", "npm_config_noproxy"),
        *("npm_config_//npm.test/:_authToken", "HTTPS_PROXY", "NODE_EXTRA_CA_CERTS", "TOKEN"),
    ],
)
def test_variables_of_the_network_count(name: str) -> None:
    assert npmrc.environment({name: "x"}) == {name: "x"}


@pytest.mark.parametrize("name", ["npm_config_user_config", "npm_lifecycle_event", "NODE_ENV"])
def test_variables_of_another_run_do_not(name: str) -> None:
    assert npmrc.environment({name: "x", "npm_config_": ""}) == {}


def test_files_that_variables_name_are_read_the_persons_last(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("registry=http://a.test/\nglobal=true\n")
    (tmp_path / "mine").write_text("registry=http://b.test/\n[section]\nregistry=http://c.test/\n")
    (tmp_path / ".npmrc").write_text("registry=http://d.test/\n")
    person = {
        "HOME": str(tmp_path),
        "NPM_CONFIG_GLOBALCONFIG": str(tmp_path / "theirs"),
        "npm_config_userconfig": str(tmp_path / "mine"),
    }
    assert npmrc.text(person) == "registry=http://a.test/\nregistry=http://b.test/\n"


def test_files_that_cannot_be_read_count_as_absent(tmp_path: Path) -> None:
    assert npmrc.text({"HOME": str(tmp_path)}) == npmrc.text({}) == ""
    (tmp_path / ".npmrc").write_bytes(b"registry=\xff")
    assert npmrc.text({"HOME": str(tmp_path)}) == ""


def test_npm_itself_takes_it_so(tmp_path: Path) -> None:
    npm = shutil.which("npm")
    assert npm, "`make deps` says what is needed"
    (tmp_path / ".npmrc").write_text(
        f"registry={REGISTRY}\n//npm.test/:_authToken=${{TOKEN}}\nglobal=true\ndry-run=true\n"
        "before=2024-01-01\nprefix=/else\nomit=dev\n"
    )
    person = {"HOME": str(tmp_path), "PATH": "/usr/local/bin:/usr/bin:/bin", "TOKEN": "t"}
    config = tmp_path / "ours"
    config.write_text(npmrc.text(person))
    settings = {"npm_config_userconfig": str(config), "npm_config_globalconfig": "/dev/null"}
    environment = {**npmrc.environment(person), **settings}

    work = tmp_path / "work"
    work.mkdir()

    def says(key: str) -> str:
        found = subprocess.run(
            [npm, "config", "get", key],
            cwd=work,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return found.stdout.strip()

    assert says("registry") == REGISTRY
    assert (says("global"), says("dry-run")) == ("false", "false")
    assert (says("before"), says("omit")) == ("null", "")
    assert says("prefix") != "/else"
