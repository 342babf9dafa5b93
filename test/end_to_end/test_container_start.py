"""The container's start without a container: in a mount namespace, and s6-svscan is a script of ours that ends at once."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from mail_host.keys import DkimKey

MOUNTS = """\
for path in /run /var/spool/postfix /var/lib/postfix /var/log /etc/postfix /etc/postgrey; do
    mkdir -p "$1$path" && mount --bind "$1$path" $path || exit 99
done
PATH=$1/bin:/usr/sbin:/usr/bin:/sbin:/bin exec "$2" start
"""


class Volumes:
    """What is mounted into the container, and its starts."""

    def __init__(self, build: Path, folder: Path) -> None:
        self._program, self._root = build / "container/postern-container", folder
        (folder / "bin").mkdir()
        (folder / "bin/s6-svscan").write_text("#!/bin/sh\nexit 0\n")
        (folder / "bin/s6-svscan").chmod(0o755)

    def write(self, path: str, text: str) -> Path:
        place = self._root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        return place

    def start(self, **variables: str) -> str:
        """What it says."""
        done = subprocess.run(["unshare", "--mount", "sh", "-c", MOUNTS, "sh", self._root, self._program], text=True,
                              env={"PATH": os.environ["PATH"], "MAIL_CONFIG": "/run/postern/postfix", "USE_TLS": "no", **variables}, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stderr


@pytest.fixture
def volumes(build: Path, folder: Path) -> Volumes:
    if not (build / "container/postern-container").exists():
        pytest.skip("postern-container is not built here")
    if os.environ.get("POSTERN_POSTFIX_ROOT"):
        pytest.skip("another mail server is installed here: a start takes Postfix's folders for its own")
    return Volumes(build, folder)


GATEWAY = {"POSTMASTER_EMAIL": "p@postern.example", "POSTFIX_MYHOSTNAME": "mx.postern.example", "ENABLE_POSTGREY": "true",
           "ENABLE_OPENDKIM": "true", "OPENDKIM_MODE": "sv", "OPENDKIM_KEYTABLE": "/etc/postfix/dkim/KeyTable",
           "OPENDKIM_SIGNINGTABLE": "/etc/postfix/dkim/SigningTable"}


def test_volumes_of_another_image_are_told_of_once(volumes: Volumes, folder: Path) -> None:
    key = DkimKey.create(folder, "postern.example", "s1", "rsa")
    volumes.write("/etc/postfix/dkim/s1.private", key.pem.read_text())
    volumes.write("/etc/postfix/dkim/KeyTable", "s1 postern.example:s1:/etc/postfix/dkim/s1.private\n")
    volumes.write("/etc/postfix/dkim/SigningTable", "*@postern.example s1\n*@other.example s2\n")
    volumes.write("/etc/postgrey/postgrey_whitelist_clients.local", "10.20\n")
    volumes.write("/etc/postfix/tables/client_access.cidr", "192.0.2.1 REJECT\n")
    volumes.write("/var/spool/postfix/postgrey/postgrey.db", "")

    told = volumes.start(**GATEWAY)
    assert "kept    OPENDKIM_KEYTABLE" in told
    assert "/etc/postfix/dkim/s1.private: root reads it, and the milter has a copy" in told
    assert "fault   /etc/postfix/dkim/SigningTable:2" in told
    assert "changed /etc/postgrey/postgrey_whitelist_clients.local:1: 10.20" in told
    assert "kept    /etc/postfix/tables/client_access.cidr" in told
    assert "kept    /var/spool/postfix/postgrey/postgrey.db" in told

    assert "OPENDKIM_KEYTABLE" not in volumes.start(**GATEWAY), "it was told before"
    volumes.write("/etc/postfix/dkim/SigningTable", "*@postern.example s1\n")
    again = volumes.start(**GATEWAY)
    assert "kept    OPENDKIM_KEYTABLE" in again and "SigningTable:2" not in again


def test_fresh_volumes_have_nothing_to_tell(volumes: Volumes) -> None:
    assert "kept" not in volumes.start(MAILNAME="mail.postern.example")
