"""postern enable on Postfixes of another kind: with smtpd(8) in Debian's chroot, and the second of two on one host."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mail_host import Arrival, MailHost, Session, compose, message_id_of, our_results, wait_until
from mail_host.old_setup import OldSetup
from mail_host.postfix import Postfix
from mail_host.world import OUR_DOMAIN, OUR_HOST, STRANGER, USER

SETTINGS = {"greylist": {"enable": True, "delay": "1s"}}
CHROOTED = True


@pytest.fixture(scope="module")
def old(module_host: MailHost) -> Iterator[OldSetup]:
    setup = OldSetup(module_host)
    try:
        setup.start()
        yield setup
    finally:
        setup.stop()


def is_judged(host: MailHost, sender: str) -> bool:
    return len(our_results(host.exchange(STRANGER, sender, USER)[1])) == 1


def test_observed_replaced_and_back_in_a_chroot(host: MailHost, old: OldSetup, sender: str) -> None:
    before = [(host.postfix.etc / name).read_text() for name in ("main.cf", "master.cf")]
    observed = old.postern("enable", "--observe")
    assert observed.returncode == 0, observed.stdout + observed.stderr
    wait_until(lambda: host.send(STRANGER, sender, USER).accepted, "postgrey to know the sender")
    wait_until(lambda: host.policyd.records(event="decision", sender=sender, action="dunno"), "Postern to be asked, too")
    assert not is_judged(host, sender), "it only watches"

    replaced = old.postern("enable", "--replace", "--postgrey", old.postgrey)
    assert replaced.returncode == 0, replaced.stdout + replaced.stderr
    assert not old.postgrey_runs()
    assert is_judged(host, sender), "known without postgrey, and judged by Postern"

    disabled = old.postern("disable")
    assert disabled.returncode == 0, disabled.stdout + disabled.stderr
    assert [(host.postfix.etc / name).read_text() for name in ("main.cf", "master.cf")] == before
    assert old.postgrey_runs()
    wait_until(lambda: not is_judged(host, sender), "Postern not to be asked any more")


class Second:
    """Another Postfix of the same host, which asks the same old programs."""

    def __init__(self, host: MailHost, old: OldSetup) -> None:
        self.host = host
        self.postfix = Postfix(host.folder / "second", hostname=OUR_HOST, domain=OUR_DOMAIN, sink_port=host.sink.port)
        self.postfix.configure([
            f"smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination, check_policy_service unix:{old.postgrey}/socket",
            f"smtpd_milters = unix:{host.postfix.queue}/clamav/clamav-milter.ctl", "max_idle = 1s"])
        host.postfix.configure([f"multi_instance_directories = {self.postfix.etc}"])
        self.texts = self._texts()

    def start(self) -> None:
        self.postfix.start()

    def stop(self) -> None:
        self.postfix.stop()
        shutil.rmtree(self.postfix.folder)

    def has_its_old_lines(self) -> bool:
        return self._texts() == self.texts

    def exchange(self, sender: str) -> Arrival | None:
        """The mail as it arrives; None if it is put off."""
        content = compose(sender, USER)
        with Session("127.0.0.1", self.postfix.port, STRANGER) as session:
            if not session.deliver(sender, [USER], content).accepted:
                return None
        return self.host.sink.wait_for(message_id_of(content))

    def _texts(self) -> list[str]:
        return [(self.postfix.etc / name).read_text() for name in ("main.cf", "master.cf")]


@pytest.fixture
def second(host: MailHost, old: OldSetup) -> Iterator[Second]:
    found = Second(host, old)
    try:
        found.start()
        yield found
    finally:
        found.stop()


def test_the_second_of_two_postfixes(host: MailHost, old: OldSetup, second: Second, sender: str) -> None:
    first = (host.postfix.etc / "main.cf").read_text()
    wait_until(lambda: second.exchange(sender), "postgrey to know the sender")

    def postern(command: str, *words: str | Path) -> None:
        done = old.postern(command, *words, postfix=second.postfix)
        assert done.returncode == 0, done.stdout + done.stderr
        said.append(done.stdout)

    said: list[str] = []
    postern("enable", "--observe")
    wait_until(lambda: second.exchange(sender) and host.policyd.records(event="decision", sender=sender, action="dunno"),
               "Postern to be asked, too")
    postern("enable", "--replace", "--postgrey", old.postgrey)
    assert f"postgrey goes on: the Postfix of {host.postfix.etc} asks it." in said[-1]
    assert old.postgrey_runs()
    arrival = second.exchange(sender)
    assert arrival and len(our_results(arrival)) == 1
    assert (host.postfix.etc / "main.cf").read_text() == first
    assert not is_judged(host, sender), "the first one is as it was"
    postern("disable")
    assert second.has_its_old_lines()
