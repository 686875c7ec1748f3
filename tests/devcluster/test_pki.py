"""Certificates chain to the right authority and say what their readers look for."""

import subprocess
from pathlib import Path

import pytest

from devcluster import pki


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("cluster") / "pki"
    pki.create(made)
    return made


def openssl(directory: Path, *argv: str) -> str:
    return subprocess.run(
        ["openssl", *argv], cwd=directory, check=True, capture_output=True, text=True
    ).stdout


@pytest.mark.parametrize("identity", pki.IDENTITIES, ids=lambda one: one.name)
def test_every_certificate_is_accepted_for_its_purpose(
    directory: Path, identity: pki.Identity
) -> None:
    purpose = "sslserver" if identity.serves else "sslclient"
    argv = ["verify", "-purpose", purpose, "-CAfile", f"{identity.issuer}.crt"]
    assert "OK" in openssl(directory, *argv, f"{identity.name}.crt")


def test_no_identity_may_sign_certificates(directory: Path) -> None:
    for identity in pki.IDENTITIES:
        text = openssl(directory, "x509", "-noout", "-text", "-in", f"{identity.name}.crt")
        assert "CA:FALSE" in text


def test_the_api_server_may_be_called_by_all_its_names(directory: Path) -> None:
    text = openssl(directory, "x509", "-noout", "-text", "-in", "apiserver.crt")
    for name in ("DNS:kubernetes.default.svc", "DNS:localhost", "IP Address:127.0.0.1"):
        assert name in text


def test_groups_are_organisations(directory: Path) -> None:
    subject = openssl(directory, "x509", "-noout", "-subject", "-in", "kubelet.crt")
    assert "O = system:nodes" in subject
    assert "CN = system:node:node1" in subject


def test_keys_are_not_for_everyone(directory: Path) -> None:
    assert directory.stat().st_mode & 0o077 == 0


def test_service_account_key_is_in_the_form_that_kubernetes_reads(directory: Path) -> None:
    assert (directory / pki.SERVICE_ACCOUNT_KEY).read_text().startswith("-----BEGIN EC PRIVATE KEY")
