"""One reconcile of a Kode on this machine: gather, decide, apply, report."""
