"""SPF at RCPT: what Postfix answers, and the header that arrives."""

from __future__ import annotations

import dataclasses

from mail_host import Client, MailHost, PolicyConnection, compose, message_id_of
from mail_host.world import COLLEAGUE, FORGER, STRANGER, STRANGER6, TRAVELLER, USER


def test_fail_is_refused_with_the_domains_explanation(host: MailHost, sender: str) -> None:
    answer = host.send(FORGER, sender, USER)

    assert answer.last.code == 550
    assert answer.last.text.startswith("5.7.23 ")
    assert "203.0.113.66 may not send mail of stranger.example" in answer.last.text
    decision = host.policy_decision(sender)
    assert (decision["action"], decision["check"], decision["reason"]) == ("reject", "spf", "fail")


def test_pass_is_said_in_a_header_above_all_others(host: MailHost, sender: str) -> None:
    _, arrival = host.exchange(STRANGER, sender, USER)

    header = arrival.fields("Received-SPF")
    assert len(header) == 1
    assert header[0].startswith("pass ")
    for part in (f"client-ip={STRANGER.address}", f"envelope-from=\"{sender}\"", "helo=mx.stranger.example",
                 "identity=mailfrom", "receiver=mail.postern.example"):
        assert part in header[0]
    names = [name for name, _ in arrival.header()]
    assert names.index("Received-SPF") < names.index("Date"), "RFC 7208 9.1: above what the sender wrote"


def test_temperror_passes_with_a_header(host: MailHost) -> None:
    _, arrival = host.exchange(STRANGER, "someone@broken.example", USER)
    assert arrival.fields("Received-SPF")[0].startswith("temperror ")
    assert "spf=temperror" in arrival.fields("Authentication-Results")[0]


def test_permerror_passes_with_a_header(host: MailHost) -> None:
    _, arrival = host.exchange(STRANGER, "someone@careless.example", USER)
    assert arrival.fields("Received-SPF")[0].startswith("permerror ")


def test_a_domain_without_a_record(host: MailHost) -> None:
    _, arrival = host.exchange(STRANGER, "someone@silent.example", USER)
    assert arrival.fields("Received-SPF")[0].startswith("none ")


def test_one_header_however_many_recipients(host: MailHost, sender: str) -> None:
    recipients = [f"user{number}@postern.example" for number in range(20)]
    content = compose(sender, recipients[0])

    answer = host.send(STRANGER, sender, recipients, content)

    assert answer.accepted
    arrival = host.sink.wait_for(message_id_of(content), recipients=20)
    assert len(arrival.fields("Received-SPF")) == 1


def test_the_header_goes_with_another_recipient_when_the_first_is_refused(host: MailHost, sender: str) -> None:
    content = compose(sender, USER)
    answer = host.send(STRANGER, sender, ["nobody@not-ours.example", USER], content)

    assert not answer.recipients["nobody@not-ours.example"].ok
    assert len(host.sink.wait_for(message_id_of(content)).fields("Received-SPF")) == 1


def test_clients_that_are_not_judged(host: MailHost, sender: str) -> None:
    """A colleague and a login send as stranger.example, which would fail for anybody else."""
    for client in (COLLEAGUE, TRAVELLER):
        _, arrival = host.exchange(client, sender, USER)
        assert arrival.fields("Received-SPF") == []
        assert "spf=" not in " ".join(arrival.fields("Authentication-Results"))
    with PolicyConnection(host.policyd.listen) as connection:  # where main.cf does not sort them out before
        assert connection.ask(client_address=FORGER.address).startswith("550 5.7.23 ")
        assert connection.ask(client_address=FORGER.address, sasl_username="user") == "DUNNO"
        assert connection.ask(client_address=COLLEAGUE.address) == "DUNNO"


def test_each_mail_of_a_connection_is_judged_for_itself(host: MailHost, sender: str) -> None:
    with host.session(FORGER) as session:
        assert session.deliver(sender, [USER], compose(sender, USER)).last.code == 550
        content = compose("someone@silent.example", USER)
        assert session.deliver("someone@silent.example", [USER], content).accepted
    assert host.sink.wait_for(message_id_of(content)).fields("Received-SPF")[0].startswith("none ")


def test_a_macro_in_the_sender_does_no_harm(host: MailHost) -> None:
    """The explanation holds the sender's own bytes: no line end, no percent sign gets through to the wire."""
    client: Client = dataclasses.replace(FORGER, helo="%{s}%{l}.example")
    answer = host.send(client, "%{d}%%%_@stranger.example", USER)
    assert answer.last.code == 550
    assert answer.last.text.startswith("5.7.23 ")


def test_a_pass_of_the_helo_name_is_none_of_the_sender(host: MailHost) -> None:
    """CVE-2019-20790: a Received-SPF for HELO was read as one for MAIL FROM, and a forged sender passed DMARC."""
    _, arrival = host.exchange(STRANGER, "someone@silent.example", USER)  # whose HELO name passes

    header, = arrival.fields("Received-SPF")
    assert header.startswith("none ")
    assert "identity=mailfrom" in header
    assert not [field for field in arrival.fields("Authentication-Results") if "spf=pass" in field]


def test_an_ipv6_client_of_a_domain_with_old_mx_hosts_fails_and_is_no_permerror(host: MailHost) -> None:
    """Three MX hosts without an AAAA record are one void lookup of the term mx, and not three."""
    with PolicyConnection(host.policyd.listen) as connection:
        answer = connection.ask(client_address=STRANGER6.address, sender="someone@old-hosts.example")
        assert answer.startswith("550 5.7.23 ")
        known = connection.ask(client_address="198.51.100.102", sender="someone@old-hosts.example",
                               helo_name="mx2.old-hosts.example")
        assert known.startswith("PREPEND Received-SPF: pass ")


def test_settings_of_policyd_spf(host: MailHost, sender: str) -> None:
    """Rules, exemptions, texts, codes and headers, as an operator sets them."""
    def ask(settings: dict[str, object], **attributes: str) -> str:
        host.write_configuration({"spf": settings})
        host.reload(host.policyd)
        with PolicyConnection(host.policyd.listen) as connection:
            return connection.ask(**{"client_address": FORGER.address, "helo_name": "h.silent.example",
                                     "sender": sender, **attributes})

    try:
        assert ask({"mail_from": "never"}).startswith("PREPEND Received-SPF: fail ")
        assert ask({"mail_from": "unchecked", "header": "none"}) == "DUNNO"
        assert ask({"text": "{identity} {result} of {domain}", "enhanced_status_codes": False}) \
            == "550 5.7.1 MAIL FROM fail of stranger.example"
        assert ask({"exempt_sender_domains": ["stranger.example"]}).startswith("PREPEND Received-SPF: fail ")
        assert ask({"exempt_spf_domains": ["mx.stranger.example"]}).startswith("550 5.7.23 ")
        assert ask({"exempt_spf_domains": ["mx.stranger.example"], "header": "none"}, client_address=STRANGER.address,
                   sender="someone@old-hosts.example") == "DUNNO"
        assert ask({"header": "authentication_results", "authserv_id": "spf.postern.example"},
                   client_address=STRANGER.address) \
            == "PREPEND Authentication-Results: spf.postern.example; spf=pass smtp.mailfrom=stranger.example"
        assert ask({"skipped_header": True}, client_address=COLLEAGUE.address) \
            .startswith("PREPEND X-Comment: SPF check N/A for local connections - client-ip=")
        assert ask({"not_pass_domains": ["silent.example"]}, sender="someone@silent.example") \
            .startswith("PREPEND Received-SPF: none ")
    finally:
        host.write_configuration()
        host.reload(host.policyd)
