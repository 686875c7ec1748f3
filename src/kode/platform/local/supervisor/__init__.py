"""Programs kept running on one machine: a shim for each, and a supervisor that watches them."""
