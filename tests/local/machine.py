"""One machine as a newcomer has it: an empty home, and the command `kode`.

Rule: what a test starts it ends; what is left over is looked for by what every process of ours
carries in its environment, not by asking the platform.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from kode.platform.local.paths import Paths
from kode.platform.local.store.store import LocalStore
from tests.local import traces
from tests.polling import free_port, until

KODE = Path(sys.executable).parent / "kode"
TIMEOUT = 240.0
INSTALL_TIMEOUT = 900.0
"""Seconds for a Kode whose editor may have to be installed first, on an empty cache."""
# Where packages come from: without it an editor is there only where another test installed it.
_FOR_DOWNLOADS = re.compile(r"^PIP_|^UV_|_config_|_proxy$|CERT", re.IGNORECASE)
_LISTENS = "0A"
"""State of a socket in /proc/net/tcp. Source: proc_pid_net(5)."""


@dataclass(frozen=True)
class Answer:
    """What a gateway answered."""

    status: int
    body: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Machine:
    """A platform of one test.

    Attributes:
        root: its KODE_HOME.
        cache: its KODE_CACHE; shared, so that editors are installed once.
        port: of its gateway.
        said: what each command was, and what it printed.
    """

    root: Path
    cache: Path
    port: int
    said: list[tuple[tuple[str, ...], str]] = field(default_factory=list, compare=False, repr=False)

    @property
    def environment(self) -> dict[str, str]:
        """What `kode` is run with."""
        kept = {"PATH", "HOME", "LANG", "TMPDIR"}
        kept |= {"CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF", "XDG_RUNTIME_DIR"}
        own = {
            key: value
            for key, value in os.environ.items()
            if key in kept or _FOR_DOWNLOADS.search(key)
        }
        paths = {"KODE_HOME": str(self.root), "KODE_CACHE": str(self.cache)}
        return {**own, **paths, "NO_COLOR": "1"}

    def run(self, *arguments: str, given: str | None = None) -> "subprocess.CompletedProcess[str]":
        """Run `kode` to its end."""
        done = subprocess.run(
            [str(KODE), *arguments],
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=TIMEOUT * 5,
            check=False,
        )
        self.said.append((arguments, done.stdout + done.stderr))
        return done

    def kode(self, *arguments: str, given: str | None = None) -> str:
        """Run `kode`, which must succeed; return what it printed."""
        found = self.run(*arguments, given=given)
        assert found.returncode == 0, f"kode {' '.join(arguments)}: {found.stdout}{found.stderr}"
        return found.stdout

    def up(self, *arguments: str) -> str:
        """Run `kode up`; return what it printed."""
        return self.kode("up", f"--port={self.port}", *arguments)

    def apply(self, *documents: str) -> str:
        """Apply YAML documents."""
        return self.kode("apply", "-f", "-", given="\n---\n".join(documents))

    def get(self, kind: str, name: str, namespace: str = "default") -> dict[str, Any]:
        """Return an object."""
        found: dict[str, Any] = json.loads(
            self.kode("get", kind, name, "-n", namespace, "-o", "json")
        )
        return found

    def condition(
        self, name: str, kind: str = "Ready", namespace: str = "default"
    ) -> dict[str, Any]:
        """Return a condition of a Kode; empty where it is not told.

        The store is read as any program of the person's may: a test asks often, and a command each
        time would be most of what the machine is busy with.
        """
        with closing(LocalStore(Paths(self.root, self.cache).store)) as store:
            status = store.get("Kode", name, namespace).get("status") or {}
        found = [item for item in status.get("conditions", ()) if item["type"] == kind]
        return dict(found[0]) if found else {}

    def ready(self, name: str, namespace: str = "default") -> None:
        """Wait until a Kode is Ready."""
        self.told(name, namespace=namespace, status="True")

    def told(
        self, name: str, reason: str = "", *, namespace: str = "default", status: str = ""
    ) -> dict[str, Any]:
        """Wait until Ready says something; return it."""

        def said() -> bool:
            now = self.condition(name, namespace=namespace)
            same = reason in {"", str(now.get("reason"))} and status in {"", str(now.get("status"))}
            return bool(now) and same

        patience = INSTALL_TIMEOUT if status == "True" else TIMEOUT
        until(said, lambda: str(self.condition(name, namespace=namespace)), patience)
        return self.condition(name, namespace=namespace)

    def address(self, name: str, namespace: str = "default") -> dict[str, Any]:
        """Return where a Kode is opened, and with what."""
        found: dict[str, Any] = json.loads(
            self.kode("open", name, "-n", namespace, "--print", "-o", "json")
        )
        return found

    def ask(
        self, host: str, path: str = "/", login: tuple[str, str] | None = None, **headers: str
    ) -> Answer:
        """GET something through the gateway, as a browser at that host does."""
        given = {"Host": f"{host}:{self.port}", **headers}
        if login:
            given["Authorization"] = basic_auth(login)
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=given)
        opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as answer:
                return Answer(answer.status, answer.read().decode(), dict(answer.headers))
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read().decode(), dict(error.headers))

    def login(self, name: str, namespace: str = "default") -> tuple[str, str]:
        """Return the login that the platform made up."""
        found = self.address(name, namespace)
        return found["user"], found["password"]

    def files(self, name: str, namespace: str = "default") -> Path:
        """Return the folder of a Kode's files."""
        return self.root / "volumes" / namespace / f"{name}-home"

    def platform(self) -> int:
        """Return the pid of the platform's program."""
        return int(json.loads((self.root / "run" / "platform.json").read_text())["pid"])

    def processes(self) -> dict[int, str]:
        """Return every process of ours, with its command line, by what it carries."""
        found = (*self.root.glob("logs/*"), *self.root.glob("run/*"))
        instances = {path.name for path in found if "-" in path.name}
        digest = sha256(bytes(self.root)).hexdigest()[:12]
        instances.add(f"door-{digest}")
        marks = {f"KODE_HOME={self.root}".encode()}
        marks |= {f"KODE_INSTANCE={name}".encode() for name in instances}
        left = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                environment = (entry / "environ").read_bytes().split(b"\0")
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if state != "Z" and marks & set(environment):
                left[int(entry.name)] = line
        return left

    def listens(self) -> bool:
        """Tell whether anybody listens on the gateway's port."""
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def addresses(self) -> set[str]:
        """Return every address, in the kernel's hex, that a process of ours listens on."""
        return {address for address, _ in self.listening()}

    def listening(self) -> set[tuple[str, int]]:
        """Return every address, in the kernel's hex, and port that a process of ours listens on."""
        sockets = set()
        for pid in self.processes():
            for link in Path(f"/proc/{pid}/fd").glob("*"):
                with suppress(OSError):
                    sockets.add(str(link.readlink()))
        found = set()
        for table in ("tcp", "tcp6"):
            for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
                words = line.split()
                if words[3] == _LISTENS and f"socket:[{words[9]}]" in sockets:
                    address, _, port = words[1].partition(":")
                    found.add((address, int(port, 16)))
        return found

    def end(self) -> None:
        """End everything, whatever has become of it."""
        self.run("down")
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow nothing."""


@contextmanager
def newcomers() -> Iterator[Machine]:
    """A machine with nothing on it but the editors that were installed before.

    Nothing secret is left in its files, its output and its command lines: not while it runs, and
    not when it has ended.
    """
    # Not pytest's folder: with the test's name in it, it is too long for sockets.
    root = Path(tempfile.mkdtemp(prefix="kode-"))
    found = Machine(root / "home", Paths.of(os.environ).cache, free_port())
    lives = True
    try:
        yield found
        secrets = traces.made_up(found)
        traces.check(found, secrets)
        found.end()
        lives = False
        traces.check(found, secrets)
    finally:
        if lives:
            found.end()
        shutil.rmtree(root)


def basic_auth(login: tuple[str, str]) -> str:
    """Return the Authorization header of a login."""
    return f"Basic {b64encode(':'.join(login).encode()).decode()}"


def command_lines() -> list[bytes]:
    """Return the command line of every process of this machine, each word with a zero after it."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found.append(path.read_bytes())
    return found
