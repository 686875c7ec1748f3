"""A process that writes to a store as fast as it can, and says what was acknowledged.

Each write changes one of a few objects, or makes or deletes one; each line on standard output says
what stands now, and is written only after the store has acknowledged it.
"""

import os
import random
import sys
from pathlib import Path

from kode.platform.local.store.store import LocalStore

KIND = "Secret"
_OBJECTS = 5


def main(path: str, name: str, seed: str, most: str) -> None:
    """Write until killed, or so many times."""
    choices = random.Random(int(seed))  # noqa: S311 - which object comes next is no secret
    store = LocalStore(Path(path))
    for number in range(int(most)):
        place = f"{name}-{choices.randrange(_OBJECTS)}"
        live = store.find(KIND, place, "work")
        os.write(1, f"begin {place} {number}\n".encode())
        if live is None:
            store.create(_document(place, number))
        elif choices.random() < 0.2:
            store.delete(KIND, place, "work")
            os.write(1, f"done {place} gone\n".encode())
            continue
        else:
            store.replace({**live, "data": _data(number)})
        os.write(1, f"done {place} {number}\n".encode())
    store.close()


def _document(name: str, number: int) -> dict[str, object]:
    metadata = {"name": name, "namespace": "work"}
    return {"apiVersion": "v1", "kind": KIND, "metadata": metadata, "data": _data(number)}


def _data(number: int) -> dict[str, str]:
    return {"number": str(number), "weight": "x" * (number % 50) * 200}


if __name__ == "__main__":
    main(*sys.argv[1:])
