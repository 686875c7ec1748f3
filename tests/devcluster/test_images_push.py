"""Pushing sends what the registry lacks, once; shown against a registry of a few lines."""

import hashlib
import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from devcluster import images_push
from devcluster.images_push import Registry, push


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class _Registry(ThreadingHTTPServer):
    """Keeps everything put to it by path, and what was asked of it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.held: dict[str, bytes] = {}
        self.puts: list[str] = []
        self.broken = False


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Registry

    def do_HEAD(self) -> None:
        content = self.server.held.get(self.path)
        if content is None:
            self._answer(404)
        else:
            self._answer(200, {"Docker-Content-Digest": _digest(content)})

    def do_POST(self) -> None:
        place = f"http://127.0.0.1:{self.server.server_port}{self.path}upload?state=1"
        self._answer(500 if self.server.broken else 202, {"Location": place})

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        path, _, query = self.path.partition("uploads/upload?state=1&digest=")
        path += query.replace("%3A", ":")
        self.server.puts.append(path)
        self.server.held[path] = content
        self._answer(201)

    def _answer(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": "0", **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the parent's name)
        """Says nothing: the test's output is its claims."""


@pytest.fixture
def server() -> Iterator[_Registry]:
    with _Registry() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def image(tmp_path: Path) -> dict[str, str]:
    blobs = tmp_path / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def write(content: bytes) -> dict[str, object]:
        digest = _digest(content)
        (blobs / digest.partition(":")[2]).write_bytes(content)
        return {"digest": digest, "size": len(content)}

    manifest = {"config": write(b"config"), "layers": [write(b"one layer"), write(b"")]}
    digest = write(json.dumps(manifest).encode())["digest"]
    return {"repository": "kode/tools", "tag": "test", "digest": str(digest)}


def test_a_second_push_asks_one_question_and_sends_nothing(
    server: _Registry, image: dict[str, str], tmp_path: Path
) -> None:
    registry = Registry(f"127.0.0.1:{server.server_port}")
    assert push(registry, tmp_path / "blobs", image) == len(b"config" + b"one layer")
    assert server.held["/v2/kode/tools/manifests/test"]
    assert len(server.puts) == 4
    assert push(registry, tmp_path / "blobs", image) is None
    assert len(server.puts) == 4
    registry.connection.close()


def test_a_tag_that_means_another_image_is_pushed_over(
    server: _Registry, image: dict[str, str], tmp_path: Path
) -> None:
    server.held["/v2/kode/tools/manifests/test"] = b"an older manifest"
    registry = Registry(f"127.0.0.1:{server.server_port}")
    assert push(registry, tmp_path / "blobs", image) is not None
    assert _digest(server.held["/v2/kode/tools/manifests/test"]) == image["digest"]
    registry.connection.close()


def _run(
    server: _Registry, image: dict[str, str], layout: Path, monkeypatch: pytest.MonkeyPatch
) -> int:
    address = f"127.0.0.1:{server.server_port}"
    work = {"layout": str(layout), "registry": address, "images": [image]}
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(work)))
    return images_push.main()


def test_what_was_pushed_is_told_and_nothing_else(
    server: _Registry,
    image: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert _run(server, image, tmp_path, monkeypatch) == 0
    assert capsys.readouterr().out == "pushed kode/tools:test (0 MB)\n"
    assert _run(server, image, tmp_path, monkeypatch) == 0
    assert capsys.readouterr().out == ""


def test_a_registry_that_refuses_is_said_plainly(
    server: _Registry,
    image: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server.broken = True
    assert _run(server, image, tmp_path, monkeypatch) == 1
    assert "the registry answered 500" in capsys.readouterr().err
