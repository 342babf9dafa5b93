"""postern enable --observe, and postern compare on what both setups have written down."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mail_host import MailHost, compose, our_results, wait_until
from mail_host.clamd import EICAR
from mail_host.old_programs import PolicydSpfService, Syslog, name_server, opendkim, policyd_spf_command
from mail_host.old_setup import OldSetup
from mail_host.world import COLLEAGUE, FORGER, OUR_DOMAIN, STRANGER, USER

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


def compare(setup: OldSetup, since: str, *logs: Path) -> subprocess.CompletedProcess[str]:
    host = setup.host
    return setup.postern("compare", "--since", since, "--config", host.configuration, host.postfix.maillog,
                         host.policyd.log_path, host.milterd.log_path, *logs)


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


OPENDKIM = """\
SyslogSuccess yes
Mode sv
Domain {domain}, extra.example
Selector rsa1
KeyFile {key}
InternalHosts 127.0.0.1, 192.0.2.0/24
"""


@pytest.fixture
def watched(host: MailHost) -> Iterator[tuple[OldSetup, Path]]:
    """What opendkim and policyd-spf write, who are asked beside postgrey and clamav-milter, and Postern watches them all."""
    setup = OldSetup(host)
    spf, dkim = host.postfix.queue / "policyd-spf", host.postfix.queue / "opendkim"
    with ExitStack() as stack:
        stack.callback(setup.stop)
        setup.start()
        for folder in (spf, dkim):
            folder.mkdir()
            shutil.chown(folder, "nobody")
            stack.callback(shutil.rmtree, folder)
        dns = name_server(host.folder / "dns-of-spf", host.world.zone)
        dns.start()
        stack.callback(shutil.rmtree, host.folder / "dns-of-spf")
        stack.callback(dns.stop)
        log = Syslog(host.folder / "syslog-of-old")
        stack.callback(shutil.rmtree, log.file.parent)
        stack.callback(log.stop)
        milter = opendkim(dkim / "opendkim.sock", OPENDKIM.format(domain=OUR_DOMAIN, key=host.world.our_keys[0].pem), dns, log)
        stack.callback(milter.stop)
        milter.start()
        service = PolicydSpfService(spf / "socket", log.command(*policyd_spf_command(spf, POLICYD_SPF, dns)))
        stack.callback(service.stop)
        host.postfix.configure([
            "smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination, check_policy_service unix:policyd-spf/socket, "
            "check_policy_service unix:postgrey/socket",
            "smtpd_milters = unix:opendkim/opendkim.sock, unix:clamav/clamav-milter.ctl"])
        host.postfix.reload()
        enabled = setup.postern("enable", "--observe")
        assert enabled.returncode == 0, enabled.stdout + enabled.stderr
        wait_until(lambda: not host.send(STRANGER, f"first-{time.monotonic_ns()}@stranger.example", USER).accepted
                   and host.policyd.records(event="decision", would="defer_if_permit"), "Postern to be asked")
        yield setup, log.file


POLICYD_SPF = """\
debugLevel = 1
HELO_reject = Fail
Mail_From_reject = Fail
PermError_reject = False
TempError_Defer = False
"""


def test_spf_and_dkim_beside_the_real_programs(host: MailHost, watched: tuple[OldSetup, Path], sender: str) -> None:
    setup, syslog = watched
    time.sleep(1.1)
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    good = host.world.stranger_key.sign(compose(sender, USER))
    assert not host.send(STRANGER, sender, USER, good).accepted  # postgrey's first
    time.sleep(2.2)  # whole seconds, see above
    assert host.send(STRANGER, sender, USER, good).accepted
    tampered = host.world.stranger_key.sign(compose(sender, USER)).replace(b"Good morning", b"Good evening")
    assert host.send(STRANGER, sender, USER, tampered).accepted
    assert host.send(STRANGER, sender, USER).accepted  # unsigned
    assert host.send(FORGER, f"forged-{sender}", USER).last.code == 550  # by policyd-spf
    ours = f"me@{OUR_DOMAIN}"
    assert host.send(COLLEAGUE, ours, "friend@elsewhere.example").accepted
    host.mail_decision(ours)
    wait_until(lambda: "DKIM-Signature field added" in syslog.read_text(), "opendkim to say that it has signed")
    alike = compare(setup, since, syslog)
    assert alike.returncode == 0, alike.stdout + alike.stderr
    assert "no differences" in alike.stdout
    spf = re.search(r"SPF results: (\d+) of (\d+) alike", alike.stdout)
    assert spf and spf[1] == spf[2] and int(spf[1]) >= 4, alike.stdout

    extra = "me@extra.example"
    assert host.send(COLLEAGUE, extra, "friend@elsewhere.example").accepted
    host.mail_decision(extra)
    wait_until(lambda: "d=extra.example" in syslog.read_text(), "opendkim to say that it has signed")
    different = compare(setup, since, syslog)
    assert different.returncode == 1
    assert "1 times: DKIM: signed in the old setup, not in Postern" in different.stdout, different.stdout
