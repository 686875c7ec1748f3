"""Stories of one machine: what stood, what happened, and what a reconcile wrote and ran then.

Rule: the machine is the one of tests/simulation; what is decided and reported is the real code's.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from tests.golden.shown import at, lines
from tests.golden.story import Target
from tests.simulation.machine import NAMESPACE, Machine, machine

Object = dict[str, Any]


class Event(BaseModel):
    """One thing that happens; exactly one field is set."""

    model_config = ConfigDict(extra="forbid")

    write: Object | None = None
    """A user applies a document."""
    delete: Target | None = None
    edit: Target | None = None
    editors_come_up: Annotated[bool | None, Field(alias="editorsComeUp")] = None
    editor_crashes: Annotated[str | None, Field(alias="editorCrashes")] = None
    podman: bool | None = None
    installing: str | None = None
    install_fails: Annotated[str | None, Field(alias="installFails")] = None
    envoy_refuses: Annotated[str | None, Field(alias="envoyRefuses")] = None
    renew_home: Annotated[bool, Field(alias="renewHome")] = False
    """The user asks for a new, empty home."""
    lose_folder: Annotated[str | None, Field(alias="loseFolder")] = None


class Story(BaseModel):
    """What stood and came to rest, and what happened then."""

    model_config = ConfigDict(extra="forbid")

    kode: str = "dev"
    given: list[Event] = []
    when: list[Event] = []
    logins: list[str] = []
    """Logins, as USER:PASSWORD, of which to show whether they are let in, and by what."""
    show: list[str] = []
    """Paths of objects as they stand in the end, as Kind/name/field/..."""


def tell(story: Story) -> Object:
    """Return what was written, run and reported after the story's events."""
    with machine() as it:
        for event in story.given:
            _happen(it, event)
            it.settle(story.kode)
        it.writes.clear()
        it.events.clear()
        for event in story.when:
            _happen(it, event)
        it.settle(story.kode)
        return _shown(it, story)


def _shown(it: Machine, story: Story) -> Object:
    found: Object = {"done": [*it.writes], "now": it.state}
    if it.events:
        found["events"] = [f"{e.type} {e.reason.value}: {e.message}" for e in it.events]
    kode = it.find("Kode", story.kode)
    if kode:
        found["status"] = lines(kode["status"]["conditions"])
    if story.logins:
        found["guard"] = it.guard
        found["logins"] = {login: _answer(it, login) for login in story.logins}
    for path in story.show:
        kind, name, *fields = path.split("/")
        found.setdefault("shown", {})[path] = at(it.find(kind, name), "/".join(fields))
    return found


def _answer(it: Machine, login: str) -> str:
    user, _, password = login.partition(":")
    return "let in" if it.is_let_in(user, password) else "asked again"


def _happen(it: Machine, event: Event) -> None:
    if event.write is not None:
        it.write(placed(event.write))
    if event.delete:
        it.delete(event.delete.kind, event.delete.name)
    if event.edit:
        it.edit(event.edit.kind, event.edit.name, event.edit.merge)
    if event.renew_home:
        it.renew_home("dev")
    if event.lose_folder is not None:
        it.lose_folder(event.lose_folder)
    said = {
        "ready": event.editors_come_up,
        "crash": event.editor_crashes,
        "podman": event.podman,
        "installing": event.installing,
        "install_fails": event.install_fails,
        "refusal": event.envoy_refuses,
    }
    for name, value in said.items():
        if value is not None:
            setattr(it, name, value)


def placed(document: Object) -> Object:
    """Return a document with the namespace of stories, where its kind has one."""
    if "Cluster" in document["kind"]:
        return document
    return {**document, "metadata": {"namespace": NAMESPACE, **document["metadata"]}}
