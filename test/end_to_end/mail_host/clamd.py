"""A real clamd that knows one virus: the EICAR test file."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
from pathlib import Path

from mail_host.process import Process, answers

# Written in two pieces, so that no scanner takes this file for the thing itself.
EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
SIGNATURE = "Test.Eicar.UNOFFICIAL"

CONFIGURATION = """\
Foreground yes
LocalSocket {socket}
LocalSocketMode 666
FixStaleSocket yes
DatabaseDirectory {folder}/database
TemporaryDirectory {folder}/tmp
User {user}
LogVerbose yes
SelfCheck 0
MaxThreads 4
"""


class Clamd:
    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        user = "clamav" if _exists("clamav") else "nobody"
        for name in ("database", "tmp"):
            (folder / name).mkdir()
        shutil.chown(folder, user)
        shutil.chown(folder / "tmp", user)
        (folder / "database" / "eicar.ndb").write_text(f"Test.Eicar:0:*:{EICAR.encode().hex()}\n")
        self.socket = folder / "socket"
        (folder / "clamd.conf").write_text(CONFIGURATION.format(socket=self.socket, folder=folder, user=user))
        # A copy: Debian's AppArmor profile of /usr/sbin/clamd would not let it into our folder.
        program = shutil.copy("/usr/sbin/clamd", folder / "clamd")
        self._process = Process("clamd", [program, "-c", folder / "clamd.conf"], folder / "log")

    def start(self) -> None:
        self._process.start()
        self._process.wait_until(lambda: answers(socket.AF_UNIX, os.fspath(self.socket)), "its socket")

    def stop(self) -> None:
        self._process.stop()

    def kill(self) -> None:
        self._process.kill()

    def restart(self) -> None:
        self.stop()
        self.start()

    def silence(self) -> None:
        """Connections are taken and nothing is said, as while the database is loaded."""
        self._process.freeze()

    def speak(self) -> None:
        self._process.thaw()


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
        return True
    except KeyError:
        return False
