"""DNS lists at RCPT: real zones of a real name server, and what Postfix answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from mail_host import Client, MailHost, PolicyConnection
from mail_host.process import run
from mail_host.world import (BAD_LIST, COLLEAGUE, DEAD_LIST, GOOD, GOOD_LIST, GRUDGED, GRUDGING_LIST, KEYED_LIST, LISTED,
                             LISTED6, LISTED_AND_GOOD, LISTED_BY_KEY, LIST_KEY, NAME_LIST, REFUSING_LIST, STRANGER,
                             TRAVELLER, USER, WILD_LIST)

SENDER = "someone@silent.example"  # SPF has nothing to say

TEMPLATE = "$rbl_code 5.7.1 $rbl_class [$rbl_what] is in $rbl_domain${rbl_reason?: $rbl_reason}, $sender to $recipient"

SETTINGS = {
    "dnsbl": {
        "sites": [f"{BAD_LIST}=127.0.0.[2..11]*3", f"{GOOD_LIST}=127.0.[0..255].[1..3]*-3", f"{KEYED_LIST}*3",
                  f"{GRUDGING_LIST}*3", f"{DEAD_LIST}*3", f"{WILD_LIST}*3", f"{REFUSING_LIST}*3"],
        "threshold": 3,
        "allow_threshold": -3,
        "zone": [{"site": f"{NAME_LIST}*3", "type": "helo", "reply": TEMPLATE},
                 {"site": f"{NAME_LIST}*3", "type": "sender_domain"}],
    },
}


@pytest.fixture(autouse=True)
def tested_lists(host: MailHost) -> None:
    """The lists are believed, or not, once they have passed their self-tests."""
    for name in (BAD_LIST, GOOD_LIST, "zen.spamhaus.org", GRUDGING_LIST, NAME_LIST):
        host.policyd.wait_for_record(event="dnsbl_list", list=name, state="ready")
    for name in (DEAD_LIST, WILD_LIST, REFUSING_LIST):
        host.policyd.wait_for_record(event="dnsbl_list", list=name, state="down")


def test_a_listed_client_is_refused_with_the_lists_reason(host: MailHost) -> None:
    answer = host.send(LISTED, SENDER, USER)

    assert answer.last.code == 550
    assert answer.last.text.startswith("5.7.1 ")
    assert (f"Service unavailable; Client host [{LISTED.address}] blocked using {BAD_LIST}; https://lists.example/why"
            in answer.last.text)
    decision = host.policy_decision(SENDER, client=LISTED.address)
    assert (decision["action"], decision["check"]) == ("reject", "dnsbl")
    assert decision["reason"] == f"score=3 {BAD_LIST}=127.0.0.4"


def test_an_ipv6_client(host: MailHost) -> None:
    answer = host.send(LISTED6, SENDER, USER)
    assert answer.last.code == 550
    assert f"[{LISTED6.address}] blocked using {BAD_LIST}" in answer.last.text


def test_others_pass(host: MailHost) -> None:
    for client in (STRANGER, GOOD):
        assert host.send(client, SENDER, USER).accepted
    assert "score=-3" in host.policy_decision(SENDER, client=GOOD.address)["dnsbl"]


def test_a_list_that_vouches_outweighs_one_that_does_not(host: MailHost) -> None:
    assert host.send(LISTED_AND_GOOD, SENDER, USER).accepted
    decision = host.policy_decision(SENDER, client=LISTED_AND_GOOD.address)
    assert f"score=0 {BAD_LIST}=127.0.0.4 {GOOD_LIST}=127.0.5.3" in decision["dnsbl"]


def test_clients_of_our_own_are_not_asked_for(host: MailHost) -> None:
    with PolicyConnection(host.policyd.listen) as connection:
        assert connection.ask(client_address=LISTED.address, sender=SENDER).startswith("550 5.7.1 ")
        assert not connection.ask(client_address=LISTED.address, sender=SENDER, sasl_username="user").startswith("550")
    for client in (COLLEAGUE, TRAVELLER):
        assert host.send(client, SENDER, USER).accepted


def test_names(host: MailHost) -> None:
    with PolicyConnection(host.policyd.listen) as connection:
        assert connection.ask(helo_name="spammer.example", sender=SENDER) == (
            f"550 5.7.1 Helo command [spammer.example] is in {NAME_LIST}, {SENDER} to {USER}")
        assert f"Sender address [x@spammer.example] blocked using {NAME_LIST}" in connection.ask(
            sender="x@spammer.example")


def test_an_error_answer_is_no_listing_and_is_told_once(host: MailHost) -> None:
    for _ in range(2):
        assert host.send(GRUDGED, SENDER, USER).accepted
    records = host.policyd.records(event="dnsbl_list", list=GRUDGING_LIST, state="refused")
    assert len(records) == 1
    assert records[0]["reason"] == "answers 127.255.255.255 (it was asked too often), which is no listing"
    assert f"dnsbl_list {GRUDGING_LIST} type=address state=refused" in status(host)


def test_lists_that_fail_their_self_test_are_down_and_say_why(host: MailHost) -> None:
    reasons = {record["list"]: record["reason"] for record in host.policyd.records(event="dnsbl_list", state="down")}
    assert reasons[DEAD_LIST].startswith("does not list its test entry 127.0.0.2")
    assert reasons[WILD_LIST] == "lists 127.0.0.1, which nobody should: it lists everything"
    assert reasons[REFUSING_LIST] == "answers its test entry with 127.255.255.254: it refuses us"
    for name, reason in reasons.items():
        assert f'dnsbl_list {name} type=address state=down asked=0 listed=0 errors=0 failures=0 reason="{reason}"' in (
            status(host))


def test_a_key_is_shown_nowhere(host: MailHost) -> None:
    answer = host.send(LISTED_BY_KEY, SENDER, USER)
    assert answer.last.code == 550
    assert "blocked using zen.spamhaus.org; https://check.example/?key=***" in answer.last.text

    checked = run([host.build / "config/postern", "check", host.configuration])
    shown = [str(answer), host.policyd.log(), host.postfix.maillog.read_text(errors="replace"), status(host), checked]
    for text in shown:
        assert text
        assert LIST_KEY not in text.lower()


def test_a_reload_with_a_fault_shows_no_key_and_changes_nothing(host: MailHost) -> None:
    for sites in ([f"{KEYED_LIST}=127.0.0.[2..*3"], [f"{KEYED_LIST}*x"], [f"{KEYED_LIST} x"]):
        host.write_configuration({**SETTINGS, "dnsbl": {"sites": sites}})
        assert "dnsbl.sites: " in host.reload(host.policyd, result="refused")["error"]
    host.write_configuration(SETTINGS)
    host.reload(host.policyd)
    assert host.send(LISTED, SENDER, USER).last.code == 550
    assert LIST_KEY not in host.policyd.log()


def test_postfix_own_tables(host: MailHost, tmp_path: Path) -> None:
    """rbl_reply_maps and postscreen_dnsbl_reply_map, read as they are; a fault is told with file and line."""
    folder = host.folder / "tables"
    folder.mkdir(exist_ok=True)
    replies, names = folder / "rbl_reply", folder / "dnsbl_reply"
    replies.write_text(f"# replies\n{BAD_LIST}=127.0.0.[2..11]   554 5.7.1 Sorry, $client:\n   see https://help.example/\n")
    names.write_text(f"{GOOD_LIST} shown.example\n")
    dnsbl = {**SETTINGS["dnsbl"], "reply_templates": str(replies), "reply_map": str(names)}
    try:
        host.write_configuration({**SETTINGS, "dnsbl": dnsbl})
        host.reload(host.policyd)
        answer = host.send(LISTED, SENDER, USER)
        assert str(answer.last).startswith("554 5.7.1 ")
        assert f"Sorry, {LISTED.name}[{LISTED.address}]: see https://help.example/" in answer.last.text
        assert "dnsbl_list shown.example " in status(host)

        names.write_text(f"# names\n\n{KEYED_LIST}\n")
        error = host.reload(host.policyd, result="refused")["error"]
        assert f"dnsbl.reply_map: {names}:3: " in error
        assert LIST_KEY not in error
    finally:
        host.write_configuration(SETTINGS)
        host.reload(host.policyd)


def test_observed_lists_refuse_nobody(host: MailHost) -> None:
    try:
        host.write_configuration({**SETTINGS, "dnsbl": {**SETTINGS["dnsbl"], "observe": True}})
        host.reload(host.policyd)
        client = Client(LISTED.address, LISTED.name, "observed.pool.example")
        assert host.send(client, SENDER, USER).accepted
        assert host.policy_decision(SENDER, helo=client.helo)["dnsbl"].startswith("would-reject score=3 ")
    finally:
        host.write_configuration(SETTINGS)
        host.reload(host.policyd)


def test_check_warns_of_what_postfix_asks_itself(host: MailHost, tmp_path: Path) -> None:
    (tmp_path / "main.cf").write_text(
        f"smtpd_client_restrictions = reject_rbl_client {KEYED_LIST}, reject_rbl_client {BAD_LIST}\n")
    (tmp_path / "master.cf").write_text("smtp inet n - n - - smtpd\n")
    printed = run([host.build / "config/postern", "check", "--config-dir", tmp_path, host.configuration],
                  environment=host.postfix.environment)
    assert f"warning: Postfix: reject_rbl_client asks {BAD_LIST}, and so does [dnsbl]: take it out" in printed
    assert "warning: Postfix: reject_rbl_client names zen.spamhaus.org without a filter" in printed
    assert "reject_rbl_client asks zen.spamhaus.org with a key, which every refusal shows to the client" in printed
    assert LIST_KEY not in printed


def status(host: MailHost) -> str:
    return run([host.build / "config/postern", "status", "--config", host.configuration, "policyd"])
