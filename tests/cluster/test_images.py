"""The other images that Kode knows come up behind their doors as code-server does."""

import asyncio
import json
import os
import zipfile
from base64 import b64encode
from pathlib import Path

import pytest

from kode.platform.cluster.platform import ClusterPlatform
from kode.platform.port import ExecOptions
from tests.cluster.documents import CODE_SERVER, CODERCOM, PASSWORD, USER, WEBTOP, kode, template
from tests.cluster.place import Place


@pytest.fixture(scope="module", autouse=True)
def _started(place: Place) -> None:
    place.apply(
        template("desktop", type="webtop", image=WEBTOP),
        template("coder", image=CODERCOM),
        template("linuxserver", image=CODE_SERVER),
        kode("linuxserver", "linuxserver"),
        kode("desktop", "desktop"),
        kode("coder", "coder", workspace="src/app"),
    )


def test_webtop_is_guarded_by_the_sidecar_and_opens(place: Place) -> None:
    place.ready("desktop")
    with place.door("desktop") as door:
        assert door.status("/") == 401
        assert door.status("/", login=(USER, "wrong")) == 401
        page = door.get("/", login=(USER, PASSWORD))
        assert page.status_code == 200
        assert "<html" in page.text.lower()


def test_webtop_keeps_its_files_as_the_user(place: Place) -> None:
    place.ready("desktop")
    assert place.exec("desktop", "stat", "-c", "%u:%g", "/config").strip() == "1000:1000"
    assert "/config" in place.exec("desktop", "cat", "/proc/mounts")


def test_webtop_opens_its_lock_to_its_sidecar_alone(place: Place) -> None:
    place.ready("desktop")
    basic = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    for header in ("X-None: x", f"Authorization: Basic {basic}"):
        ask = f"GET / HTTP/1.0\\r\\nHost: desktop\\r\\n{header}\\r\\n\\r\\n"
        script = f"exec 3<>/dev/tcp/127.0.0.1/3000; printf '{ask}' >&3; head -1 <&3"
        assert " 401 " in place.exec("desktop", "bash", "-c", script)
    assert PASSWORD not in place.exec("desktop", "cat", "/proc/1/environ")


def test_codercom_opens_the_workspace_to_whoever_the_sidecar_lets_in(place: Place) -> None:
    place.ready("coder")
    login = (USER, PASSWORD)
    with place.door("coder") as door:
        assert door.status("/") == 401
        assert door.status("/", login=(USER, "wrong")) == 401
        page = door.get("/?folder=/home/coder/src/app", login=login)
        assert page.status_code == 200
        assert "workbench" in page.text
        assert door.talk(login=login)["type"] == "sign"
        assert door.socket() == 401
    # 8080 in the table of sockets, which is in hexadecimal.
    found = place.exec("coder", "sh", "-c", "cat /proc/net/tcp /proc/net/tcp6").split()
    assert [it for it in found if it.endswith(":1F90") and it != "0100007F:1F90"] == []


def test_codercom_runs_as_its_user_in_its_home(place: Place) -> None:
    place.ready("coder")
    assert place.exec("coder", "id", "-u").strip() == "1000"
    place.exec("coder", "sh", "-c", "echo kept > /home/coder/src/app/file")
    home = place.get("PersistentVolumeClaim", "coder-home")
    assert home["status"]["phase"] == "Bound"
    assert "/home/coder" in place.exec("coder", "cat", "/proc/mounts")


@pytest.mark.parametrize(
    ("name", "install", "home", "folder"),
    [
        ("linuxserver", ("install-extension",), "/config", "extensions"),
        (
            "coder",
            ("code-server", "--install-extension"),
            "/home/coder",
            ".local/share/code-server/extensions",
        ),
    ],
)
def test_an_extension_is_installed_from_the_command_line_as_the_how_to_says(
    place: Place, tmp_path: Path, name: str, install: tuple[str, ...], home: str, folder: str
) -> None:
    place.ready(name)
    small = {"name": "small", "publisher": "kode", "version": "1.0.0", "engines": {"vscode": "*"}}
    with zipfile.ZipFile(tmp_path / "small.vsix", "w") as file:
        file.writestr("extension/package.json", json.dumps(small))
    bytes_ = (tmp_path / "small.vsix").read_bytes()
    escaped = "".join(f"\\{byte:03o}" for byte in bytes_)

    async def run(*argv: str) -> int:
        cluster = ClusterPlatform.from_environment(os.environ)
        try:
            return await cluster.exec(name, place.namespace, ExecOptions(argv))
        finally:
            await cluster.close()

    assert asyncio.run(run("sh", "-c", 'printf "$1" >~/small.vsix', "sh", escaped)) == 0
    assert asyncio.run(run(*install, f"{home}/small.vsix")) == 0
    made = f"{home}/{folder}/kode.small-1.0.0/package.json"
    assert place.exec(name, "stat", "-c", "%u:%g", made).strip() == "1000:1000"
