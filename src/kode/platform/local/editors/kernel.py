"""Make the Python of one Kode: an environment in its home, on top of JupyterLab's own.

Rule: the standard library only, and no import of ours: JupyterLab's Python runs it as a file, with
the folder as its argument, before each start. What a user installs lands in their home and
outlives an upgrade of JupyterLab; what JupyterLab brought stays as it was.
"""

import json
import sys
import sysconfig
import venv
from pathlib import Path

_LAUNCHER = "kode_kernel"
# ipykernel has no setting for where the output of a cell's own subprocesses comes in: a port of
# loopback. Seen in ipykernel 7.4, iostream.py; what another version calls otherwise stays its own.
_LAUNCH = '''"""Written by Kode: ipykernel, listening on Unix sockets alone."""

import os
import tempfile

import zmq
from ipykernel import kernelapp
from ipykernel.iostream import IOPubThread
from zmq.eventloop.zmqstream import ZMQStream


def listen(self):
    self._pipe_uuid = os.urandom(16)
    folder = os.environ.get("JUPYTER_RUNTIME_DIR") or tempfile.mkdtemp(prefix="kode-")
    self._pipe_address = f"ipc://{folder}/pipe-{os.getpid()}-{id(self):x}"
    pipe = self.socket.context.socket(zmq.PULL)
    pipe.linger = 0
    pipe.bind(self._pipe_address)
    self._pipe_in = ZMQStream(pipe, self.io_loop)
    self._pipe_in.on_recv(self._handle_pipe_msg)


def connect(self):
    context = zmq.Context()
    pipe = context.socket(zmq.PUSH)
    pipe.linger = 3000
    pipe.connect(self._pipe_address)
    return context, pipe


if hasattr(IOPubThread, "_setup_pipe_in") and hasattr(IOPubThread, "_setup_pipe_out"):
    IOPubThread._setup_pipe_in = listen
    IOPubThread._setup_pipe_out = connect

if __name__ == "__main__":
    kernelapp.launch_new_instance()
'''
_PIP = '#!/bin/sh\nexec "{python}" -m pip "$@"\n'


def main() -> None:
    """Make the environment, or bring it up to date."""
    root = Path(sys.argv[1])
    python = root / "bin" / "python"
    packages = _packages(root)
    if not (python.exists() and packages.is_dir()):
        venv.create(root, symlinks=True)
    _write(packages / "kode_editor.pth", sysconfig.get_path("purelib") + "\n")
    _write(packages / f"{_LAUNCHER}.py", _LAUNCH)
    for name in ("pip", "pip3"):
        _write(root / "bin" / name, _PIP.format(python=python))
        (root / "bin" / name).chmod(0o755)
    kernel = {
        "argv": [str(python), "-m", _LAUNCHER, "-f", "{connection_file}"],
        "display_name": "Python 3",
        "language": "python",
        "metadata": {"debugger": True},
    }
    place = root / "share" / "jupyter" / "kernels" / "python3"
    place.mkdir(parents=True, exist_ok=True)
    _write(place / "kernel.json", json.dumps(kernel, indent=1) + "\n")


def _packages(root: Path) -> Path:
    names = {"base": str(root), "platbase": str(root)}
    return Path(sysconfig.get_path("purelib", "venv", vars=names))


def _write(file: Path, text: str) -> None:
    if not (file.exists() and file.read_text(encoding="utf-8") == text):
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
