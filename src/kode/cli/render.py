"""`kode render`: what the operator would apply, from files alone.

Rule: a shell over the same core; a document that the operator would refuse is refused here in the
same words.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from kode import names
from kode.api.conditions import Reason
from kode.api.document import CLUSTER_SCOPED, KINDS, complete_version, is_ours, parse
from kode.api.kode import Kode
from kode.api.proxyconfig import ProxyConfig
from kode.api.template import Template
from kode.cli.documents import PlainDumper, read
from kode.errors import InvalidSpec, KodeError, RefNotFound
from kode.platform.desired import Meaning, mean
from kode.render.resolve import DEFAULT_USER, Credentials, check_proxy_ref, resolve
from kode.render.secret import existing

_UID = "00000000-0000-0000-0000-000000000000"
_INVALID, _FOUND_NOTHING = 1, 2

Objects = dict[tuple[str, str, str], Any]


def run(files: Sequence[Path], *, envoy: bool, namespace: str, output: str) -> int:
    """Print the manifests (or the Envoy configurations) of every Kode in the files.

    Returns:
        The exit code: 0 when all is rendered, 1 when something is wrong, 2 when there is no Kode.
    """
    if output not in ("yaml", "json"):
        return _fail(f"--output {output}: use yaml or json")
    try:
        objects = _load(files, namespace)
        kodes = [item for item in objects.values() if isinstance(item, Kode)]
        rendered: list[Any] = []
        for kode in kodes:
            meaning = _meaning(kode, objects)
            if envoy:
                rendered.append(meaning.envoy)
            else:
                rendered.extend(meaning.render(operator_namespace="kode-system", revision=1))
    except KodeError as error:
        return _fail(str(error))
    if not kodes:
        return _fail("no Kode in the given files", _FOUND_NOTHING)
    _print(rendered, output)
    return 0


def _load(files: Iterable[Path], namespace: str) -> Objects:
    objects: Objects = {}
    for path in files:
        for raw in read(path):
            document, warning = complete_version(raw)
            if warning:
                sys.stderr.write(f"warning: {path}: {warning}\n")
            if document.get("kind") in KINDS or is_ours(document):
                item = parse(_placed(document, namespace))
                objects[(item.kind, item.metadata.namespace, item.metadata.name)] = item
            elif document.get("kind") == "Secret":
                placed = _placed(document, namespace)
                meta = placed["metadata"]
                objects[("Secret", meta["namespace"], meta["name"])] = placed
    return objects


def _placed(document: dict[str, Any], namespace: str) -> dict[str, Any]:
    metadata = document.get("metadata")
    if (
        not isinstance(metadata, dict)
        or not isinstance(metadata.get("name"), str)
        or not metadata["name"]
    ):
        raise InvalidSpec(Reason.INVALID_SPEC, f"{document.get('kind')}: metadata.name: required")
    placed = {"uid": _UID, **metadata}
    if document["kind"] not in CLUSTER_SCOPED:
        placed.setdefault("namespace", namespace)
    return {**document, "metadata": placed}


def _meaning(kode: Kode, objects: Objects) -> Meaning:
    ref = kode.spec.template_ref
    own = kode.metadata.namespace
    where = "" if ref.kind in CLUSTER_SCOPED else ref.namespace or own
    template: Template | None = objects.get((ref.kind, where, ref.name))
    if template is None:
        raise _missing(Reason.TEMPLATE_NOT_FOUND, kode, f"{ref.kind} {ref.name}")
    proxy = _proxy(kode, template, objects)
    return mean(resolve(kode, template, proxy, _credentials(kode, objects)))


def _proxy(kode: Kode, template: Template, objects: Objects) -> ProxyConfig | None:
    ref = template.spec.envoy_proxy_ref
    if ref is None:
        return None
    check_proxy_ref(template)
    where = "" if ref.kind in CLUSTER_SCOPED else ref.namespace or template.metadata.namespace
    proxy: ProxyConfig | None = objects.get((ref.kind, where, ref.name))
    if proxy is None:
        raise _missing(Reason.PROXY_CONFIG_NOT_FOUND, kode, f"{ref.kind} {ref.name}")
    return proxy


def _credentials(kode: Kode, objects: Objects) -> Credentials | None:
    spec = kode.spec
    if spec.password:
        secret = names.auth_secret(kode.metadata.name)
        return Credentials(spec.user or DEFAULT_USER, spec.password, secret)
    if not spec.existing_secret:
        return None
    found = objects.get(("Secret", kode.metadata.namespace, spec.existing_secret))
    if found is None:
        raise _missing(Reason.SECRET_NOT_FOUND, kode, f"Secret {spec.existing_secret}")
    return existing(found, spec.existing_secret, spec.user)


def _missing(reason: Reason, kode: Kode, what: str) -> RefNotFound:
    return RefNotFound(reason, f"Kode {kode.metadata.name}: {what} is not in the given files")


def _print(rendered: Sequence[Any], output: str) -> None:
    if output == "json":
        json.dump(
            {"apiVersion": "v1", "kind": "List", "items": list(rendered)}, sys.stdout, indent=2
        )
        sys.stdout.write("\n")
        return
    yaml.dump_all(rendered, sys.stdout, Dumper=PlainDumper, sort_keys=False, width=100, explicit_start=True)


def _fail(message: str, code: int = _INVALID) -> int:
    sys.stderr.write(f"error: {message}\n")
    return code
