"""Starting, stopping and restarting Kodes.

Rule: the wish is written down even where the platform does not run; only waiting needs it to.
"""

import sys
from collections.abc import Awaitable, Callable
from typing import Any

from kode.cli import conditions, wait
from kode.cli.exits import Exit
from kode.cli.failures import Failure, each
from kode.cli.options import Patience
from kode.cli.session import Session


async def stop(session: Session, name: str, patience: Patience) -> None:
    """Stop a Kode."""
    kode = await session.find(name)
    if kode["spec"].get("suspend") and conditions.is_suspended(kode):
        sys.stdout.write(f"kode/{name} is stopped already\n")
        return
    if not kode["spec"].get("suspend") and conditions.home_goes(kode):
        sys.stderr.write(f"warning: kode/{name}: {conditions.home_goes(kode)}\n")
    await session.platform.suspend(name, session.namespace, suspended=True)
    if _waits(session, patience):
        await wait.suspended(session, name, patience.timeout)
    sys.stdout.write(f"kode/{name} stopped\n")


async def start(session: Session, name: str, patience: Patience) -> None:
    """Start a Kode."""
    await session.find(name)
    await session.platform.suspend(name, session.namespace, suspended=False)
    await _running(session, name, patience, "started")


async def start_anew(session: Session, name: str, patience: Patience) -> None:
    """Start a Kode whose home is gone with a new, empty one."""
    kode = await session.find(name)
    if not conditions.home_is_gone(kode):
        raise Failure(Exit.REFUSED, f"the home of kode {name} is not gone", f"kode start {name}")
    await session.platform.renew_home(name, session.namespace)
    await session.platform.suspend(name, session.namespace, suspended=False)
    if patience.wait and not session.asleep():
        await wait.home(session, name, patience.timeout)
    await _running(session, name, patience, "started with a new home")


async def restart(session: Session, name: str, patience: Patience) -> None:
    """Start a Kode anew."""
    kode = await session.find(name)
    if kode["spec"].get("suspend"):
        raise Failure(Exit.REFUSED, f"kode {name} is stopped", f"kode start {name}")
    if conditions.home_is_gone(kode):
        text = f"kode {name} is not restarted: {conditions.home_goes(kode)}"
        raise Failure(Exit.REFUSED, text, f"kode start {name} --new-home")
    if conditions.home_goes(kode):
        text = f"kode {name} is not restarted: {conditions.home_goes(kode)}"
        raise Failure(
            Exit.REFUSED, text, f"kode stop {name}, once nothing in it is needed any more"
        )
    await session.platform.restart(name, session.namespace)
    await _running(session, name, patience, "restarted")


async def _running(session: Session, name: str, patience: Patience, verb: str) -> None:
    if _waits(session, patience):
        await wait.ready(session, name, patience.timeout)
    sys.stdout.write(f"kode/{name} {verb}\n")


def _waits(session: Session, patience: Patience) -> bool:
    if not patience.wait:
        return False
    if session.asleep():
        sys.stderr.write("the platform does not run: this is taken at the next `kode up`\n")
        return False
    return True


def errand(
    names: list[str],
    patience: Patience,
    turn: Callable[[Session, str, Patience], Awaitable[None]],
) -> Callable[[Session], Any]:
    """Return the errand that takes every Kode."""

    async def taken(session: Session) -> int:
        return await each(
            names, lambda name: turn(session, name, patience), lambda name: f"kode {name}"
        )

    return taken
