"""kode.gateway.local_gateway: what stands in which file, and what a change touches."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from kode.gateway import local_gateway, status_pages
from kode.gateway.local_gateway import KodeListener, Route, State
from kode.gateway.sidecar import AuthMode, Sidecar, Upstream

Json = dict[str, Any]

SIDECAR = Sidecar(AuthMode.BASIC, Upstream(0, "/healthz", socket="/run/dev.sock"))


def entry(name: str, state: State = "running", sidecar: Sidecar | None = SIDECAR) -> Route:
    return Route(name, (f"{name}.localhost",), f"default/{name}", state, sidecar, "me:{SHA}x\n")


def files(*entries: Route) -> dict[str, Json]:
    inners: dict[str, KodeListener] = {
        item.id: local_gateway.kode_listener(item, item.sidecar, f"/run/{item.id}.sock")
        for item in entries
        if item.sidecar
    }
    return local_gateway.files(entries, inners)


def named(found: dict[str, Json], file: str) -> dict[str, Json]:
    return {item["name"]: item for item in found[file]["resources"]}


def hosts(found: dict[str, Json]) -> dict[str, Json]:
    (routes,) = found[local_gateway.ROUTES]["resources"]
    return {item["name"]: item for item in routes["virtual_hosts"]}


def fields(node: Any) -> Iterator[tuple[str, Any]]:
    match node:
        case dict():
            yield from node.items()
            for value in node.values():
                yield from fields(value)
        case list():
            for value in node:
                yield from fields(value)


def test_one_more_changes_nothing_of_the_others() -> None:
    before, after = files(entry("one")), files(entry("one"), entry("two"))
    for file in (local_gateway.CLUSTERS, local_gateway.LISTENERS):
        assert named(before, file).items() <= named(after, file).items()
    assert hosts(before).items() <= hosts(after).items()


def test_no_two_have_a_name_in_common() -> None:
    found = files(entry("one"), entry("two"))
    for file in (local_gateway.CLUSTERS, local_gateway.LISTENERS):
        assert len(named(found, file)) == len(found[file]["resources"])


def test_every_cluster_that_is_meant_is_there() -> None:
    found = files(entry("one"), entry("two"))
    meant = {value for key, value in fields(found) if key == "cluster"}
    assert meant == named(found, local_gateway.CLUSTERS).keys()


def test_users_stand_in_the_listener_and_in_no_file_of_their_own() -> None:
    text = json.dumps(files(entry("one"))[local_gateway.LISTENERS])
    assert "me:{SHA}x" in text
    assert '"filename"' not in text


def test_what_envoy_starts_with_knows_no_kode() -> None:
    found = local_gateway.bootstrap("/run", "/run/admin.sock", ["127.0.0.1", "::1"], 8080)
    (outer,) = found["static_resources"]["listeners"]
    (other,) = outer["additional_addresses"]
    ports = [item["address"]["socket_address"] for item in (outer, other)]
    assert ports == [
        {"address": "127.0.0.1", "port_value": 8080},
        {"address": "::1", "port_value": 8080},
    ]
    assert list(found["admin"]["address"]) == ["pipe"]
    assert {value for key, value in fields(found) if key == "path"} == {
        "/run/admin.sock",
        "/run/clusters.json",
        "/run/listeners.json",
        "/run/routes.json",
    }


def test_nothing_cuts_what_is_quiet() -> None:
    found = [local_gateway.bootstrap("/run", "/admin", ["127.0.0.1"], 1), files(entry("one"))]
    limits = [value for key, value in fields(found) if key in {"stream_idle_timeout", "timeout"}]
    # One for each listener, one for each route; the last is that of a health check.
    assert sorted(limits) == ["0s", "0s", "0s", "0s", "2s"]


@pytest.mark.parametrize(
    ("state", "sidecar", "known", "words"),
    [
        ("running", SIDECAR, False, "rejected its proxy config"),
        ("starting", SIDECAR, False, "rejected its proxy config"),
        ("running", None, False, "is starting"),
        ("starting", None, False, "is starting"),
        ("stopped", SIDECAR, True, "kode start dev"),
        ("failed", None, False, "kode describe dev"),
    ],
)
def test_where_it_leads_nowhere_it_says_why(
    state: State, sidecar: Sidecar | None, words: str, *, known: bool
) -> None:
    item = entry("dev", state, sidecar)
    inners = {"dev": local_gateway.kode_listener(item, SIDECAR, "/x")} if known else {}
    routes = hosts(local_gateway.files([item], inners))["dev"]["routes"]
    assert all(words in body(route) for route in routes)


def test_where_it_leads_somewhere_it_says_nothing() -> None:
    for state in ("running", "starting"):
        (route,) = hosts(files(entry("dev", state)))["dev"]["routes"]
        assert route["route"]["cluster"] == "dev"


def test_without_a_host_there_is_no_way_in() -> None:
    found = files(replace(entry("dev"), hosts=()))
    assert hosts(found).keys() == {"(this machine)", "(unknown)"}


def test_what_is_judged_is_what_goes_live() -> None:
    one = local_gateway.kode_listener(entry("one"), SIDECAR, "/run/one.sock")
    found = local_gateway.standalone_config(one)["static_resources"]
    assert found == {"listeners": [one.listener], "clusters": list(one.clusters)}


def test_a_name_is_text_in_a_page() -> None:
    page, text = status_pages.routes(status_pages.stopped_page("a/<b>"))
    assert "<b>" not in body(page)
    assert "kode start <b> -n a" in body(text)


def test_every_page_fits_into_what_envoy_sends_itself() -> None:
    title = f"{'n' * 63}/{'k' * 253}"
    made: Sequence[status_pages.StatusPage] = [
        status_pages.INDEX,
        status_pages.UNKNOWN,
        *(
            make(title)
            for make in (
                status_pages.starting_page,
                status_pages.stopped_page,
                status_pages.failed_page,
            )
        ),
        status_pages.refused_page(title),
    ]
    for notice in made:
        assert all(len(body(route).encode()) < 4096 for route in status_pages.routes(notice))


def body(route: Json) -> str:
    found = route["direct_response"]["body"]["inline_string"]
    assert isinstance(found, str)
    return found
