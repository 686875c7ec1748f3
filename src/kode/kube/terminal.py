"""This process's standard input and output, as another process's.

Rule: a terminal is given back as it was found, whatever happens in between, and input that nobody
read is left for whoever comes next.
"""

import asyncio
import os
import select
import signal
import termios
import threading
import tty
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager

_CHUNK = 1 << 15


@contextmanager
def raw(descriptor: int = 0) -> Iterator[None]:
    """Let every key through as it is, where it is a terminal."""
    if not os.isatty(descriptor):
        yield
        return
    before = termios.tcgetattr(descriptor)
    try:
        tty.setraw(descriptor, termios.TCSANOW)
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


@contextmanager
def on_resize(callback: Callable[[int, int], None], descriptor: int = 1) -> Iterator[None]:
    """Tell columns and rows of the terminal, now and whenever they change.

    Args:
        callback: takes columns and rows; called in the event loop.
        descriptor: the terminal; nothing is told where it is none.
    """
    if not os.isatty(descriptor):
        yield
        return

    def send_size() -> None:
        size = os.get_terminal_size(descriptor)
        callback(size.columns, size.lines)

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGWINCH, send_size)
    try:
        send_size()
        yield
    finally:
        loop.remove_signal_handler(signal.SIGWINCH)


async def chunks(descriptor: int = 0) -> AsyncGenerator[bytes, None]:
    """Give what is read from a file descriptor, whatever it is, until its end."""
    reader = _Reader(descriptor, asyncio.get_running_loop())
    reader.thread.start()
    try:
        while data := await reader.queue.get():
            yield data
    finally:
        reader.stop()
        while reader.thread.is_alive():
            while not reader.queue.empty():
                reader.queue.get_nowait()
            await asyncio.sleep(0.01)
        reader.close()


class _Reader:
    """Reads in a thread: an event loop cannot wait for a plain file, and a read cannot be ended."""

    def __init__(self, descriptor: int, loop: asyncio.AbstractEventLoop) -> None:
        self.thread = threading.Thread(target=self._read, daemon=True)
        self._descriptor = descriptor
        self._loop = loop
        self._wake, self._waker = os.pipe()
        # Bounded: a large file must not be read faster than the other side takes it.
        self.queue: asyncio.Queue[bytes] = asyncio.Queue(4)

    def _read(self) -> None:
        data = b"?"
        while data:
            ready, _, _ = select.select([self._descriptor, self._wake], [], [])
            if self._wake in ready:
                return
            try:
                data = os.read(self._descriptor, _CHUNK)
            except OSError:
                data = b""
            asyncio.run_coroutine_threadsafe(self.queue.put(data), self._loop).result()

    def stop(self) -> None:
        """Have it end; what it has not read stays unread."""
        os.write(self._waker, b"x")

    def close(self) -> None:
        """Let go of what it stood on, once it has ended."""
        os.close(self._waker)
        os.close(self._wake)


def write(descriptor: int, data: bytes) -> None:
    """Write all of it.

    Raises:
        BrokenPipeError: nobody reads any more.
    """
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:
            # Another program may have made the terminal non-blocking.
            select.select([], [descriptor], [])
