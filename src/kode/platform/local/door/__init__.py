"""The door of one machine: one Envoy for all Kodes, led by files."""

from kode.gateway.machine import Entry
from kode.platform.local.door.door import Door

__all__ = ["Door", "Entry"]
