"""Parameters: what a Kode sets is in its pod, and what it must not set is told."""

import pytest

from tests.cluster.api import Object
from tests.cluster.documents import PASSWORD, USER, kode, stand_in
from tests.cluster.place import Place

LOGIN = (USER, PASSWORD)
_PARAMETERS: list[Object] = [
    {"name": "memory", "type": "number", "min": 64, "max": 256, "default": 96},
    {
        "name": "greeting",
        "displayName": "Greeting",
        "options": [{"name": "Short", "value": "hi"}, {"name": "Long", "value": "good day"}],
    },
]


@pytest.fixture(scope="module", autouse=True)
def _started(place: Place) -> None:
    place.apply(
        stand_in(
            "greeter",
            parameters=_PARAMETERS,
            env=[{"name": "GREETING", "value": "{{ parameters.greeting }}, {{ owner.name }}"}],
            resources={"limits": {"cpu": "1", "memory": "{{ parameters.memory }}Mi"}},
        ),
        stand_in("broken", tz="{{ parameters.absent }}"),
        kode("greeted", "greeter", parameters={"greeting": "hi", "memory": 128}),
        kode("mute", "greeter"),
        kode("shouting", "greeter", parameters={"greeting": "HI", "memory": 512, "x": True}),
        kode("lost", "broken"),
    )


def _greeting(place: Place) -> str:
    with place.door("greeted") as door:
        return str(door.get("/", login=LOGIN).json()["env"]["GREETING"])


def test_values_fill_the_template_and_another_one_is_taken_at_once(place: Place) -> None:
    place.settled("greeted")
    editor = place.pod("greeted")["spec"]["containers"][0]
    assert editor["resources"]["limits"]["memory"] == "128Mi"
    assert _greeting(place) == f"hi, {USER}"
    uid = place.uid("greeted")
    place.edit("Kode", "greeted", {"spec": {"parameters": {"greeting": "good day"}}})
    place.replaced("greeted", uid)
    place.settled("greeted")
    assert _greeting(place) == f"good day, {USER}"


def test_value_that_is_missing_is_asked_for(place: Place) -> None:
    message = place.message("mute", "InvalidSpec")
    assert message == "spec.parameters.greeting (Greeting): required by KodeTemplate greeter"
    assert place.absent("Pod", "mute")


def test_every_value_that_is_wrong_is_named(place: Place) -> None:
    message = place.message("shouting", "InvalidSpec")
    assert "spec.parameters.x: KodeTemplate greeter has no such parameter" in message
    assert "spec.parameters.memory: must be at most 256" in message
    assert "must be one of hi (Short), good day (Long)" in message


def test_placeholder_that_nothing_fills_is_the_templates_error(place: Place) -> None:
    assert "{{ parameters.absent }} is not known" in place.message("lost", "TemplateInvalid")
