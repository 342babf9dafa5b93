"""Where all mail ends: a small SMTP server that keeps what it is given."""

from __future__ import annotations

import base64
import email
import email.message
import email.policy
import functools
import re
import socketserver
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mail_host.process import PATIENCE, HostError


@dataclass(frozen=True)
class Arrival:
    """One mail as Postfix delivered it."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @property
    def message(self) -> email.message.EmailMessage:
        return email.message_from_bytes(self.content, policy=email.policy.SMTPUTF8)  # type: ignore[return-value]

    @functools.cached_property  # searched for again and again among thousands
    def message_id(self) -> str:
        return self.fields("Message-ID")[0] if self.fields("Message-ID") else ""

    def fields(self, name: str) -> list[str]:
        """The bodies of the header fields of that name, unfolded, from top to bottom."""
        return [value for found, value in self.header() if found.lower() == name.lower()]

    def header(self) -> list[tuple[str, str]]:
        """All header fields in their order, unfolded."""
        head = self.content.split(b"\r\n\r\n", 1)[0].decode("utf-8", "replace")
        lines = re.sub(r"\r\n(?=[ \t])", "", head).split("\r\n")
        pairs = [line.partition(":") for line in lines]
        return [(name, re.sub(r"\s+", " ", value).strip()) for name, _, value in pairs]


class Sink:
    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder  # a file for each mail, for people to read
        self._changed = threading.Condition()
        self._arrivals: list[Arrival] = []
        self.logins: set[str] = set()  # "user:password" of who has logged in
        self.may_answer = threading.Event()  # to the end of a mail's data; cleared, a delivery stays under way
        self.may_answer.set()
        self._server = _Server(("127.0.0.1", 0), _Session)
        self._server.sink = self
        self.port: int = self._server.server_address[1]

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True, name="sink").start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, arrival: Arrival) -> None:
        with self._changed:
            self._arrivals.append(arrival)
            (self.folder / f"{len(self._arrivals)}.eml").write_bytes(arrival.content)
            self._changed.notify_all()

    def arrivals(self, message_id: str) -> list[Arrival]:
        """What has come of one mail so far; Postfix may deliver it in several pieces."""
        with self._changed:
            return [arrival for arrival in self._arrivals if arrival.message_id == message_id]

    def to(self, recipient: str) -> list[Arrival]:
        with self._changed:
            return [arrival for arrival in self._arrivals if recipient in arrival.recipients]

    def wait_for(self, message_id: str, seconds: float = PATIENCE, recipients: int = 1) -> Arrival:
        """Waits until a mail has come for that many recipients; its first piece is returned."""
        def complete() -> list[Arrival]:
            found = self.arrivals(message_id)
            return found if sum(len(arrival.recipients) for arrival in found) >= recipients else []
        return self._wait(complete, f"mail {message_id} has not arrived within {seconds:g} s", seconds)

    def wait_for_mail_to(self, recipient: str, seconds: float = PATIENCE) -> Arrival:
        return self._wait(lambda: self.to(recipient), f"no mail to {recipient} within {seconds:g} s", seconds)

    def _wait(self, found: Callable[[], list[Arrival]], complaint: str, seconds: float) -> Arrival:
        end = time.monotonic() + seconds
        with self._changed:
            while not (arrivals := found()):
                if not self._changed.wait(end - time.monotonic()):
                    raise HostError(complaint)
            return arrivals[0]


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 100
    sink: Sink


class _Session(socketserver.StreamRequestHandler):
    """One connection; only what Postfix's smtp(8) says is understood."""

    server: _Server

    def handle(self) -> None:
        self._say("220 sink.test.example ESMTP")
        sender = ""
        recipients: list[str] = []
        while line := self.rfile.readline():
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            word = text[:4].upper()
            if word == "EHLO":
                self._say("250-sink.test.example", "250-PIPELINING", "250-8BITMIME", "250-AUTH PLAIN", "250 SMTPUTF8")
            elif word == "AUTH":
                _, user, password = base64.b64decode(text.split()[2]).decode().split("\0")
                self.server.sink.logins.add(f"{user}:{password}")
                self._say("235 2.7.0 Ok")
            elif word == "MAIL":
                sender, recipients = _address(text), []
                self._say("250 2.1.0 Ok")
            elif word == "RCPT" and _address(text).startswith("refused@"):
                self._say("550 5.1.1 No such user here")
            elif word == "RCPT":
                recipients.append(_address(text))
                self._say("250 2.1.5 Ok")
            elif word == "DATA":
                self._say("354 End data with <CR><LF>.<CR><LF>")
                self.server.sink.take(Arrival(sender, tuple(recipients), self._content()))
                self.server.sink.may_answer.wait(PATIENCE)
                self._say("250 2.0.0 Ok")
            elif word == "QUIT":
                self._say("221 2.0.0 Bye")
                return
            else:
                self._say("250 2.0.0 Ok")

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(line + "\r\n" for line in lines).encode())

    def _content(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)


def _address(command: str) -> str:
    match = re.search(r"<(.*?)>", command)
    return match.group(1) if match else ""
