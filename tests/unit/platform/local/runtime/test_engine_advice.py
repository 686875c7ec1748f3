"""kode.platform.local.runtime.engine_advice: what to do about a podman that runs no container."""

import pytest

from kode.platform.local.runtime import engine_advice
from kode.platform.local.runtime.engine import Engine

ENGINE = Engine("/usr/bin/podman", "4.3.1", rootless=True, default_runtime="crun")
HYBRID = "OCI runtime error: crun: cgroups in hybrid mode not supported"


@pytest.mark.parametrize(
    ("complaints", "step"),
    [
        ({"crun": HYBRID}, "apt-get install runc"),
        ({"runc": "OCI runtime error: runc create failed"}, "apt-get install crun"),
        ({"kata": "no kvm"}, "fix the OCI runtime kata"),
        ({"crun": HYBRID, "runc": "no"}, "`podman info`"),
        ({"crun": HYBRID, "runc": "could not find slirp4netns, the"}, "install slirp4netns"),
        ({"crun": 'slirp4netns failed: "open(\\"/dev/net/tun\\"): denied"'}, "chmod 0666"),
        ({"crun": 'exec: "newuidmap": executable file not found in $PATH'}, "install uidmap"),
        ({"crun": "no subuid ranges found for user"}, "/etc/subuid"),
        ({"crun": "write /x: no space left on device"}, "free some space"),
        ({"crun": 'could not find "netavark" in one of'}, "netavark"),
    ],
)
def test_what_to_do_follows_from_what_podman_said(complaints: dict[str, str], step: str) -> None:
    found = engine_advice.refusal(ENGINE, complaints)
    assert step in found.next_step
    assert all(complaint in found.message for complaint in complaints.values())
    assert str(found) == f"{found.message}; {found.next_step}"


def test_the_same_complaint_is_told_once() -> None:
    found = engine_advice.refusal(ENGINE, {"crun": "no room", "runc": "no room"})
    assert found.message == "podman 4.3.1 cannot run a container here: no room"
