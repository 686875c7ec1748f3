"""Errors of commands, and how they are printed.

Rule: an `error:` line says what went wrong, a `hint:` line what to do next; both on standard error.
"""

import os
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

import typer

from kode.cli.exit_codes import ExitCode, exit_code
from kode.cli.terminal.format import sanitize
from kode.errors import KodeError

_T = TypeVar("_T")


@dataclass(eq=False)
class CommandError(Exception):
    """A command cannot do what was asked.

    Attributes:
        exit_code: the exit code of the command.
        message: what went wrong.
        hint: what to do next; empty where the message says it.
    """

    exit_code: ExitCode
    message: str
    hint: str = ""


def print_error(message: str, hint: str = "") -> None:
    """Print what went wrong, and what to do next."""
    sys.stderr.write(f"error: {sanitize(message)}\n")
    if hint:
        print_hint(hint)


def print_hint(hint: str) -> None:
    """Print what to do next."""
    sys.stderr.write(f"hint: {sanitize(hint)}\n")


async def for_each(
    items: Iterable[_T], action: Callable[[_T], Awaitable[None]], title: Callable[[_T], str]
) -> int:
    """Run an action for one item after the other; an error is printed and the rest goes on.

    Args:
        items: what to act on.
        action: what to do with each.
        title: what the error of an item begins with.

    Returns:
        The exit code of the first that failed.
    """
    outcome = ExitCode.OK
    for item in items:
        try:
            await action(item)
        except CommandError as error:
            print_error(error.message, error.hint)
            outcome = outcome or error.exit_code
        except KodeError as error:
            print_error(f"{title(item)}: {error}")
            outcome = outcome or exit_code(error)
    return outcome


def run(action: Callable[[], Coroutine[Any, Any, int | None]]) -> NoReturn:
    """Run an action, print what went wrong, and leave with its exit code."""
    raise typer.Exit(_outcome(action))


def _outcome(action: Callable[[], Coroutine[Any, Any, int | None]]) -> int:
    import asyncio

    try:
        outcome = asyncio.run(action())
        sys.stdout.flush()
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader has closed the pipe; what is still buffered must not fail at the very end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except CommandError as error:
        print_error(error.message, error.hint)
        return error.exit_code
    except KodeError as error:
        print_error(str(error))
        return exit_code(error)
    except OSError as error:
        print_error(
            " ".join(str(part) for part in (error.strerror, error.filename) if part) or str(error)
        )
        return ExitCode.PLATFORM
    return outcome or ExitCode.OK
