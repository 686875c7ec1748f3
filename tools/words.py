"""The words of the design: modules are nouns of the domain, functions use its verbs.

Rule: a module is never named for being useful, and no function's name starts with a verb that
says nothing about what it does.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from tools.source import Finding, Source

MODULES = frozenset({"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"})
VERBS = frozenset({"do", "ensure", "handle", "manage", "process"})
# What http.server calls: the name is not ours to choose.
FOREIGN = re.compile(r"do_[A-Z]+$")


def findings(source: Source) -> Iterator[Finding]:
    """Banned names in one Python file: those of its module and folders, and of its functions."""
    if source.suffix != ".py":
        return
    path = PurePosixPath(source.path)
    for part in (*path.parent.parts, path.stem):
        if part in MODULES:
            yield Finding(source.path, 1, f"name the module for its noun, not {part!r}")
    for node in source.functions:
        if _vague(node.name) and not _property(node):
            message = f"{node.name}: say what it does with a verb of the design, section 1"
            yield Finding(source.path, node.lineno, message)


def _property(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    # The name of a property is a noun.
    return any(isinstance(it, ast.Name) and it.id == "property" for it in node.decorator_list)


def _vague(name: str) -> bool:
    return name.lstrip("_").split("_")[0] in VERBS and not FOREIGN.match(name)
