"""Objects for programs: -o json, yaml and name.

Rule: whole objects and nothing else on standard output; one object stands alone,
several are a List.
"""

import json
import sys
from collections.abc import Sequence

from kode.api.meta import Object
from kode.cli.options import Form


def write(form: Form, items: Sequence[Object], *, single: bool = False) -> None:
    """Write objects.

    Args:
        form: json, yaml or name.
        items: the objects.
        single: whether one object was asked for by its name.
    """
    if form is Form.NAME:
        sys.stdout.write("".join(f"{title(item)}\n" for item in items))
        return
    value(form, items[0] if single else {"apiVersion": "v1", "kind": "List", "items": [*items]})


def value(form: Form, what: object) -> None:
    """Write one value as JSON or YAML."""
    if form is Form.JSON:
        sys.stdout.write(json.dumps(what, indent=2) + "\n")
        return
    import yaml

    from kode.cli.documents import PlainDumper

    sys.stdout.write(
        yaml.dump(what, Dumper=PlainDumper, sort_keys=False, width=100, allow_unicode=True)
    )


def title(item: Object) -> str:
    """Return kind/name of an object."""
    return f"{str(item['kind']).lower()}/{item['metadata']['name']}"
