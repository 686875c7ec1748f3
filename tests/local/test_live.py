"""What guards an editor changes while it runs: the listener is another one, the program is not.

Rule: what is open with what has changed is cut, and nobody else's.
"""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from time import time

import pytest

from tests.local.kodes import kode, tiny
from tests.local.machine import Machine, basic_auth
from tests.polling import until

pytestmark = [pytest.mark.slow, pytest.mark.attack]

OLD, NEW = ("me", "old password"), ("me", "new password")
BYSTANDER = "bystander"
SECONDS = 20.0
PAST_DRAIN = 1.5


@pytest.fixture(scope="module")
def up(machine: Machine) -> Machine:
    """A machine with a platform, and a Kode that nothing happens to."""
    machine.up("--empty")
    machine.apply(tiny(), kode(BYSTANDER, template="tiny", more=login(OLD)))
    machine.ready(BYSTANDER)
    return machine


def test_password_of_a_running_editor(up: Machine) -> None:
    up.apply(kode("lock", template="tiny", more=login(OLD)))
    up.ready("lock")
    before = pid(up, "lock")
    cookie = up.ask("lock.localhost", login=OLD).headers["set-cookie"].split(";")[0]
    assert up.ask("lock.localhost", Cookie=cookie).status == 200
    with ticks(up, "lock", OLD) as own, ticks(up, BYSTANDER, OLD) as other:
        up.apply(kode("lock", template="tiny", more=login(NEW)))
        until(partial(answers, up, "lock", NEW), lambda: "the new password is not known")
        assert ends(own)
        assert goes_on(other)
    assert up.ask("lock.localhost", login=OLD).status == 401
    assert up.ask("lock.localhost", Cookie=cookie).status == 401
    assert pid(up, "lock") == before


def test_proxy_config_of_a_running_editor(up: Machine) -> None:
    start(up, "edited")
    before = pid(up, "edited")
    with ticks(up, "edited", OLD) as own, ticks(up, BYSTANDER, OLD) as other:
        up.apply(config("edited", "second"))
        until(partial(is_guarded, up, "edited", OLD, "second"), lambda: "still the first")
        assert ends(own)
        assert goes_on(other)
    # Another one is named, or none.
    up.apply(config("another", "third"), template("edited", "another"))
    until(partial(is_guarded, up, "edited", OLD, "third"), lambda: "still the second")
    up.apply(tiny("edited"))
    until(partial(is_guarded, up, "edited", OLD, ""), lambda: "still the third")
    assert up.ask("edited.localhost").status == 401
    assert pid(up, "edited") == before
    up.told("edited", "Running")


def test_refused_proxy_config_leaves_the_one_before_it_guarding(up: Machine) -> None:
    start(up, "odd")
    before = pid(up, "odd")
    with ticks(up, "odd", OLD) as own:
        up.apply(config("odd", "odd", "no_such_field: true"))
        ready = up.told("odd", "ProxyConfigInvalid")
        assert goes_on(own)
    resolved = up.condition("odd", "ResolvedRefs")
    assert (ready["status"], resolved["status"]) == ("True", "False")
    assert resolved["message"].startswith("Envoy refuses proxy config odd: ")
    assert "no_such_field" in resolved["message"]
    assert resolved["message"].endswith("; the one before it still guards the editor")
    assert ready["message"] == f"running as it was; {resolved['message']}"
    assert is_guarded(up, "odd", OLD, "first")
    # It does so for the password of now, and for another platform.
    up.apply(kode("odd", template="odd", more=login(NEW)))
    until(partial(is_guarded, up, "odd", NEW, "first"), lambda: "the new password is not known")
    until(lambda: not answers(up, "odd", OLD), lambda: "the old password is known still")
    kill(up)
    up.up()
    up.told("odd", "ProxyConfigInvalid", status="True")
    assert is_guarded(up, "odd", NEW, "first")
    assert pid(up, "odd") == before
    up.kode("down")
    up.up()
    up.told("odd", "ProxyConfigInvalid", status="True")
    assert is_guarded(up, "odd", NEW, "first")
    assert up.ask("odd.localhost", login=OLD).status == 401
    before = pid(up, "odd")
    up.apply(config("odd", "second"))
    until(partial(is_guarded, up, "odd", NEW, "second"), lambda: "it is not taken")
    up.told("odd", "Running")
    assert pid(up, "odd") == before


def login(given: tuple[str, str]) -> str:
    user, password = given
    return f"  user: {user}\n  password: {password}"


def start(up: Machine, name: str) -> None:
    """Start a Kode behind a proxy config of its own."""
    up.apply(
        config(name, "first"), template(name, name), kode(name, template=name, more=login(OLD))
    )
    up.ready(name)
    assert is_guarded(up, name, OLD, "first")


def template(name: str, proxy: str) -> str:
    return tiny(name, f"  envoyProxyRef: {{kind: EnvoyProxyClusterConfig, name: {proxy}}}")


def config(name: str, word: str, more: str = "") -> str:
    """Return a proxy config that has every answer say a word."""
    script = f'function envoy_on_response(it) it:headers():replace("x-guard", "{word}") end'
    return f"""
apiVersion: kode.jacero.io/v1alpha1
kind: EnvoyProxyClusterConfig
metadata: {{name: {name}}}
spec:
  authType: basic
  httpFilters:
    - name: says
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua
        default_source_code: {{inline_string: '{script}'}}
        {more}"""


def answers(up: Machine, name: str, given: tuple[str, str]) -> bool:
    return up.ask(f"{name}.localhost", login=given).status == 200


def is_guarded(up: Machine, name: str, given: tuple[str, str], word: str) -> bool:
    """Tell whether a login is let in, past the proxy config that says a word."""
    answer = up.ask(f"{name}.localhost", login=given)
    return answer.status == 200 and answer.headers.get("x-guard", "") == word


@contextmanager
def ticks(up: Machine, name: str, given: tuple[str, str]) -> Iterator[HTTPResponse]:
    """Open a stream of the times to a Kode's editor."""
    connection = HTTPConnection("127.0.0.1", up.port, timeout=SECONDS)
    headers = {"Host": f"{name}.localhost:{up.port}", "Authorization": basic_auth(given)}
    try:
        connection.request("GET", "/ticks", headers=headers)
        response = connection.getresponse()
        assert response.status == 200
        assert response.readline()
        yield response
    finally:
        connection.close()


def ends(stream: HTTPResponse) -> bool:
    """Tell whether a stream is cut."""
    deadline = time() + SECONDS
    try:
        while time() < deadline:
            if not stream.readline():
                return True
    except (HTTPException, OSError):
        return True
    return False


def goes_on(stream: HTTPResponse) -> bool:
    """Tell whether a stream has not been cut by the time that one would be."""
    later = time() + PAST_DRAIN
    while line := stream.readline():
        if float(line) > later:
            return True
    return False


def kill(up: Machine) -> None:
    """Kill the platform, and nothing that it runs."""
    platform = up.platform()
    os.kill(platform, signal.SIGKILL)
    until(lambda: not Path(f"/proc/{platform}").exists(), lambda: "it lives")


def pid(up: Machine, name: str) -> int:
    """Return the pid of a Kode's editor."""
    (path,) = up.root.glob(f"run/{name}-*/record.json")
    return int(json.loads(path.read_text())["main_pid"])
