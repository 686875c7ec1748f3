"""Addresses inside the cluster's network namespace.

They are fixed: every cluster has a namespace of its own, so two clusters with the
same addresses never meet, and tests can rely on them.
"""

NODE_NAME = "node1"
NODE_IP = "10.99.0.1"
NODE_CIDR = "10.99.0.0/24"
NODE_BRIDGE = "kube0"

POD_CIDR = "10.98.0.0/16"
SERVICE_CIDR = "10.96.0.0/16"
API_SERVICE_IP = "10.96.0.1"
DNS_SERVICE_IP = "10.96.0.10"
CLUSTER_DOMAIN = "cluster.local"

API_PORT = 6443
API_URL = f"https://{NODE_IP}:{API_PORT}"
ETCD_URL = "http://127.0.0.1:2379"
REGISTRY = "127.0.0.1:5000"
METRICS_PORT = 4443
