"""The port: where Kodes live, in the product's own nouns.

Rule: whoever stands behind it, a cluster or one machine, means the same by every verb; one contract
suite (tests/contract) says what that is.

Errors, everywhere: `InvalidSpec` for a document that is refused (the message names every wrong
field), `RefNotFound` (reason NotFound) for what does not exist, `Conflict` (reason AlreadyExists or
Outdated) for a create over something and for a write of an old version, `NotReady` for what may
come by itself, `Expired` where a watch must list again, `PlatformError` for everything that the
platform itself fails in.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Literal, Protocol

from kode.api.meta import Object


@dataclass(frozen=True)
class ObjectList:
    """Objects of one kind, and the version from which a watch goes on."""

    items: tuple[Object, ...]
    version: str


@dataclass(frozen=True)
class WatchEvent:
    """One change of one object, in the order in which they happened."""

    type: Literal["ADDED", "MODIFIED", "DELETED"]
    document: Object = field(repr=False)


@dataclass(frozen=True)
class ApplyResult:
    """The outcome of an apply.

    Attributes:
        document: the object as it stands now.
        verb: what was done.
        warnings: what the platform had to say besides.
    """

    document: Object = field(repr=False)
    verb: Literal["created", "configured", "unchanged"]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Event:
    """Something that happened to a Kode.

    Attributes:
        time: RFC 3339 time in UTC of the last time that it happened.
        type: Normal or Warning.
        reason: one word.
        message: one or two sentences.
        namespace: namespace of the Kode.
        kode: name of the Kode.
        count: how often it happened.
    """

    time: str
    type: str
    reason: str
    message: str
    namespace: str
    kode: str
    count: int = 1


@dataclass(frozen=True)
class LogQuery:
    """Which lines of a log.

    Attributes:
        follow: whether to go on with what is still to come.
        tail: how many of the last lines to begin with; None for all that are kept.
        source: editor, or sidecar; on the local platform the gateway's is the sidecar's.
    """

    follow: bool = False
    tail: int | None = None
    source: Literal["editor", "sidecar"] = "editor"


@dataclass(frozen=True)
class Endpoint:
    """Where a browser opens a Kode, and with what.

    Attributes:
        url: what to open; no credentials in it; empty where only a tunnel leads there.
        user: login name; None where none is asked for.
        password: only where the platform made it up itself; never somebody's own.
    """

    url: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ExecOptions:
    """A command to run where a Kode runs.

    Attributes:
        argv: program and arguments; empty for the user's login shell.
        terminal: whether standard input and output are a terminal.
        root: whether it runs as root, where there is one, and not as the editor's user.
    """

    argv: Sequence[str] = ()
    terminal: bool = False
    root: bool = False


class Platform(Protocol):
    """Where Kodes live.

    A kind is one of kode.api.document.KINDS, or Secret. A namespace is empty for kinds that have
    none. Documents are whole Kubernetes objects with metadata.uid, resourceVersion and generation.
    """

    @property
    def display_name(self) -> str:
        """What a user is told: `this machine`, or `cluster NAME`."""

    async def get(self, kind: str, name: str, namespace: str = "") -> Object:
        """Return one object."""

    async def list(self, kind: str, namespace: str | None = None) -> ObjectList:
        """Return the objects of a kind, sorted by namespace and name; None for all namespaces."""

    def watch(
        self, kind: str, since: str, namespace: str | None = None
    ) -> AsyncGenerator[WatchEvent, None]:
        """Give the changes after a version, for ever; `Expired` where that is too long ago."""

    async def create(self, document: Object) -> Object:
        """Make an object; return it as it stands."""

    async def replace(self, document: Object) -> Object:
        """Replace an object of the version that its metadata names; status is left as it is."""

    async def apply(self, document: Object) -> ApplyResult:
        """Make an object be as a document says; what others have set besides is left alone.

        What an earlier apply had set and this document no longer names is taken out.
        """

    async def delete(
        self, kind: str, name: str, namespace: str = "", *, purge: bool = False
    ) -> None:
        """Delete an object.

        Args:
            kind: its kind.
            name: its name.
            namespace: its namespace.
            purge: for a Kode: delete its files as well, whatever keepVolume says.
        """

    async def suspend(self, name: str, namespace: str, *, suspended: bool) -> Object:
        """Stop a Kode, keeping its files, or start it; return it."""

    async def restart(self, name: str, namespace: str) -> Object:
        """Have a Kode started again, taking any pending update; return it."""

    async def renew_home(self, name: str, namespace: str) -> Object:
        """Have a new, empty home made for a Kode in the place of one that is gone; return it.

        Raises:
            Conflict: the home is not the Kode's own, so that it is nobody's to make again.
        """

    def logs(self, name: str, namespace: str, query: LogQuery) -> AsyncGenerator[str, None]:
        """Give the lines of a Kode's log, without their ends."""

    async def events(self, namespace: str | None, name: str | None = None) -> tuple[Event, ...]:
        """Return what happened, the oldest first."""

    async def exec(self, name: str, namespace: str, command: ExecOptions) -> int:
        """Run a command where a Kode runs, with this process's input and output.

        It is the editor's user, unless root is asked for. A signal to this process that can be
        caught ends the command, and what that has started, first.

        Returns:
            Its exit code; 128 and the signal's number where a signal ended it.
        """

    async def endpoint(self, name: str, namespace: str) -> Endpoint:
        """Return where a Kode is opened."""

    def tunnel(self, name: str, namespace: str) -> AbstractAsyncContextManager[str]:
        """Reach a Kode that has no url: give one on this machine's loopback, until it is left.

        Each connection goes through the platform's own API. The url's host name is the Kode's
        alone: cookies know no ports.
        """

    async def close(self) -> None:
        """Let go of connections and files."""
