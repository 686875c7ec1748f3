"""Nothing secret leaves a cluster: canaries in every field, and all that the run has left.

Rule: it runs after all others, so that what is searched is what they have left as well: Events,
the operator's log, the node's logs, every command line since the first test. That the search finds
what it looks for is shown here too.
"""

import json
from collections.abc import Iterator

import pytest

from kode import names
from tests import canaries
from tests.canaries import CANARY
from tests.cluster import traces
from tests.cluster.api import Api, Object, Refused
from tests.cluster.documents import (
    PASSWORD,
    TOOLS,
    USER,
    kode,
    probe,
    proxy_config,
    secret,
    stand_in,
)
from tests.cluster.installation import NAMESPACE, Operator
from tests.cluster.place import Place
from tests.sweep import COMMAND_LINES, Search, told

_ODD: tuple[object, ...] = (CANARY, [CANARY], {"no_such": CANARY})
_PER_VALUE = 2
_RUN = ("plain", "guarded", "existing")
_PLANTED = "planted-where-none-may-be"


@pytest.fixture(scope="module", autouse=True)
def _lived(place: Place) -> None:
    """Have Kodes with canaries in all that holds a secret live, be refused, and go."""
    broken = dict(_broken())
    place.apply(
        secret("canary", username=USER, password=CANARY),
        secret("odd", username=f"{CANARY}\n", password=CANARY),
        secret("empty", token=CANARY),
        proxy_config("guarded", authType="basic", httpFilters=canaries.filters()[2:]),
        *(proxy_config(name, **spec) for name, spec in broken.items()),
        stand_in("plain", env=[_from_secret()], envFrom=[{"secretRef": {"name": "empty"}}]),
        stand_in("guarded", envoyProxyRef={"name": "guarded"}),
        *(stand_in(name, envoyProxyRef={"name": name}) for name in broken),
    )
    login = {"user": USER, "password": CANARY}
    place.apply(
        kode("plain", "plain", **login),
        kode("guarded", "guarded", **login),
        kode("existing", "plain", existingSecret="canary"),
        kode("odd", "plain", existingSecret="odd"),
        kode("empty", "plain", existingSecret="empty"),
        kode("early", "to-come", **login),
        *(kode(name, name, **login) for name in broken),
    )
    place.kubectl_apply(kode("applied", "to-come", **login))
    _refuse(place)
    place.ready(*_RUN)
    for name in ("odd", "empty", "early", *broken):
        place.wait("Kode", name, lambda seen: bool(_refusal(seen)), seconds=120)
    with place.door("plain") as door:
        assert door.status("/", login=(USER, CANARY)) == 200
        assert door.status("/", login=(USER, f"{CANARY}!")) == 401
    uid = place.uid("guarded")
    traces.kode(place.namespace, "restart", "guarded")
    place.replaced("guarded", uid)
    place.delete("Kode", "existing")


def _broken() -> Iterator[tuple[str, Object]]:
    """Yield proxy configs that are refused: what is read before anything starts, and by Envoy."""
    whole = {"httpFilters": canaries.filters(), "clusters": canaries.clusters()}
    yield "broken", {"authType": "basic", **whole}
    number = 0
    for value in _ODD:
        places = [it for at, it in canaries.planted(whole, value) if at.count(".") > 1]
        for spec in places[:: len(places) // _PER_VALUE]:
            number += 1
            yield f"broken-{number}", {"authType": "none", **spec}


def _from_secret() -> Object:
    return {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "canary", "key": "password"}}}


def _refuse(place: Place) -> None:
    """Try what the API server refuses; its words go to whoever tried, and nowhere else."""
    for spec in (
        {"dotfiles": {"repository": f"https://{CANARY}@example.invalid/me"}},
        {"password": CANARY * 1000},
        {"password": CANARY, "existingSecret": "canary"},
        # Nothing of a wrong type: the API server writes what it cannot convert into its own log.
    ):
        with pytest.raises(Refused):
            place.apply(kode("refused", "plain", **spec))


def _refusal(seen: Object) -> str:
    for found in (seen.get("status") or {}).get("conditions", ()):
        if found["type"] == "Ready" and found["status"] == "False":
            reason = str(found["reason"])
            return "" if reason in {"Starting", "Progressing", "Pending"} else reason
    return ""


def test_no_object_and_no_container_of_the_kodes_tells_a_secret(place: Place) -> None:
    text = told(traces.of_namespace(place.api, place.namespace))
    assert not text, text


def test_the_command_line_tells_no_secret(place: Place) -> None:
    search = Search({*traces.made_up(place.api, place.namespace), PASSWORD})
    kodes = place.api.list("Kode", place.namespace)
    assert len(kodes) > len(_RUN)
    words = [("list", "-o", "json"), ("events",), ("logs", "plain")]
    words += [("describe", name) for name in ("guarded", "broken", "odd")]
    leaks = [
        leak
        for each in words
        for leak in search.text(f"kode {' '.join(each)}", traces.kode(place.namespace, *each))
    ]
    assert not leaks, told(leaks)


def test_the_whole_run_has_left_no_secret(api: Api, operator: Operator) -> None:
    search = Search({*traces.made_up(api), PASSWORD})
    leaks = [
        *traces.objects(api, search),
        *traces.logs(api, search, NAMESPACE),
        *search.text("the operator's log", operator.log()),
        *traces.node(search),
    ]
    text = told(leaks)
    assert not text, text


def test_no_command_line_of_the_run_has_had_a_secret(api: Api) -> None:
    assert any(b"envoy" in line for line in COMMAND_LINES.seen), "the node's are seen from here"
    text = told(COMMAND_LINES.leaks(Search(traces.made_up(api))))
    assert not text, text


def test_a_secret_is_found_wherever_a_cluster_keeps_it(place: Place) -> None:
    pod = probe("planted")
    pod["metadata"]["annotations"] = {"note": _PLANTED}
    script = ["sh", "-c", 'echo "$PLANTED"; exec sleep 60']
    (container,) = pod["spec"]["containers"]
    container |= {"command": script, "env": [{"name": "PLANTED", "value": _PLANTED}]}
    assert container["image"] == TOOLS
    settings = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "planted"},
        "data": {"settings": json.dumps({"key": f"Bearer {_PLANTED}"})},
    }
    place.create(pod)
    place.create(settings)
    place.probe_ready("planted")
    search = Search([_PLANTED], canary=False)
    where = [leak.where for leak in traces.objects(place.api, search, place.namespace)]
    assert f"Pod {place.namespace}/planted" in where
    assert f"ConfigMap {place.namespace}/planted" in where
    assert [leak.where for leak in traces.logs(place.api, search, place.namespace)] == [
        "the log of planted/probe"
    ]
    place.run("planted", "sh", "-c", f"sleep 0.2; : {_PLANTED}")
    assert COMMAND_LINES.leaks(search)


def test_the_secrets_are_where_they_are_to_be(place: Place) -> None:
    """So that what is searched for is there to be found."""
    search = Search()
    for name in ("canary", names.auth_secret("plain"), names.envoy_secret("guarded")):
        assert search.text(name, json.dumps(place.get("Secret", name))), name
    assert len(traces.made_up(place.api, place.namespace)) >= len(_RUN) - 1
