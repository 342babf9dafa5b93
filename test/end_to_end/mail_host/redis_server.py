"""A Redis of our own: redis-server on a loopback port; what it was told survives a kill."""

from __future__ import annotations

import socket
from pathlib import Path

from mail_host.process import Process, answers, free_port

CONFIGURATION = """\
port {port}
bind 127.0.0.1
protected-mode no
dir {folder}
save ""
appendonly yes
appendfsync no
"""


class RedisServer:
    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.port = free_port()
        self.address = f"inet:127.0.0.1:{self.port}"
        (folder / "redis.conf").write_text(CONFIGURATION.format(port=self.port, folder=folder))
        self._process = Process("redis-server", ["redis-server", folder / "redis.conf"], folder / "log")

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
