"""A real clamd that knows one virus, the EICAR test file, and two things that are none for sure."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
from pathlib import Path

from mail_host.process import Process, answers, free_port

# Written in two pieces, so that no scanner takes this file for the thing itself.
EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
SIGNATURE = "Test.Eicar.UNOFFICIAL"

UNWANTED = "what a machine may find unwanted: 4fe1c2"
UNWANTED_SIGNATURE = "PUA.Test.Unwanted.UNOFFICIAL"
GUESS = "what a machine may take for phishing: 77ab90"
GUESS_SIGNATURE = "Heuristics.Test.Guess.UNOFFICIAL"

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
DetectPUA yes
"""


class Clamd:
    def __init__(self, folder: Path, *, more: str = "", tcp: bool = False) -> None:
        """`more` is added to its configuration. With `tcp` it listens on `port` of 127.0.0.1, too."""
        folder.mkdir()
        user = "clamav" if _exists("clamav") else "nobody"
        for name in ("database", "tmp"):
            (folder / name).mkdir()
        shutil.chown(folder, user)
        shutil.chown(folder / "tmp", user)
        signatures = {SIGNATURE: EICAR, UNWANTED_SIGNATURE: UNWANTED, GUESS_SIGNATURE: GUESS}
        (folder / "database" / "test.ndb").write_text("".join(
            f"{name.removesuffix('.UNOFFICIAL')}:0:*:{text.encode().hex()}\n" for name, text in signatures.items()))
        self.socket = folder / "socket"
        self.port = free_port() if tcp else 0
        listen = f"TCPSocket {self.port}\nTCPAddr 127.0.0.1\n" if tcp else ""
        (folder / "clamd.conf").write_text(CONFIGURATION.format(socket=self.socket, folder=folder, user=user)
                                           + listen + more)
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

    @property
    def running(self) -> bool:
        return self._process.running

    def ask(self, command: str, seconds: float = 30) -> str:
        """One command of clamd(8) and its answer: RELOAD, PING."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(seconds)
            connection.connect(os.fspath(self.socket))
            connection.sendall(b"z" + command.encode() + b"\0")
            return connection.recv(200).rstrip(b"\0").decode()

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
