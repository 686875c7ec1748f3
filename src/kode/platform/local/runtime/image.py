"""Names of images, and having an image here before anything of it runs.

Rule: a name means what it means on a cluster.
"""

from kode.platform.local.runtime.engine import Engine

_SCRIPTS = {
    "Always": 'exec "$1" pull "$2"',
    "IfNotPresent": '"$1" image exists "$2" || exec "$1" pull "$2"',
    "Never": (
        '"$1" image exists "$2" || '
        '{ echo "image $2 is not on this machine, and imagePullPolicy is Never" >&2; exit 1; }'
    ),
}


def qualified_name(name: str) -> str:
    """Return the full name of an image: without a registry it is of docker.io.

    Source: https://kubernetes.io/docs/concepts/containers/images/#image-names
    """
    first, slash, _ = name.partition("/")
    if slash and (first == "localhost" or "." in first or ":" in first):
        return name
    return f"docker.io/{name}" if slash else f"docker.io/library/{name}"


def pull_command(engine: Engine, image: str, policy: str) -> tuple[str, ...]:
    """Return the command that has an image here, as an imagePullPolicy says."""
    return ("sh", "-c", _SCRIPTS[policy], "image", engine.path, qualified_name(image))
