"""The door of one machine: one Envoy for all Kodes, led by files."""

from kode.gateway.local_gateway import Route
from kode.platform.local.gateway.envoy import LocalGateway

__all__ = ["LocalGateway", "Route"]
