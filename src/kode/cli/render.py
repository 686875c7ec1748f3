"""`kode render`: the manifests that the operator would apply, from files alone.

Rule: it calls the operator's own core, so an invalid document gives the same message here; the
others are rendered all the same.
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
from kode.cli.yaml import read, write
from kode.desired.desired_state import DesiredState, derive
from kode.desired.resolve_references import resolve_login
from kode.errors import InvalidSpec, KodeError, RefNotFound
from kode.render import grants
from kode.render.editor import check
from kode.render.resolve import DEFAULT_USER, Credentials, check_proxy_ref, resolve
from kode.render.secret import encode

_UID = "00000000-0000-0000-0000-000000000000"
_OPERATOR_NAMESPACE = "kode-system"
_INVALID, _NO_KODE = 1, 2

Objects = dict[tuple[str, str, str], Any]
"""Kind, namespace (empty where it has none) and name to a typed object, a Secret's document, or
the error of the document."""


def command(
    files: Annotated[
        list[Path],
        typer.Option(
            "--filename",
            "-f",
            help="YAML file with Kodes, templates and the objects they refer to; - is standard "
            "input; repeatable.",
        ),
    ],
    *,
    envoy: Annotated[
        bool, typer.Option("--envoy", help="Print the Envoy configuration of the sidecars instead.")
    ] = False,
    namespace: Annotated[
        str, typer.Option("--namespace", "-n", help="Namespace of documents that name none.")
    ] = "default",
    output: Annotated[str, typer.Option("--output", "-o", help="yaml or json.")] = "yaml",
) -> None:
    """Print the manifests that the operator would apply for the Kodes in files.

    Every invalid document is reported; the valid ones are printed all the same.
    """
    raise typer.Exit(run(files, envoy=envoy, namespace=namespace, output=output))


def run(files: Sequence[Path], *, envoy: bool, namespace: str, output: str) -> int:
    """Print the manifests (or the Envoy configurations) of every Kode in the files.

    Returns:
        The exit code: 0 when all is rendered, 1 when something is invalid, 2 without any Kode.
    """
    if output not in ("yaml", "json"):
        return _fail(f"--output {output}: must be yaml or json")
    objects, wrong = gather(files, namespace)
    kodes = [item for item in objects.values() if isinstance(item, Kode)]
    if not kodes and not wrong:
        return _fail("the files contain no Kode", _NO_KODE)
    states = []
    for kode in kodes:
        try:
            states.append(derive_from_files(kode, objects))
        except KodeError as error:
            text = f"Kode {kode.metadata.namespace}/{kode.metadata.name}: {error}"
            wrong.append(InvalidSpec(error.reason, text))
    for problem in wrong:
        _fail(str(problem))
    if states:
        _print(states, output, envoy=envoy)
    return _INVALID if wrong else 0


def _print(states: Sequence[DesiredState], output: str, *, envoy: bool) -> None:
    if envoy:
        _print_configurations([item.envoy for item in states], output)
    else:
        _print_manifests(states, output)


def load(files: Iterable[Path], namespace: str) -> Objects:
    """Return the objects in files that rendering needs.

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
    """Return the objects in files that rendering needs, and all errors.

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
                    text = f"{path}: {_title(document)}{error}"
                    wrong.append(InvalidSpec(error.reason, text))
                    objects.update(_broken(document, namespace, wrong[-1]))
        except InvalidSpec as error:
            wrong.append(error)
    return objects, wrong


def _broken(document: Mapping[str, Any], namespace: str, error: KodeError) -> Objects:
    """Return the error of a document under its key, where it has one."""
    try:
        defaulted = _set_defaults(document, namespace)
    except InvalidSpec:
        return {}
    meta = defaulted["metadata"]
    return {(str(document.get("kind")), str(meta.get("namespace", "")), meta["name"]): error}


def entry(document: Mapping[str, Any], namespace: str) -> Objects:
    """Return a document under its key; nothing where rendering does not need it.

    Raises:
        InvalidSpec: the document is wrong.
    """
    kind = document.get("kind")
    short = document.get("apiVersion") == VERSION
    ours = is_ours(document) or short or (isinstance(kind, str) and kind in KINDS)
    if not ours and kind not in ("Secret", "Namespace"):
        return {}
    defaulted = _set_defaults(document, namespace)
    meta = defaulted["metadata"]
    if kind == "Namespace":
        del meta["namespace"]
    item = parse(defaulted) if ours else {**defaulted, "data": _secret_data(defaulted)}
    return {(str(kind), meta.get("namespace", ""), meta["name"]): item}


def _set_defaults(document: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    metadata = document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(metadata, dict) or not isinstance(name, str) or not name:
        raise InvalidSpec(Reason.INVALID_SPEC, "metadata.name: required")
    defaulted = {"uid": _UID, **metadata}
    namespace_or_none = defaulted.pop("namespace", None) or namespace
    if document.get("kind") not in CLUSTER_SCOPED:
        defaulted["namespace"] = namespace_or_none
    return {**document, "metadata": defaulted}


def _secret_data(document: Mapping[str, Any]) -> dict[str, Any]:
    # As the API server does with stringData.
    encoded, clear = document.get("data"), document.get("stringData")
    data = dict(encoded) if isinstance(encoded, dict) else {}
    for key, text in clear.items() if isinstance(clear, dict) else ():
        data[key] = encode(str(text))
    return data


def derive_from_files(kode: Kode, objects: Objects) -> DesiredState:
    """Return the desired state of a Kode.

    Raises:
        KodeError: an object it refers to is missing, or something is not permitted.
    """
    ref = kode.spec.template_ref
    own = kode.metadata.namespace
    namespace_or_none = "" if ref.kind in CLUSTER_SCOPED else ref.namespace or own
    template: Template | KodeError | None = objects.get((ref.kind, namespace_or_none, ref.name))
    if template is None:
        raise _missing(Reason.TEMPLATE_NOT_FOUND, f"{ref.kind} {ref.name}")
    if isinstance(template, KodeError):
        raise _invalid_ref(Reason.TEMPLATE_INVALID, f"{ref.kind} {ref.name}")
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
    namespace_or_none = (
        "" if ref.kind in CLUSTER_SCOPED else ref.namespace or template.metadata.namespace
    )
    proxy: ProxyConfig | KodeError | None = objects.get((ref.kind, namespace_or_none, ref.name))
    if proxy is None:
        raise _missing(Reason.PROXY_CONFIG_NOT_FOUND, f"{ref.kind} {ref.name}")
    if isinstance(proxy, KodeError):
        raise _invalid_ref(Reason.PROXY_CONFIG_INVALID, f"{ref.kind} {ref.name}")
    return proxy


def _credentials(kode: Kode, objects: Objects) -> Credentials | None:
    spec = kode.spec
    if spec.password:
        own_secret = names.auth_secret(kode.metadata.name)
        return Credentials(spec.user or DEFAULT_USER, spec.password, own_secret)
    if not spec.existing_secret:
        return None
    secret = objects.get(("Secret", kode.metadata.namespace, spec.existing_secret))
    if secret is None:
        raise _missing(Reason.SECRET_NOT_FOUND, f"Secret {spec.existing_secret}")
    return resolve_login(kode, secret)


def _missing(reason: Reason, what: str) -> RefNotFound:
    return RefNotFound(reason, f"{what} is not in the files")


def _invalid_ref(reason: Reason, what: str) -> RefNotFound:
    return RefNotFound(reason, f"{what} is invalid, see the error above")


def _title(document: Mapping[str, Any]) -> str:
    metadata, kind = document.get("metadata"), document.get("kind")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    parts = [part for part in (kind, name) if isinstance(part, str) and part.isprintable()]
    return f"{' '.join(parts)}: " if parts else ""


def _print_manifests(states: Iterable[DesiredState], output: str) -> None:
    manifests = [
        manifest
        for item in states
        for manifest in item.render(operator_namespace=_OPERATOR_NAMESPACE)
    ]
    if output == "yaml":
        write(manifests)
        return
    print_kodes = {"apiVersion": "v1", "kind": "List", "items": manifests}
    sys.stdout.write(json.dumps(print_kodes, indent=2) + "\n")


def _print_configurations(configurations: Iterable[Mapping[str, Any]], output: str) -> None:
    # One after the other: each is a separate file for Envoy.
    if output == "yaml":
        write(configurations)
        return
    for configuration in configurations:
        sys.stdout.write(json.dumps(configuration, indent=2) + "\n")


def _fail(message: str, code: int = _INVALID) -> int:
    sys.stderr.write(f"error: {message}\n")
    return code
