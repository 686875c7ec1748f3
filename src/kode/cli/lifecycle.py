"""Starting, stopping and restarting Kodes.

Rule: the request is stored even while the platform is down; only waiting needs it running.
"""

import sys
from collections.abc import Awaitable, Callable
from typing import Any

from kode.cli import conditions, wait
from kode.cli.errors import CommandError, for_each
from kode.cli.exit_codes import ExitCode
from kode.cli.options import WaitOptions
from kode.cli.session import Session


async def stop(session: Session, name: str, wait_options: WaitOptions) -> None:
    """Stop a Kode."""
    kode = await session.get(name)
    if kode["spec"].get("suspend") and conditions.is_suspended(kode):
        sys.stdout.write(f"kode/{name} is already stopped\n")
        return
    if not kode["spec"].get("suspend") and conditions.home_loss(kode):
        sys.stderr.write(f"warning: kode/{name}: {conditions.home_loss(kode)}\n")
    await session.platform.suspend(name, session.namespace, suspended=True)
    if _should_wait(session, wait_options):
        await wait.until_suspended(session, name, wait_options.timeout)
    sys.stdout.write(f"kode/{name} stopped\n")


async def start(session: Session, name: str, wait_options: WaitOptions) -> None:
    """Start a Kode."""
    await session.get(name)
    await session.platform.suspend(name, session.namespace, suspended=False)
    await _finish_start(session, name, wait_options, "started")


async def start_with_new_home(session: Session, name: str, wait_options: WaitOptions) -> None:
    """Start a Kode whose home volume is lost with a new, empty one."""
    kode = await session.get(name)
    if not conditions.home_is_gone(kode):
        message = f"the home volume of kode {name} is not lost"
        raise CommandError(ExitCode.REFUSED, message, f"kode start {name}")
    await session.platform.renew_home(name, session.namespace)
    await session.platform.suspend(name, session.namespace, suspended=False)
    if wait_options.wait and not session.is_platform_down():
        await wait.until_home_exists(session, name, wait_options.timeout)
    await _finish_start(session, name, wait_options, "started with a new home")


async def restart(session: Session, name: str, wait_options: WaitOptions) -> None:
    """Restart a Kode."""
    kode = await session.get(name)
    if kode["spec"].get("suspend"):
        raise CommandError(ExitCode.REFUSED, f"kode {name} is stopped", f"kode start {name}")
    if conditions.home_is_gone(kode):
        message = f"kode {name} was not restarted: {conditions.home_loss(kode)}"
        raise CommandError(ExitCode.REFUSED, message, f"kode start {name} --new-home")
    if conditions.home_loss(kode):
        message = f"kode {name} was not restarted: {conditions.home_loss(kode)}"
        hint = f"save what you need from it, then kode stop {name}"
        raise CommandError(ExitCode.REFUSED, message, hint)
    await session.platform.restart(name, session.namespace)
    await _finish_start(session, name, wait_options, "restarted")


async def _finish_start(session: Session, name: str, wait_options: WaitOptions, verb: str) -> None:
    if _should_wait(session, wait_options):
        await wait.until_ready(session, name, wait_options.timeout)
    sys.stdout.write(f"kode/{name} {verb}\n")


def _should_wait(session: Session, wait_options: WaitOptions) -> bool:
    if not wait_options.wait:
        return False
    if session.is_platform_down():
        sys.stderr.write("note: the platform is down; this takes effect at the next `kode up`\n")
        return False
    return True


def action_on(
    names: list[str],
    wait_options: WaitOptions,
    action: Callable[[Session, str, WaitOptions], Awaitable[None]],
) -> Callable[[Session], Any]:
    """Return what takes an action on each Kode."""

    async def act(session: Session) -> int:
        return await for_each(
            names, lambda name: action(session, name, wait_options), lambda name: f"kode {name}"
        )

    return act
