"""The operator as a process: options, logs, lease, health, start and stop."""
