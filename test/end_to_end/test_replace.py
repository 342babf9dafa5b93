"""postern enable --replace and the way back, from a real postgrey and clamav-milter, while mail comes in."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from mail_host import Load, MailHost, compose, our_results, wait_until
from mail_host.old_setup import OldSetup
from mail_host.world import STRANGER, USER

SETTINGS = {"greylist": {"enable": True, "delay": "1s"}}


@pytest.fixture
def old(host: MailHost) -> Iterator[OldSetup]:
    setup = OldSetup(host)
    try:
        setup.start()
        yield setup
    finally:
        setup.stop()


def become_known(host: MailHost, sender: str) -> None:
    """To whatever greylist the host asks now."""
    wait_until(lambda: host.send(STRANGER, sender, USER).accepted, "the sender to be let in")


def texts(host: MailHost) -> tuple[str, str]:
    return (host.postfix.etc / "main.cf").read_text(), (host.postfix.etc / "master.cf").read_text()


def test_the_switch_and_the_way_back_under_load(host: MailHost, old: OldSetup, sender: str) -> None:
    before = texts(host)
    assert not host.send(STRANGER, sender, USER).accepted  # postgrey is at work
    become_known(host, sender)

    with Load(host, sender) as load:
        replaced = old.postern("enable", "--replace", "--postgrey", old.postgrey)
        assert replaced.returncode == 0, replaced.stdout + replaced.stderr
    assert [str(answer) for answer in load.put_off] == []
    judged = [bool(our_results(arrival)) for arrival in load.arrivals()]
    assert not old.postgrey_runs()
    assert "postgrey is stopped, and stays installed" in replaced.stdout
    assert "clamav-milter" not in host.postfix.parameter("smtpd_milters")
    _, arrival = host.exchange(STRANGER, sender, USER)  # known without postgrey, and judged by Postern
    assert len(our_results(arrival)) == 1
    again = old.postern("enable", "--replace", "--postgrey", old.postgrey)
    assert again.returncode == 0, again.stdout + again.stderr

    with Load(host, sender) as load:
        disabled = old.postern("disable")
        assert disabled.returncode == 0, disabled.stdout + disabled.stderr
    assert [str(answer) for answer in load.put_off] == []
    judged += [bool(our_results(arrival)) for arrival in load.arrivals()]
    assert any(judged)
    assert texts(host) == before
    assert old.postgrey_runs()
    assert list(host.postfix.etc.glob("*-postern")) == []
    wait_until(lambda: our_results(host.exchange(STRANGER, sender, USER)[1]) == [], "Postern not to be asked any more")


def test_a_session_that_has_begun_ends_with_the_old_programs(host: MailHost, old: OldSetup, sender: str) -> None:
    become_known(host, sender)
    done: list[int] = []
    with host.session(STRANGER) as session:
        switch = threading.Thread(target=lambda: done.append(
            old.postern("enable", "--replace", "--postgrey", old.postgrey).returncode))
        switch.start()
        wait_until(lambda: "postern" in host.postfix.parameter("smtpd_recipient_restrictions"), "Postfix's new lines")
        time.sleep(2)  # longer than it takes to stop postgrey, if that were done now
        assert done == [] and old.postgrey_runs()
        assert session.deliver(sender, [USER], compose(sender, USER)).accepted
    switch.join(60)
    assert done == [0]
    assert not old.postgrey_runs()


def test_a_session_that_does_not_end_keeps_the_old_programs(host: MailHost, old: OldSetup, sender: str) -> None:
    with host.session(STRANGER):
        replaced = old.postern("enable", "--replace", "--patience", "1", "--postgrey", old.postgrey)
        assert replaced.returncode == 1
        assert "run this again" in replaced.stderr
        assert old.postgrey_runs()
    assert old.postern("enable", "--replace", "--postgrey", old.postgrey).returncode == 0
    assert not old.postgrey_runs()


def test_without_the_greylist_nothing_is_done(host: MailHost, old: OldSetup) -> None:
    before = texts(host)
    refused = old.postern("enable", "--replace", "--postgrey", host.folder)
    assert refused.returncode == 1
    assert "--without-greylist" in refused.stderr
    assert texts(host) == before
    assert old.postgrey_runs()
