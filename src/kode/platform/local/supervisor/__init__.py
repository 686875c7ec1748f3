"""Programs kept running on one machine: a shim for each, and a supervisor that watches them."""

from kode.platform.local.shim import proc
from kode.platform.local.supervisor.supervisor import Supervisor

__all__ = ["Supervisor", "proc"]
