"""The operator's installation without its Deployment: types, rights and account, for a process.

Rule: what `kubectl apply -k deploy/kustomize` installs, so that a missing right fails here too.
"""

import subprocess
from pathlib import Path
from typing import Any

import yaml

from bench.access import Access
from bench.api import Api, collection
from bench.api_writes import Account

KUSTOMIZATION = Path(__file__).resolve().parent.parent / "deploy" / "kustomize"
_DAY = 24 * 3600


def install() -> Account:
    """Install everything but the Deployment; return the account that it would run as."""
    rendered = subprocess.run(
        ["kubectl", "kustomize", str(KUSTOMIZATION)], check=True, capture_output=True, text=True
    ).stdout
    documents: list[dict[str, Any]] = [it for it in yaml.safe_load_all(rendered) if it]
    deployment = next(it for it in documents if it["kind"] == "Deployment")
    others = [it for it in documents if it["kind"] != "Deployment"]
    subprocess.run(
        ["kubectl", "apply", "--server-side", "--force-conflicts", "-f", "-"],
        input=yaml.safe_dump_all(others),
        check=True,
        capture_output=True,
        text=True,
    )
    subprocess.run(
        ["kubectl", "wait", "--for=condition=Established", "crd", "--all", "--timeout=30s"],
        check=True,
        capture_output=True,
    )
    return Account(
        namespace=deployment["metadata"]["namespace"],
        name=deployment["spec"]["template"]["spec"]["serviceAccountName"],
    )


async def identity(api: Api, admin: Access, account: Account) -> Access:
    """Return the operator's own identity: a token of its account."""
    path = f"{collection('v1', 'ServiceAccount', account.namespace)}/{account.name}/token"
    request = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": _DAY},
    }
    token = (await api.call("POST", path, request))["status"]["token"]
    return Access(admin.server, admin.authority, token=token)
