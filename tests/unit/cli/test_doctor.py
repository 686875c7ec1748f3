"""`kode doctor`: what is looked at, and what is said of it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from kode.api.crd import definitions
from kode.cli import doctor
from kode.cli.checks import cluster
from kode.cli.checks.result import CheckResult, fail, ok, run_checks, warn
from kode.cli.options import TargetOptions
from tests.unit.cli.conftest import Run

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/"
KODES = "/apis/kode.jacero.io/v1alpha1/namespaces/default/kodes"
DEFAULT_CLASS = {
    "metadata": {
        "name": "fast",
        "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
    }
}


def whole() -> dict[str, Any]:
    """Return the answers of a cluster on which all is well."""
    answers: dict[str, Any] = {
        "/version": {"gitVersion": "v1.33.1"},
        KODES: {"kind": "Kode"},
        cluster.OPERATOR: {"status": {"readyReplicas": 1}},
        "/apis/storage.k8s.io/v1/storageclasses": {"items": [DEFAULT_CLASS]},
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews": {"status": {"allowed": True}},
    }
    return answers | {CRDS + item["metadata"]["name"]: item for item in definitions()}


@asynccontextmanager
async def served(
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> AsyncIterator[str]:
    """Serve answers on loopback; give the URL."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def found(answers: dict[str, Any], folder: Path) -> dict[str, CheckResult]:
    """Return the findings on a cluster that answers like this."""

    async def answer(request: web.Request) -> web.StreamResponse:
        given = answers.get(request.path)
        if isinstance(given, int) or given is None:
            return web.json_response({"message": "no"}, status=given or 404)
        return web.json_response(given)

    async with served(answer) as server:
        config = {
            "current-context": "here",
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
            "clusters": [{"name": "here", "cluster": {"server": server}}],
            "users": [{"name": "me", "user": {"token": "t"}}],
        }
        path = folder / "config"
        path.write_text(yaml.safe_dump(config))
        check_cluster = await cluster.check_cluster(TargetOptions(kubeconfig=str(path)))
    return {finding.check: finding for finding in check_cluster}


async def test_a_cluster_on_which_all_is_well(tmp_path: Path) -> None:
    check_cluster = await found(whole(), tmp_path)
    assert {check: str(it.level) for check, it in check_cluster.items()} == {
        "api": "ok",
        "definitions": "ok",
        "kodes": "ok",
        "operator": "ok",
        "storage": "ok",
        "access": "ok",
        "network": "unknown",
    }


async def test_what_is_missing_is_named_with_the_next_step(tmp_path: Path) -> None:
    answers = whole()
    del answers[cluster.OPERATOR], answers[CRDS + "kodes.kode.jacero.io"]
    answers["/apis/storage.k8s.io/v1/storageclasses"] = {"items": []}
    review = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    answers[review] = {"status": {"allowed": False}}
    check_cluster = await found(answers, tmp_path)
    assert check_cluster["definitions"].message == "kodes: not installed"
    assert "kode crds" in check_cluster["definitions"].hint
    assert check_cluster["operator"].hint.startswith("kubectl apply -k deploy/kustomize, with")
    assert str(check_cluster["storage"].level) == "warn"
    assert check_cluster["access"].message.startswith("you may not get, list")
    answers = whole()
    answers[cluster.OPERATOR] = {"status": {}}
    answers[CRDS + "kodes.kode.jacero.io"] = {"spec": {"versions": [{"name": "v1"}]}}
    check_cluster = await found(answers, tmp_path)
    assert check_cluster["operator"].message == "not ready"
    assert check_cluster["definitions"].message == "kodes: of another version"


async def test_what_one_may_not_see_is_unknown(tmp_path: Path) -> None:
    answers: dict[str, Any] = dict.fromkeys(whole(), 403) | {"/version": {"gitVersion": "v1.28.0"}}
    check_cluster = await found(answers, tmp_path)
    for check in ("definitions", "operator", "storage"):
        assert str(check_cluster[check].level) == "unknown"
    assert str(check_cluster["kodes"].level) == "warn"
    assert str(check_cluster["access"].level) == "fail"


@pytest.mark.parametrize(
    ("status", "message"), [(404, "no Kode resource"), (422, "try to create a Kode in namespace")]
)
async def test_a_kode_that_is_not_taken_is_told(status: int, message: str, tmp_path: Path) -> None:
    check_cluster = await found(whole() | {KODES: status}, tmp_path)
    assert str(check_cluster["kodes"].level) == "fail"
    assert message in check_cluster["kodes"].message


async def test_a_server_that_fails_is_not_one_that_forbids(tmp_path: Path) -> None:
    check_cluster = await found(whole() | {cluster.OPERATOR: 400}, tmp_path)
    assert check_cluster["operator"].message.startswith("the check itself failed: ")


@pytest.mark.parametrize(
    ("version", "level"), [("v1.27.9", "fail"), ("something", "unknown"), (None, "fail")]
)
async def test_an_old_or_odd_api_server(version: str | None, level: str, tmp_path: Path) -> None:
    answers = whole() | {"/version": {"gitVersion": version} if version else 401}
    assert str((await found(answers, tmp_path))["api"].level) == level


async def test_a_check_that_fails_is_a_finding() -> None:
    async def broken() -> CheckResult:
        raise ValueError("odd")

    async def well() -> CheckResult:
        return ok("well", "fine")

    first, second = await run_checks([("broken", broken), ("well", well)])
    assert first.message == "the check itself failed: ValueError: odd"
    assert second.message == "fine"


async def test_checks_are_made_at_the_same_time_and_what_takes_long_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kode.cli.checks.result._PROGRESS_DELAY", 0.0)
    first, second = asyncio.Event(), asyncio.Event()
    told: list[list[str]] = []

    async def begin() -> CheckResult:
        await second.wait()
        return ok("first", "it came after the second")

    async def end() -> CheckResult:
        await first.wait()
        second.set()
        return ok("second", "fine")

    def tell(names: Sequence[str]) -> None:
        told.append(list(names))
        first.set()

    check_cluster = await run_checks([("first", begin), ("second", end)], tell)
    assert [finding.check for finding in check_cluster] == ["first", "second"]
    assert told[0] == ["first", "second"]


async def test_nobody_is_told_of_what_is_quick() -> None:
    async def well() -> CheckResult:
        return ok("well", "fine")

    def tell(names: Sequence[str]) -> None:
        pytest.fail(f"told of {names}")

    assert len(await run_checks([("well", well)], tell)) == 1
    assert await run_checks([], tell) == []


@pytest.fixture
def slow() -> list[list[str]]:
    """Names of checks that are told of as under way."""
    return []


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch, slow: list[list[str]]) -> list[CheckResult]:
    check_cluster: list[CheckResult] = []

    async def looked(_: object, tell: Callable[[Sequence[str]], None]) -> list[CheckResult]:
        for waiting in slow:
            tell(waiting)
        return check_cluster

    monkeypatch.setattr("kode.cli.doctor.run_checks", looked)
    return check_cluster


def test_what_stands_in_the_way_is_an_exit_code(run: Run, checked: list[CheckResult]) -> None:
    checked += [ok("port", "free"), warn("podman", "no [bold]word", "get one")]
    result = run("doctor")
    assert (result.exit_code, result.stderr) == (0, "hint: podman: get one\n")
    assert result.stdout == (
        "CHECK   STATE  MESSAGE\nport    ok     free\npodman  warn   no [bold]word\n"
    )
    checked.append(fail("disk", "full", "free some"))
    assert run("doctor", "-o", "name").stdout == "port\npodman\ndisk\n"
    result = run("doctor", "-o", "json")
    assert result.exit_code == 6
    assert json.loads(result.stdout)[2] == {
        "check": "disk",
        "level": "fail",
        "message": "full",
        "hint": "free some",
    }


def test_what_is_under_way_stands_beside_the_result(
    run: Run, checked: list[CheckResult], slow: list[list[str]]
) -> None:
    checked.append(ok("port", "free"))
    slow += [["editors", "podman"], ["podman"]]
    result = run("doctor", "-o", "name")
    assert result.stderr == "checking editors, podman\nchecking podman\n"
    assert result.stdout == "port\n"


def test_a_cluster_is_looked_at_where_one_is_meant(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def looked(where: TargetOptions) -> list[CheckResult]:
        asked.append(where.context)
        return [ok("api", "v1.33.1")]

    monkeypatch.setattr(cluster, "check_cluster", looked)
    assert run("doctor", "--context", "there").stdout.splitlines()[1] == "api    ok     v1.33.1"
    assert asked == ["there"]


def test_every_check_of_this_machine_is_named() -> None:
    assert [name for name, _ in doctor.local_checks()] == [
        *("port", "dns", "envoy", "editors", "compiler"),
        *("networks", "podman", "disk", "database", "permissions", "clock"),
    ]
