"""What is wrong with an administrator's filters and clusters, as far as can be seen without Envoy.

Rule: all of it is told at once, before anything starts, by where it stands. What was given is never
repeated but for names: of fields, filters and clusters.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kode.api.conditions import Reason
from kode.errors import InvalidSpec
from kode.gateway import passthrough
from kode.gateway.fields import camel, quote_key, twice
from kode.gateway.passthrough import EDITOR_CLUSTER, SIDECAR_CLUSTER
from kode.gateway.references import cluster_references

Json = Mapping[str, Any]

_ROUTER = "envoy.extensions.filters.http.router."
_MAX_TOLD = 8
_MAX_NAME = 100
# The fields of an entry of httpFilters in Envoy's schema, and what each is read as.
_ITEM = {
    "name": str,
    "typed_config": Mapping,
    "typedConfig": Mapping,
    "config_discovery": Mapping,
    "configDiscovery": Mapping,
    "is_optional": bool,
    "isOptional": bool,
    "disabled": bool,
}
# What Envoy says against another value of these does not tell where it stands.
_ENUMS = {
    "type": ("STATIC", "STRICT_DNS", "LOGICAL_DNS", "EDS", "ORIGINAL_DST"),
    "lb_policy": (
        *("ROUND_ROBIN", "LEAST_REQUEST", "RING_HASH", "RANDOM", "MAGLEV", "CLUSTER_PROVIDED"),
        "LOAD_BALANCING_POLICY_CONFIG",
    ),
    "dns_lookup_family": ("AUTO", "V4_ONLY", "V6_ONLY", "V4_PREFERRED", "ALL"),
}
# It is called after the cluster that it stands in, and nothing is looked up by it.
_OWN_ENDPOINTS = ("load_assignment", "loadAssignment")


def check(filters: Sequence[Json], clusters: Sequence[Json]) -> None:
    """Refuse what would break the sidecar, or leave it refusing everybody without a word.

    Raises:
        InvalidSpec: all that is wrong, the first few faults of it in full.
    """
    faults = [*_of_filters(filters, clusters), *_of_clusters(clusters)]
    if not faults:
        return
    more = len(faults) - _MAX_TOLD
    text = "; ".join(faults[:_MAX_TOLD]) + (f"; and {more} more" if more > 0 else "")
    raise InvalidSpec(Reason.PROXY_CONFIG_INVALID, text)


def _of_filters(filters: Sequence[Json], clusters: Sequence[Json]) -> Iterator[str]:
    for number, item in enumerate(filters):
        where = f"httpFilters[{number}] ({item.get('name')})"
        url = passthrough.type_url(item)
        if (
            any(_ROUTER in text for text in _types(item))
            or item.get("name") == "envoy.filters.http.router"
        ):
            yield f"{where}: a router is added by Kode; leave it out"
        elif not url:
            yield f"{where} needs typed_config with an '@type'"
        yield from _of_fields(where, item)
        yield from _twice(where, item)
        yield from _missing_clusters(where, item, clusters)


def _types(item: Json) -> Iterator[str]:
    # In an envelope, the type of what is read stands inside.
    config = item.get("typed_config")
    if isinstance(config, Mapping):
        yield from (str(config.get(key)) for key in ("@type", "type_url", "typeUrl"))


def _of_fields(where: str, item: Json) -> Iterator[str]:
    for key, value in item.items():
        if key not in _ITEM:
            yield f"{where}: {quote_key(key)} is no field of a filter"
        elif not isinstance(value, _ITEM[key]):
            yield f"{where}: {key} is not what Envoy has there"


def _of_clusters(clusters: Sequence[Json]) -> Iterator[str]:
    for number, item in enumerate(clusters):
        where = f"clusters[{number}] ({item['name']})"
        if item["name"] in (EDITOR_CLUSTER, SIDECAR_CLUSTER):
            yield f"clusters: the name {item['name']} is reserved"
        yield from _of_enums(where, item)
        yield from _twice(where, item)
        rest = {key: value for key, value in item.items() if key not in _OWN_ENDPOINTS}
        yield from _missing_clusters(where, rest, clusters)


def _of_enums(where: str, item: Json) -> Iterator[str]:
    for name, values in _ENUMS.items():
        for key in (name, camel(name)):
            value = item.get(key)
            if isinstance(value, str) and value.upper() not in values:
                yield f"{where}: {key} is none of {', '.join(values)}"
                break


def _twice(where: str, item: Json) -> Iterator[str]:
    for at, one, other in twice(item):
        place = f"{where}: {at}" if at else where
        yield f"{place} gives one field twice, as {quote_key(one)} and {quote_key(other)}"


def _missing_clusters(where: str, item: Json, clusters: Sequence[Json]) -> Iterator[str]:
    there = {EDITOR_CLUSTER, *(cluster["name"] for cluster in clusters)}
    for at, name in cluster_references(item):
        if name not in there:
            cluster = f"the cluster {name[:_MAX_NAME]!r}"
            yield f"{where}: {at} names {cluster}, and clusters has none of that name"
