"""What is typed with `kode exec` and `kode shell`: the editor's own command, and ssh."""

import json
import zipfile
from pathlib import Path

import pytest

from tests.local.kodes import kode
from tests.local.machine import Machine

pytestmark = pytest.mark.slow

NAME = "kode-test.small"
MANIFEST = """<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
<Metadata><Identity Language="en-US" Id="small" Version="1.0.0" Publisher="kode-test"/>
<DisplayName>small</DisplayName><Description>small</Description></Metadata>
<Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>
<Assets><Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json"
 Addressable="true"/></Assets></PackageManifest>"""


@pytest.fixture(scope="module", autouse=True)
def _up(machine: Machine) -> None:
    machine.up("--empty")
    text = kode("dev", template="code-server")
    machine.apply(text)
    machine.ready("dev")


def extension(file: Path) -> None:
    package = {
        "name": "small",
        "publisher": "kode-test",
        "version": "1.0.0",
        "engines": {"vscode": "^1.50.0"},
    }
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("extension.vsixmanifest", MANIFEST)
        archive.writestr("extension/package.json", json.dumps(package))


def test_an_extension_is_installed_where_the_editor_reads_it(machine: Machine) -> None:
    extension(machine.files("dev") / "workspace" / "a.vsix")
    machine.kode("exec", "dev", "--", "code-server", "--install-extension", "./a.vsix")
    folder = machine.files("dev") / ".local" / "share" / "code-server" / "extensions"
    assert [path.name for path in folder.glob(f"{NAME}*")]
    listed = machine.kode("shell", "dev", given="code-server --list-extensions\n")
    assert NAME in listed.splitlines()
    machine.kode("restart", "dev")
    listed = machine.kode("exec", "dev", "--", "code-server", "--list-extensions")
    assert NAME in listed.splitlines()


def test_ssh_goes_by_the_files_of_the_kodes_home(machine: Machine) -> None:
    folder = machine.files("dev") / ".ssh"
    folder.mkdir(0o700, exist_ok=True)
    (folder / "config").write_text("Host x.test\n  Port 2222\n")
    for way in (["ssh"], ["sh", "-c", "exec ssh $0 $@"]):
        said = machine.kode("exec", "dev", "--", *way, "-G", "x.test").splitlines()
        assert "port 2222" in said
        assert f"userknownhostsfile {folder}/known_hosts" in said
