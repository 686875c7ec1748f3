"""The gateway of the local platform: who is led where, and whose change touches whom."""

import asyncio
import errno
import json
import os
import socket
import stat
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from kode.errors import PlatformError
from kode.gateway.sidecar import AuthMode as Decides
from kode.platform.local.gateway import LocalGateway, Route, port_check, sockets
from kode.platform.local.paths import Paths
from tests.local.gateways import LOGIN, RunningGateway, running_gateway, said
from tests.polling import until_async

AUTHZ = "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz"
BROKEN = {
    "name": "envoy.filters.http.ext_authz",
    "typed_config": {"@type": AUTHZ, "no_such_field": True},
}


async def test_each_host_leads_to_its_own_editor(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, "one", "two") as found:
        for name in ("one", "two"):
            status, _, text = await found.ask(f"{name}.localhost", X_Forwarded_Host="evil.example")
            assert status == 200
            seen = json.loads(text)
            assert seen["editor"] == name
            assert seen["Host"] == f"{name}.localhost:{found.port}"
            assert seen["X-Forwarded-For"] == "127.0.0.1"
            assert seen["X-Forwarded-Proto"] == "http"
            assert "X-Forwarded-Host" not in seen


@pytest.mark.attack
async def test_what_a_client_says_about_its_way_counts_for_nothing(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, "one") as found:
        own = {"Forwarded": "for=10.1.2.3", "X_Real_IP": "10.0.0.1"}
        _, _, text = await found.ask("one.localhost", X_Forwarded_For="10.1.2.3", **own)
        assert "10.1.2.3" not in text
        assert "10.0.0.1" not in text


@pytest.mark.attack
async def test_a_host_that_is_nobodys_leads_nowhere(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, "one") as found:
        for host in ("two.localhost", "one.example", "one.localhost.example", "x.one.localhost"):
            status, headers, text = await found.ask(host, Accept="text/html,*/*")
            assert status == 404
            assert headers["Content-Type"].startswith("text/html")
            assert "one" not in text.replace("No Kode", "").replace("None", "").replace("none", "")
        for host in ("localhost", "127.0.0.1"):
            status, _, text = await found.ask(host)
            assert status == 200
            assert "kode list" in text


async def test_only_the_right_password_opens(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, "one") as found:
        assert await found.gateway.set_routes([found.entry("one", Decides.BASIC)]) == {}
        await found.until_served("one", Authorization=LOGIN)

        async def asked() -> bool:
            return await found.status("one.localhost") == 401

        await until_async(asked)
        _, _, text = await found.ask("one.localhost", Authorization=LOGIN)
        assert "Authorization" not in json.loads(text)
        other = replace(
            found.entry("one", Decides.BASIC), users="me:{SHA}2kuSN7rMzfGcB2DKt67EqDWQELA=\n"
        )
        await found.gateway.set_routes([other])

        async def refused() -> bool:
            return await found.status("one.localhost", Authorization=LOGIN) == 401

        await until_async(refused)


async def test_a_change_of_one_cuts_nobody_elses_connections(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, "one", "two") as found:
        opened = await found.websocket("one")
        stream = await found.session.get(
            f"http://127.0.0.1:{found.port}/stream", headers=found.headers("one.localhost", {})
        )
        one, two = found.entry("one"), found.entry("two")
        await found.move_in("three")
        for entries in (
            [one, two, found.entry("three")],
            [one, found.entry("two", Decides.BASIC), found.entry("three")],
            [one, replace(two, state="stopped", sidecar=None)],
            [one],
        ):
            assert await found.gateway.set_routes(entries) == {}
            if len(entries) == 3:
                await found.until_served("three")
            assert await said(opened, "a word") == "one heard a word"
        await _gone(found, "two")
        # Past the time that Envoy leaves to the connections of what has changed.
        await asyncio.sleep(3)
        assert await said(opened, "still here") == "one heard still here"
        for _ in range(100):
            assert await stream.content.readline() == b"one\n"
        stream.close()
        await opened.close()


async def _gone(found: RunningGateway, name: str) -> None:
    async def gone() -> bool:
        return await found.status(f"{name}.localhost") == 404

    await until_async(gone)


async def test_a_broken_filter_is_refused_in_envoys_words_and_others_work(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, "one", "two") as found:
        entries = [found.entry("one", Decides.FILTERS, http_filters=(BROKEN,)), found.entry("two")]
        refused = await found.gateway.set_routes(entries)
        assert list(refused) == ["one"]
        assert "no_such_field" in refused["one"]
        assert len(refused["one"]) < 700

        async def shut() -> bool:
            return await found.status("one.localhost") == 503

        await until_async(shut)
        assert "proxy config" in (await found.ask("one.localhost"))[2]
        await found.until_served("two")
        assert await found.gateway.set_routes([found.entry("one"), found.entry("two")]) == {}
        await found.until_served("one")
        assert "update_rejected: 1" not in await found.admin("/stats?filter=update_rejected")


async def test_two_proxy_configs_may_use_one_name_for_two_things(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, "one", "two") as found:
        entries = []
        for name, code in (("one", 401), ("two", 402)):
            await found.move_in(f"{name}-guard")
            guard = {
                "name": "guard",
                "type": "STATIC",
                "load_assignment": _socket(found, "guard", f"{name}-guard"),
            }
            script = (
                "function envoy_on_request(h) local a, b = h:httpCall('guard', "
                '{[":method"]="GET", [":path"]="/", [":authority"]="x"}, "", 1000); '
                f'h:respond({{[":status"]="{code}"}}, b) end'
            )
            lua = {
                "name": "envoy.filters.http.lua",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
                    "default_source_code": {"inline_string": script},
                },
            }
            entries.append(found.entry(name, http_filters=(lua,), clusters=(guard,)))
        assert await found.gateway.set_routes(entries) == {}
        for name, code in (("one", 401), ("two", 402)):

            async def guarded(name: str = name, code: int = code) -> bool:
                status, _, text = await found.ask(f"{name}.localhost")
                return status == code and f'"editor": "{name}-guard"' in text

            await until_async(guarded)


def _socket(found: RunningGateway, cluster: str, name: str) -> dict[str, object]:
    address = {"pipe": {"path": str(found.paths.root / f"{name}.sock")}}
    return {
        "cluster_name": cluster,
        "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
    }


async def test_killed_it_comes_back_with_what_it_had(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, "one", "two") as found:
        await found.close(kill=True)
        with pytest.raises(aiohttp.ClientError):
            await found.ask("one.localhost")
        assert list(found.paths.sockets.glob("door-*.sock"))
        await found.open()
        await found.until_served("one")
        await found.until_served("two")


async def test_nothing_is_left_of_those_who_are_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_gateway(tmp_path, "one", "two") as found:
        assert len(_inner(found)) == 2
        await found.gateway.set_routes([found.entry("one")])
        await _gone(found, "two")
        assert len(_inner(found)) == 2
        monkeypatch.setattr(sockets, "SECONDS_TO_STAY", 0)
        await found.gateway.set_routes([found.entry("one")])
        assert len(_inner(found)) == 1
        await found.gateway.set_routes([found.entry("one"), found.entry("two")])
        await found.until_served("two")
        await found.close(kill=True)
        found.gateway.remove_sockets()
        assert not list(found.paths.sockets.glob("*.sock"))
        await found.open()
        await found.until_served("two")


def _inner(found: RunningGateway) -> list[Path]:
    return [path for path in found.paths.sockets.glob("door-*.sock") if "admin" not in path.name]


async def test_one_who_goes_and_comes_at_once_is_served(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, "one") as found:
        for _ in range(10):
            await found.gateway.set_routes([])
            await found.gateway.set_routes([found.entry("one")])
        await found.until_served("one")
        await asyncio.sleep(1)
        await found.until_served("one")


async def test_a_stopped_kode_says_how_to_start_it(tmp_path: Path) -> None:
    async with running_gateway(tmp_path) as found:
        title = "team-a/<dev>"
        entries = [
            Route("a", ("a.localhost",), title, "stopped"),
            Route("b", ("b.localhost",), title, "starting"),
            Route("c", ("c.localhost",), title, "failed"),
        ]
        assert await found.gateway.set_routes(entries) == {}
        page = {"Accept": "text/html,*/*", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Site": "none"}

        async def known() -> bool:
            return await found.status("c.localhost") == 503

        await until_async(known)
        for host, words in (
            ("a.localhost", "kode start &lt;dev&gt; -n team-a"),
            ("b.localhost", 'http-equiv="refresh"'),
            ("c.localhost", "kode describe"),
        ):
            status, headers, text = await found.ask(host, **page)
            assert status == 503
            assert headers["Content-Type"].startswith("text/html")
            assert headers["Cache-Control"] == "no-store"
            assert words in text
            status, headers, text = await found.ask(host)
            assert headers["Content-Type"].startswith("text/plain")
            assert "<!doctype" not in text


async def test_before_the_editor_answers_people_see_that_it_starts(tmp_path: Path) -> None:
    async with running_gateway(tmp_path) as found:
        await found.gateway.set_routes([replace(found.entry("one"), state="starting")])

        async def starts() -> bool:
            _, _, text = await found.ask("one.localhost", Sec_Fetch_Mode="navigate")
            return "Your editor is starting" in text

        await until_async(starts)
        await found.move_in("one")
        await found.until_served("one")


@pytest.mark.attack
async def test_hosts_that_would_break_the_routes_of_all_are_refused(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, "one") as found:
        one = found.entry("one")
        others = {
            "again": ("one.localhost",),
            "star": ("*.localhost",),
            "beyond": ("two.example",),
            "own": ("localhost",),
            "empty": ("",),
            "upper": ("A.localhost",),
        }
        entries = [one, *(replace(one, id=name, hosts=hosts) for name, hosts in others.items())]
        refused = await found.gateway.set_routes(entries)
        assert set(refused) == set(others)
        await found.until_served("one")


async def test_ten_at_once(tmp_path: Path) -> None:
    names = [f"kode-{number}" for number in range(10)]
    async with running_gateway(tmp_path, *names) as found:
        opened = [await found.websocket(name) for name in names]
        await found.gateway.set_routes([found.entry(name) for name in names[:5]])
        await _gone(found, names[9])
        for name, line in zip(names[:5], opened, strict=False):
            assert await said(line, "x") == f"{name} heard x"
        for line in opened:
            await line.close()


async def test_a_folder_with_a_long_name(tmp_path: Path) -> None:
    async with running_gateway(tmp_path / ("x" * 60) / ("y" * 60)[:20], *[]) as found:
        assert len(str(found.gateway.admin)) < 108
        assert await found.status("localhost") == 200


@pytest.mark.attack
async def test_files_and_sockets_are_for_their_owner_alone(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, "one") as found:
        await found.gateway.set_routes([found.entry("one", Decides.BASIC)])
        folders = (found.paths.run / "door", found.paths.sockets)
        assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}
        files = {path for it in folders for path in it.rglob("*") if not path.is_dir()}
        assert len(files) >= 6
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


@pytest.mark.attack
async def test_only_loopback_is_listened_on(tmp_path: Path) -> None:
    async with running_gateway(tmp_path) as found:
        listeners = json.loads(await found.admin("/listeners?format=json"))
        addresses = {
            item["socket_address"]["address"]
            for status in listeners["listener_statuses"]
            for item in [status["local_address"], *status.get("additional_local_addresses", [])]
        }
        assert addresses <= {"127.0.0.1", "::1"}
        assert "127.0.0.1" in addresses


def taken(family: socket.AddressFamily, address: str, port: int) -> bool:
    """Tell whether nobody else can listen on an address."""
    with closing(socket.socket(family)) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            other.bind((address, port))
            other.listen()
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 # for a moment


@pytest.mark.parametrize("asked", ["127.0.0.1", "::1", "127.0.0.2", "localhost", *EVERYWHERE])
async def test_both_loopback_addresses_are_always_ours(tmp_path: Path, asked: str) -> None:
    async with running_gateway(tmp_path, address=asked) as found:
        families = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}
        for loopback in port_check.addresses("127.0.0.1"):
            with closing(socket.socket(families[loopback])) as client:
                assert client.connect_ex((loopback, found.port)) == 0
            assert taken(families[loopback], loopback, found.port)


def test_an_address_besides_is_listened_on_first() -> None:
    assert port_check.addresses("192.0.2.1")[0] == "192.0.2.1"
    assert port_check.addresses("::ffff:192.0.2.1")[0] == "192.0.2.1"
    assert "127.0.0.1" in port_check.addresses("192.0.2.1")


def test_who_has_the_port_is_named(tmp_path: Path) -> None:
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PlatformError, match=rf"{port} is taken by .*\(pid {os.getpid()}\)"):
            LocalGateway(Paths(tmp_path, tmp_path), port=port).check()


def test_an_address_that_is_not_here_is_told(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match="no such address"):
        LocalGateway(Paths(tmp_path, tmp_path), "203.0.113.9").check()
    with pytest.raises(PlatformError, match="no IP address"):
        LocalGateway(Paths(tmp_path, tmp_path), "example")


async def test_an_open_door_is_not_in_its_own_way(tmp_path: Path) -> None:
    async with running_gateway(tmp_path / "a") as found:
        found.gateway.check()
        with pytest.raises(PlatformError, match=f"pid {found.envoy.pid if found.envoy else 0}"):
            LocalGateway(Paths(tmp_path / "b", tmp_path), port=found.port).check()


def test_another_port_makes_another_program(tmp_path: Path) -> None:
    paths = Paths(tmp_path, tmp_path)
    one, same, other = (LocalGateway(paths, port=port).program() for port in (8080, 8080, 8081))
    assert one.digest == same.digest != other.digest


@pytest.mark.attack
async def test_other_hosts_are_taken_only_by_a_door_for_others(tmp_path: Path) -> None:
    given = Route("dev", ("dev.localhost", "dev.example"), "default/dev", "stopped")
    for address, refused in (("127.0.0.1", {"dev"}), ("::1", {"dev"}), ("0.0.0.0", set())):  # noqa: S104 # never opened
        gateway = LocalGateway(Paths(tmp_path / address, tmp_path), address)
        assert set(await gateway.set_routes([given])) == refused
        assert set(await gateway.set_routes([replace(given, hosts=("192.0.2.1",))])) == {"dev"}
