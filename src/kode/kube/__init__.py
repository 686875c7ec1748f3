"""The Kubernetes client: knows the API and no word of Kode."""
