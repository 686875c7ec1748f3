"""One operator behind a proxy of its own."""

import asyncio
import signal
from pathlib import Path
from typing import Self

from bench.access import Access
from bench.api import Api, Refused, collection
from bench.api_writes import Account
from bench.program import operator
from tests.faults.proxy import Proxy

_OPTIONS = ("--health-probe-bind-address=", "--log-level=debug")


class Replica:
    """An operator that can be killed, stopped and started; use it as an async context manager."""

    def __init__(self, access: Access, account: Account, folder: Path, name: str = "one") -> None:
        self.proxy = Proxy(access)
        self.log = folder / f"{name}.log"
        self._access = access
        self._namespace = account.namespace
        self._kubeconfig = folder / f"{name}.kubeconfig"

    async def __aenter__(self) -> Self:
        await self.proxy.__aenter__()
        self._access.at(self.proxy.server).write(self._kubeconfig)
        self._program = operator(
            self._kubeconfig, self.log, _OPTIONS, POD_NAMESPACE=self._namespace
        )
        return self

    async def __aexit__(self, *error: object) -> None:
        self.kill()
        await self.proxy.__aexit__(*error)

    def start(self) -> None:
        self._program.start()

    def kill(self) -> None:
        """End it without a word: SIGKILL."""
        if self._program.started:
            self._program.kill()

    async def stop(self) -> float:
        """End it as Kubernetes does; return the seconds."""
        return await asyncio.to_thread(self._program.stop)

    def freeze(self) -> None:
        self._program.send(signal.SIGSTOP)

    def thaw(self) -> None:
        self._program.send(signal.SIGCONT)

    @property
    def running(self) -> bool:
        return self._program.running


async def bury(admin: Api, account: Account) -> None:
    """Remove the lease of a dead operator; that it runs out by itself is a test of its own."""
    path = collection("coordination.k8s.io/v1", "Lease", account.namespace)
    await admin.delete(f"{path}/kode-operator")


async def holder(admin: Api, account: Account) -> str:
    """Return who holds the lease; empty for nobody."""
    path = collection("coordination.k8s.io/v1", "Lease", account.namespace)
    try:
        lease = await admin.get(f"{path}/kode-operator")
    except Refused:
        return ""
    return str(lease["spec"].get("holderIdentity") or "")
