"""The caps on size: 400 lines a file, 50 lines a function, 6 parameters.

Rule: no waiver list. A function counts from its first decorator to its last line, docstring and
comments included, because that is what a reader scrolls past; `self` and `cls` are no parameters.
"""

import ast
import re
from collections.abc import Iterator

from tools.source import Finding, Source

FILE_LINES = 400
FUNCTION_LINES = 50
PARAMETERS = 6

CODE = frozenset({".py", ".go", ".sh", ".js", ".mjs", ".ts", ".css", ".html"})
CODE_NAMES = re.compile(r"(^|/)(Makefile|Dockerfile|\.ci/run)$")
# gofmt puts the end of a function alone in the first column.
GO_FUNCTION = re.compile(r"^func [^\n]*[{(]\n.*?^\}", re.MULTILINE | re.DOTALL)


def findings(source: Source) -> Iterator[Finding]:
    """What is too long in one file; nothing for generated files and for those that are no code."""
    if source.generated or not (source.suffix in CODE or CODE_NAMES.search(source.path)):
        return
    lines = source.text.count("\n")
    if lines > FILE_LINES:
        yield Finding(source.path, lines, f"{lines} lines; at most {FILE_LINES} a file")
    if source.suffix == ".py":
        yield from _python(source)
    if source.suffix == ".go":
        yield from _go(source)


def _python(source: Source) -> Iterator[Finding]:
    for node in source.functions:
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        yield from _length(source.path, node.name, first, (node.end_lineno or first))
        parameters = _parameters(node.args)
        if parameters > PARAMETERS:
            message = f"{node.name} takes {parameters} parameters; at most {PARAMETERS}"
            yield Finding(source.path, node.lineno, message)


def _parameters(arguments: ast.arguments) -> int:
    positional = [*arguments.posonlyargs, *arguments.args]
    if positional and positional[0].arg in {"self", "cls"}:
        positional = positional[1:]
    variadic = [argument for argument in (arguments.vararg, arguments.kwarg) if argument]
    return len(positional) + len(arguments.kwonlyargs) + len(variadic)


def _go(source: Source) -> Iterator[Finding]:
    for match in GO_FUNCTION.finditer(source.text):
        signature, first = match[0].split("{", 1)[0], source.text.count("\n", 0, match.start()) + 1
        name = signature.removeprefix("func").strip()
        yield from _length(source.path, name, first, first + match[0].count("\n"))


def _length(path: str, name: str, first: int, last: int) -> Iterator[Finding]:
    lines = last - first + 1
    if lines > FUNCTION_LINES:
        yield Finding(path, first, f"{name} has {lines} lines; at most {FUNCTION_LINES} a function")
