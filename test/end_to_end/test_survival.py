"""What happens on bad days: killed daemons, a silent DNS, a full disk, strange clients.

Two things must hold on all of them: mail that was accepted arrives, and no
mail is refused for good because something of ours is broken.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mail_host import HostError, Load, MailHost, PolicyConnection, compose, message_id_of, wait_until
from mail_host.host import DAEMON_USER
from mail_host.process import run
from mail_host.world import COLLEAGUE, OUR_HOST, STRANGER, TRAVELLER, USER

SETTINGS = {
    "dns": {"timeout": "300ms", "tries": 2},
    "spf": {"deadline": "2s"},
    "clamav": {"wait": "3s", "reload_wait": "3s"},
    "policyd": {"deadline": "5s"},
}
GREYLISTING = {"enable": True, "delay": "2s", "auto_whitelist_after": 0}


def test_milterd_is_killed_during_load(host: MailHost, sender: str) -> None:
    with Load(host, sender) as load:
        for _ in range(2):
            time.sleep(1)
            host.milterd.kill()
            time.sleep(1)
            host.milterd.start()
    load.check_that_all_arrived()
    assert {answer.last.text[:6] for answer in load.put_off} <= {"4.7.1 "}


def test_policyd_is_killed_during_load(host: MailHost, sender: str) -> None:
    with Load(host, sender) as load:
        for _ in range(2):
            time.sleep(1)
            host.policyd.kill()
            time.sleep(1)
            host.policyd.start()
    load.check_that_all_arrived()


def test_without_policyd_mail_still_flows(host: MailHost, sender: str) -> None:
    """main-cf says DUNNO for a policy service that answers nothing and guards no recipients."""
    host.policyd.kill()
    try:
        content = compose(sender, USER)
        assert host.send(STRANGER, sender, USER, content).accepted
        assert host.sink.wait_for(message_id_of(content)).fields("Received-SPF") == []
    finally:
        host.policyd.start()


def test_without_milterd_mail_waits(host: MailHost, sender: str) -> None:
    host.milterd.kill()
    try:
        answer = host.send(STRANGER, sender, USER)
        assert (answer.last.code, answer.last.text[:6]) == (451, "4.7.1 ")
    finally:
        host.milterd.start()
    assert host.send(STRANGER, sender, USER).accepted


def test_clamd_is_killed_and_comes_back_during_load(host: MailHost, sender: str) -> None:
    with Load(host, sender) as load:
        time.sleep(1)
        host.clamd.kill()
        time.sleep(1)
        host.clamd.start()
    load.check_that_all_arrived()


def test_a_silent_dns(host: MailHost, sender: str) -> None:
    """Everything is "ask again later", in bounded time, and mail flows."""
    content = host.world.stranger_key.sign(compose("someone@silent.example", USER))
    host.dns.silence()
    try:
        started = time.monotonic()
        _, arrival = host.exchange(STRANGER, "someone-else@careless.example", USER, content)
        assert time.monotonic() - started < 20
        assert arrival.fields("Received-SPF")[0].startswith("temperror ")
        results = arrival.fields("Authentication-Results")[0]
        assert "spf=temperror" in results and "dkim=temperror" in results
        assert host.send(COLLEAGUE, "me@postern.example", USER).accepted
    finally:
        host.dns.speak()
    wait_until(lambda: host.exchange(STRANGER, sender, USER)[1].fields("Received-SPF")[0].startswith("pass "),
               "SPF to pass again")


@contextlib.contextmanager
def small_disk(folder: Path, owner: str) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder.mkdir()
    try:
        run(["mount", "-t", "tmpfs", "-o", f"size=1m,mode=700,uid={_uid(owner)}", "postern-test", folder])
    except HostError as refused:
        folder.rmdir()
        pytest.skip(f"needs the right to mount a tmpfs: {refused}")
    try:
        yield folder
    finally:
        run(["umount", folder])
        folder.rmdir()


def _uid(user: str) -> int:
    return pwd.getpwnam(user).pw_uid


def test_a_full_disk_under_the_greylist(host: MailHost, sender: str) -> None:
    """A store that cannot write lets mail pass, says so, and does its work again when there is room."""
    with small_disk(host.folder / "small", DAEMON_USER) as disk:
        host.write_configuration({**SETTINGS, "greylist": {**GREYLISTING, "database": str(disk / "greylist.db")}})
        host.policyd.restart()
        try:
            assert host.send(STRANGER, f"a-{sender}", USER).last.code == 450
            filler = disk / "filler"
            with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * 4096)

            for number in range(200):  # more than what pages have room left for
                answer = host.send(STRANGER, f"b{number}-{sender}", USER)
                assert answer.last.code in (250, 450), str(answer)
            assert answer.accepted
            assert host.policyd.running
            assert host.policyd.records(level="error") + host.policyd.records(level="warning")

            filler.unlink()
            wait_until(lambda: host.send(STRANGER, f"c{time.monotonic_ns()}-{sender}", USER).last.code == 450,
                       "greylisting to work again")
        finally:
            host.write_configuration(SETTINGS)
            host.policyd.restart()


def connect(daemon_socket: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(60)
    connection.connect(os.fspath(daemon_socket))
    return connection


def test_a_client_that_says_nothing(host: MailHost, sender: str) -> None:
    """Idle is no fault: Postfix keeps connections for later. A request that was begun has a deadline."""
    with PolicyConnection(host.policyd.listen) as idle, connect(host.policyd.listen) as half, \
            connect(host.milterd.listen):
        half.sendall(b"request=smtpd_access_policy\nprotocol_")
        assert host.send(STRANGER, sender, USER).accepted
        assert half.recv(100) == b"", "half a request is not waited for without end"
        assert idle.ask().startswith("PREPEND Received-SPF: pass ")


def test_clients_that_talk_nonsense(host: MailHost, sender: str) -> None:
    for words in (b"\n\n", b"GET / HTTP/1.0\r\n\r\n", b"request=smtpd_access_policy\n\0\n\n", os.urandom(1000) + b"\n\n",
                  b"request=" + b"x" * 1_000_000):
        with connect(host.policyd.listen) as connection, contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(words)
            assert connection.recv(100) == b"", "no answer to what is no request"
    for words in (b"\0\0\0\0", b"\xff\xff\xff\xffO", os.urandom(2000), b"GET / HTTP/1.0\r\n\r\n"):
        with connect(host.milterd.listen) as connection, contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(words)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass
    assert host.send(STRANGER, sender, USER).accepted
    assert host.policyd.memory() < 400 * 1024 * 1024


def test_a_thousand_connections(host: MailHost, sender: str) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    try:
        with contextlib.ExitStack() as connections:
            policy = [connections.enter_context(PolicyConnection(host.policyd.listen)) for _ in range(1000)]
            for _ in range(1000):
                connections.enter_context(connect(host.milterd.listen))
            assert host.send(STRANGER, sender, USER).accepted
            for number, connection in enumerate(policy):
                assert connection.ask(recipient=f"u{number}@postern.example").startswith("PREPEND Received-SPF: pass ")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert host.send(STRANGER, sender, USER).accepted


def test_a_message_with_a_thousand_recipients(host: MailHost, sender: str) -> None:
    host.write_configuration({**SETTINGS, "greylist": GREYLISTING})
    host.reload(host.policyd)
    try:
        recipients = [f"u{number}@postern.example" for number in range(1000)]
        content = compose(sender, recipients[0])
        first = host.send(STRANGER, sender, recipients, content)
        assert {reply.code for reply in first.recipients.values()} == {450}
        time.sleep(3)
        second = host.send(STRANGER, sender, recipients, content)
        assert {reply.code for reply in second.recipients.values()} == {250}
        assert second.accepted
    finally:
        host.write_configuration(SETTINGS)
        host.reload(host.policyd)
    arrival = host.sink.wait_for(message_id_of(content), recipients=1000)
    assert len(arrival.fields("Received-SPF")) == 1
    assert len(arrival.fields("X-Greylist")) == 1
    assert host.mail_decision(sender)["recipients"] == "1000"


def test_mail_postfix_makes_itself_is_never_refused(host: MailHost) -> None:
    """With clamd gone a mail of sendmail(1) waits as a client's does; a bounce would be stuck for ever."""
    content = compose("me@postern.example", "x@elsewhere.example")
    host.clamd.stop()
    try:
        host.postfix.sendmail("me@postern.example", ["x@elsewhere.example"], content)
        told = host.milterd.wait_for_record(event="local_mail_deferred", sender="me@postern.example")
        assert told["why"].startswith("clamav clamd unavailable")
        assert host.send(TRAVELLER, "me@postern.example", USER).last.code == 451
        assert host.sink.arrivals(message_id_of(content)) == []
    finally:
        host.clamd.start()
    assert host.sink.wait_for(message_id_of(content)), "pickup(8) tries it again"


def test_a_bounce_passes_without_clamd(host: MailHost) -> None:
    """The mail that bounces is in the queue already when clamd goes; what Postfix makes of it must not be stuck."""
    host.postfix.configure(["defer_transports = error"])
    host.postfix.reload()
    sender = "bounced-late@postern.example"
    try:
        host.postfix.sendmail(sender, ["nobody@nowhere.invalid"], compose(sender, "nobody@nowhere.invalid"))
        assert host.mail_decision(sender)["action"] == "accept"
        host.clamd.stop()
        host.postfix.configure(["defer_transports ="])
        host.postfix.reload()
        host.postfix.flush()
        assert host.sink.wait_for_mail_to(sender)
    finally:
        host.postfix.configure(["defer_transports ="])
        host.postfix.reload()
        if not host.clamd.running:
            host.clamd.start()


def run_at_once(jobs: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)


def test_everything_is_restarted_at_once(host: MailHost, sender: str) -> None:
    with Load(host, sender, mails=15) as load:
        time.sleep(0.5)
        run_at_once([host.policyd.restart, host.milterd.restart, host.clamd.restart])
    load.check_that_all_arrived()
