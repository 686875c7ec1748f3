"""Write the files that are made from the types: CRDs and the reference pages.

Rule: one source, many artefacts. GENERATORS below is the only list of them; with --check nothing is
written and a stale, missing or orphaned file is a finding.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import yaml

from kode.api import crd
from kode.cli.yaml import PlainDumper
from tools import commands, reference
from tools.source import GENERATED, ROOT, Finding, sources

CRDS = "deploy/kustomize/crd"
Files = Mapping[str, str]
"""Path, relative to the root, to text."""


def definitions() -> Files:
    """The CustomResourceDefinition of every kind, one a file."""
    return {
        f"{CRDS}/{definition['spec']['names']['plural']}.yaml": yaml.dump(
            definition, Dumper=PlainDumper, sort_keys=False, width=100, allow_unicode=True
        )
        for definition in crd.definitions()
    }


GENERATORS: tuple[Callable[[], Files], ...] = (definitions, reference.pages, commands.pages)
COMMENT = {".yaml": "# {}\n", ".md": "<!-- {} -->\n\n"}


def render_files() -> Files:
    """Every generated file under the line that says so."""
    files = {path: text for generator in GENERATORS for path, text in generator().items()}
    note = f"{GENERATED} from the code; change it there."
    return {
        path: COMMENT[Path(path).suffix].format(note) + text for path, text in sorted(files.items())
    }


def stale(files: Files, root: Path = ROOT) -> Iterator[Finding]:
    """What differs from the tree: old text, files that are missing, files that nothing makes."""
    for path, text in files.items():
        target = root / path
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            yield Finding(path, 1, "stale: run `make generate`")
    for source in sources(root):
        if source.generated and source.path not in files:
            yield Finding(source.path, 1, "nothing generates this: delete it, or the marker")


def write(files: Files, root: Path = ROOT) -> None:
    """Write every file."""
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Write the files, or with --check say which are stale."""
    files = render_files()
    if arguments != ["--check"]:
        write(files)
        return 0
    findings = list(stale(files))
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
