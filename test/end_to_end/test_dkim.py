"""DKIM: what is verified, what is removed, what leaves signed."""

from __future__ import annotations

from pathlib import Path

import pytest

from mail_host import Arrival, Client, MailHost, compose, message_id_of, wait_until
from mail_host.keys import DkimKey, verified_algorithms
from mail_host.world import COLLEAGUE, LOCAL, OUR_DOMAIN, OUR_HOST, STRANGER, TRAVELLER, USER

ELSEWHERE = "friend@elsewhere.example"
OURS = f"me@{OUR_DOMAIN}"


def authentication_results(arrival: Arrival) -> str:
    """The one header of ours, on top of everything (RFC 8601 5)."""
    ours = [value for value in arrival.fields("Authentication-Results") if value.startswith(OUR_HOST)]
    assert len(ours) == 1, arrival.header()
    return ours[0]


def verified_signatures(host: MailHost, arrival: Arrival) -> list[str]:
    return verified_algorithms(arrival.content, host.world.zone)


BOTH = ["ed25519-sha256", "rsa-sha256"]


# Verifying

def test_a_good_signature(host: MailHost, sender: str) -> None:
    _, arrival = host.exchange(STRANGER, sender, USER, host.world.stranger_key.sign(compose(sender, USER)))
    results = authentication_results(arrival)
    assert "dkim=pass" in results
    assert "header.d=stranger.example" in results and "header.s=s1" in results
    assert "spf=pass" in results and f"smtp.mailfrom={sender}" in results
    assert arrival.header()[0][0] in ("Authentication-Results", "Received-SPF")


def test_a_changed_body(host: MailHost, sender: str) -> None:
    signed = host.world.stranger_key.sign(compose(sender, USER)).replace(b"Good morning", b"Good evening")
    _, arrival = host.exchange(STRANGER, sender, USER, signed)
    assert "dkim=fail" in authentication_results(arrival)


def test_a_changed_header(host: MailHost, sender: str) -> None:
    signed = host.world.stranger_key.sign(compose(sender, USER)).replace(b"Subject: test", b"Subject: win")
    _, arrival = host.exchange(STRANGER, sender, USER, signed)
    assert "dkim=fail" in authentication_results(arrival)


def test_no_signature(host: MailHost, sender: str) -> None:
    _, arrival = host.exchange(STRANGER, sender, USER)
    assert "dkim=none" in authentication_results(arrival)


def test_a_key_that_is_not_there(host: MailHost, sender: str) -> None:
    signed = host.world.stranger_key.sign(compose(sender, USER)).replace(b"s=s1;", b"s=gone;")
    _, arrival = host.exchange(STRANGER, sender, USER, signed)
    results = authentication_results(arrival)
    assert "dkim=permerror" in results and "dkim=pass" not in results


def test_a_key_whose_server_does_not_answer(host: MailHost, sender: str, tmp_path: Path) -> None:
    """"Ask again later" is another thing than "no key"."""
    key = DkimKey.create(tmp_path, "broken.example", "s1", "ed25519")
    _, arrival = host.exchange(STRANGER, sender, USER, key.sign(compose(sender, USER)))
    assert "dkim=temperror" in authentication_results(arrival)


def test_two_signatures_each_with_its_result(host: MailHost, sender: str) -> None:
    good = host.world.stranger_key.sign(compose(sender, USER))
    both = host.world.stranger_key.sign(good).replace(b"s=s1;", b"s=gone;", 1)
    _, arrival = host.exchange(STRANGER, sender, USER, both)
    results = authentication_results(arrival)
    assert "dkim=pass" in results and "dkim=permerror" in results


def test_a_hundred_signatures(host: MailHost, sender: str) -> None:
    """There is a cap: nobody makes us ask a hundred keys, and the mail passes all the same."""
    content = compose(sender, USER)
    signature = host.world.stranger_key.sign(content)[:-len(content)]
    many = b"".join(signature.replace(b"s=s1;", b"s=s%d;" % number) for number in range(100))
    _, arrival = host.exchange(STRANGER, sender, USER, many + content)
    assert authentication_results(arrival).count("dkim=") < 100


# Forged results

FORGED = [
    f"Authentication-Results: {OUR_HOST}; dkim=pass header.d=bank.example",
    f"AUTHENTICATION-results:\r\n\t{OUR_HOST.upper()}\r\n ;\r\n spf=pass smtp.mailfrom=bank.example",
    f"Authentication-Results: (a comment (in a comment)) \"{OUR_HOST}\" 1; dmarc=pass",
]


def test_forged_results_are_removed(host: MailHost, sender: str) -> None:
    """All three of them; what somebody else's server found stays."""
    content = compose(sender, USER, header=[*FORGED, "Authentication-Results: mx.other.example; spf=fail"])
    _, arrival = host.exchange(STRANGER, sender, USER, content)
    assert "bank.example" not in arrival.content.decode()
    values = arrival.fields("Authentication-Results")
    assert "dmarc=pass" not in values[1]
    assert len(values) == 2
    assert values[1] == "mx.other.example; spf=fail"
    authentication_results(arrival)


def test_a_forged_result_that_is_very_long(host: MailHost, sender: str) -> None:
    padding = "\r\n".join(f"\tx{number}=pass header.from=bank.example;" for number in range(300))
    content = compose(sender, USER, header=[f"Authentication-Results: {OUR_HOST};\r\n{padding}\r\n\tspf=pass"])
    _, arrival = host.exchange(STRANGER, sender, USER, content)
    assert "bank.example" not in arrival.content.decode()


# Signing

@pytest.mark.parametrize("client", [pytest.param(COLLEAGUE, id="own network"), pytest.param(TRAVELLER, id="logged in"),
                                    pytest.param(LOCAL, id="loopback")])
def test_our_own_mail_leaves_signed_with_both_keys(host: MailHost, client: Client) -> None:
    content = compose(OURS, ELSEWHERE, subject="from ours", body="One.\n\n.\n..two\n\ttab  \n\n\n")
    _, arrival = host.exchange(client, OURS, ELSEWHERE, content)
    assert verified_signatures(host, arrival) == BOTH
    for signature in arrival.fields("DKIM-Signature"):
        assert f"d={OUR_DOMAIN}" in signature


def test_nothing_can_be_added_to_what_was_signed(host: MailHost) -> None:
    """Oversigning: a second From breaks the signature."""
    _, arrival = host.exchange(COLLEAGUE, OURS, ELSEWHERE)
    assert verified_signatures(host, arrival) == BOTH
    changed = b"From: <boss@postern.example>\r\n" + arrival.content
    assert verified_algorithms(changed, host.world.zone) == []


def test_a_stranger_gets_no_signature_of_ours(host: MailHost) -> None:
    """Though the mail says it is from us: only who sends it makes it ours."""
    content = compose(OURS, USER)
    _, arrival = host.exchange(STRANGER, "someone@silent.example", USER, content)
    assert arrival.fields("DKIM-Signature") == []


def test_mail_of_another_domain_is_not_signed_with_our_key(host: MailHost) -> None:
    content = compose("me@elsewhere.example", ELSEWHERE)
    _, arrival = host.exchange(COLLEAGUE, "me@elsewhere.example", ELSEWHERE, content)
    assert arrival.fields("DKIM-Signature") == []


def test_mail_from_sendmail_is_signed(host: MailHost) -> None:
    content = compose(OURS, ELSEWHERE)
    host.postfix.sendmail(OURS, [ELSEWHERE], content)
    arrival = host.sink.wait_for(message_id_of(content))
    assert verified_signatures(host, arrival) == BOTH


def test_a_bounce_of_ours_is_signed(host: MailHost) -> None:
    content = compose(OURS, "nobody@nowhere.invalid", subject="this one bounces")
    host.postfix.sendmail(OURS, ["nobody@nowhere.invalid"], content)
    bounce = wait_until(lambda: [mail for mail in host.sink.to(OURS) if b"this one bounces" in mail.content],
                        "the bounce", explain=host.explain)[0]
    assert bounce.sender == ""
    assert verified_signatures(host, bounce) == BOTH


def test_never_unsigned(host: MailHost) -> None:
    """Signing is configured and the key cannot be used: the mail waits with its sender."""
    key = host.world.our_keys[0].pem
    good = key.read_bytes()
    try:
        key.write_text("this is no key\n")
        host.milterd.restart()  # it starts, and says what is wrong
        answer = host.send(COLLEAGUE, OURS, ELSEWHERE)
        assert answer.last.code == 451
        assert answer.last.text.startswith("4.")
        assert host.send(STRANGER, "someone@silent.example", USER).accepted, "mail of others is not concerned"
    finally:
        key.write_bytes(good)
        host.milterd.restart()
    _, arrival = host.exchange(COLLEAGUE, OURS, ELSEWHERE)
    assert verified_signatures(host, arrival) == BOTH
