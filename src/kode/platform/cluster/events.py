"""What a cluster tells of Kodes: Events on them, their pods, claims and workloads.

Rule: an Event belongs to the Kode whose name its object's name is made from; reading never fails
over an odd one.
"""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime

from kode import names
from kode.api.meta import Object
from kode.api.unstructured import get_dict
from kode.kube.client import Client, ListOptions
from kode.kube.resources import CORE_EVENT
from kode.platform.port import Event
from kode.platform.resources import KODE

_ITSELF = frozenset({"Kode", "Pod", "Service", "Secret", "NetworkPolicy"})
"""Kinds whose Events are about the object of the Kode's own name, or of one made from it."""


async def list_for_kode(
    client: Client, namespace: str, name: str, claim: str = ""
) -> tuple[Event, ...]:
    """Return what is told of one Kode, the oldest first.

    Args:
        client: the cluster.
        namespace: namespace of the Kode.
        name: its name.
        claim: the claim that it mounts where that is not its own.
    """
    about = _about(name, claim)
    selected = dict.fromkeys(thing for _, thing in about)
    lists = await asyncio.gather(
        *(
            client.list(
                ListOptions(CORE_EVENT, fields=f"involvedObject.name={thing}", namespace=namespace)
            )
            for thing in selected
        )
    )
    return _sort(
        event(item, name) for page in lists for item in page.items if _place(item)[1:] in about
    )


async def list_all(client: Client, namespace: str | None) -> tuple[Event, ...]:
    """Return what is told of all Kodes, the oldest first.

    Args:
        client: the cluster.
        namespace: a namespace; None for all.
    """
    kodes, events = await asyncio.gather(
        client.list(ListOptions(KODE, namespace=namespace, metadata_only=True)),
        client.list(ListOptions(CORE_EVENT, namespace=namespace)),
    )
    owners = {
        (str(kode["metadata"].get("namespace", "")), *about): str(kode["metadata"]["name"])
        for kode in kodes.items
        for about in _about(str(kode["metadata"]["name"]), "")
    }
    selected = []
    for item in events.items:
        place = _place(item)
        # A Kode that is gone is still told of.
        name = owners.get(place) or (place[2] if place[1] == KODE.kind else "")
        if name:
            selected.append(event(item, name))
    return _sort(selected)


def event(item: Object, kode: str) -> Event:
    """Return an Event of the core API as one of a Kode.

    Args:
        item: the Event.
        kode: name of the Kode.
    """
    series = get_dict(item, "series")
    metadata = get_dict(item, "metadata")
    time = (
        series.get("lastObservedTime")
        or item.get("lastTimestamp")
        or item.get("eventTime")
        or metadata.get("creationTimestamp")
    )
    count = series.get("count") or item.get("count") or 1
    return Event(
        time=_time(str(time)),
        type=str(item.get("type") or "Normal"),
        reason=str(item.get("reason") or ""),
        message=" ".join(str(item.get("message") or "").split()),
        namespace=_place(item)[0],
        kode=kode,
        count=count if isinstance(count, int) else 1,
    )


def _about(kode: str, claim: str) -> frozenset[tuple[str, str]]:
    """Return the kinds and names of the objects whose Events are a Kode's."""
    own = {(kind, names.workload(kode)) for kind in _ITSELF}
    return frozenset(
        {
            *own,
            (KODE.kind, kode),
            ("PersistentVolumeClaim", claim or names.home_claim(kode)),
        }
    )


def _place(item: Object) -> tuple[str, str, str]:
    about = get_dict(item, "involvedObject")
    return (
        str(about.get("namespace") or ""),
        str(about.get("kind") or ""),
        str(about.get("name") or ""),
    )


def _sort(events: Iterable[Event]) -> tuple[Event, ...]:
    return tuple(sorted(events, key=lambda event: event.time))


def _time(text: str) -> str:
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return text
    moment = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
