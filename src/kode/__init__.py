"""Kode: development environments declared as Kubernetes resources."""
