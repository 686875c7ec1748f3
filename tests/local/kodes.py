"""Documents of Kodes that a test can start in a moment.

Rule: real programs, only small ones: what is tested is what surrounds them.
"""

import sys
from pathlib import Path

from tests.canaries import CANARY

LOGIN = ("me", CANARY)
PARTS = "python3, -m, http.server, --bind, 127.0.0.1, $(PORT)"


def template(name: str = "small", command: str = PARTS, more: str = "") -> str:
    """Return a template whose editor serves its workspace's files."""
    return f"""
apiVersion: kode.jacero.io/v1alpha1
kind: KodeClusterTemplate
metadata: {{name: {name}}}
spec:
  type: custom
  image: example.invalid/small:1
  port: 8000
  command: [{command}]
{more}"""


def kode(name: str, namespace: str = "default", template: str = "small", more: str = "") -> str:
    """Return a Kode of a template."""
    return f"""
apiVersion: kode.jacero.io/v1alpha1
kind: Kode
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  templateRef: {{kind: KodeClusterTemplate, name: {template}}}
{more}"""


def tiny(name: str = "tiny", more: str = "") -> str:
    """Return a template whose editor serves its workspace's files, and is there in a moment."""
    program = Path(__file__).parent / "tiny.py"
    return template(name, f"{sys.executable}, -I, -S, {program}, $(PORT)", more)


def opened(name: str, template: str = "tiny", more: str = "") -> str:
    """Return a Kode whose login is known."""
    user, password = LOGIN
    return kode(name, template=template, more=f"  user: {user}\n  password: {password}{more}")
