"""Two clamds, one killed, one reloading, one on TCP: no infected mail passes, and none is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from mail_host import Load, MailHost, compose, wait_until
from mail_host.clamd import EICAR, Clamd
from mail_host.world import OUR_DOMAIN, STRANGER, USER

WAITS = {"wait": "5s", "reload_wait": "20s"}


@pytest.fixture
def second(host: MailHost) -> Iterator[Clamd]:
    """Another clamd, on TCP, beside that of the host."""
    clamd = Clamd(host.folder / f"clamd-{time.monotonic_ns()}", tcp=True)
    clamd.start()
    host.write_configuration({"clamav": {**WAITS, "clamd": [f"unix:{host.clamd.socket}",
                                                            f"inet:localhost:{clamd.port}"]}})
    host.reload(host.milterd)
    try:
        yield clamd
    finally:
        host.write_configuration()
        host.reload(host.milterd)
        clamd.stop()
        if not host.clamd.running:
            host.clamd.start()


def check(load: Load) -> None:
    """Nothing else was said than that a mail is taken, infected, or to come again later for the milter's sake."""
    assert {answer.last.code for answer in load.put_off} <= {451}
    load.check_that_all_arrived()
    load.check_that_no_virus_passed()


def state_of(host: MailHost, name: str) -> str:
    records = host.milterd.records(event="clamd", clamd=name)
    return records[-1]["state"] if records else ""


def test_both_are_asked_in_turn(host: MailHost, second: Clamd, sender: str) -> None:
    host.milterd.wait_for_record(event="clamd", clamd=f"inet:localhost:{second.port}", state="ready")
    for _ in range(4):
        assert host.send(STRANGER, sender, USER).accepted
    assert host.send(STRANGER, sender, USER, compose(sender, USER, body=EICAR)).last.code == 550
    assert host.send(STRANGER, sender, USER, compose(sender, USER, body=EICAR)).last.code == 550


def test_one_of_two_is_killed_under_load(host: MailHost, second: Clamd, sender: str) -> None:
    with Load(host, sender, mails=60, infected=True) as load:
        for clamd in (host.clamd, second):
            time.sleep(0.7)
            clamd.kill()
            time.sleep(0.7)
            clamd.start()
    check(load)


def test_both_are_killed_and_come_back(host: MailHost, second: Clamd, sender: str) -> None:
    with Load(host, sender, mails=20, infected=True) as load:
        time.sleep(0.3)
        host.clamd.kill()
        second.kill()
        time.sleep(1)
        host.clamd.start()
        time.sleep(1)
        second.start()
    check(load)


def test_a_silent_one_is_left_for_the_other(host: MailHost, second: Clamd, sender: str) -> None:
    host.clamd.silence()
    try:
        for _ in range(2):
            assert host.send(STRANGER, sender, USER).accepted
        assert wait_until(lambda: state_of(host, f"unix:{host.clamd.socket}") == "reloading", "the reload to be seen")
        started = time.monotonic()
        for _ in range(4):
            assert host.send(STRANGER, sender, USER).accepted
        assert time.monotonic() - started < 15, "nobody waits for the one that is silent"
    finally:
        host.clamd.speak()
    assert wait_until(lambda: state_of(host, f"unix:{host.clamd.socket}") == "ready", "it to be ready again")


def test_a_reload_that_blocks_is_waited_for(host: MailHost, sender: str) -> None:
    """With ConcurrentDatabaseReload no, clamd says nothing until its idle threads have ended (IdleTimeout, usually 30 s)
    and the signatures are read; here that takes some six seconds."""
    blocking = Clamd(host.folder / f"clamd-{time.monotonic_ns()}",
                     more="ConcurrentDatabaseReload no\nIdleTimeout 2\n")
    blocking.start()
    host.write_configuration({"clamav": {**WAITS, "reload_wait": "60s", "clamd": [f"unix:{blocking.socket}"]}})
    host.reload(host.milterd)
    try:
        assert host.send(STRANGER, sender, USER).accepted
        assert blocking.ask("RELOAD") == "RELOADING"
        blocking.silence()
        thaw = threading.Timer(6, blocking.speak)
        thaw.start()
        try:
            assert host.send(STRANGER, sender, USER).accepted
            assert host.send(STRANGER, sender, USER, compose(sender, USER, body=EICAR)).last.code == 550
        finally:
            thaw.join()
    finally:
        blocking.speak()
        host.write_configuration()
        host.reload(host.milterd)
        blocking.stop()
    states = [record["state"] for record in host.milterd.records(event="clamd", clamd=f"unix:{blocking.socket}")]
    assert "reloading" in states


def test_a_clamd_that_starts_after_us(host: MailHost, sender: str) -> None:
    late = Clamd(host.folder / f"clamd-{time.monotonic_ns()}")
    host.write_configuration({"clamav": {**WAITS, "clamd": [f"unix:{late.socket}"]}})
    host.milterd.restart()
    start = threading.Timer(2, late.start)
    start.start()
    try:
        assert host.send(STRANGER, sender, USER, compose(sender, USER, body=EICAR)).last.code == 550
        assert host.send(STRANGER, sender, USER).accepted
    finally:
        start.join()
        host.write_configuration()
        host.milterd.restart()
        late.stop()


def test_a_name_with_two_addresses_of_which_one_is_dead(host: MailHost, sender: str) -> None:
    name = f"clamd.{OUR_DOMAIN}"
    clamd = Clamd(host.folder / f"clamd-{time.monotonic_ns()}", tcp=True)  # on 127.0.0.1 alone
    clamd.start()
    host.dns.stop()
    for address in ("127.0.0.3", "127.0.0.1"):
        host.dns.zone.add(name, "A", address)
    host.dns.start()
    host.write_configuration({"clamav": {**WAITS, "clamd": [f"inet:{name}:{clamd.port}"]}})
    host.reload(host.milterd)
    try:
        assert host.send(STRANGER, sender, USER, compose(sender, USER, body=EICAR)).last.code == 550
        assert host.send(STRANGER, sender, USER).accepted
    finally:
        host.write_configuration()
        host.reload(host.milterd)
        clamd.stop()


def test_a_silent_dns_holds_nobody_longer_than_an_absent_clamd(host: MailHost, sender: str) -> None:
    host.write_configuration({"clamav": {"wait": "1s", "reload_wait": "1s", "clamd": ["inet:clamd.unknown.example:3310"]},
                              "dns": {"timeout": "5s"}, "dkim": {"verify": False}, "spf": {"enable": False}})
    host.milterd.restart()
    host.dns.silence()
    try:
        started = time.monotonic()
        answer = host.send(STRANGER, sender, USER)
        assert (answer.last.code, answer.last.text[:6]) == (451, "4.7.1 ")
        assert time.monotonic() - started < 20
    finally:
        host.dns.speak()
        host.write_configuration()
        host.milterd.restart()
