"""How the tests of a running cluster speak to it."""

import subprocess
import sys


def devcluster(*argv: str) -> subprocess.CompletedProcess[str]:
    """Runs one word of devcluster's own command line."""
    command = [sys.executable, "-m", "devcluster", *argv]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def kubectl_in(namespace: str, *argv: str) -> subprocess.CompletedProcess[str]:
    """Runs kubectl inside the cluster."""
    return devcluster("exec", "--", "kubectl", f"--namespace={namespace}", *argv)
