"""Greylisting: who is listed, who is vouched for by SPF, and lists that change while the daemon runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mail_host import Answer, Client, MailHost, compose, message_id_of
from mail_host.process import wait_until
from mail_host.world import STRANGER, STRANGER6, USER
from test_greylist import SECOND_USER, greylisted, wait_for_the_delay

LISTED = Client("198.51.100.40", "mx1.listed.example", "mx1.listed.example")
UNNAMED = Client("203.0.113.40", "[UNAVAILABLE]", "somebody.example")


@pytest.fixture(scope="module")
def clients(module_host: MailHost) -> Iterator[Path]:
    """The file of listed clients, which the daemon reads; the daemon runs with greylisting on."""
    path = module_host.folder / "whitelist_clients"
    path.write_text("# our friends\nlisted.example\n203.0.113.128/25 # a network\n/^relay[0-9]+\\.example$/\n")
    recipients = module_host.folder / "whitelist_recipients"
    recipients.write_text("second@\n")
    module_host.restart_daemons({"greylist": {
        "enable": True, "delay": "2s", "auto_whitelist_after": 0, "postgrey_log": True,
        "client_lists": [str(path), f"{path}.local"], "recipient_lists": [str(recipients)],
    }})
    yield path
    module_host.restart_daemons()


def unchecked(sender: str) -> str:
    """The same address at a domain without an SPF record."""
    return sender.replace("stranger.example", "silent.example")


@pytest.mark.parametrize("client", [
    LISTED,
    Client("203.0.113.200", "[UNAVAILABLE]", "x.example"),
    Client("203.0.113.1", "relay7.example", "x.example"),
], ids=["name", "network", "pattern"])
def test_listed_clients_pass(host: MailHost, clients: Path, sender: str, client: Client) -> None:
    content = compose(unchecked(sender), USER)
    assert host.send(client, unchecked(sender), USER, content).accepted
    assert host.sink.wait_for(message_id_of(content)).fields("X-Greylist") == []
    assert "client whitelist" in host.policy_decision(unchecked(sender))["greylist"]


def test_listed_recipients_pass(host: MailHost, clients: Path, sender: str) -> None:
    answer = host.send(UNNAMED, unchecked(sender), [USER, SECOND_USER])
    assert answer.recipients[USER].code == 450
    assert answer.recipients[SECOND_USER].ok
    for listed in ("postmaster", "abuse"):
        assert not greylisted(host.send(UNNAMED, unchecked(sender), f"{listed}@postern.example"))


def test_a_retry_from_another_server_of_the_domain_passes(host: MailHost, clients: Path, sender: str) -> None:
    """stranger.example names both addresses by SPF; no network holds an IPv4 and an IPv6 address."""
    assert greylisted(host.send(STRANGER, sender, USER))
    wait_for_the_delay()
    assert host.send(STRANGER6, sender, USER).accepted


def test_a_retry_from_another_network_without_spf_does_not(host: MailHost, clients: Path, sender: str) -> None:
    assert greylisted(host.send(STRANGER, unchecked(sender), USER))
    wait_for_the_delay()
    assert greylisted(host.send(STRANGER6, unchecked(sender), USER))


def test_a_list_that_changes_takes_effect_without_a_reload(host: MailHost, clients: Path, sender: str) -> None:
    def send(number: int = 1) -> Answer:
        return host.send(Client("198.51.100.77", "mx.new.example", "mx.new.example"), f"a{number}x-{unchecked(sender)}",
                         USER)

    before = clients.read_text()
    assert greylisted(send())
    loads = len(host.policyd.records(event="greylist_lists", result="loaded"))
    clients.write_text(before + "new.example\n")
    host.policyd.wait_for_records(loads + 1, event="greylist_lists", result="loaded")
    assert send().accepted

    clients.write_text("listed.example\n10.0.0.0/99\n")  # the old list stays, and the fault is said
    refused = host.policyd.wait_for_record(event="greylist_lists", result="refused")
    assert f"{clients}:2: " in refused["error"]
    assert send().accepted

    clients.write_text(before)
    host.policyd.wait_for_records(loads + 2, event="greylist_lists", result="loaded")
    assert greylisted(send(2))


def test_a_fault_in_a_list_stops_a_reload(host: MailHost, clients: Path, sender: str) -> None:
    before = clients.read_text()
    clients.write_text("/mx(/\n")
    try:
        refused = host.reload(host.policyd, result="refused")
        assert f"{clients}:1: missing closing parenthesis" in refused["error"]
        assert host.send(LISTED, unchecked(sender), USER).accepted
    finally:
        clients.write_text(before)
        wait_until(lambda: host.policyd.records(event="greylist_lists", result="loaded"), "the list to be whole again")


def test_the_log_in_postgreys_words(host: MailHost, clients: Path, sender: str) -> None:
    address = unchecked(sender)
    assert greylisted(host.send(STRANGER, address, USER))
    host.send(LISTED, address, USER)
    def said() -> list[str] | None:
        lines = [record["line"] for record in host.policyd.records(event="postgrey")
                 if f"sender={address}" in record["line"]]
        return lines if len(lines) == 2 else None
    lines = wait_until(said, "two lines in the log")
    who = f"client_name={STRANGER.name}, client_address={STRANGER.address}, sender={address}, recipient={USER}"
    assert lines[0].endswith(f"action=greylist, reason=new, {who}")
    assert "action=pass, reason=client whitelist, client_name=mx1.listed.example, " in lines[1]
