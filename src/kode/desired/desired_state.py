"""What a Kode means on any platform: resolved, its auth mode chosen, its sidecar translated.

Rule: this is the only place that puts render and gateway together; it is as pure as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydantic import TypeAdapter

from kode import names
from kode.api import layout
from kode.desired.fallback import dump_parts, fallback_sidecar, with_parts
from kode.gateway import auth_mode, faults, live, passthrough, translate
from kode.gateway.authentication import doubt
from kode.gateway.sidecar import AuthMode, Sidecar, Upstream
from kode.names import hash_text
from kode.render.manifests import manifests
from kode.render.metadata import Manifest
from kode.render.network_policy import METADATA_ADDRESSES
from kode.render.resolve import ResolvedKode
from kode.render.secret import SidecarConfig, SidecarSecrets
from kode.render.workload import digest

_BOOTSTRAP = translate.dump(live.bootstrap())
_UPSTREAM = TypeAdapter(Upstream)
_OF_VARIABLE = f"%ENVIRONMENT({layout.EDITOR_AUTHORIZATION})%"


@dataclass(frozen=True)
class DesiredState:
    """A resolved Kode with what stands before it.

    Attributes:
        kode: the resolved Kode.
        sidecar: what stands before its editor.
        refused: digest of the proxy config's own parts in whose place others stand; empty for none.
        message: why Envoy refuses those.
    """

    kode: ResolvedKode
    sidecar: Sidecar
    refused: str = ""
    message: str = ""

    @property
    def auth_mode(self) -> AuthMode:
        """Who decides about a request."""
        return self.sidecar.auth_mode

    @property
    def doubt(self) -> str:
        """Why the proxy config's filters authenticate nobody; empty where there are none."""
        filters = self.sidecar.http_filters
        return doubt(filters) if filters and self.auth_mode is AuthMode.DENY else ""

    @property
    def parts(self) -> str:
        """Digest of the proxy config's own parts in it; empty where there are none."""
        text = dump_parts(self._effective)
        return hash_text(text) if text else ""

    def with_fallback(self, accepted: str, message: str) -> "DesiredState":
        """Return what stands in where Envoy refuses the proxy config's own parts.

        Args:
            accepted: those that it took last, as text; where they are of no use, nobody is let in.
            message: why it refuses those of now.
        """
        before = with_parts(self.sidecar, accepted)
        sidecar = fallback_sidecar(before, self.sidecar)
        if sidecar is None:
            sidecar = replace(self.sidecar, auth_mode=AuthMode.DENY)
        return replace(self, sidecar=sidecar, refused=self.parts, message=message)

    @property
    def _effective(self) -> Sidecar:
        """The sidecar without what is of no effect where nobody is let in."""
        if self.auth_mode is AuthMode.DENY:
            return replace(self.sidecar, http_filters=(), clusters=())
        return self.sidecar

    def behind(self, upstream: str) -> "DesiredState":
        """Return the same with the sidecar before another editor: the one that runs.

        Args:
            upstream: where that answers, as a pod's annotation says; what cannot be read is passed
                over.
        """
        try:
            running = _UPSTREAM.validate_json(upstream)
        except ValueError:
            return self
        return replace(self, sidecar=replace(self.sidecar, upstream=running))

    @property
    def envoy(self) -> dict[str, object]:
        """The sidecar's whole configuration in one document, for `envoy --mode validate`."""
        return translate.bootstrap(self.sidecar)

    def render(
        self,
        *,
        operator_namespace: str,
        secrets: SidecarSecrets | None = None,
        restarted_at: str = "",
        closed: Sequence[str] = METADATA_ADDRESSES,
    ) -> tuple[Manifest, ...]:
        """Return the manifests.

        Args:
            operator_namespace: where the operator and the gateway run.
            secrets: what stays of the sidecar; None for that of a new Kode.
            restarted_at: the annotation of that name (kode.desired.resolve_references).
            closed: address blocks that no workspace reaches.
        """
        return manifests(
            self.kode,
            self._sidecar_config(secrets or SidecarSecrets()),
            operator_namespace=operator_namespace,
            restarted_at=restarted_at,
            closed=closed,
        )

    def _sidecar_config(self, secrets: SidecarSecrets) -> SidecarConfig:
        sidecar = self._effective
        if self.auth_mode is not AuthMode.BASIC:
            secrets = replace(secrets, session="")
        quotes_nothing = translate.quotes_nothing(sidecar)
        # Not what it reads alone: where it stands as well, for there the kubelet is to look.
        place = [quotes_nothing, self.kode.credentials is None]
        content = [translate.bootstrap(sidecar), secrets.revision, secrets.session]
        revision = digest([content, place, self.refused])
        return SidecarConfig(
            bootstrap=_BOOTSTRAP,
            clusters=translate.dump(live.cluster_file(sidecar, revision)),
            listeners=translate.dump(live.listener_file(sidecar, revision)),
            revision=revision,
            upstream=_UPSTREAM.dump_json(sidecar.upstream, exclude_defaults=True).decode(),
            secrets=secrets,
            quotes_nothing=quotes_nothing,
            parts=dump_parts(sidecar),
            refused=self.refused,
            message=self.message,
            is_denied=self.auth_mode is AuthMode.DENY,
        )


def derive(kode: ResolvedKode) -> DesiredState:
    """Return what a resolved Kode means.

    Raises:
        InvalidSpec: the proxy config is broken, or asks for a password that the Kode lacks.
    """
    contract, proxy = kode.image_profile, kode.proxy
    faults.check(proxy.http_filters, proxy.clusters)
    http_filters = passthrough.filters(proxy.http_filters)
    has_credentials = kode.credentials is not None
    chosen = auth_mode.choose(
        has_credentials=has_credentials,
        auth_type=proxy.auth_type,
        http_filters=http_filters,
    )
    sidecar = Sidecar(
        auth_mode=chosen,
        upstream=Upstream(
            port=kode.port,
            health_path=contract.health_path,
            login_is_healthy=contract.uses_basic_auth,
            unhealthy_from_status=contract.unhealthy_from_status,
            authorization=_OF_VARIABLE if contract.uses_basic_auth and has_credentials else "",
        ),
        http_filters=http_filters,
        clusters=passthrough.clusters(proxy.clusters, http_filters),
        cookie=names.login_cookie(kode.name, kode.namespace, kode.uid),
    )
    return DesiredState(kode=kode, sidecar=sidecar)
