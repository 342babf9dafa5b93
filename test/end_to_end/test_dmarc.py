"""DMARC with its policies followed, and what else becomes of a stranger's mail by what was found out about it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mail_host import Answer, Arrival, Client, MailHost, compose, wait_until
from mail_host.keys import DkimKey
from mail_host.world import COLLEAGUE, OUR_DOMAIN, OUR_HOST, STRANGER, TRAVELLER, USER

SETTINGS = {"dmarc": {"reject": "reject", "quarantine": "quarantine", "temperror": "defer", "bad_from": "reject"},
            "dkim_verify": {"bad_signature": "reject", "dns_error": "defer"}, "iprev": {"enable": True}}

SOMEBODY = "someone@silent.example"  # no SPF record: nothing passes by the sender


def results(arrival: Arrival) -> str:
    ours = [value for value in arrival.fields("Authentication-Results") if value.startswith(OUR_HOST)]
    assert len(ours) == 1, arrival.header()
    return " ".join(ours[0].split())


def mail_of(author: str, sender: str = SOMEBODY, client: Client = STRANGER, *, host: MailHost) -> Answer:
    return host.send(client, sender, USER, compose(author, USER))


def test_a_pass_by_the_sender(host: MailHost) -> None:
    _, arrival = host.exchange(STRANGER, "boss@strict.example", USER)
    assert "dmarc=pass (p=reject of strict.example) header.from=strict.example policy.dmarc=reject" in results(arrival)
    assert "iprev=pass (mx.stranger.example) policy.iprev=198.51.100.25" in results(arrival)


def test_a_pass_by_a_signature(host: MailHost, sender: str) -> None:
    _, arrival = host.exchange(STRANGER, SOMEBODY, USER, host.world.stranger_key.sign(compose(sender, USER)))
    assert "dmarc=pass (p=none of stranger.example) header.from=stranger.example" in results(arrival)


def test_a_domain_that_says_nothing(host: MailHost) -> None:
    _, arrival = host.exchange(STRANGER, SOMEBODY, USER)
    assert "dmarc=none header.from=silent.example" in results(arrival)


@pytest.mark.parametrize("author", [pytest.param("boss@strict.example", id="p"),
                                    pytest.param("boss@gone.strict.example", id="np"),
                                    pytest.param("boss@a.b.c.d.e.f.g.h.i.strict.example", id="from afar"),
                                    pytest.param("boss@nobody.bank.example", id="of the public suffix")])
def test_a_policy_that_refuses(host: MailHost, author: str) -> None:
    answer = mail_of(author, host=host)
    assert answer.last.code == 550 and answer.last.text.startswith("5.7.26"), answer.last
    assert "DMARC" in answer.last.text


def test_a_policy_that_holds(host: MailHost) -> None:
    """sp=quarantine: the hold queue, as SETTINGS say."""
    answer = mail_of("boss@there.strict.example", host=host)
    assert answer.accepted
    assert wait_until(lambda: answer.queue_id in host.postfix.held(), "the mail to be on hold")
    decision = host.mail_decision(SOMEBODY, queue_id=answer.queue_id)
    assert decision["action"] == "quarantine" and decision["filter"] == "dmarc"
    assert "sp=quarantine" in decision["dmarc"]


def test_a_policy_that_is_tested(host: MailHost) -> None:
    _, arrival = host.exchange(STRANGER, SOMEBODY, USER, compose("boss@testing.example", USER))
    assert "dmarc=fail (p=quarantine t=y of testing.example)" in results(arrival)


def test_organizations_below_a_public_suffix(host: MailHost) -> None:
    """RFC 9989 B.4.3: one subdomain of giant.bank.example vouches for it, its neighbour mega.bank.example does not."""
    _, arrival = host.exchange(STRANGER, "a@mail.giant.bank.example", USER, compose("b@giant.bank.example", USER))
    assert "dmarc=pass (p=quarantine of giant.bank.example)" in results(arrival)
    answer = mail_of("b@giant.bank.example", "a@mail.mega.bank.example", host=host)
    assert host.mail_decision("a@mail.mega.bank.example", queue_id=answer.queue_id)["action"] == "quarantine"


@pytest.mark.parametrize("client", [pytest.param(COLLEAGUE, id="own network"), pytest.param(TRAVELLER, id="logged in")])
def test_our_own_are_not_judged(host: MailHost, client: Client) -> None:
    assert mail_of("boss@strict.example", f"me@{OUR_DOMAIN}", client, host=host).accepted


def test_a_dns_that_does_not_answer(host: MailHost) -> None:
    answer = mail_of("boss@broken.example", host=host)
    assert answer.last.code == 451 and answer.last.text.startswith("4.7.5"), answer.last


@pytest.mark.parametrize("line", ["From: <boss@strict.example>", "from:\r\n <boss@strict.example>",
                                  "From : <boss@strict.example>"])
def test_a_second_from(host: MailHost, line: str) -> None:
    """However it is spelled. In front, Postfix would take "From :" for a line of an mbox."""
    content = compose("a@silent.example", USER, header=["X-Mailer: none", line])
    answer = host.send(STRANGER, SOMEBODY, USER, content)
    assert answer.last.code == 550 and answer.last.text.startswith("5.7.1"), answer.last
    record = host.mail_decision(SOMEBODY, queue_id=answer.queue_id) if answer.queue_id else {}
    assert "several From" in record.get("header", "several From")


def test_a_bad_signature_and_a_key_that_cannot_be_had(host: MailHost, sender: str, tmp_path: Path) -> None:
    """RFC 7372 for the first; the second may come again."""
    changed = host.world.stranger_key.sign(compose(sender, USER)).replace(b"Good morning", b"Good evening")
    answer = host.send(STRANGER, sender, USER, changed)
    assert answer.last.code == 550 and answer.last.text.startswith("5.7.20"), answer.last
    key = DkimKey.create(tmp_path, "broken.example", "s1", "ed25519")
    answer = host.send(STRANGER, sender, USER, key.sign(compose(sender, USER)))
    assert answer.last.code == 451 and answer.last.text.startswith("4.7.5"), answer.last


@pytest.mark.parametrize("forged", [
    f"Authentication-Results : {OUR_HOST}; dmarc=pass header.from=bank.example",
    f"Authentication-Results:\r\n\t(x\r\n\t (y))\r\n\t\"{OUR_HOST}\"\r\n\t1;\r\n\tdmarc=pass header.from=bank.example",
    f"AUTHENTICATION-RESULTS:{OUR_HOST}/4XyZ12;dmarc=pass header.from=bank.example",
    f"Authentication-Results: {OUR_HOST};" + "\r\n\t" + "x" * 60_000 + "\r\n\tdmarc=pass header.from=bank.example"])
def test_forged_results_go(host: MailHost, sender: str, forged: str) -> None:
    content = compose(sender, USER, header=[forged, "Authentication-Results: mx.other.example; spf=fail", forged])
    _, arrival = host.exchange(STRANGER, sender, USER, content)
    results(arrival)
    assert b"bank.example" not in arrival.content
    assert len(arrival.fields("Authentication-Results")) == 2


def test_explain_shows_a_mail_from_a_file(host: MailHost, tmp_path: Path) -> None:
    """Filter by filter, by the program alone; nothing comes of it."""
    mail = tmp_path / "mail"
    mail.write_bytes(compose("boss@strict.example", USER))
    before = len(host.milterd.records(event="message"))
    words = ["explain", "--message", mail, "--config", host.configuration, "--client", STRANGER.address, "--helo",
             STRANGER.helo, "--sender", SOMEBODY, "--recipient", USER]
    said = subprocess.run([host.build / "config/postern", *map(str, words)], env=host.postfix.environment,
                          capture_output=True, text=True, timeout=60, check=False)
    assert said.returncode == 0, said.stdout + said.stderr
    lines = said.stdout.splitlines()
    for name, text in [("spf", "accept"), ("dkim_verify", "none"), ("dmarc", "fail strict.example p=reject"),
                       ("decided by", "dmarc"), ("Postfix is told", "550 5.7.26")]:
        assert any(line.startswith(name) and text in line for line in lines), said.stdout
    assert len(host.milterd.records(event="message")) == before
