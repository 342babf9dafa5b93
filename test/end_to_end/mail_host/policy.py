"""Asks the policy daemon as Postfix does, but anything and at any speed (SMTPD_POLICY_README)."""

from __future__ import annotations

import os
import socket
import uuid
from pathlib import Path

from mail_host.process import PATIENCE, HostError

STRANGERS_REQUEST = {
    "request": "smtpd_access_policy",
    "protocol_state": "RCPT",
    "protocol_name": "ESMTP",
    "client_address": "198.51.100.25",
    "client_name": "mx.stranger.example",
    "helo_name": "mx.stranger.example",
    "sender": "someone@stranger.example",
    "recipient": "user@postern.example",
    "sasl_username": "",
}


class PolicyConnection:
    """One connection, kept open for many questions as Postfix keeps it."""

    def __init__(self, at: Path | socket.socket) -> None:
        if isinstance(at, Path):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(os.fspath(at))
        else:
            self.socket = at
        self.socket.settimeout(PATIENCE)
        self._name = uuid.uuid4().hex  # never again, as Postfix's instances: id() is given to another object later
        self._asked = 0

    def __enter__(self) -> PolicyConnection:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def ask(self, **attributes: str) -> str:
        """A stranger's request with these attributes in place of its own; what follows "action=" in the answer."""
        self._asked += 1
        request = {**STRANGERS_REQUEST, "instance": f"test.{self._name}.{self._asked}", **attributes}
        self.socket.sendall("".join(f"{name}={value}\n" for name, value in request.items()).encode() + b"\n")
        answer = b""
        while not answer.endswith(b"\n\n"):
            got = self.socket.recv(4096)
            if not got:
                raise HostError("the policy daemon closed the connection and gave no answer")
            answer += got
        return answer.decode().strip().removeprefix("action=")
