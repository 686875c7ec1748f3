"""Stories: what existed, what happened, and what the operator wrote and reported then.

Rule: the cluster is the one of tests/simulation, the operator's part the real `decide`. What is
told of the local platform is in local_story, with the same model.
"""

from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from kode.controllers.inputs import KodeKey
from tests.golden.shown import at, lines
from tests.simulation.cluster import Cluster

NAMESPACE = "team"
Object = dict[str, Any]


class Target(BaseModel):
    """An object of the namespace, or of the cluster."""

    model_config = ConfigDict(extra="forbid")

    kind: str
    name: str
    merge: Object = {}


class Event(BaseModel):
    """One thing that happens; exactly one field is set."""

    model_config = ConfigDict(extra="forbid")

    write: Object | None = None
    """A user applies a document."""
    delete: Target | None = None
    edit: Target | None = None
    envoy_refuses: Annotated[str | None, Field(alias="envoyRefuses")] = None
    """Why the Envoys of sidecars refuse what they are brought from now on; empty for no more."""
    editors_come_up: Annotated[bool | None, Field(alias="editorsComeUp")] = None


E = TypeVar("E", bound=Event)


class Story(BaseModel, Generic[E]):
    """What existed and came to rest, and what happened then."""

    model_config = ConfigDict(extra="forbid")

    kode: str = "dev"
    given: list[E] = []
    when: list[E] = []
    show: list[str] = []
    """Paths of objects as they are in the end, as Kind/name/field/..."""


def tell(story: Story[Event]) -> Object:
    """Return what was written and reported after the story's events."""
    cluster, key = Cluster(), KodeKey(NAMESPACE, story.kode)
    for event in story.given:
        _happen(cluster, event)
        cluster.settle(key)
    cluster.store.writes.clear()
    cluster.notices.clear()
    for event in story.when:
        _happen(cluster, event)
    cluster.settle(key)
    result: Object = {"writes": [*cluster.store.writes]}
    if cluster.notices:
        result["notices"] = [f"{it.type} {it.reason.value}: {it.message}" for it in cluster.notices]
    kode = cluster.store.find("Kode", *_place(story.kode))
    if kode:
        result["status"] = lines(kode["status"]["conditions"])
    for path in story.show:
        kind, name, *fields = path.split("/")
        live = cluster.store.find(kind, *_place(name))
        result.setdefault("shown", {})[path] = at(live, "/".join(fields))
    return result


def _happen(cluster: Cluster, event: Event) -> None:
    if event.write is not None:
        cluster.store.write(placed(event.write))
    if event.delete:
        cluster.store.delete(_where(event.delete))
    if event.edit:
        cluster.store.merge(_where(event.edit), event.edit.merge)
    if event.envoy_refuses is not None:
        cluster.refused = event.envoy_refuses
    if event.editors_come_up is not None:
        cluster.ready = event.editors_come_up


def placed(document: Object) -> Object:
    """Return a document with the namespace of stories, where its kind has one."""
    if "Cluster" in document["kind"] or document["kind"] == "Namespace":
        return document
    return {**document, "metadata": {"namespace": NAMESPACE, **document["metadata"]}}


def _place(name: str) -> tuple[str, str]:
    return NAMESPACE, name


def _where(target: Target) -> tuple[str, str, str]:
    namespace = "" if "Cluster" in target.kind or target.kind == "Namespace" else NAMESPACE
    return target.kind, namespace, target.name
