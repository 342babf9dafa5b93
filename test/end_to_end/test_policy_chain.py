"""The chain of checks through a real Postfix: who wins, which header goes when, and what each place of main.cf asks."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from mail_host import Client, MailHost, PolicyConnection, compose, message_id_of
from mail_host.process import PATIENCE
from mail_host.world import FORGER, STRANGER, USER

DELAY = 1
SETTINGS = {
    "policyd": {"checks": ["greylist", "spf"]},  # a temporary verdict before one that may be permanent
    "greylist": {"enable": True, "delay": f"{DELAY}s", "auto_whitelist_after": 0},
}

SECOND_USER = "second@postern.example"
ALL_THE_WORLD = Client("172.17.0.1", "[UNAVAILABLE]", "mx.stranger.example")  # as Docker's proxy shows it


def wait_for_the_delay() -> None:
    time.sleep(DELAY + 1)


@contextlib.contextmanager
def main_cf(host: MailHost, **parameters: str) -> Iterator[None]:
    """Postfix with these parameters, and afterwards as it was."""
    before = {name: host.postfix.parameter(name) for name in parameters}
    host.postfix.configure([f"{name} = {value}" for name, value in parameters.items()])
    host.postfix.reload()
    try:
        yield
    finally:
        host.postfix.configure([f"{name} = {value}" for name, value in before.items()])
        host.postfix.reload()


def service(context: str = "", path: str = "postern/policy") -> str:
    context = f", {{ policy_context = {context} }}" if context else ""
    return f"check_policy_service {{ unix:{path}, timeout=30s{context} }}"


RELAYING = "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination"


def test_a_permanent_verdict_wins_over_a_temporary_one_before_it(host: MailHost, sender: str) -> None:
    refused = host.send(FORGER, sender, USER)
    assert refused.last.code == 550
    assert refused.last.text.startswith("5.7.23 ")
    decision = host.policy_decision(sender)
    assert decision["greylist"].startswith("defer_if_permit ")
    assert decision["spf"].startswith("reject fail ")


def test_a_temporary_verdict_stands_where_nothing_refuses_for_good(host: MailHost, sender: str) -> None:
    answer = host.send(STRANGER, sender, USER)
    assert answer.last.code == 450
    decision = host.policy_decision(sender)
    assert decision["spf"].startswith("dunno pass ")


def test_two_headers_of_one_recipient_go_out_at_rcpt_and_at_data(host: MailHost, sender: str) -> None:
    content = compose(sender, USER)
    assert host.send(STRANGER, sender, USER, content).last.code == 450
    wait_for_the_delay()
    assert host.send(STRANGER, sender, USER, content).accepted
    arrival = host.sink.wait_for(message_id_of(content))
    assert len(arrival.fields("X-Greylist")) == 1
    assert len(arrival.fields("Received-SPF")) == 1


def test_verify_is_not_decided(host: MailHost) -> None:
    with main_cf(host, disable_vrfy_command="no"), host.session(STRANGER) as session:
        for _ in range(2):
            assert session.verify(USER)[0] == 252
    with PolicyConnection(host.policyd.listen) as connection:
        assert connection.ask(protocol_state="VRFY", instance="", sender="", recipient=USER) == "DUNNO"


class LosesAnswers:
    """Between Postfix and the daemon: takes each question on, and drops the first answer with its connection."""

    def __init__(self, path: Path, daemon: Path, group: int) -> None:
        self._daemon = daemon
        self.lost = self.passed = 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(os.fspath(path))
        os.chown(path, -1, group)
        path.chmod(0o666)
        self._listener.listen()
        threading.Thread(target=self._run, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _run(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as daemon:
            daemon.settimeout(PATIENCE)
            daemon.connect(os.fspath(self._daemon))
            while question := self._read(client):
                daemon.sendall(question)
                answer = self._read(daemon)
                if not self.lost:
                    self.lost += 1
                    return
                self.passed += 1
                client.sendall(answer)

    @staticmethod
    def _read(stream: socket.socket) -> bytes:
        text = b""
        while not text.endswith(b"\n\n"):
            got = stream.recv(8192)
            if not got:
                return b""
            text += got
        return text


def test_a_question_whose_connection_broke_is_answered_as_before(host: MailHost, sender: str) -> None:
    path = host.postfix.queue / "postern" / "flaky"
    flaky = LosesAnswers(path, host.policyd.listen, os.stat(host.policyd.listen).st_gid)
    try:
        content = compose(sender, USER)
        assert host.send(STRANGER, sender, USER, content).last.code == 450
        wait_for_the_delay()
        with main_cf(host, smtpd_recipient_restrictions=f"{RELAYING}, {service(path='postern/flaky')}"):
            assert host.send(STRANGER, sender, USER, content).accepted
        arrival = host.sink.wait_for(message_id_of(content))
        assert (flaky.lost, flaky.passed) == (1, 1), "Postfix asked once more"
        assert len(arrival.fields("X-Greylist")) == 1, "the lost answer's header came with the second"
        assert len(arrival.fields("Received-SPF")) == 1
    finally:
        flaky.close()
        path.unlink()


def test_each_place_of_main_cf_asks_for_its_own_checks(host: MailHost, sender: str) -> None:
    content = compose(sender, USER)
    parameters = {"smtpd_sender_restrictions": service("spf"),
                  "smtpd_recipient_restrictions": f"{RELAYING}, {service('greylist')}"}
    with main_cf(host, **parameters):
        assert host.send(STRANGER, sender, USER, content).last.code == 450
        first, second = host.policyd.wait_for_records(2, event="decision", sender=sender)
        assert ("spf" in first, "greylist" in first) == (True, False)
        assert ("spf" in second, "greylist" in second) == (False, True)

        refused = host.send(FORGER, sender, USER)
        assert refused.last.text.startswith("5.7.23 ")
        assert "greylist" not in host.policy_decision(sender, client=FORGER.address)

        wait_for_the_delay()
        assert host.send(STRANGER, sender, USER, content).accepted
    arrival = host.sink.wait_for(message_id_of(content))
    assert len(arrival.fields("Received-SPF")) == 1
    assert len(arrival.fields("X-Greylist")) == 1


@pytest.mark.parametrize("context", ["greylist, spf", "greylist spf", "greylist+spf"])
def test_several_checks_at_one_place(host: MailHost, sender: str, context: str) -> None:
    with main_cf(host, smtpd_recipient_restrictions=f"{RELAYING}, {service(context)}"):
        assert host.send(FORGER, sender, USER).last.text.startswith("5.7.23 ")
    decision = host.policy_decision(sender)
    assert "spf" in decision
    assert "greylist" in decision


def test_a_plus_needs_no_braces(host: MailHost, sender: str) -> None:
    place = "check_policy_service { unix:postern/policy, policy_context=greylist+spf }"
    with main_cf(host, smtpd_recipient_restrictions=f"{RELAYING}, {place}"):
        assert host.send(FORGER, sender, USER).last.text.startswith("5.7.23 ")
    assert "greylist" in host.policy_decision(sender)


def test_an_unknown_name_asks_the_whole_chain_and_is_said_once(host: MailHost, sender: str) -> None:
    with main_cf(host, smtpd_recipient_restrictions=f"{RELAYING}, {service('spff')}"):
        for _ in range(2):
            assert host.send(FORGER, sender, USER).last.text.startswith("5.7.23 ")
    records = host.policyd.records(event="policy_context")
    assert [record["policy_context"] for record in records] == ["spff"]


def test_all_the_world_behind_one_private_address_is_not_judged_and_said_loudly(host: MailHost, sender: str) -> None:
    for _ in range(25):
        assert host.send(ALL_THE_WORLD, sender, USER).accepted  # which SPF would refuse, and greylisting defer
    decision = host.policy_decision(sender)
    assert decision["spf"].startswith("dunno private ")
    assert decision["greylist"].startswith("dunno private ")
    warning = host.policyd.wait_for_record(event="client_address", state="hidden")
    assert "172.17.0.1" in warning["problem"]
    assert len(host.policyd.records(event="client_address", state="hidden")) == 1

    assert host.send(FORGER, sender, USER).last.text.startswith("5.7.23 "), "public addresses are always judged"
    host.policyd.wait_for_record(event="client_address", state="visible")
