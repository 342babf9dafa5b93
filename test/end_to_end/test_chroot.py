"""smtpd(8) in Debian's chroot: the sockets are inside the queue directory and are reached all the same."""

from __future__ import annotations

from mail_host import MailHost, compose
from mail_host.clamd import EICAR
from mail_host.world import COLLEAGUE, FORGER, STRANGER, USER

CHROOTED = True


def test_both_daemons_are_asked(host: MailHost, sender: str) -> None:
    _, arrival = host.exchange(STRANGER, sender, USER)
    assert arrival.fields("Received-SPF")[0].startswith("pass ")
    assert "spf=pass" in arrival.fields("Authentication-Results")[0]


def test_refusals_come_through(host: MailHost, sender: str) -> None:
    assert host.send(FORGER, sender, USER).last.code == 550
    assert host.send(STRANGER, sender, USER, compose(sender, USER, body=EICAR)).last.code == 550


def test_our_own_mail_leaves_signed(host: MailHost) -> None:
    _, arrival = host.exchange(COLLEAGUE, "me@postern.example", "friend@elsewhere.example")
    assert len(arrival.fields("DKIM-Signature")) == 2


def test_mail_from_sendmail_is_signed(host: MailHost) -> None:
    """cleanup(8) asks the milter then, and is not in the chroot."""
    content = compose("me@postern.example", "other@elsewhere.example")
    host.postfix.sendmail("me@postern.example", ["other@elsewhere.example"], content)
    assert len(host.sink.wait_for_mail_to("other@elsewhere.example").fields("DKIM-Signature")) == 2
