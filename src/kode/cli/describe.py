"""`kode describe`: the details of one Kode."""

import sys
from collections.abc import Mapping
from typing import Any

from kode.cli import conditions
from kode.cli.arguments import Name
from kode.cli.options import TargetOptions
from kode.cli.platforms import run_command
from kode.cli.session import Session
from kode.cli.terminal.format import age, sanitize
from kode.cli.terminal.table import align

_MAX_EVENTS = 20
_STATUS_TEXT = {"True": "yes", "False": "no", "Unknown": "unknown"}


def command(name: Name, target: TargetOptions) -> None:
    """Show the details of a Kode: its spec, conditions and events."""

    async def action(session: Session) -> None:
        kode = await session.get(name)
        parts = [
            _head(session, kode),
            _section("spec", _format_spec(kode["spec"])),
            _section("conditions", _conditions(kode)),
            _section("events", await _events(session, name)),
        ]
        sys.stdout.write("\n".join(part for part in parts if part))

    run_command(target, action)


def _head(session: Session, kode: Mapping[str, Any]) -> str:
    meta, ref = kode["metadata"], kode["spec"].get("templateRef", {})
    name, namespace = meta["name"], meta["namespace"]
    own = f" in namespace {ref['namespace']}" if ref.get("namespace") else ""
    rows = [
        ["kode", name],
        ["namespace", namespace],
        ["platform", session.platform.display_name],
        ["phase", conditions.phase(kode) or "Pending"],
        ["message", conditions.message(kode)],
        ["url", conditions.url(kode)],
        ["runtime", str(conditions.status(kode).get("runtime") or "")],
        ["template", f"{ref.get('kind', '')} {ref.get('name', '')}{own}"],
        ["created", f"{age(meta.get('creationTimestamp'))} ago"],
        *_local_rows(session, kode),
    ]
    return align([[title, sanitize(text)] for title, text in rows if text])


def _local_rows(session: Session, kode: Mapping[str, Any]) -> list[list[str]]:
    if not session.local:
        return []
    from kode.cli.local_status import kode_files

    return kode_files(kode)


def _section(title: str, text: str) -> str:
    if not text:
        return ""
    return f"{title}\n" + "".join(f"  {line}\n" for line in text.splitlines())


def _format_spec(spec: Mapping[str, Any]) -> str:
    import yaml

    from kode.cli.yaml import PlainDumper

    shown = {**spec, "password": "(not shown)"} if spec.get("password") else dict(spec)
    return yaml.dump(shown, Dumper=PlainDumper, sort_keys=False, width=100)


def _conditions(kode: Mapping[str, Any]) -> str:
    rows = []
    for entry in conditions.status(kode).get("conditions") or ():
        since = f"for {age(entry.get('lastTransitionTime'))}"
        state = _STATUS_TEXT.get(str(entry.get("status")), "unknown")
        text = sanitize(conditions.format_condition(entry))
        rows.append([str(entry.get("type")), state, since, text])
    return align(rows) if rows else ""


async def _events(session: Session, name: str) -> str:
    events = await session.platform.events(session.namespace, name)
    rows = [
        [age(event.time), event.type, event.reason, sanitize(event.message)]
        for event in events[-_MAX_EVENTS:]
    ]
    return align(rows) if rows else ""
