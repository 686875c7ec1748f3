"""The operator: gather, decide, apply, report."""
