"""Containers of the image, from the outside: run, looked at, spoken SMTP to, and ended.

A stranger is 198.51.100.25, mx.stranger.example, and speaks to 203.0.113.1; the loopback addresses are the container's
own network.
"""

from __future__ import annotations

import contextlib
import smtplib
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "test/end_to_end"))

from mail_host.client import Client, Session  # noqa: E402
from mail_host.process import run, wait_until  # noqa: E402
from mail_host.sink import Sink  # noqa: E402

STRANGER, HERE = "198.51.100.25", "203.0.113.1"
CAPABILITIES = ["--cap-drop=ALL", "--cap-add=NET_BIND_SERVICE,SETUID,SETGID,CHOWN,DAC_OVERRIDE,FOWNER,KILL",
                "--security-opt=no-new-privileges"]
READ_ONLY = ["--read-only", "--tmpfs=/run:rw,nosuid,nodev,mode=755", "--tmpfs=/tmp", "--tmpfs=/var/spool/postfix",
             "--tmpfs=/var/lib/postfix"]


class Container:
    def __init__(self, name: str) -> None:
        self.name = name

    def exec(self, *command: str) -> str:
        return run(["podman", "exec", self.name, *command], seconds=60)

    def logs(self) -> str:
        return run(["podman", "logs", self.name])

    def state(self, what: str) -> str:
        return run(["podman", "inspect", self.name, "--format", f"{{{{.State.{what}}}}}"]).strip()

    def healthy(self) -> bool:
        if self.state("Running") != "true":
            raise AssertionError(f"ended with {self.state('ExitCode')}\n{self.logs()}")
        done = subprocess.run(["podman", "healthcheck", "run", self.name], capture_output=True, check=False)
        return done.returncode == 0

    def wait_healthy(self) -> float:
        started = time.monotonic()
        wait_until(self.healthy, "a healthy container", 60, self.logs)
        return time.monotonic() - started

    def stop(self) -> int:
        run(["podman", "stop", "-t", "30", self.name], seconds=60)
        return int(self.state("ExitCode"))


@contextlib.contextmanager
def container(environment: dict[str, str], *arguments: str, image: str = "test", healthy: bool = True,
              command: Sequence[str] = ()) -> Iterator[Container]:
    name = f"postern-{uuid.uuid4().hex[:8]}"
    words = [word for pair in environment.items() for word in ("-e", "=".join(pair))]
    run(["podman", "run", "-d", "--name", name, "--network=host", "--dns=127.0.0.1", "--health-interval=disable",
         *words, *arguments, f"localhost/postern:{image}", *command])
    it = Container(name)
    try:
        if healthy:
            it.wait_healthy()
        yield it
    finally:
        subprocess.run(["podman", "rm", "-f", "-t", "5", name], capture_output=True, check=False)


def speak(port: int = 25, source: str = "", helo: str = "mx.stranger.example") -> smtplib.SMTP:
    host = HERE if source else "127.0.0.1"
    return smtplib.SMTP(host, port, local_hostname=helo, timeout=30, source_address=(source, 0) if source else None)


def send(content: bytes, sender: str, recipient: str, *, source: str = "", helo: str = "mx.stranger.example",
         port: int = 25) -> tuple[int, str]:
    """The reply that decided."""
    with Session(HERE if source else "127.0.0.1", port, Client(helo=helo), source=source) as session:
        reply = session.deliver(sender, [recipient], content).last
        return reply.code, reply.text


class OpenMail:
    """A mail whose data is open, from MAIL FROM to the dot that `finish` sends."""

    def __init__(self, content: bytes, sender: str, recipient: str, *, source: str = "") -> None:
        self.content = content
        self._session = speak(source=source)
        self._session.ehlo()
        self._session.mail(sender)
        code, text = self._session.rcpt(recipient)
        assert code == 250, text
        assert self._session.docmd("DATA")[0] == 354

    def finish(self) -> tuple[int, str]:
        self._session.send(self.content + b"\r\n.\r\n")
        code, text = self._session.getreply()
        self._session.quit()
        return code, text.decode()


def greeting(port: int = 25, source: str = "") -> str:
    with socket.create_connection((HERE, port), 30, (source, 0) if source else None) as client:
        return client.makefile().readline()


class Stopping:
    """A container that was told to end, and takes nothing new any more."""

    def __init__(self, it: Container, port: int = 25) -> None:
        self._container = it
        self._stop = subprocess.Popen(["podman", "stop", "-t", "30", it.name], stdout=subprocess.DEVNULL)
        wait_until(lambda: greeting(port).startswith("421 4.3.2"), "a new client to be refused", 20, it.logs)

    def status(self) -> int:
        assert self._stop.wait(40) == 0
        return int(self._container.state("ExitCode"))


def relay(sink: Sink, **more: str) -> dict[str, str]:
    return {"MAILNAME": "mail.postern.example", "RELAYHOST": f"[127.0.0.1]:{sink.port}", "MYNETWORKS": "127.0.0.0/8",
            "CLIENT_TLS_SECURITY_LEVEL": "none", **more}


def gateway(sink: Sink, **more: str) -> dict[str, str]:
    return {"POSTMASTER_EMAIL": "postmaster@postern.example", "POSTFIX_MYHOSTNAME": "mail.postern.example",
            "POSTFIX_RELAY_DOMAINS": "postern.example", "POSTFIX_RELAYHOST": "[127.0.0.1]",
            "POSTFIX_RELAYHOST_PORT": str(sink.port), "POSTCONF": "postscreen_greet_wait=1s", **more}
