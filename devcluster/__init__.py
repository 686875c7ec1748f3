"""A real Kubernetes cluster on one machine, for Kode's tests and its developers.

Run as ``python3 -m devcluster``. It needs root, Go and some Debian packages, but
neither the project's virtual environment nor the ``kode`` package: only the
standard library, so that it works in a fresh clone. Nothing it starts outlives
``down``; docs/explanation/devcluster.md says how.
"""
