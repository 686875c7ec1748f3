"""The operator as a process: options, logs, lease, health, kopf, start and stop."""
