"""Objects for programs: -o json, yaml and name.

Rule: whole objects and nothing else on standard output; one object by itself, several in a List.
"""

import json
import sys
from collections.abc import Sequence

from kode.api.meta import Object
from kode.cli.options import OutputFormat


def write_objects(
    output_format: OutputFormat, items: Sequence[Object], *, single: bool = False
) -> None:
    """Write objects.

    Args:
        output_format: json, yaml or name.
        items: the objects.
        single: whether one object was requested by name.
    """
    if output_format is OutputFormat.NAME:
        sys.stdout.write("".join(f"{object_title(item)}\n" for item in items))
        return
    write_value(
        output_format,
        items[0] if single else {"apiVersion": "v1", "kind": "List", "items": [*items]},
    )


def write_value(output_format: OutputFormat, value: object) -> None:
    """Write one value as JSON or YAML."""
    if output_format is OutputFormat.JSON:
        sys.stdout.write(json.dumps(value, indent=2) + "\n")
        return
    import yaml

    from kode.cli.yaml import PlainDumper

    sys.stdout.write(
        yaml.dump(value, Dumper=PlainDumper, sort_keys=False, width=100, allow_unicode=True)
    )


def object_title(item: Object) -> str:
    """Return kind/name of an object."""
    return f"{str(item['kind']).lower()}/{item['metadata']['name']}"
