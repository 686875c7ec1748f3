"""The routes of the gateway: one for each Kode, and what the gateway makes of them.

Rule: whoever waits for the gateway waits for an update that began after they asked; those who ask
while one goes on share the next.
"""

import asyncio
from collections.abc import Callable

from kode.platform.local.gateway import LocalGateway, Route
from kode.platform.local.store.objects import Key

NO_GATEWAY = "the gateway does not answer; it is started again by itself"
_LOADING = "the gateway does not lead to it yet"


class Routes:
    """What the gateway is to lead to.

    Attributes:
        is_open: whether the gateway answers.
    """

    def __init__(self, gateway: LocalGateway, enqueue: Callable[[Key], None]) -> None:
        """Lead to nothing yet.

        Args:
            gateway: the gateway.
            enqueue: has a Kode reconciled of which the gateway says something new.
        """
        self.is_open = False
        self._gateway = gateway
        self._enqueue = enqueue
        self._routes: dict[Key, Route] = {}
        self._refused: dict[str, str] = {}
        self._updating = asyncio.Lock()
        self._next: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def kodes(self) -> tuple[Key, ...]:
        """Return the Kodes that have a route."""
        return tuple(self._routes)

    def set(self, key: Key, route: Route) -> None:
        """Give a Kode a route, from the next update on."""
        self._routes[key] = route

    def remove(self, key: Key) -> None:
        """Take a Kode's route away, from the next update on."""
        self._routes.pop(key, None)

    async def validate(self, route: Route) -> str:
        """Return why Envoy refuses a route's proxy config; empty where it does not.

        Raises:
            PlatformError: Envoy cannot be asked.
        """
        return await self._gateway.validate(route)

    def why_unserved(self, key: Key) -> str:
        """Return why the gateway does not lead to an editor; empty where it does."""
        if not self.is_open:
            return NO_GATEWAY
        route = self._routes[key]
        return "" if self._gateway.serves(route) else self._refused.get(route.id, _LOADING)

    def is_loading(self, key: Key) -> bool:
        """Tell whether the gateway has yet to say that it has loaded a route to an editor."""
        route = self._routes.get(key)
        if route is None or route.sidecar is None or route.id in self._refused:
            return False
        return self.is_open and not self._gateway.serves(route)

    async def publish(self) -> None:
        """Have the gateway lead to what there is a route for, and to nothing else.

        Raises:
            PlatformError: its files cannot be written, or it cannot be asked.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._update())
            self._tasks.add(self._next)
            self._next.add_done_callback(self._tasks.discard)
        # Whoever gives up waiting does not end it for the others.
        await asyncio.shield(self._next)

    async def close(self) -> None:
        """Give up what is going on."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _update(self) -> None:
        async with self._updating:
            self._next = None
            routes = dict(self._routes)
            refused = dict(await self._gateway.set_routes(tuple(routes.values())))
            before, self._refused = self._refused, refused
            for key, route in routes.items():
                if before.get(route.id) != refused.get(route.id):
                    self._enqueue(key)
