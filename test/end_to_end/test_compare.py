"""postern enable --observe, and postern compare on what both setups have written down."""

from __future__ import annotations

import re
import shlex
import subprocess
import time
from collections.abc import Iterator

import pytest

from mail_host import MailHost, compose, our_results, wait_until
from mail_host.clamd import EICAR
from mail_host.old_setup import OldSetup
from mail_host.world import FORGER, STRANGER, USER

SETTINGS = {"greylist": {"enable": True, "delay": "1s"}}


@pytest.fixture
def observed(host: MailHost) -> Iterator[OldSetup]:
    """The old setup, with Postern watching it."""
    setup = OldSetup(host)
    try:
        setup.start()
        enabled = setup.postern("enable", "--observe")
        assert enabled.returncode == 0, enabled.stdout + enabled.stderr
        wait_until(lambda: host.send(STRANGER, f"first-{time.monotonic_ns()}@stranger.example", USER).last.code == 450
                   and host.policyd.records(event="decision", would="defer_if_permit"), "Postern to be asked")
        yield setup
    finally:
        setup.stop()


def compare(setup: OldSetup, since: str) -> subprocess.CompletedProcess[str]:
    host = setup.host
    return setup.postern("compare", "--since", since, "--config", host.configuration, host.postfix.maillog,
                         host.policyd.log_path, host.milterd.log_path)


def test_observed_mail_is_as_it_was(host: MailHost, observed: OldSetup, sender: str) -> None:
    assert host.send(FORGER, sender, USER).last.code == 450  # by postgrey: of SPF the old setup knows nothing
    record = host.policy_decision(sender)
    assert (record["action"], record["would"], record["check"]) == ("dunno", "reject", "spf")
    wait_until(lambda: host.send(FORGER, sender, USER).accepted, "postgrey to let it in")

    known = f"known-{sender}"
    wait_until(lambda: host.send(STRANGER, known, USER).accepted, "both to know the sender")
    _, arrival = host.exchange(STRANGER, known, USER)
    assert our_results(arrival) == []
    assert arrival.fields("Received-SPF") == []
    record = host.mail_decision(known)
    assert (record["action"], record["would"]) == ("accept", "accept")

    host.policyd.stop()
    host.milterd.stop()  # nobody waits for who only watches
    try:
        assert host.send(STRANGER, known, USER).accepted
    finally:
        host.policyd.start()
        host.milterd.start()


def test_what_would_be_alike_and_what_would_not(host: MailHost, observed: OldSetup, sender: str) -> None:
    time.sleep(1.1)
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    host.send(STRANGER, sender, USER)
    time.sleep(2.2)  # postgrey counts whole seconds: just after the delay the two may differ
    assert host.send(STRANGER, sender, USER).accepted
    assert host.send(STRANGER, sender, USER, compose(sender, USER, body=EICAR)).last.code == 550  # by clamav-milter
    host.mail_decision(sender, would="reject")
    alike = compare(observed, since)
    assert "no differences" in alike.stdout, alike.stdout + alike.stderr
    assert re.search(r"messages: (\d+) of \1 alike", alike.stdout)
    assert alike.returncode == 0

    host.send(FORGER, f"forged-{sender}", USER)
    host.policy_decision(f"forged-{sender}")
    different = compare(observed, since)
    assert different.returncode == 1, different.stdout + different.stderr
    assert ("1 times: recipient: the old setup would defer it (Greylisted), Postern would reject it (spf: fail)"
            in different.stdout)
    command = next(line for line in different.stdout.splitlines() if line.strip().startswith("postern explain"))
    explained = observed.postern(*shlex.split(command)[1:])
    assert "550" in explained.stdout, explained.stdout + explained.stderr

    nothing = compare(observed, "2030-01-01")
    assert nothing.returncode == 2
    assert "no line of that time" in nothing.stderr
