"""postern explain: what the daemon would answer, and why; nothing is changed by asking."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from mail_host import MailHost, PolicyConnection, wait_until
from mail_host.client import Client
from mail_host.process import run
from mail_host.world import BAD_LIST, FORGER, GOOD, GOOD_LIST, LISTED, LISTED_BY_KEY, KEYED_LIST, LIST_KEY, STRANGER, USER

SETTINGS = {
    "greylist": {"enable": True, "delay": "1h", "auto_whitelist_after": 0},
    "dnsbl": {"sites": [f"{BAD_LIST}*3", f"{GOOD_LIST}*-3", f"{KEYED_LIST}*3"], "threshold": 3},
}
WAYS = pytest.mark.parametrize("way", [(), ("--offline",)], ids=["running", "offline"])


def explain(host: MailHost, client: Client, sender: str, *more: str, recipient: str = USER, status: int = 0) -> str:
    done = subprocess.run([host.build / "config/postern", "explain", "--config", host.configuration,
                           "--client", client.address, "--client-name", client.name, "--helo", client.helo,
                           "--sender", sender, "--recipient", recipient, *more],
                          env=host.postfix.environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def told(explanation: str) -> str:
    return re.findall(r"^Postfix is told (?:action=)?(.*)$", explanation, re.M)[0]


def whatever_the_second(reply: str) -> str:
    """Between a question and the next, time goes on: "Try again in 3599 seconds"."""
    return re.sub(r"\b\d+ seconds", "N seconds", reply)


@pytest.fixture(autouse=True)
def tested_lists(host: MailHost) -> None:
    for name in (BAD_LIST, GOOD_LIST, "zen.spamhaus.org"):
        host.policyd.wait_for_record(event="dnsbl_list", list=name, state="ready")


def state_of(host: MailHost) -> tuple[str, list[str]]:
    """What a question must not change: the greylist, what was counted, what was logged."""
    greylist = run([host.build / "config/postern", "greylist", "--config", host.configuration, "export"])
    status = run([host.build / "config/postern", "status", "--config", host.configuration, "policyd"])
    counted = [line for line in status.splitlines() if re.search(r"\b(check|requests|messages|client_address)\b", line)]
    assert len(counted) >= 3, status
    return greylist, counted + [str(record) for record in host.policyd.records(event="decision")]


@WAYS
def test_each_check_with_its_verdict_reason_lookups_and_time(host: MailHost, sender: str, way: tuple[str, ...]) -> None:
    text = explain(host, STRANGER, sender, *way)

    assert re.search(rf"^client +{re.escape(STRANGER.address)} \({STRANGER.name}\)$", text, re.M)
    assert re.search(rf"^sender +{sender}$", text, re.M)
    assert re.search(r"^dnsbl +dunno +[\d.]+(us|ms|s)  score=0$", text, re.M), text
    assert re.search(r"^ +address 198\.51\.100\.25: 3 lookups, 3 answered, listed by 0$", text, re.M), text
    assert re.search(r"^spf +dunno +[\d.]+(us|ms|s)  pass", text, re.M)
    assert re.search(r"^ +mail_from stranger\.example: pass by mx, \d of 10 lookups, 0 void$", text, re.M), text
    assert re.search(r"^greylist +defer_if_permit +[\d.]+(us|ms|s)  new", text, re.M)
    assert re.search(r"^decided by greylist$", text, re.M)
    assert told(text).startswith("DEFER_IF_PERMIT 4.2.0 ")


@WAYS
@pytest.mark.parametrize("client", [STRANGER, FORGER, LISTED, GOOD], ids=["stranger", "forger", "listed", "good"])
def test_it_is_what_postfix_is_told_then(host: MailHost, sender: str, client: Client, way: tuple[str, ...]) -> None:
    explained = told(explain(host, client, sender, *way))
    with PolicyConnection(host.policyd.listen) as connection:
        answer = connection.ask(client_address=client.address, client_name=client.name, reverse_client_name=client.name,
                                helo_name=client.helo, sender=sender, recipient=USER)
    assert whatever_the_second(answer) == whatever_the_second(explained)


@WAYS
def test_a_question_changes_nothing(host: MailHost, sender: str, way: tuple[str, ...]) -> None:
    before = state_of(host)
    for _ in range(3):
        assert "greylist        defer_if_permit" not in explain(host, LISTED, sender, *way)
        assert told(explain(host, STRANGER, sender, *way)).startswith("DEFER_IF_PERMIT 4.2.0 ")
    assert state_of(host) == before

    assert host.send(STRANGER, sender, USER).last.code == 450  # and so it does not wait any less
    wait_until(lambda: state_of(host)[0] != before[0], "a real request to change it")
    assert "early-retry" in explain(host, STRANGER, sender, *way)


def test_offline_beside_no_daemon_makes_no_database(host: MailHost, sender: str) -> None:
    host.policyd.stop()
    database = host.store / "greylist.db"
    aside = host.folder / "aside"
    host.store.rename(aside)
    try:
        host.store.mkdir()
        assert told(explain(host, STRANGER, sender, "--offline")).startswith("DEFER_IF_PERMIT 4.2.0 ")
        assert not database.exists()
        assert os.listdir(host.store) == []
        host.store.rmdir()
    finally:
        aside.rename(host.store)
        host.policyd.start()


def test_a_daemon_that_is_down_is_said(host: MailHost, sender: str) -> None:
    host.policyd.stop()
    try:
        said = explain(host, STRANGER, sender, status=1)
    finally:
        host.policyd.start()
    assert str(host.logs / "policyd.control") in said
    assert "is the daemon running?" in said


@WAYS
def test_what_is_no_address_is_said(host: MailHost, way: tuple[str, ...]) -> None:
    said = explain(host, Client("198.51.100", "a", "a"), "a@b.example", *way, status=1)
    assert 'client_address: "198.51.100" is no IP address' in said


@WAYS
def test_only_what_a_place_of_main_cf_asks_for(host: MailHost, sender: str, way: tuple[str, ...]) -> None:
    text = explain(host, FORGER, sender, "--context", "greylist", *way)
    assert re.search(r"^spf +not asked: policy_context names others$", text, re.M)
    assert told(text).startswith("DEFER_IF_PERMIT 4.2.0 ")
    refused = explain(host, LISTED, sender, *way)
    assert re.search(r"^greylist +not asked: the answer is certain$", refused, re.M)


@WAYS
def test_a_key_is_shown_nowhere(host: MailHost, sender: str, way: tuple[str, ...]) -> None:
    text = explain(host, LISTED_BY_KEY, sender, *way)
    assert told(text).startswith("550 5.7.1 ")
    assert LIST_KEY not in text
