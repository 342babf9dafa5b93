"""Speaks SMTP to our Postfix as any client we like.

Postfix believes what XCLIENT says of the client's address, name, HELO and
login, because main.cf lets connections from the loopback interface say so.
"""

from __future__ import annotations

import email.utils
import smtplib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mail_host.process import PATIENCE, HostError


@dataclass(frozen=True)
class Client:
    """Who connects. Without an address it is the loopback interface itself: a program of our own host."""

    address: str = ""
    name: str = "[UNAVAILABLE]"
    helo: str = "client.test.example"
    login: str = ""


@dataclass(frozen=True)
class Reply:
    code: int
    text: str

    @property
    def ok(self) -> bool:
        return 200 <= self.code < 300

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


@dataclass
class Answer:
    """What Postfix said to one mail, step by step."""

    mail: Reply
    recipients: dict[str, Reply] = field(default_factory=dict)
    data: Reply | None = None  # to the final dot

    @property
    def accepted(self) -> bool:
        return self.data is not None and self.data.ok

    @property
    def last(self) -> Reply:
        """The reply that decided."""
        if self.data is not None:
            return self.data
        return list(self.recipients.values())[-1] if self.recipients else self.mail

    @property
    def queue_id(self) -> str:
        return self.last.text.rpartition("queued as ")[2] if self.accepted else ""

    def __str__(self) -> str:
        return str(self.last)


class Session(smtplib.SMTP):
    """One connection, on which several mails may follow each other."""

    def __init__(self, host: str, port: int, client: Client, seconds: float = PATIENCE, source: str = "") -> None:
        """From the address `source` of this host, where it has several."""
        super().__init__(host, port, local_hostname=client.helo, timeout=seconds,
                         source_address=(source, 0) if source else None)
        self.ehlo()
        attributes = []
        if client.address:
            prefix = "IPV6:" if ":" in client.address else ""
            attributes += [f"ADDR={prefix}{client.address}", f"NAME={client.name}"]
        if client.login:
            attributes.append(f"LOGIN={client.login}")
        if attributes:
            code, text = self.docmd("XCLIENT", " ".join(attributes))
            if code != 220:
                raise HostError(f"XCLIENT: {code} {text.decode(errors='replace')}")
            self.ehlo()

    def deliver(self, sender: str, recipients: Sequence[str], content: bytes) -> Answer:
        """MAIL, RCPT for each, DATA: as far as it goes. Nothing raises but a broken connection."""
        options = []
        if not _is_ascii([sender, *recipients]):
            options.append("SMTPUTF8")
            self.command_encoding = "utf-8"
        answer = Answer(_reply(self.mail(sender, options)))
        if answer.mail.ok:
            for recipient in recipients:
                answer.recipients[recipient] = _reply(self.rcpt(recipient))
        if any(reply.ok for reply in answer.recipients.values()):
            try:
                answer.data = _reply(self.data(content))
            except smtplib.SMTPDataError as refused:  # DATA itself was refused
                answer.data = _reply((refused.smtp_code, refused.smtp_error))
        if not answer.accepted and answer.last.code != 421:  # which closes the connection: RFC 5321 3.8
            self.rset()
        return answer


def _reply(pair: tuple[int, bytes | str]) -> Reply:
    code, text = pair
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    return Reply(code, text.replace("\n", " "))


def _is_ascii(texts: Iterable[str]) -> bool:
    return all(text.isascii() for text in texts)


def compose(sender: str, recipient: str, *, subject: str = "test", body: str = "Good morning.\n",
            header: Sequence[str] = ()) -> bytes:
    """A mail as RFC 5322 has it; `header` lines come first, as they are."""
    lines = [
        *header,
        f"Date: {email.utils.formatdate(localtime=True)}",
        f"Message-ID: {email.utils.make_msgid(domain='test.example')}",
        f"From: <{sender}>",
        f"To: <{recipient}>",
        f"Subject: {subject}",
        "",
        body,
    ]
    return "\r\n".join("\n".join(lines).splitlines()).encode() + b"\r\n"


def message_id_of(content: bytes) -> str:
    for line in content.split(b"\r\n"):
        if line.lower().startswith(b"message-id:"):
            return line.split(b":", 1)[1].strip().decode()
    raise HostError("the mail has no Message-ID")
