"""The figures of the house: files, lines, packages' roots, import circles, ambiguous class names.

Rule: imports inside functions count like any other: a circle that is hidden there is a circle. What
only type checkers import does not count.
"""

import argparse
import ast
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.source import Finding

ROOT = Path("src")


@dataclass(frozen=True)
class Figures:
    """What is counted.

    Attributes:
        files: Python files.
        lines: their lines.
        roots: modules that lie directly in each package, by package.
        circles: groups of modules that import each other, sorted.
        duplicates: modules that define a class of one name, by name.
    """

    files: int
    lines: int
    roots: Mapping[str, int]
    circles: tuple[tuple[str, ...], ...]
    duplicates: Mapping[str, tuple[str, ...]]


def measure(root: Path) -> Figures:
    """Count what is below a folder of packages."""
    texts = {path: path.read_text() for path in sorted(root.rglob("*.py"))}
    trees = {_module(path, root): ast.parse(text) for path, text in texts.items()}
    roots = Counter(
        ".".join(path.relative_to(root).parent.parts)
        for path in texts
        if path.name != "__init__.py"
    )
    return Figures(
        files=len(trees),
        lines=sum(len(text.splitlines()) for text in texts.values()),
        roots=dict(sorted(roots.items())),
        circles=_circles(_imports(trees)),
        duplicates=_duplicates(trees),
    )


def findings(root: Path = ROOT) -> Iterator[Finding]:
    """Return one finding for each circle of imports."""
    for circle in measure(root).circles:
        path = root / Path(*circle[0].split("."))
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        yield Finding(str(file), 1, f"import circle: {' <-> '.join(circle)}")


def _module(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(trees: Mapping[str, ast.Module]) -> dict[str, set[str]]:
    return {
        module: {target for node in _nodes(tree) for target in _targets(node, trees)} - {module}
        for module, tree in trees.items()
    }


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Give every node but those that only a type checker looks at."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from _nodes(node)


def _targets(node: ast.AST, trees: Mapping[str, ast.Module]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name in trees)
    elif isinstance(node, ast.ImportFrom) and node.module:
        for alias in node.names:
            submodule = f"{node.module}.{alias.name}"
            if submodule in trees:
                yield submodule
            elif node.module in trees:
                yield node.module


def _circles(graph: Mapping[str, set[str]]) -> tuple[tuple[str, ...], ...]:
    """Return the strongly connected components of more than one module."""
    reached = {module: _reach(graph, module) for module in graph}
    groups = {
        tuple(sorted(other for other in reached[module] if module in reached[other]))
        for module in graph
    }
    return tuple(sorted(group for group in groups if len(group) > 1))


def _reach(graph: Mapping[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [*graph[start]]
    while waiting:
        module = waiting.pop()
        if module not in seen:
            seen.add(module)
            waiting.extend(graph[module])
    return seen


def _duplicates(trees: Mapping[str, ast.Module]) -> dict[str, tuple[str, ...]]:
    homes: dict[str, list[str]] = defaultdict(list)
    for module, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(module)
    return {name: tuple(modules) for name, modules in sorted(homes.items()) if len(modules) > 1}


def table(figures: Figures) -> str:
    """Return the figures for people."""
    rows = [f"files {figures.files}", f"lines {figures.lines}", "modules at each package's root:"]
    rows += [f"  {package}: {count}" for package, count in figures.roots.items()]
    rows.append(f"import circles: {len(figures.circles)}")
    rows += [f"  {' <-> '.join(circle)}" for circle in figures.circles]
    rows.append(f"class names that stand for more than one thing: {len(figures.duplicates)}")
    rows += [f"  {name}: {', '.join(homes)}" for name, homes in figures.duplicates.items()]
    return "\n".join(rows)


def main(arguments: list[str]) -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tools.structure", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object, for programs")
    options = parser.parse_args(arguments)
    figures = measure(ROOT)
    print(json.dumps(asdict(figures)) if options.json else table(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
