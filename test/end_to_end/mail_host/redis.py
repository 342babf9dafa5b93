"""A Redis of our own on a loopback port, which remembers through a crash; with TLS by an authority of the caller's."""

from __future__ import annotations

import socket
from pathlib import Path

from mail_host.process import Process, answers, free_port, run
from mail_host.slapd import Authority

CONFIGURATION = """\
bind 127.0.0.1
port {port}
dir {folder}
save ""
appendonly yes
appendfsync no
"""

TLS = """\
tls-port {port}
tls-auth-clients no
tls-ca-cert-file {ca}
tls-cert-file {folder}/server.pem
tls-key-file {folder}/server.key
"""


class Redis:
    def __init__(self, folder: Path, *, password: str = "", authority: Authority | None = None) -> None:
        folder.mkdir()
        self.port, self.tls_port = free_port(), free_port()
        self.address, self.tls_address = f"inet:127.0.0.1:{self.port}", f"inet:127.0.0.1:{self.tls_port}"
        text = CONFIGURATION.format(port=self.port, folder=folder)
        if password:
            text += f"requirepass \"{password}\"\n"
        if authority:
            authority.issue(folder)
            text += TLS.format(port=self.tls_port, ca=authority.certificate, folder=folder)
        (folder / "redis.conf").write_text(text)
        self._password = password
        self._process = Process("redis", ["redis-server", folder / "redis.conf"], folder / "log")

    def start(self) -> None:
        self._process.start()
        self._process.wait_until(lambda: answers(socket.AF_INET, ("127.0.0.1", self.port)), "its socket")

    def stop(self) -> None:
        self._process.stop()

    def kill(self) -> None:
        self._process.kill()

    @property
    def running(self) -> bool:
        return self._process.running

    def silence(self) -> None:
        """Connections are taken and nothing is said."""
        self._process.freeze()

    def speak(self) -> None:
        self._process.thaw()

    def tell(self, *words: str) -> str:
        """What redis-cli(1) prints."""
        login = ["-a", self._password, "--no-auth-warning"] if self._password else []
        return run(["redis-cli", "-p", str(self.port), *login, *words]).strip()
