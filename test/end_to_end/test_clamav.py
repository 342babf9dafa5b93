"""Viruses, and a scanner that is not there."""

from __future__ import annotations

import base64
import contextlib
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mail_host import MailHost, compose, message_id_of, wait_until
from mail_host.clamd import EICAR, GUESS, GUESS_SIGNATURE, SIGNATURE, UNWANTED, UNWANTED_SIGNATURE
from mail_host.world import COLLEAGUE, OUR_HOST, STRANGER, TRAVELLER, USER

# Short, so that a test need not wait for the ten seconds an operator's mail would
SETTINGS = {"clamav": {"wait": "2s", "reload_wait": "4s"}}


@contextlib.contextmanager
def configured(host: MailHost, **clamav: Any) -> Iterator[None]:
    """The milter with these settings of [clamav] over those of this module."""
    host.write_configuration({"clamav": {**SETTINGS["clamav"], **clamav}})
    host.reload(host.milterd)
    try:
        yield
    finally:
        host.write_configuration(SETTINGS)
        host.reload(host.milterd)


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


@pytest.mark.parametrize(("text", "signature"), [(UNWANTED, UNWANTED_SIGNATURE), (GUESS, GUESS_SIGNATURE)])
def test_what_is_no_virus_for_sure_is_marked(host: MailHost, sender: str, text: str, signature: str) -> None:
    content = compose(sender, USER, body=text)
    _, arrival = host.exchange(STRANGER, sender, USER, content)
    assert arrival.fields("X-Virus-Status") == [f"Suspicious ({signature})"]
    decision = host.mail_decision(sender)
    assert decision["action"] == "accept" and f"suspicious {signature}" in decision["clamav"]
    assert host.milterd.records(event="recipient", sender=sender)[-1]["recipient"] == USER
    with configured(host, suspicious="reject"):
        assert host.send(STRANGER, sender, USER, compose(sender, USER, body=text)).last.code == 550


def test_the_header_says_what_was_found_and_forged_fields_go(host: MailHost, sender: str) -> None:
    forged = ["X-Virus-Status: Clean", "x-virus-status: Clean\n\t(twice)", "X-Virus-Scanned: by a liar"]
    _, arrival = host.exchange(STRANGER, sender, USER, compose(sender, USER, header=forged))
    assert arrival.fields("X-Virus-Status") == []
    assert arrival.fields("X-Virus-Scanned") == ["by a liar"], "ours says nothing there, so nobody believes it"
    with configured(host, header="replace", hostname=OUR_HOST):
        _, arrival = host.exchange(STRANGER, sender, USER, compose(sender, USER, header=forged))
        assert arrival.fields("X-Virus-Status") == ["Clean"]
        assert arrival.fields("X-Virus-Scanned") == [f"postern-milterd at {OUR_HOST}"]
    with configured(host, header="add", hostname=OUR_HOST):
        _, arrival = host.exchange(STRANGER, sender, USER, compose(sender, USER, header=forged))
        assert len(arrival.fields("X-Virus-Status")) == 3
        assert arrival.fields("X-Virus-Status")[0] == "Clean"
        assert arrival.fields("X-Virus-Scanned") == [f"postern-milterd at {OUR_HOST}", "by a liar"]
    with configured(host, header="none"):
        _, arrival = host.exchange(STRANGER, sender, USER, compose(sender, USER, header=forged))
        assert len(arrival.fields("X-Virus-Status")) == 2


@pytest.fixture
def lists(host: MailHost) -> Iterator[Path]:
    folder = host.folder / "clamav-lists"
    folder.mkdir(mode=0o755)
    yield folder
    shutil.rmtree(folder)


def test_who_is_exempt_is_not_scanned(host: MailHost, sender: str, lists: Path) -> None:
    (lists / "allow").write_text(f"# ours\nFrom:^<{sender}>$\nTo:^virus-lab@\n")
    (lists / "logins").write_text("# who\nUSER\n")
    ours = "me@postern.example"
    cases = [({"exempt_clients": ["198.51.100.0/24"]}, STRANGER, sender, USER, "exempt client"),
             ({"exempt_logins": ["/^us[aeiou]r$/"]}, TRAVELLER, ours, USER, "exempt login"),
             ({"exempt_login_lists": [str(lists / "logins")]}, TRAVELLER, ours, USER, "exempt login"),
             ({"exempt_lists": [str(lists / "allow")]}, STRANGER, sender, USER, "exempt sender"),
             ({"exempt_lists": [str(lists / "allow")]}, STRANGER, "x" + sender, "virus-lab@postern.example",
              "exempt recipients")]
    for settings, client, mail_from, recipient, reason in cases:
        with configured(host, **settings):
            assert host.send(client, mail_from, recipient, infected(mail_from)).accepted, settings
            assert host.mail_decision(mail_from)["clamav"].startswith(f"accept {reason}"), settings
            other = "other-" + sender
            assert host.send(STRANGER if client is not STRANGER or "lists" in str(settings) else COLLEAGUE, other, USER,
                             infected(other)).last.code == 550, settings


def test_a_list_with_a_fault_keeps_the_old_one(host: MailHost, sender: str, lists: Path) -> None:
    (lists / "allow").write_text("fine@example\nFrom:\n")
    host.write_configuration({"clamav": {**SETTINGS["clamav"], "exempt_lists": [str(lists / "allow")]}})
    try:
        refused = host.reload(host.milterd, "refused")
        assert f"{lists}/allow:2: " in refused["error"]
    finally:
        host.write_configuration(SETTINGS)
        host.reload(host.milterd)


def test_our_own_clients_may_be_served_without_clamd(host: MailHost, sender: str) -> None:
    with configured(host, own_failure="accept", wait="0s"):
        host.clamd.stop()
        try:
            assert host.send(STRANGER, sender, USER).last.code == 451
            _, arrival = host.exchange(COLLEAGUE, "me@postern.example", USER)
            assert arrival.fields("X-Virus-Status") == ["Unscanned (clamd unavailable)"]
        finally:
            host.clamd.start()


def test_no_more_mails_are_held_than_is_allowed(host: MailHost, sender: str) -> None:
    """One mail is held while clamd is silent; for the next there is no room. It is put off, not lost."""
    host.write_configuration({**SETTINGS, "milterd": {"max_spooled_messages": 1}})
    host.reload(host.milterd)
    contents = [compose(sender, USER, subject=str(number)) for number in range(4)]
    answers = []
    host.clamd.silence()
    try:
        threads = [threading.Thread(target=lambda content=content: answers.append(  # type: ignore[misc]
            host.send(STRANGER, sender, USER, content))) for content in contents]
        for thread in threads:
            thread.start()
        time.sleep(2)
        host.clamd.speak()
        for thread in threads:
            thread.join(60)
    finally:
        host.clamd.speak()
        host.write_configuration(SETTINGS)
        host.reload(host.milterd)
    codes = sorted(answer.last.code for answer in answers)
    assert codes[0] == 250 and codes[-1] == 451 and set(codes) == {250, 451}
    assert host.milterd.records(event="message", sender=sender, reason="spool full")
