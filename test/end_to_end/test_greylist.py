"""Greylisting: wait at the first meeting, pass at the second, never again after that."""

from __future__ import annotations

import re
import time

from mail_host import Answer, Client, MailHost, PolicyConnection, compose, message_id_of
from mail_host.world import COLLEAGUE, FORGER, STRANGER, TRAVELLER, USER

DELAY = 2
SETTINGS = {"greylist": {"enable": True, "delay": f"{DELAY}s", "auto_whitelist_after": 0}}

SECOND_USER = "second@postern.example"


def wait_for_the_delay() -> None:
    """The one thing here that needs real time: the store counts whole seconds."""
    time.sleep(DELAY + 1)


def greylisted(answer: Answer) -> bool:
    return answer.last.code == 450 and answer.last.text.startswith("4.2.0 ")


def test_first_deferred_then_accepted_then_known(host: MailHost, sender: str) -> None:
    content = compose(sender, USER)
    first = host.send(STRANGER, sender, USER, content)
    assert greylisted(first)
    assert host.policy_decision(sender)["check"] == "greylist"

    early = host.send(STRANGER, sender, USER, content)
    assert greylisted(early)

    wait_for_the_delay()
    assert host.send(STRANGER, sender, USER, content).accepted
    arrival = host.sink.wait_for(message_id_of(content))
    header = arrival.fields("X-Greylist")
    assert len(header) == 1
    assert re.search(r"delayed [3-9]|delayed \d\d", header[0])
    assert len(arrival.fields("Received-SPF")) == 1, "the header of the other check goes out too"

    again = compose(sender, USER)
    assert host.send(STRANGER, sender, USER, again).accepted
    assert host.sink.wait_for(message_id_of(again)).fields("X-Greylist") == []


def test_one_header_for_two_recipients(host: MailHost, sender: str) -> None:
    content = compose(sender, USER)
    assert greylisted(host.send(STRANGER, sender, [USER, SECOND_USER], content))
    wait_for_the_delay()
    assert host.send(STRANGER, sender, [USER, SECOND_USER], content).accepted
    arrival = host.sink.wait_for(message_id_of(content), recipients=2)
    assert len(arrival.fields("X-Greylist")) == 1
    assert len(arrival.fields("Received-SPF")) == 1


def test_each_recipient_is_a_triplet_of_its_own(host: MailHost, sender: str) -> None:
    assert greylisted(host.send(STRANGER, sender, USER))
    wait_for_the_delay()
    answer = host.send(STRANGER, sender, [USER, SECOND_USER])
    assert answer.recipients[USER].ok
    assert answer.recipients[SECOND_USER].code == 450


def test_a_neighbour_of_the_client_may_retry(host: MailHost, sender: str) -> None:
    """Big senders retry from another address of the same /24 (IPv6: /64)."""
    unchecked = sender.replace("stranger.example", "silent.example")  # which has no SPF record
    for address, neighbour in [("198.51.100.25", "198.51.100.26"), ("2001:db8:51::25", "2001:db8:51::26")]:
        assert greylisted(host.send(Client(address, "out1.silent.example", "out1.silent.example"), unchecked, USER))
        wait_for_the_delay()
        assert host.send(Client(neighbour, "out2.silent.example", "out2.silent.example"), unchecked, USER).accepted


def test_clients_that_are_not_greylisted(host: MailHost, sender: str) -> None:
    for client in (COLLEAGUE, TRAVELLER):
        assert host.send(client, sender, USER).accepted
    with PolicyConnection(host.policyd.listen) as connection:  # where main.cf does not sort them out before
        assert connection.ask(sender=sender, sasl_username="user") == "DUNNO"
        assert connection.ask(sender=sender, client_address=COLLEAGUE.address) == "DUNNO"
        assert "4.2.0" in connection.ask(sender=sender)


def test_a_permanent_refusal_is_stronger(host: MailHost, sender: str) -> None:
    """A client that SPF refuses is told so at once and leaves no row behind."""
    assert host.send(FORGER, sender, USER).last.code == 550


def test_what_is_known_survives_a_restart(host: MailHost, sender: str) -> None:
    assert greylisted(host.send(STRANGER, sender, USER))
    wait_for_the_delay()
    host.policyd.restart()
    assert host.send(STRANGER, sender, USER).accepted


def test_what_is_known_survives_a_kill(host: MailHost, sender: str) -> None:
    assert greylisted(host.send(STRANGER, sender, USER))
    wait_for_the_delay()  # and the writer has long put it on disk
    host.policyd.kill()
    host.policyd.start()
    assert host.send(STRANGER, sender, USER).accepted


def test_a_tagged_sender_is_the_same_sender(host: MailHost, sender: str) -> None:
    """Lists and bounce tags change the local part with every mail."""
    local, _, domain = sender.partition("@")
    assert greylisted(host.send(STRANGER, f"{local}+one@{domain}", USER))
    wait_for_the_delay()
    assert host.send(STRANGER, f"{local}+two@{domain}", USER).accepted
