"""`kode describe`: everything about one Kode, for people."""

import sys
from collections.abc import Mapping
from typing import Any

from kode.cli import conditions
from kode.cli.options import Name, Where
from kode.cli.platforms import visit
from kode.cli.session import Session
from kode.cli.terminal.format import age, sanitize
from kode.cli.terminal.table import columns_of

_MOST_EVENTS = 20
_MEANT = {"True": "yes", "False": "no", "Unknown": "unknown"}


def command(name: Name, where: Where) -> None:
    """Show everything about a Kode: what it is, how far, why not further, what happened."""

    async def errand(session: Session) -> None:
        kode = await session.find(name)
        parts = [
            _head(session, kode),
            _section("spec", _written(kode["spec"])),
            _section("conditions", _conditions(kode)),
            _section("events", await _events(session, name)),
        ]
        sys.stdout.write("\n".join(part for part in parts if part))

    visit(where, errand)


def _head(session: Session, kode: Mapping[str, Any]) -> str:
    meta, ref = kode["metadata"], kode["spec"].get("templateRef", {})
    name, namespace = meta["name"], meta["namespace"]
    own = f" of namespace {ref['namespace']}" if ref.get("namespace") else ""
    rows = [
        ["kode", name],
        ["namespace", namespace],
        ["platform", session.platform.display_name],
        ["phase", conditions.phase(kode) or "Pending"],
        ["why", conditions.why(kode)],
        ["url", conditions.url(kode)],
        ["runtime", str(conditions.status(kode).get("runtime") or "")],
        ["template", f"{ref.get('kind', '')} {ref.get('name', '')}{own}"],
        ["created", f"{age(meta.get('creationTimestamp'))} ago"],
        *_here(session, kode),
    ]
    return columns_of([[title, sanitize(text)] for title, text in rows if text])


def _here(session: Session, kode: Mapping[str, Any]) -> list[list[str]]:
    if not session.local:
        return []
    from kode.cli.machine import about

    return about(kode)


def _section(title: str, text: str) -> str:
    if not text:
        return ""
    return f"{title}\n" + "".join(f"  {line}\n" for line in text.splitlines())


def _written(spec: Mapping[str, Any]) -> str:
    import yaml

    from kode.cli.documents import PlainDumper

    shown = {**spec, "password": "(not shown)"} if spec.get("password") else dict(spec)
    return yaml.dump(shown, Dumper=PlainDumper, sort_keys=False, width=100)


def _conditions(kode: Mapping[str, Any]) -> str:
    rows = []
    for found in conditions.status(kode).get("conditions") or ():
        since = f"for {age(found.get('lastTransitionTime'))}"
        meant = _MEANT.get(str(found.get("status")), "unknown")
        rows.append([str(found.get("type")), meant, since, sanitize(conditions.told(found))])
    return columns_of(rows) if rows else ""


async def _events(session: Session, name: str) -> str:
    found = await session.platform.events(session.namespace, name)
    rows = [
        [age(event.time), event.type, event.reason, sanitize(event.message)]
        for event in found[-_MOST_EVENTS:]
    ]
    return columns_of(rows) if rows else ""
