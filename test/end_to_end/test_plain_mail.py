"""Mail that nobody objects to: it passes, and both daemons were asked."""

from __future__ import annotations

import dataclasses
import hashlib
import random

import pytest

from mail_host import Client, MailHost, compose, message_id_of
from mail_host.process import has_ipv6
from mail_host.world import COLLEAGUE, FORGER, LOCAL, STRANGER, STRANGER6, TRAVELLER, USER


@pytest.mark.parametrize("client", [
    pytest.param(STRANGER, id="IPv4"),
    pytest.param(STRANGER6, id="IPv6"),
    pytest.param(dataclasses.replace(STRANGER, name="[UNAVAILABLE]", helo="[198.51.100.25]"), id="no names"),
])
def test_mail_passes_and_both_daemons_are_asked(host: MailHost, sender: str, client: Client) -> None:
    answer, arrival = host.exchange(client, sender, USER)

    assert answer.last.code == 250
    assert arrival.sender == sender
    decision = host.policy_decision(sender)
    assert decision["action"] in ("dunno", "prepend")
    assert decision["recipient"] == USER
    assert decision["client"] == client.address
    mail = host.mail_decision(sender)
    assert mail["action"] == "accept"
    assert mail["queue_id"] == answer.queue_id


@pytest.mark.parametrize("client", [
    pytest.param(COLLEAGUE, id="own network"),
    pytest.param(TRAVELLER, id="logged in"),
    pytest.param(LOCAL, id="loopback"),
])
def test_our_own_clients_come_before_the_policy_service(host: MailHost, sender: str, client: Client) -> None:
    """permit_mynetworks and permit_sasl_authenticated stand first in main.cf; the milter sees all mail."""
    answer, _ = host.exchange(client, sender, USER)

    mail = host.mail_decision(sender)
    assert (mail["action"], mail["origin"]) == ("accept", "ours")
    assert mail["queue_id"] == answer.queue_id
    assert mail["client"] == (client.address or "127.0.0.1")
    assert host.policyd.records(event="decision", sender=sender) == []


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
def test_mail_over_ipv6_itself(host: MailHost, sender: str) -> None:
    content = compose(sender, USER)
    with host.session(LOCAL, host="::1") as session:
        assert session.deliver(sender, [USER], content).accepted
    host.sink.wait_for(message_id_of(content))

    assert host.mail_decision(sender)["client"] == "::1"


def test_a_bounce_from_a_stranger_passes(host: MailHost) -> None:
    """The empty reverse-path (RFC 5321 4.5.5): SPF looks at the HELO name alone."""
    _, arrival = host.exchange(STRANGER, "", "bounces@postern.example")
    assert arrival.sender == ""
    assert host.policy_decision("", recipient="bounces@postern.example")["action"] in ("dunno", "prepend")


def test_internationalised_addresses(host: MailHost) -> None:
    sender, recipient = "jürgen@bücher.example", "användare@postern.example"
    content = compose(sender, recipient, subject="Grüße")

    _, arrival = host.exchange(STRANGER, sender, recipient, content)

    assert (arrival.sender, arrival.recipients) == (sender, (recipient,))
    received_spf = arrival.fields("Received-SPF")[0]
    assert received_spf.startswith("pass"), "the domain was not looked up as an A-label"
    assert "spf=pass" in arrival.fields("Authentication-Results")[0]


def test_several_mails_on_one_connection(host: MailHost, sender: str) -> None:
    with host.session(STRANGER) as session:
        contents = [compose(sender, USER, subject=str(number)) for number in range(5)]
        for content in contents:
            assert session.deliver(sender, [USER], content).accepted
    for content in contents:
        arrival = host.sink.wait_for(message_id_of(content))
        assert len(arrival.fields("Authentication-Results")) == 1
        assert len(arrival.fields("Received-SPF")) == 1


def test_a_large_body_is_not_changed(host: MailHost, sender: str) -> None:
    noise = random.Random(7)
    lines = ["".join(noise.choices("abcdefghijklmnopqrstuvwxyz .=", k=noise.randrange(0, 200))) for _ in range(50_000)]
    content = compose(sender, USER, body="\n".join([".", "..", *lines, "."]))

    _, arrival = host.exchange(STRANGER, sender, USER, content)

    def digest(mail: bytes) -> str:
        return hashlib.sha256(mail.split(b"\r\n\r\n", 1)[1]).hexdigest()
    assert digest(arrival.content) == digest(content)


def test_octets_that_are_no_text(host: MailHost, sender: str) -> None:
    """Postfix passes NUL and eight-bit octets on, in the header too."""
    content = compose(sender, USER).replace(b"Subject: test", b"Subject: \xff\xfe \x80\r\nX-Odd: \x01\x7f")
    content = content.replace(b"Good morning.", b"\x00\xff\x80\x1b")

    _, arrival = host.exchange(STRANGER, sender, USER, content)

    assert b"\xff\x80\x1b" in arrival.content
    assert "\x1b" not in host.milterd.log() and "\x00" not in host.milterd.log()


def test_header_without_body_and_body_without_header(host: MailHost, sender: str) -> None:
    for number, content in enumerate([b"Message-ID: <header-only@test.example>\r\n",
                                      b"\r\nnothing but a body\r\n"]):
        recipient = f"odd-{number}@postern.example"
        with host.session(STRANGER) as session:
            assert session.deliver(sender, [recipient], content).accepted
        assert host.sink.wait_for_mail_to(recipient)


def test_a_client_that_really_logs_in(host: MailHost, sender: str) -> None:
    """AUTH on the wire instead of XCLIENT's word for it."""
    content = compose(sender, USER)
    with host.session(FORGER) as session:
        session.login("someone", "any password")
        assert session.deliver(sender, [USER], content).accepted
    host.sink.wait_for(message_id_of(content))
    assert host.mail_decision(sender)["login"] == "someone"
