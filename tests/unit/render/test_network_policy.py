"""kode.render.network_policy: where a workspace may not go."""

from ipaddress import ip_network
from typing import Any

import pytest

from kode.render.network_policy import METADATA_ADDRESSES, policy
from tests.documents import resolved

pytestmark = pytest.mark.attack


def excepted(*closed: str) -> list[Any]:
    _, anywhere = policy(resolved(), "kode-system", closed)["spec"]["egress"]
    return [block["ipBlock"].get("except") for block in anywhere["to"]]


@pytest.mark.parametrize(
    "address",
    [
        *("169.254.169.254", "169.254.170.2", "169.254.170.23", "168.63.129.16"),
        *("100.100.100.200", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254"),
    ],
)
def test_no_cloud_hands_out_its_nodes_credentials(address: str) -> None:
    assert any(
        f"{address}/" in block for family in excepted(*METADATA_ADDRESSES) for block in family
    )


def test_name_servers_of_nodes_are_reached() -> None:
    assert not any(
        ip_network("169.254.20.10").overlaps(ip_network(it)) for it in METADATA_ADDRESSES
    )


def test_each_family_excepts_its_own() -> None:
    assert excepted("192.0.2.1/32", "2001:db8::/64") == [["192.0.2.1/32"], ["2001:db8::/64"]]
    assert excepted("192.0.2.1/32") == [["192.0.2.1/32"], None]
    assert excepted() == [None, None]
