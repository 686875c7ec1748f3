"""Who reaches whom: TCP connections tried from inside a pod.

Rule: all targets of one look are tried at once, so that the refused ones cost one timeout together.
"""

import json
from collections.abc import Iterable

from tests.cluster.place import Place

Target = tuple[str, int]

_LOOK = """
import concurrent.futures, json, socket, sys
def reached(target):
    try:
        socket.create_connection(target, timeout=2).close()
    except OSError:
        return False
    return True
targets = [tuple(item) for item in json.loads(sys.argv[1])]
with concurrent.futures.ThreadPoolExecutor(32) as pool:
    print(json.dumps(list(pool.map(reached, targets))))
"""

_FETCH = """
import sys, urllib.request
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
print(opener.open(sys.argv[1], timeout=3).read().decode())
"""


def reached(place: Place, pod: str, targets: Iterable[Target], container: str = "") -> set[Target]:
    """Return the targets that accept a connection from a pod."""
    wanted = list(targets)
    said = place.run(pod, "python3", "-c", _LOOK, json.dumps(wanted), container=container)
    return {target for target, yes in zip(wanted, json.loads(said), strict=True) if yes}


def fetched(place: Place, pod: str, url: str, container: str = "") -> str:
    """Return what a pod gets from a URL."""
    return place.run(pod, "python3", "-c", _FETCH, url, container=container).strip()
