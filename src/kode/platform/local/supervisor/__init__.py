"""Programs kept running on this machine: a shim for each, and a supervisor that watches them."""
