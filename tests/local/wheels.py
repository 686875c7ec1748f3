"""An index of local files: the wheels that the locks name, and a newer version of each.

Rule: the real wheels are fetched once into the cache, by the hashes of the locks, by this Python's
own pip; an index is a folder of links to them and asks nobody.
"""

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from hashlib import sha256
from importlib.metadata import distributions
from pathlib import Path

from kode.platform.local.editors.catalog import LOCKS

REQUIREMENTS = Path("requirements")
ALL = {
    **{name: REQUIREMENTS / f"{name}.txt" for name in ("build", "cluster", "dev", "local")},
    **{name: REQUIREMENTS / f"{name}.txt" for name in ("operator", "uv")},
    "envoy image": Path("images/envoy/requirements.txt"),
    "editor image": Path("images/editor/requirements.txt"),
    "jupyterlab": LOCKS / "jupyterlab.txt",
    "node": LOCKS / "node.txt",
}
"""Every lock of Python packages in the repository, by a name."""

NEWER = "999999.1"
_PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", re.MULTILINE)
# What a newer release might have begun to offer; one that is asked for with an extra has it.
_EXTRAS = ("toml", "cli", "speedups", "standard")


def pinned(lock: Path) -> dict[str, set[str]]:
    """Return the packages of a lock, with their versions: one for each of several Pythons."""
    versions: dict[str, set[str]] = {}
    for name, version in _PINNED.findall(lock.read_text()):
        versions.setdefault(name, set()).add(version)
    return versions


def installed(site: Path) -> dict[str, str]:
    """Return the packages in a folder of packages, with their versions."""
    there = distributions(path=[str(site)])
    return {normalize(it.metadata["Name"]): it.version for it in there}


def normalize(name: str) -> str:
    """Return a package's name as indexes and locks write it. Source: PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def fetch(pip: list[str], cache: Path) -> Path:
    """Return a folder of every wheel that the locks name for this machine.

    Args:
        pip: words that run a pip.
        cache: where the folder is kept for the next time.
    """
    digest = sha256(b"".join(path.read_bytes() for path in ALL.values())).hexdigest()[:12]
    folder = cache / "wheels" / f"{sys.implementation.cache_tag}-{digest}"
    done = folder / ".done"
    folder.mkdir(parents=True, exist_ok=True)
    flags = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--quiet", "--no-cache-dir"]
    for lock in () if done.exists() else ALL.values():
        command = [*pip, "download", *flags, "--dest", str(folder), "--requirement", str(lock)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    done.touch()
    return folder


def newer(folder: Path, names: Iterable[str]) -> None:
    """Put a newer version of each package into a folder, with nothing in it but its extras."""
    for name in names:
        module = re.sub(r"[-.]+", "_", name)
        info = f"{module}-{NEWER}.dist-info"
        extras = "".join(f"Provides-Extra: {extra}\n" for extra in _EXTRAS)
        with zipfile.ZipFile(folder / f"{module}-{NEWER}-py3-none-any.whl", "w") as wheel:
            wheel.writestr(
                f"{info}/METADATA",
                f"Metadata-Version: 2.1\nName: {name}\nVersion: {NEWER}\n{extras}",
            )
            wheel.writestr(
                f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            wheel.writestr(f"{info}/RECORD", "")


def write_index(wheels: Iterable[Path], index: Path) -> str:
    """Make an index of wheels in an empty folder; return its URL.

    Source: the "Simple repository API" of the Python packaging specifications.
    """
    names: dict[str, list[Path]] = {}
    for wheel in wheels:
        names.setdefault(normalize(wheel.name.split("-", 1)[0]), []).append(wheel)
    for name, files in names.items():
        page = index / name / "index.html"
        page.parent.mkdir(parents=True)
        links = [f'<a href="{file.as_uri()}">{file.name}</a><br>' for file in sorted(files)]
        page.write_text("<!DOCTYPE html><html><body>\n" + "\n".join(links) + "\n</body></html>\n")
    pages = [f'<a href="{name}/">{name}</a><br>' for name in sorted(names)]
    (index / "index.html").write_text("<!DOCTYPE html><html><body>\n" + "\n".join(pages))
    return index.as_uri()


def only(url: str) -> dict[str, str]:
    """Return the environment of somebody whose only index this is."""
    dropped = re.compile(r"(PIP|UV)_|PYTHON|VIRTUAL_ENV$|PIPX_|XDG_")
    person = {name: value for name, value in os.environ.items() if not dropped.match(name)}
    return {**person, "PIP_INDEX_URL": url, "PIP_CONFIG_FILE": "/dev/null"}
