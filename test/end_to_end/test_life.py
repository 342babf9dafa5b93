"""The daemons' life: start, reload, drain, stop; sockets and privileges."""

from __future__ import annotations

import os
import pwd
import signal
import stat
import subprocess
import threading
import time

import pytest

from mail_host import Daemon, MailHost, compose, message_id_of
from mail_host.host import DAEMON_USER
from mail_host.world import FORGER, STRANGER, USER


@pytest.fixture(params=["policyd", "milterd"])
def daemon(request: pytest.FixtureRequest, host: MailHost) -> Daemon:
    return getattr(host, request.param)  # type: ignore[no-any-return]


def test_privileges_are_dropped(host: MailHost, daemon: Daemon) -> None:
    assert daemon.user_ids() == {pwd.getpwnam(DAEMON_USER).pw_uid}


def test_the_socket_is_for_postfix_alone(host: MailHost, daemon: Daemon) -> None:
    status = os.stat(daemon.listen)
    assert stat.S_IMODE(status.st_mode) == 0o660
    assert status.st_gid == pwd.getpwnam(host.postfix.user).pw_gid


def test_a_socket_left_behind_is_replaced(host: MailHost, daemon: Daemon) -> None:
    daemon.kill()
    assert daemon.listen.exists()
    daemon.start()
    assert host.send(STRANGER, "someone@silent.example", USER).accepted


def test_a_socket_in_use_is_not_taken_away(host: MailHost, daemon: Daemon) -> None:
    second = subprocess.run(daemon.command, capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode != 0
    assert str(daemon.listen) in second.stdout + second.stderr
    assert daemon.is_reachable()
    assert host.send(STRANGER, "someone@silent.example", USER).accepted


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_good_order(host: MailHost, daemon: Daemon, number: signal.Signals) -> None:
    daemon.send_signal(number)
    try:
        assert daemon.wait() == 0
        assert not daemon.is_reachable()
    finally:
        daemon.start()


def test_a_message_that_was_begun_is_finished(host: MailHost, sender: str) -> None:
    """SIGTERM while the milter waits for clamd: the mail in its hands still gets its answer."""
    content = compose(sender, USER)
    answers = []
    host.clamd.silence()
    sending = threading.Thread(target=lambda: answers.append(host.send(STRANGER, sender, USER, content)))
    sending.start()
    try:
        time.sleep(2)  # the mail is at the end of its message now
        host.milterd.send_signal(signal.SIGTERM)
        time.sleep(1)
        assert host.milterd.running
        host.clamd.speak()
        sending.join(60)
        assert host.milterd.wait() == 0
    finally:
        host.clamd.speak()
        sending.join(60)
        host.milterd.wait()
        host.milterd.start()
    assert [answer.last.code for answer in answers] == [250]
    assert len(host.sink.wait_for(message_id_of(content)).fields("Authentication-Results")) == 1


def test_reload_takes_a_good_configuration(host: MailHost, sender: str) -> None:
    host.write_configuration({"spf": {"mail_from": "never"}})
    host.reload(host.policyd)
    try:
        assert host.send(FORGER, sender, USER).accepted
    finally:
        host.write_configuration()
        host.reload(host.policyd)
    assert host.send(FORGER, sender, USER).last.code == 550


def test_reload_refuses_a_bad_configuration_and_goes_on(host: MailHost, daemon: Daemon, sender: str) -> None:
    host.write_configuration({"spf": {"enable": False, "nonsense": 1}, "dkim": {"verify": "perhaps"}})
    try:
        refused = host.reload(daemon, "refused")
        assert "postern.toml:" in refused["error"], "the place of the fault is named"
        assert host.send(FORGER, sender, USER).last.code == 550
    finally:
        host.write_configuration()
        host.reload(daemon)


def test_sigusr1_reloads_too(host: MailHost, daemon: Daemon) -> None:
    host.reload(daemon, number=signal.SIGUSR1)


def test_reload_under_load_loses_nothing(host: MailHost, sender: str) -> None:
    answers = []

    def send_many() -> None:
        with host.session(STRANGER) as session:
            for _ in range(30):
                answers.append(session.deliver(sender, [USER], compose(sender, USER)))

    senders = [threading.Thread(target=send_many) for _ in range(3)]
    for thread in senders:
        thread.start()
    for _ in range(5):
        host.reload(host.policyd)
        host.reload(host.milterd)
    for thread in senders:
        thread.join(120)
    assert [str(answer) for answer in answers if not answer.accepted] == []
    assert len(answers) == 90


def test_a_fault_in_the_configuration_stops_the_start(host: MailHost, daemon: Daemon) -> None:
    host.write_configuration({"greylist": {"delay": "soon"}, "spf": {"enabled": True}})
    try:
        refused = subprocess.run(daemon.command, capture_output=True, text=True, timeout=60, check=False)
    finally:
        host.write_configuration()
    said = refused.stdout + refused.stderr
    assert refused.returncode != 0
    assert said.count("postern.toml:") >= 2, "all faults are named, each with its line"
    assert "greylist.delay" in said and "spf.enabled" in said
