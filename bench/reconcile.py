"""`make bench-reconcile`: the operator beside a bare client, on nodes that exist in the API only.

Rule: everything in one run, on one cluster; one JSON line a figure, explained in
docs/explanation/performance.md.
"""

import argparse
import asyncio
import contextlib
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench import api_writes, contenders, kodes
from bench.access import administrator
from bench.api import Api
from bench.burst import Bench, rounds
from bench.idle import Idle
from bench.installation import identity, install
from bench.metrics import ARTIFACTS, Report
from bench.program import Program, operator

_LOCAL = ("--health-probe-bind-address=127.0.0.1:18081", "--log-level=warning")


@dataclass(frozen=True)
class Options:
    """What is measured.

    Attributes:
        kodes: Kodes in a burst.
        rounds: bursts on each side.
        idle: numbers of Kodes to measure at rest.
        window: seconds of rest.
        leave: whether the Kodes at rest stay when all is measured.
    """

    kodes: int
    rounds: int
    idle: tuple[int, ...]
    window: float
    leave: bool


async def measure(options: Options, report: Report) -> None:
    """Measure all, telling figures as they come."""
    account = install()
    admin_access = administrator()
    async with contextlib.AsyncExitStack() as stack:
        admin = await stack.enter_async_context(Api(admin_access))
        await contenders.clear(admin)
        ours = await identity(admin, admin_access, account)
        client = await stack.enter_async_context(Api(ours, contenders.IN_FLIGHT))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        kubeconfig = ours.write(folder / "kubeconfig")
        await api_writes.separate(admin, client, account)
        stack.push_async_callback(api_writes.join, admin)
        await admin.apply(kodes.TEMPLATE)

        def program() -> Program:
            log = ARTIFACTS / "bench-reconcile.log"
            return operator(kubeconfig, log, _LOCAL, POD_NAMESPACE=account.namespace)

        for password in (False, True):
            bench = Bench(admin, client, program, account.namespace, options.kodes, password)
            # The lines with a password are there for the writes; the rates are nearly the same.
            report.tell(*await rounds(bench, 1 if password else options.rounds))
        if options.idle:
            await stack.enter_async_context(
                contenders.namespaces(admin, "idle", leave=options.leave)
            )
            await _rest(Idle(admin, account.namespace, options.window), program(), options, report)


async def _rest(idle: Idle, program: Program, options: Options, report: Report) -> None:
    known = 0
    with program:
        await contenders.leads(idle.admin, idle.namespace)
        for count in sorted(options.idle):
            report.tell(*await idle.measure(program, count, known))
            known = count


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench.reconcile", description=__doc__)
    parser.add_argument("--kodes", type=int, default=500, help="in a burst (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="of bursts (%(default)s)")
    parser.add_argument(
        "--idle", type=int, nargs="*", default=[5000], help="numbers at rest (%(default)s)"
    )
    parser.add_argument("--window", type=float, default=120, help="seconds of rest (%(default)s)")
    parser.add_argument(
        "--leave", action="store_true", help="leave the Kodes at rest: the cluster goes anyway"
    )
    args = parser.parse_args()
    # A terminated run ends its operator like an interrupted one.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    options = Options(args.kodes, args.rounds, tuple(args.idle), args.window, args.leave)
    asyncio.run(measure(options, Report("bench-reconcile")))


if __name__ == "__main__":
    main()
