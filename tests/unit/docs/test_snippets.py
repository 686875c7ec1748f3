"""Every YAML of our kinds that a page shows or examples/ offers is valid."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from kode.api.document import KINDS, parse
from tools.source import sources

FENCED = re.compile(r"^```ya?ml\n(.*?)^```", re.MULTILINE | re.DOTALL)


def shown() -> Iterator[tuple[str, dict[str, Any]]]:
    for source in sources():
        texts = FENCED.findall(source.text) if source.suffix == ".md" else []
        if source.path.startswith("examples/") and source.suffix == ".yaml":
            texts = [source.text]
        for text in texts:
            for document in yaml.safe_load_all(text):
                if isinstance(document, dict) and document.get("kind") in KINDS:
                    yield f"{source.path}:{document['kind']}", document


SHOWN = list(shown())


@pytest.mark.parametrize("document", [it[1] for it in SHOWN], ids=[it[0] for it in SHOWN])
def test_shown_document_is_valid(document: dict[str, Any]) -> None:
    parse(document)
