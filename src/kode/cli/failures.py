"""What goes wrong in a command, and how a person is told.

Rule: an `error:` line says what is wrong, a `next:` line what to type now; both on standard error.
"""

import os
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

import typer

from kode.cli.exits import Exit, code
from kode.cli.terminal.format import sanitize
from kode.errors import KodeError

_T = TypeVar("_T")


@dataclass(eq=False)
class Failure(Exception):
    """The end of a command, with the step that leads on.

    Attributes:
        exit: the exit code.
        message: what is wrong.
        then: what to do next; empty where the message says it.
    """

    exit: Exit
    message: str
    then: str = ""


def tell(message: str, then: str = "") -> None:
    """Say what went wrong, and what to do next."""
    sys.stderr.write(f"error: {sanitize(message)}\n")
    if then:
        sys.stderr.write(f"next: {sanitize(then)}\n")


async def each(
    items: Iterable[_T], turn: Callable[[_T], Awaitable[None]], title: Callable[[_T], str]
) -> int:
    """Take one after the other; what is wrong with one is told and keeps none of the others.

    Args:
        items: what to take.
        turn: what to do with each.
        title: what people call it.

    Returns:
        The exit code of the first that failed.
    """
    outcome = Exit.OK
    for item in items:
        try:
            await turn(item)
        except Failure as failure:
            tell(failure.message, failure.then)
            outcome = outcome or failure.exit
        except KodeError as error:
            tell(f"{title(item)}: {error}")
            outcome = outcome or code(error)
    return outcome


def finish(errand: Callable[[], Coroutine[Any, Any, int | None]]) -> NoReturn:
    """Run an errand to its end, tell what went wrong, and leave with its exit code."""
    raise typer.Exit(_outcome(errand))


def _outcome(errand: Callable[[], Coroutine[Any, Any, int | None]]) -> int:
    import asyncio

    try:
        outcome = asyncio.run(errand())
        sys.stdout.flush()
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever read has read enough; what is still buffered must not fail at the very end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except Failure as failure:
        tell(failure.message, failure.then)
        return failure.exit
    except KodeError as error:
        tell(str(error))
        return code(error)
    except OSError as error:
        tell(" ".join(str(part) for part in (error.strerror, error.filename) if part) or str(error))
        return Exit.PLATFORM
    return outcome or Exit.OK
