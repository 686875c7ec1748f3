"""Kodes on a Kubernetes cluster, as the port promises them."""
