"""The variables of what runs for a Kode on this machine.

Rule: pure, and nothing by accident: of the platform's own environment only what
editors.host_env names goes on, so that a secret in it stays there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from kode import names
from kode.api import layout
from kode.api.pod import EnvFromSource, EnvVar, EnvVarSource, KeySelector, TemplateEnvVar
from kode.platform.local.runtime.host import HostContext
from kode.platform.local.runtime.substitution import rewrite_home_paths
from kode.render import environment as rendered
from kode.render.metadata import Manifest
from kode.render.resolve import ResolvedKode
from kode.render.secret import editor_key
from kode.render.variables import expand

_PATH = "/usr/local/bin:/usr/bin:/bin"
_LANGUAGE = "C.UTF-8"


@dataclass(frozen=True)
class Variables:
    """Variables, and what could not be had of those asked for.

    Attributes:
        values: the variables.
        missing: what could not be had, one short phrase each.
        facts: what can be referred to besides them.
    """

    values: Mapping[str, str]
    missing: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)

    def fill(self, arguments: Iterable[str]) -> tuple[str, ...]:
        """Return words of a template with their references filled in."""
        known = {**self.facts, **self.values}
        return tuple(expand(word, known) for word in arguments)


def base_env(kode: ResolvedKode, host: HostContext) -> dict[str, str]:
    """Return what everything that runs for a Kode finds."""
    return {
        "LANG": _LANGUAGE,
        **host.inherited,
        "PATH": _path(host, host.inherited.get("PATH", _PATH)),
        **_time_zone(kode),
        "HOME": str(host.volume),
        "USER": host.user,
        "LOGNAME": host.user,
        "SHELL": host.shell,
        "KODE_NAME": kode.name,
        "KODE_NAMESPACE": kode.namespace,
    }


def editor_env(kode: ResolvedKode, host: HostContext, own: Mapping[str, str]) -> Variables:
    """Return the variables of the editor.

    Args:
        kode: the Kode.
        host: where it runs.
        own: what keeps the editor behind its gateway; nothing that is given wins over it.
    """
    reader, usual, facts = _Reader(kode, host), base_env(kode, host), _facts(kode, host)
    fixed = {**{name: usual[name] for name in rendered.basic(kode)}, **own}
    brought: dict[str, str] = {}
    for source in kode.template.env_from:
        brought.update(reader.source(source))
    # The Kode's own commands are put first once, at the end.
    path = {"PATH": host.inherited.get("PATH", _PATH)}
    before = {**facts, **usual, **path, **brought, **fixed}
    listed = (item for item in kode.env if item.name not in fixed)
    merged = {**brought, **reader.expand_all(listed, before)}
    if "PATH" in merged:
        merged["PATH"] = _path(host, merged["PATH"])
    return Variables({**usual, **merged, **fixed}, tuple(reader.missing), facts)


def plugin_env(kode: ResolvedKode, host: HostContext, variables: Iterable[EnvVar]) -> Variables:
    """Return the variables of an init plugin: its own, and none of the editor's."""
    usual, facts = base_env(kode, host), _facts(kode, host)
    listed = _Reader(kode, host).expand_all(variables, {**facts, **usual})
    return Variables({**usual, **listed}, facts=facts)


def container_env(kode: ResolvedKode, host: HostContext, manifest: Manifest) -> Variables:
    """Return the variables of a container, whose files are its own and nobody's here."""
    secrets = dict(host.secrets)
    if kode.credentials and kode.image_profile.uses_basic_auth:
        # On a cluster it stands in the sidecar's Secret, which there is none of here.
        own = {layout.ENVOY_EDITOR_KEY: editor_key(kode, host.lock_of(kode.credentials))}
        secrets[names.envoy_secret(kode.name)] = own
    reader = _Reader(kode, replace(host, secrets=secrets), moves=False)
    values = {"KODE_NAME": kode.name, "KODE_NAMESPACE": kode.namespace}
    for source in manifest.get("envFrom") or ():
        values.update(reader.source(EnvFromSource.model_validate(source)))
    listed = [TemplateEnvVar.model_validate(item) for item in manifest.get("env") or ()]
    return Variables({**values, **reader.expand_all(listed, values)}, tuple(reader.missing))


def _facts(kode: ResolvedKode, host: HostContext) -> dict[str, str]:
    """Return what can be referred to without being a variable here."""
    return {"PORT": str(kode.port), "PUID": str(host.uid), "PGID": str(host.gid)}


def _path(host: HostContext, path: str) -> str:
    """Return a PATH on which the Kode's own commands come first."""
    return f"{host.bin}:{path}" if host.bin else path


def _time_zone(kode: ResolvedKode) -> dict[str, str]:
    # Nobody at their own machine means UTC by saying nothing.
    return {"TZ": kode.template.tz} if "tz" in kode.template.model_fields_set else {}


class _Reader:
    """Reads variables, and remembers which could not be had."""

    def __init__(self, kode: ResolvedKode, host: HostContext, *, moves: bool = True) -> None:
        self._kode = kode
        self._host = host
        self._moves = moves
        self.missing: list[str] = []

    def expand_all(
        self, items: Iterable[TemplateEnvVar | EnvVar], before: Mapping[str, str]
    ) -> dict[str, str]:
        """Return the values of variables, each of which may refer to what is before it."""
        known, listed = dict(before), dict[str, str]()
        for item in items:
            source = item.value_from if isinstance(item, TemplateEnvVar) else None
            if source is None:
                text = item.value or ""
                if self._moves:
                    text = rewrite_home_paths(text, self._kode.home, self._host.volume)
                known[item.name] = listed[item.name] = expand(text, known)
            elif (value := self._value(item.name, source)) is not None:
                known[item.name] = listed[item.name] = value
        return listed

    def source(self, source: EnvFromSource) -> dict[str, str]:
        ref = source.secret_ref
        if ref is None:
            named = source.config_map_ref
            if named and not named.optional:
                self.missing.append(f"envFrom: ConfigMap {named.name}")
            return {}
        secret = self._host.secrets.get(ref.name)
        if secret is None and not ref.optional:
            self.missing.append(f"envFrom: Secret {ref.name}, which does not exist")
        return {f"{source.prefix or ''}{key}": value for key, value in (secret or {}).items()}

    def _value(self, name: str, source: EnvVarSource) -> str | None:
        if source.secret_key_ref:
            return self._of_secret(name, source.secret_key_ref)
        if source.field_ref:
            fields = {
                "metadata.name": names.pod(self._kode.name),
                "metadata.namespace": self._kode.namespace,
            }
            path = source.field_ref.field_path
            if path not in fields:
                self.missing.append(f"env {name}: fieldRef {path}")
            return fields.get(path)
        ref = source.config_map_key_ref
        if ref is None:
            self.missing.append(f"env {name}: resourceFieldRef")
        elif not ref.optional:
            self.missing.append(f"env {name}: ConfigMap {ref.name}")
        return None

    def _of_secret(self, name: str, ref: KeySelector) -> str | None:
        value = self._host.secrets.get(ref.name, {}).get(ref.key)
        if value is None and not ref.optional:
            self.missing.append(f"env {name}: Secret {ref.name} with the key {ref.key}")
        return value
