"""The names of the code (CONTRIBUTING.md, "Names"): modules are nouns, functions are verbs.

Rule: no waivers but the list in names_allowed.txt, of names older than the rule, and that list only
shrinks: an entry whose name is gone is a finding itself. `python -m tools.lint_names --prune` drops
such entries, and adds none.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from tools.source import ROOT, Finding, Source, sources

MODULES = frozenset({"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"})
VERBS = frozenset({"do", "ensure", "handle", "manage", "process"})
# What http.server calls: the name is not ours to choose.
FOREIGN = re.compile(r"do_[A-Z]+$")

PARTICIPLES = frozenset(
    {
        *("absent", "admitted", "alone", "answered", "applied", "asked", "begun", "changed"),
        *("chosen", "claimed", "completed", "contained", "created", "cut", "deleted", "disowned"),
        *("ended", "enveloped", "every", "executed", "expanded", "failed", "filled", "finished"),
        *("gathered", "got", "granted", "held", "inherited", "kept", "known", "laid", "left"),
        *("listed", "made", "marked", "merged", "moved", "named", "offered", "opened", "owned"),
        *("parsed", "placed", "private", "refused", "removed", "rendered", "replaced", "resolved"),
        *("rewritten", "same_wish", "scoped", "seen", "sent", "served", "shown", "started"),
        *("stopped", "taken", "trimmed", "unlimited", "versioned", "wanted", "wished", "written"),
    }
)
"""What is no verb in the imperative: a value may be called so, a function may not."""

VAGUE = frozenset({"found", "given", "meant", "said", "told", "words"})
"""What says of a function or a parameter only that there is one."""

SUPERLATIVE = re.compile(r"_*(DEEPEST|FEW|FEWEST|LARGEST|LEAST|LONGEST|MOST|OLDEST|SMALLEST)(_|$)")
DURATION = re.compile(r"(^|_)(WITHIN|PATIENCE|EVERY|TRY_AGAIN|LOOK_AGAIN)$")

ALLOWED = "tools/names_allowed.txt"

Named = tuple[str, int, str]
"""A name, its line, and what to call it instead."""


def findings(source: Source) -> Iterator[Finding]:
    """Banned names in one Python file: those of its module and folders, and of its functions."""
    if source.suffix != ".py":
        return
    path = PurePosixPath(source.path)
    for part in (*path.parent.parts, path.stem):
        if part in MODULES:
            yield Finding(source.path, 1, f"name the module for its noun, not {part!r}")
    for node in source.functions:
        if _is_vague(node.name) and not _is_property(node):
            message = f"{node.name}: say what it does with a verb of the design, section 1"
            yield Finding(source.path, node.lineno, message)


def habits(tree: Mapping[str, Source]) -> Iterator[Finding]:
    """Names of the habits that CONTRIBUTING.md bans, and entries of the list that are left over.

    Args:
        tree: path to source; tests are sentences, and their names are not looked at.
    """
    allowed = set(_entries(tree[ALLOWED])) if ALLOWED in tree else set()
    used = set[str]()
    for source in tree.values():
        for name, line, advice in _bad_names(source):
            entry = f"{package(source.path)} {name}"
            used.add(entry)
            if entry not in allowed:
                yield Finding(source.path, line, f"{name}: {advice}")
    for entry, line in (_entries(tree[ALLOWED]) if ALLOWED in tree else {}).items():
        if entry not in used:
            yield Finding(
                ALLOWED, line, f"{entry}: is gone; run python -m tools.lint_names --prune"
            )


def package(path: str) -> str:
    """Return the package whose names a list entry is about: src/kode/api, src/kode/platform/local.

    Not the module, so that files may move while their names are fixed.
    """
    parts = PurePosixPath(path).parent.parts
    return "/".join(parts[:4] if parts[:3] == ("src", "kode", "platform") else parts[:3])


def _bad_names(source: Source) -> Iterator[Named]:
    if source.suffix != ".py" or source.path.startswith("tests/"):
        return
    for node in source.functions:
        yield from _function(node)
    for statement in ast.walk(ast.parse(source.text, source.path)):
        if isinstance(statement, ast.Name) and isinstance(statement.ctx, ast.Store):
            yield from _constant(statement)


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Named]:
    name = node.name.strip("_")
    if name in PARTICIPLES | VAGUE and not _is_property(node):
        yield node.name, node.lineno, "name a function by a verb in the imperative"
    arguments = node.args
    for item in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        if item.arg in VAGUE:
            yield item.arg, item.lineno, "name a parameter for the thing that it is"


def _constant(node: ast.Name) -> Iterator[Named]:
    if not node.id.isupper():
        return
    if SUPERLATIVE.match(node.id):
        yield node.id, node.lineno, "name a limit MAX_... or MIN_..."
    if DURATION.search(node.id):
        advice = "name a duration ..._TIMEOUT, _TTL, _RETRY_DELAY or _POLL_INTERVAL"
        yield node.id, node.lineno, advice


def _entries(source: Source) -> dict[str, int]:
    """Return the entries of the list with their lines."""
    lines = enumerate(source.text.splitlines(), 1)
    return {line: number for number, line in lines if line and not line.startswith("#")}


def _is_property(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    # The name of a property is a noun.
    return any(isinstance(it, ast.Name) and it.id == "property" for it in node.decorator_list)


def _is_vague(name: str) -> bool:
    return name.lstrip("_").split("_")[0] in VERBS and not FOREIGN.match(name)


def main(arguments: Iterable[str]) -> int:
    """Drop the entries of the list whose names are gone, where that is asked for."""
    if list(arguments) != ["--prune"]:
        print("usage: python -m tools.lint_names --prune", file=sys.stderr)
        return 2
    tree = {source.path: source for source in sources()}
    gone = {finding.line for finding in habits(tree) if finding.path == ALLOWED}
    lines = tree[ALLOWED].text.splitlines(keepends=True)
    kept = [line for number, line in enumerate(lines, 1) if number not in gone]
    (ROOT / ALLOWED).write_text("".join(kept), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
