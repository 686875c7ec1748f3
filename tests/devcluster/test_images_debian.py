"""The base image's files: where packages come from, and what is left out."""

from pathlib import Path

from devcluster import images
from devcluster.images_debian import EMPTIED, REMOVED, slim, sources_list

SETTINGS = images.REPOSITORY / "images" / images.DEBIAN


def test_sources_have_updates_and_security_fixes() -> None:
    assert sources_list("http://mirror/debian", "http://mirror/security") == (
        "deb http://mirror/debian bookworm main\n"
        "deb http://mirror/debian bookworm-updates main\n"
        "deb http://mirror/security bookworm-security main\n"
    )


def test_an_unknown_security_site_is_left_out() -> None:
    assert "security" not in sources_list("http://mirror/debian", "")


def test_slimming_keeps_copyrights_and_settings(tmp_path: Path) -> None:
    for place in (*EMPTIED, "etc/dpkg/dpkg.cfg.d", "etc/apt/apt.conf.d", "usr/sbin"):
        (tmp_path / place).mkdir(parents=True)
    for place in REMOVED:
        (tmp_path / place).write_text("of the machine it was made on")
    (tmp_path / "var/log/bootstrap.log").write_text("noise")
    documents = tmp_path / "usr/share/doc/dash"
    documents.mkdir(parents=True)
    for name in ("copyright", "changelog.gz"):
        (documents / name).write_text(name)
    slim(tmp_path, SETTINGS)
    assert [file.name for file in documents.iterdir()] == ["copyright"]
    assert not list((tmp_path / "var/log").iterdir())
    assert not any((tmp_path / place).exists() for place in REMOVED)
    assert (tmp_path / "usr/sbin/policy-rc.d").stat().st_mode & 0o111
