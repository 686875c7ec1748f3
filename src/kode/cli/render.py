"""`kode render`: what the operator would apply, from files alone.

Rule: a shell over the same core; a document that the operator would refuse is refused here in the
same words, and keeps none of the others from being rendered.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from kode import names
from kode.api.conditions import Reason
from kode.api.document import CLUSTER_SCOPED, KINDS, complete_version, is_ours, parse
from kode.api.kode import Kode
from kode.api.meta import VERSION
from kode.api.proxyconfig import ProxyConfig
from kode.api.template import Template
from kode.cli.documents import read, write
from kode.desired.desired_state import DesiredState, derive
from kode.desired.resolve_references import resolve_login
from kode.errors import InvalidSpec, KodeError, RefNotFound
from kode.render import grants
from kode.render.editor import check
from kode.render.resolve import DEFAULT_USER, Credentials, check_proxy_ref, resolve
from kode.render.secret import encode

_UID = "00000000-0000-0000-0000-000000000000"
_OPERATOR_NAMESPACE = "kode-system"
_INVALID, _FOUND_NOTHING = 1, 2

Objects = dict[tuple[str, str, str], Any]
"""Kind, namespace (empty where it has none) and name to a typed object, a Secret's document, or
what is wrong with the document."""


def command(
    files: Annotated[
        list[Path],
        typer.Option(
            "--filename",
            "-f",
            help="YAML file with Kodes, templates and what they name; - reads standard input. "
            "May be given more than once.",
        ),
    ],
    *,
    envoy: Annotated[
        bool, typer.Option("--envoy", help="Print the sidecars' Envoy configuration instead.")
    ] = False,
    namespace: Annotated[
        str, typer.Option("--namespace", "-n", help="Namespace of documents that name none.")
    ] = "default",
    output: Annotated[str, typer.Option("--output", "-o", help="yaml or json.")] = "yaml",
) -> None:
    """Print what the operator would apply for the Kodes in the given files.

    What is wrong is told, all of it; what is right is printed all the same.
    """
    raise typer.Exit(run(files, envoy=envoy, namespace=namespace, output=output))


def run(files: Sequence[Path], *, envoy: bool, namespace: str, output: str) -> int:
    """Print the manifests (or the Envoy configurations) of every Kode in the files.

    Returns:
        The exit code: 0 when all is rendered, 1 when something is wrong, 2 when there is no Kode.
    """
    if output not in ("yaml", "json"):
        return _fail(f"--output {output}: use yaml or json")
    objects, wrong = gather(files, namespace)
    kodes = [item for item in objects.values() if isinstance(item, Kode)]
    if not kodes and not wrong:
        return _fail("no Kode in the given files", _FOUND_NOTHING)
    meanings = []
    for kode in kodes:
        try:
            meanings.append(desired(kode, objects))
        except KodeError as error:
            text = f"Kode {kode.metadata.namespace}/{kode.metadata.name}: {error}"
            wrong.append(InvalidSpec(error.reason, text))
    for problem in wrong:
        _fail(str(problem))
    if meanings:
        _print(meanings, output, envoy=envoy)
    return _INVALID if wrong else 0


def _print(meanings: Sequence[DesiredState], output: str, *, envoy: bool) -> None:
    if envoy:
        _print_configurations([item.envoy for item in meanings], output)
    else:
        _print_manifests(meanings, output)


def load(files: Iterable[Path], namespace: str) -> Objects:
    """Return the objects in files that rendering has a use for.

    Args:
        files: YAML files; `-` is standard input.
        namespace: namespace of documents that name none.

    Raises:
        InvalidSpec: a file or a document of it is wrong.
    """
    objects, wrong = gather(files, namespace)
    for error in wrong:
        raise error
    return objects


def gather(files: Iterable[Path], namespace: str) -> tuple[Objects, list[KodeError]]:
    """Return the objects in files that rendering has a use for, and all that is wrong.

    Args:
        files: YAML files; `-` is standard input.
        namespace: namespace of documents that name none.
    """
    objects: Objects = {}
    wrong: list[KodeError] = []
    for path in files:
        try:
            for raw in read(path):
                document, warning = complete_version(raw)
                if warning:
                    sys.stderr.write(f"warning: {path}: {warning}\n")
                try:
                    objects.update(entry(document, namespace))
                except InvalidSpec as error:
                    text = f"{path}: {_named(document)}{error}"
                    wrong.append(InvalidSpec(error.reason, text))
                    objects.update(_broken(document, namespace, wrong[-1]))
        except InvalidSpec as error:
            wrong.append(error)
    return objects, wrong


def _broken(document: Mapping[str, Any], namespace: str, error: KodeError) -> Objects:
    """Return what is wrong with a document under its key, where it has one."""
    try:
        placed = _placed(document, namespace)
    except InvalidSpec:
        return {}
    meta = placed["metadata"]
    return {(str(document.get("kind")), str(meta.get("namespace", "")), meta["name"]): error}


def entry(document: Mapping[str, Any], namespace: str) -> Objects:
    """Return a document under its key; nothing where rendering has no use for it.

    Raises:
        InvalidSpec: the document is wrong.
    """
    kind = document.get("kind")
    short = document.get("apiVersion") == VERSION
    ours = is_ours(document) or short or (isinstance(kind, str) and kind in KINDS)
    if not ours and kind not in ("Secret", "Namespace"):
        return {}
    placed = _placed(document, namespace)
    meta = placed["metadata"]
    if kind == "Namespace":
        del meta["namespace"]
    item = parse(placed) if ours else {**placed, "data": _secret_data(placed)}
    return {(str(kind), meta.get("namespace", ""), meta["name"]): item}


def _placed(document: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    metadata = document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(metadata, dict) or not isinstance(name, str) or not name:
        raise InvalidSpec(Reason.INVALID_SPEC, "metadata.name: required")
    placed = {"uid": _UID, **metadata}
    where = placed.pop("namespace", None) or namespace
    if document.get("kind") not in CLUSTER_SCOPED:
        placed["namespace"] = where
    return {**document, "metadata": placed}


def _secret_data(document: Mapping[str, Any]) -> dict[str, Any]:
    # As the API server does with what was written in clear.
    given, clear = document.get("data"), document.get("stringData")
    data = dict(given) if isinstance(given, dict) else {}
    for key, text in clear.items() if isinstance(clear, dict) else ():
        data[key] = encode(str(text))
    return data


def desired(kode: Kode, objects: Objects) -> DesiredState:
    """Return what a Kode means, given all that it refers to.

    Raises:
        KodeError: something is missing, or not permitted.
    """
    ref = kode.spec.template_ref
    own = kode.metadata.namespace
    where = "" if ref.kind in CLUSTER_SCOPED else ref.namespace or own
    template: Template | KodeError | None = objects.get((ref.kind, where, ref.name))
    if template is None:
        raise _missing(Reason.TEMPLATE_NOT_FOUND, f"{ref.kind} {ref.name}")
    if isinstance(template, KodeError):
        raise _wrong(Reason.TEMPLATE_INVALID, f"{ref.kind} {ref.name}")
    proxy = _proxy(template, objects)
    granting = {
        name
        for (kind, _, name), item in objects.items()
        if kind == "Namespace" and grants.is_granting(item)
    }
    resolved = resolve(kode, template, proxy, _credentials(kode, objects), granting)
    check(resolved)
    return derive(resolved)


def _proxy(template: Template, objects: Objects) -> ProxyConfig | None:
    ref = template.spec.envoy_proxy_ref
    if ref is None:
        return None
    check_proxy_ref(template)
    where = "" if ref.kind in CLUSTER_SCOPED else ref.namespace or template.metadata.namespace
    proxy: ProxyConfig | KodeError | None = objects.get((ref.kind, where, ref.name))
    if proxy is None:
        raise _missing(Reason.PROXY_CONFIG_NOT_FOUND, f"{ref.kind} {ref.name}")
    if isinstance(proxy, KodeError):
        raise _wrong(Reason.PROXY_CONFIG_INVALID, f"{ref.kind} {ref.name}")
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
        raise _missing(Reason.SECRET_NOT_FOUND, f"Secret {spec.existing_secret}")
    return resolve_login(kode, found)


def _missing(reason: Reason, what: str) -> RefNotFound:
    return RefNotFound(reason, f"{what} is not in the given files")


def _wrong(reason: Reason, what: str) -> RefNotFound:
    return RefNotFound(reason, f"{what} is wrong, as is told above")


def _named(document: Mapping[str, Any]) -> str:
    metadata, kind = document.get("metadata"), document.get("kind")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    words = [word for word in (kind, name) if isinstance(word, str) and word.isprintable()]
    return f"{' '.join(words)}: " if words else ""


def _print_manifests(meanings: Iterable[DesiredState], output: str) -> None:
    manifests = [
        manifest
        for item in meanings
        for manifest in item.render(operator_namespace=_OPERATOR_NAMESPACE, revision=1)
    ]
    if output == "yaml":
        write(manifests)
        return
    listed = {"apiVersion": "v1", "kind": "List", "items": manifests}
    sys.stdout.write(json.dumps(listed, indent=2) + "\n")


def _print_configurations(configurations: Iterable[Mapping[str, Any]], output: str) -> None:
    # One after the other: each is a file of its own to Envoy.
    if output == "yaml":
        write(configurations)
        return
    for configuration in configurations:
        sys.stdout.write(json.dumps(configuration, indent=2) + "\n")


def _fail(message: str, code: int = _INVALID) -> int:
    sys.stderr.write(f"error: {message}\n")
    return code
