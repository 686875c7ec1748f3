"""The corpus of bad input: documents that are refused, or told of, and harm nobody else.

A file of corpus/ holds documents as they would be applied, each below a line that says what becomes
of it:

    # refused: TEXT    the API server refuses it, and its message has this text
    # told: REASON     a condition of the Kode that uses it has this reason
    # taken            odd, but fine: all that it means is accepted (the Kode is suspended)

Rule: a document stands as it is sent, but for two shorthands: `<x*300>` is 300 times x, and
`<elsewhere>` is a namespace in which nothing is allowed to this one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster.documents import PASSWORD, USER, kode, proxy_config, stand_in

Object = dict[str, Any]

FOLDER = Path(__file__).with_name("corpus")
_SAYS = re.compile(r"# (refused|told|taken)(?:: ?(.*))?(?:\n|$)")
_TIMES = re.compile(r"<([^>]+)\*(\d+)>")
_KIND = re.compile(r"^kind: *(\w+)", re.MULTILINE)
_NAME = re.compile(r"^(?:metadata:\s+| +)\{?name: *([^,}\s]+)", re.MULTILINE)
RUNS = frozenset({"CrashLooping", "ImagePullFailed", "Rejected"})
"""Reasons that only a Kode that is not suspended can have."""


@dataclass(frozen=True)
class Case:
    """One document and what becomes of it."""

    file: str
    number: int
    outcome: str
    expected: str
    text: str

    def __str__(self) -> str:
        """Return where it stands, for the name of a test and for messages."""
        return f"{self.file}-{self.number}-{self.name[:40]}"

    @property
    def kind(self) -> str:
        """The kind that it says it is of; Kode where it says nothing that can be used."""
        found = _KIND.search(self.text)
        return found[1] if found else "Kode"

    @property
    def name(self) -> str:
        """The name that it gives itself; empty where it gives none."""
        found = _NAME.search(self.text)
        return found[1].strip("'\"") if found else ""

    @property
    def suspended(self) -> bool:
        """Whether the Kode that uses it can be suspended, so that no pod has to start."""
        if self.name.startswith("filter-"):
            # What only Envoy refuses needs a pod with one.
            return False
        return self.expected.split()[0] not in RUNS if self.expected else True

    def users(self) -> Iterator[Object]:
        """Yield what is needed beside the document for a Kode to use it."""
        suspend = self.suspended
        match self.kind:
            case "KodeTemplate" | "KodeClusterTemplate":
                ref = {"kind": self.kind, "name": self.name}
                yield kode(self.name, "", templateRef=ref, suspend=suspend)
            case "EnvoyProxyConfig" | "EnvoyProxyClusterConfig":
                ref = {"kind": self.kind, "name": self.name}
                yield stand_in(self.name, envoyProxyRef=ref)
                yield kode(self.name, self.name, suspend=suspend)
            case "Secret":
                yield kode(self.name, "plain", existingSecret=self.name, suspend=suspend)


def cases(elsewhere: str = "elsewhere") -> list[Case]:
    """Return the whole corpus."""
    return [case for file in sorted(FOLDER.glob("*.yaml")) for case in _read(file, elsewhere)]


def _read(file: Path, elsewhere: str) -> Iterator[Case]:
    for number, part in enumerate(file.read_text().split("\n---\n"), start=1):
        said = _SAYS.match(part)
        assert said, f"{file.name}, document {number}: what becomes of it?"
        text = part[said.end() :].replace("<elsewhere>", elsewhere)
        text = _TIMES.sub(lambda found: found[1] * int(found[2]), text)
        yield Case(file.stem, number, said[1], said[2] or "", f"{text}\n")


def surroundings() -> Iterator[Object]:
    """Yield what documents of the corpus refer to."""
    yield stand_in("plain")
    yield stand_in("guarded", envoyProxyRef={"name": "guarded"})
    yield proxy_config("guarded", authType="basic")
    yield kode("bystander", "plain", user=USER, password=PASSWORD)
