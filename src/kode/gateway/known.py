"""The filters that are known here, field by field, as Envoy 1.40 has them.

Rule: deny by default. A field stands here only when no value of it lets a request pass that proves
nothing. Left out are those that do, and `headers_to_add` of what an authorizer is asked: it would
put the proxy config's own credentials in the place of the person's.
Source: https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/config/filter/http/http
"""

from collections.abc import Mapping

from kode.gateway.shapes import Each, Leaf, Shape, anything, off

ITEM: Mapping[str, Shape] = {
    **anything("name", "typed_config"),
    # Envoy skips a filter that is disabled, and one that is optional where it does not know it.
    **off("disabled", "is_optional"),
}
"""An entry of httpFilters that is to ask."""

PASSING_ITEM: Mapping[str, Shape] = anything(*ITEM)
"""An entry of httpFilters that may stand before it."""

_URI = anything("uri", "cluster", "timeout")
_REQUIREMENT: dict[str, Shape] = {
    **anything("provider_name"),
    "provider_and_audiences": anything("provider_name", "audiences"),
}
_REQUIREMENT["requires_any"] = _REQUIREMENT["requires_all"] = {"requirements": Each(_REQUIREMENT)}
_OPTIONAL_REQUIREMENT: dict[str, Shape] = {
    **_REQUIREMENT,
    **anything("allow_missing", "allow_missing_or_failed"),
}
_OPTIONAL_REQUIREMENT["requires_any"] = _OPTIONAL_REQUIREMENT["requires_all"] = {
    "requirements": Each(_OPTIONAL_REQUIREMENT)
}

_EXT_AUTHZ: Mapping[str, Shape] = {
    "grpc_service": {
        "envoy_grpc": anything(
            *("cluster_name", "authority", "retry_policy"),
            *("max_receive_message_length", "skip_envoy_headers"),
        ),
        "google_grpc": anything(
            *("target_uri", "channel_credentials", "call_credentials", "stat_prefix"),
            *("credentials_factory_name", "config", "per_stream_buffer_limit_bytes"),
            *("channel_args", "channel_credentials_plugin", "call_credentials_plugin"),
        ),
        **anything("timeout", "initial_metadata", "retry_policy"),
    },
    "http_service": {
        "server_uri": _URI,
        **anything("path_prefix", "path_override", "retry_policy"),
        "authorization_request": anything("allowed_headers"),
        "authorization_response": anything(
            *("allowed_upstream_headers", "allowed_upstream_headers_to_append"),
            *("allowed_client_headers", "allowed_client_headers_on_success"),
            "dynamic_metadata_from_headers",
        ),
    },
    "with_request_body": anything("max_request_bytes", "allow_partial_message", "pack_as_bytes"),
    **anything(
        *("transport_api_version", "failure_mode_allow_header_add", "clear_route_cache"),
        *("clear_route_cache_headers", "status_on_error", "validate_mutations"),
        *("metadata_context_namespaces", "typed_metadata_context_namespaces"),
        *("route_metadata_context_namespaces", "route_typed_metadata_context_namespaces"),
        *("deny_at_disable", "include_peer_certificate", "include_tls_session", "stat_prefix"),
        *("bootstrap_metadata_labels_key", "allowed_headers", "disallowed_headers"),
        *("charge_cluster_response_stats", "encode_raw_headers", "filter_metadata"),
        *("decoder_header_mutation_rules", "enable_dynamic_metadata_ingestion"),
        *("emit_filter_state_stats", "max_denied_response_body_bytes"),
        *("enforce_response_header_limits", "emit_client_span"),
    ),
    **off("failure_mode_allow", "shadow_mode"),
}

_JWT: Mapping[str, Shape] = {
    "providers": Each(
        anything(
            *("issuer", "audiences", "subjects", "require_expiration", "max_lifetime"),
            *("remote_jwks", "local_jwks", "forward", "from_headers", "from_params"),
            *("from_cookies", "forward_payload_header", "pad_forward_payload_header"),
            *("payload_in_metadata", "normalize_payload_in_metadata", "header_in_metadata"),
            *("failed_status_in_metadata", "clock_skew_seconds", "jwt_cache_config"),
            *("claim_to_headers", "clear_route_cache"),
        )
    ),
    "rules": Each({"match": Leaf.ANY, "requires": _REQUIREMENT}),
    **anything("requirement_map", "strip_failure_response", "stat_prefix"),
    **off("bypass_cors_preflight"),
}

_BASIC_AUTH: Mapping[str, Shape] = {
    **anything("users", "forward_username_header", "authentication_header"),
    **anything("emit_dynamic_metadata", "realm"),
    **off("allow_missing"),
}

_API_KEY: Mapping[str, Shape] = {
    "credentials": Each(anything("key", "client")),
    "key_sources": Each(anything("header", "query", "cookie")),
    "forwarding": anything("header", "hide_credentials"),
}

_OAUTH2_CONFIG: Mapping[str, Shape] = {
    "token_endpoint": _URI,
    "credentials": anything(
        *("client_id", "token_secret", "hmac_secret", "cookie_names", "cookie_domain")
    ),
    **anything(
        *("retry_policy", "authorization_endpoint", "end_session_endpoint"),
        *("post_logout_redirect_uri", "redirect_uri", "redirect_path_matcher", "signout_path"),
        *("forward_bearer_token", "forward_id_token", "preserve_authorization_header"),
        *("auth_scopes", "resources", "auth_type", "use_refresh_token", "default_expires_in"),
        *("deny_redirect_matcher", "default_refresh_token_expires_in"),
        *("disable_id_token_set_cookie", "disable_access_token_set_cookie"),
        *("disable_refresh_token_set_cookie", "cookie_configs", "stat_prefix"),
        *("csrf_token_expires_in", "code_verifier_token_expires_in"),
        *("disable_token_encryption", "original_request_uri", "allowed_redirect_domains"),
        *("use_access_token_expiry_for_id_token_cookie", "private_key_jwt_config"),
        "token_cookie_chunking",
    ),
}

ASKING: Mapping[str, Shape] = {
    "ext_authz": _EXT_AUTHZ,
    "jwt_authn": _JWT,
    "basic_auth": _BASIC_AUTH,
    "api_key_auth": _API_KEY,
    "oauth2": {"config": _OAUTH2_CONFIG},
}
"""Filters that refuse whoever proves nothing, by name, with the fields that leave it at that."""

PASSING: Mapping[str, Shape] = {
    "jwt_authn": {
        **_JWT,
        "rules": Each({**anything("match"), "requires": _OPTIONAL_REQUIREMENT}),
        **anything("bypass_cors_preflight"),
    },
    "basic_auth": {**_BASIC_AUTH, **anything("allow_missing")},
    "api_key_auth": _API_KEY,
    "oauth2": {
        "config": {
            **_OAUTH2_CONFIG,
            **anything("pass_through_matcher", "allow_failed_matcher"),
        }
    },
    "rbac": anything(
        *("rules", "rules_stat_prefix", "matcher", "shadow_rules", "shadow_matcher"),
        *("shadow_rules_stat_prefix", "track_per_rule_stats"),
    ),
    "csrf": anything("filter_enabled", "shadow_enabled", "additional_origins"),
    "buffer": anything("max_request_bytes"),
    "local_ratelimit": anything(
        *("stat_prefix", "status", "token_bucket", "filter_enabled", "filter_enforced"),
        *("descriptors", "stage", "local_rate_limit_per_downstream_connection"),
        *("enable_x_ratelimit_headers", "enable_retry_after_header"),
    ),
}
"""Filters that may stand before one that asks: they refuse or pass on, and answer nothing else."""
