"""Which runtime a Kode gets on the local platform, and why.

Rule: pure. What is quick is the rule and what needs its image the exception; a user's word wins
over both.
"""

from dataclasses import dataclass
from enum import StrEnum

from kode import labels
from kode.api.conditions import Reason
from kode.errors import InvalidSpec
from kode.render.resolve import ResolvedKode


class Runtime(StrEnum):
    """What runs an editor."""

    PROCESS = "process"
    """The editor of this machine, or the template's command."""
    PODMAN = "podman"
    """The template's image."""


@dataclass(frozen=True)
class RuntimeChoice:
    """A runtime that was chosen.

    Attributes:
        runtime: what runs the editor.
        why: why no other does; empty where nothing speaks for another.
    """

    runtime: Runtime
    why: str = ""


def select_runtime(kode: ResolvedKode, requested_runtime: str) -> RuntimeChoice:
    """Return the runtime of a Kode.

    Args:
        kode: the Kode.
        requested_runtime: its annotation of that name; empty where it has none.

    Raises:
        InvalidSpec: the annotation names no runtime.
    """
    if requested_runtime:
        try:
            return RuntimeChoice(
                Runtime(requested_runtime), f"as its annotation {labels.RUNTIME} asks"
            )
        except ValueError:
            known = " or ".join(Runtime)
            name = f"metadata.annotations.{labels.RUNTIME}"
            text = f"{name}: is {requested_runtime!r}, must be {known}"
            raise InvalidSpec(Reason.INVALID_SPEC, text) from None
    template = kode.template
    if template.type == "webtop":
        return RuntimeChoice(Runtime.PODMAN, "a template of type webtop needs its image")
    if template.type == "custom" and not template.command:
        return RuntimeChoice(Runtime.PODMAN, "without a command, its image determines what runs")
    return RuntimeChoice(Runtime.PROCESS)
