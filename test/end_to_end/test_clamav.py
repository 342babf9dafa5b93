"""Viruses, and a scanner that is not there."""

from __future__ import annotations

import base64
import threading
import time

from mail_host import MailHost, compose, message_id_of, wait_until
from mail_host.clamd import EICAR, SIGNATURE
from mail_host.world import COLLEAGUE, STRANGER, USER

# Short, so that a test need not wait for the ten seconds an operator's mail would
SETTINGS = {"clamav": {"wait": "2s", "reload_wait": "4s"}}


def infected(sender: str) -> bytes:
    return compose(sender, USER, subject="a virus", body=EICAR)


def infected_attachment(sender: str) -> bytes:
    """The virus as mail programs send it: MIME, base64. A scanner that sees no header would miss it."""
    body = "\n".join(["--x", "Content-Type: text/plain", "", "See attachment.", "--x",
                      "Content-Type: application/octet-stream", "Content-Transfer-Encoding: base64", "",
                      base64.b64encode(EICAR.encode()).decode(), "--x--"])
    return compose(sender, USER, header=["MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="x"'], body=body)


def test_a_virus_is_refused_and_named(host: MailHost, sender: str) -> None:
    for content in (infected(sender), infected_attachment(sender)):
        answer = host.send(STRANGER, sender, USER, content)
        assert answer.last.code == 550
        assert answer.last.text.startswith("5.7.1 ")
        assert SIGNATURE in answer.last.text
        assert host.sink.arrivals(message_id_of(content)) == []
    decision = host.mail_decision(sender)
    assert decision["action"] == "reject"
    assert SIGNATURE in " ".join(decision.values())


def test_a_virus_of_our_own_is_refused_too(host: MailHost) -> None:
    assert host.send(COLLEAGUE, "me@postern.example", USER, infected("me@postern.example")).last.code == 550


def test_a_virus_behind_a_long_body(host: MailHost, sender: str) -> None:
    body = "\n".join(["harmless " * 8] * 20_000 + [EICAR])
    assert host.send(STRANGER, sender, USER, compose(sender, USER, body=body)).last.code == 550


def test_without_clamd_mail_waits(host: MailHost, sender: str) -> None:
    content = compose(sender, USER)
    host.clamd.stop()
    try:
        started = time.monotonic()
        answer = host.send(STRANGER, sender, USER, content)
        assert answer.last.code == 451
        assert answer.last.text.startswith("4.7.1 ")
        assert time.monotonic() - started < 10, "the wait has a bound"
    finally:
        host.clamd.start()
    assert host.send(STRANGER, sender, USER, content).accepted
    assert len(host.sink.wait_for(message_id_of(content)).fields("Authentication-Results")) == 1
    assert host.send(STRANGER, sender, USER, infected(sender)).last.code == 550


def test_a_killed_clamd_that_comes_back_in_time(host: MailHost, sender: str) -> None:
    """Its socket file is left behind and nobody listens; a fresh connection finds the new one."""
    host.clamd.kill()
    back = threading.Timer(0.5, host.clamd.start)
    back.start()
    try:
        assert host.send(STRANGER, sender, USER).accepted
    finally:
        back.join()


def test_a_silent_clamd(host: MailHost, sender: str) -> None:
    """As while it loads its database: the connection is taken, nothing is said."""
    host.clamd.silence()
    try:
        answer = host.send(STRANGER, sender, USER)
        assert (answer.last.code, answer.last.text[:6]) == (451, "4.7.1 ")
    finally:
        host.clamd.speak()
    assert host.send(STRANGER, sender, USER).accepted


def test_a_clamd_that_speaks_again_in_time(host: MailHost, sender: str) -> None:
    host.clamd.silence()
    speak = threading.Timer(1, host.clamd.speak)
    speak.start()
    try:
        assert host.send(STRANGER, sender, USER).accepted
    finally:
        speak.join()


def test_quarantine_holds_the_mail(host: MailHost, sender: str) -> None:
    host.write_configuration({**SETTINGS, "clamav": {**SETTINGS["clamav"], "infected": "quarantine"}})
    host.reload(host.milterd)
    try:
        answer = host.send(STRANGER, sender, USER, infected(sender))
        assert answer.last.code == 250
        assert wait_until(lambda: answer.queue_id in host.postfix.held(), "the mail to be on hold")
    finally:
        host.write_configuration(SETTINGS)
        host.reload(host.milterd)
    assert host.mail_decision(sender)["action"] == "quarantine"


def test_mail_larger_than_is_scanned(host: MailHost, sender: str) -> None:
    """clamd answers OK to what it is too large to look at; our own setting decides about it."""
    large = compose(sender, USER, body="\n".join(["x" * 70] * 3000))
    for oversize, code in (("accept", 250), ("defer", 451), ("reject", 552)):
        host.write_configuration({**SETTINGS, "clamav": {**SETTINGS["clamav"], "max_size": 100_000,
                                                         "oversize": oversize}})
        host.reload(host.milterd)
        assert host.send(STRANGER, sender, USER, large).last.code == code, oversize
    host.write_configuration(SETTINGS)
    host.reload(host.milterd)
