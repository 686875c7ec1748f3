"""Stories of the local platform: what happened, and what a reconcile wrote and ran then.

Rule: the machine is the one of tests/simulation; what is decided and reported is the real code's.
"""

from typing import Annotated, Any

from pydantic import Field

from tests.golden import story
from tests.golden.shown import at, lines
from tests.golden.story import Story, placed
from tests.simulation.machine import Machine, machine

Object = dict[str, Any]


class Event(story.Event):
    """One thing that happens there; exactly one field is set."""

    editor_crashes: Annotated[str | None, Field(alias="editorCrashes")] = None
    podman: bool | None = None
    installing: str | None = None
    install_fails: Annotated[str | None, Field(alias="installFails")] = None
    envoy_refuses: Annotated[str | None, Field(alias="envoyRefuses")] = None
    renew_home: Annotated[bool, Field(alias="renewHome")] = False
    """The user asks for a new, empty home."""
    lose_folder: Annotated[str | None, Field(alias="loseFolder")] = None


class LocalStory(Story[Event]):
    """A story of one machine."""

    logins: list[str] = Field(default=[])
    """Logins, as USER:PASSWORD, of which to show whether they are let in, and by what."""


def tell(story: LocalStory) -> Object:
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
        return _show(it, story)


def _show(it: Machine, story: LocalStory) -> Object:
    result: Object = {"done": [*it.writes], "now": it.state}
    if it.events:
        result["events"] = [f"{e.type} {e.reason.value}: {e.message}" for e in it.events]
    kode = it.find("Kode", story.kode)
    if kode:
        result["status"] = lines(kode["status"]["conditions"])
    if story.logins:
        result["guard"] = it.guard
        result["logins"] = {login: _answer(it, login) for login in story.logins}
    for path in story.show:
        kind, name, *fields = path.split("/")
        result.setdefault("shown", {})[path] = at(it.find(kind, name), "/".join(fields))
    return result


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
    changes = {
        "ready": event.editors_come_up,
        "crash": event.editor_crashes,
        "podman": event.podman,
        "installing": event.installing,
        "install_fails": event.install_fails,
        "refusal": event.envoy_refuses,
    }
    for name, value in changes.items():
        if value is not None:
            setattr(it, name, value)
