"""A greylist that several hosts share, on a real Redis: a retry at the other host, Redis away, and the tool."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mail_host import MailHost, PolicyConnection
from mail_host.daemon import Daemon
from mail_host.host import DAEMON_USER
from mail_host.process import run, wait_until
from mail_host.redis import Redis
from mail_host.slapd import Authority
from mail_host.world import STRANGER, USER
from test_greylist import greylisted, wait_for_the_delay
from test_greylist_tool import greylist, greylist_sender

PASSWORD = "s e'cret#"


def settings(redis: Redis, **over: Any) -> dict[str, Any]:
    return {"greylist": {"enable": True, "delay": "2s", "store": "redis", "auto_whitelist_after": 0, "spf_key": False},
            "redis": {"servers": [redis.address], "timeout": "1s", "connect_timeout": "1s", **over}}


@pytest.fixture(scope="module")
def server(module_host: MailHost) -> Iterator[Redis]:
    redis = Redis(module_host.folder / "redis")
    redis.start()
    try:
        module_host.restart_daemons(settings(redis))
        yield redis
    finally:
        module_host.restart_daemons()
        redis.speak()
        redis.stop()


@pytest.fixture
def redis(server: Redis, host: MailHost) -> Iterator[Redis]:
    """It runs, and the daemon has it, before each test and after."""
    yield server
    server.speak()
    if not server.running:
        server.start()
    wait_until(lambda: "state=ready" in status(host), "the store to be back")


def status(host: MailHost) -> str:
    said = run([host.build / "config/postern", "status", "--config", host.configuration, "policyd"],
               environment=host.postfix.environment)
    return next(line for line in said.splitlines() if "greylist_store" in line)


@contextmanager
def other_policyd(host: MailHost) -> Iterator[Daemon]:
    """A second daemon as on another host: the same configuration, sockets of its own, the same Redis."""
    folder = host.folder / "other"
    folder.mkdir()
    shutil.chown(folder, DAEMON_USER)
    text = host.configuration.read_text()
    text = text.replace(str(host.policyd.listen), str(folder / "policy"))
    text = text.replace(str(host.logs / "policyd.control"), str(folder / "control"))
    (folder / "postern.toml").write_text(text)
    daemon = Daemon("other", host.build / "policyd/postern-policyd", folder / "postern.toml", folder / "policy",
                    folder / "log")
    daemon.start()
    try:
        yield daemon
        daemon.check_sanitizers()
    finally:
        daemon.stop()
        shutil.rmtree(folder)


def test_a_retry_at_the_other_host(host: MailHost, redis: Redis, sender: str) -> None:
    with other_policyd(host) as other, PolicyConnection(other.listen) as connection:
        def ask() -> str:
            return connection.ask(client_address=STRANGER.address, client_name=STRANGER.name, helo_name=STRANGER.helo,
                                  sender=sender, recipient=USER)

        assert greylisted(host.send(STRANGER, sender, USER))
        assert "4.2.0" in ask()  # it has heard of it, and knows how long it has waited
        assert "early-retry" in other.wait_for_record(event="decision", sender=sender)["greylist"]
        wait_for_the_delay()
        assert "4.2.0" not in ask()
        assert host.send(STRANGER, sender, USER).accepted
        wait_until(lambda: any("triplet found" in record["greylist"] for record in
                               host.policyd.records(event="decision", sender=sender)), "the decision in the log")
    key = f"postern:greylist:198.51.100.0/{greylist_sender(sender)}/{USER}"
    assert re.fullmatch(r"1 \d+ \d+", redis.tell("get", key))
    assert int(redis.tell("ttl", key)) > 30 * 24 * 3600


def test_killed_and_back(host: MailHost, redis: Redis, sender: str) -> None:
    assert greylisted(host.send(STRANGER, sender, USER))
    redis.kill()
    wait_until(lambda: "state=down" in status(host), "the daemon to notice")
    assert host.policyd.records(event="greylist_store", state="down")
    other = sender.replace("@", "-other@")
    assert host.send(STRANGER, other, USER).accepted
    assert "store unavailable" in host.policy_decision(other)["greylist"]
    assert re.search(r"failed_finds=[1-9]", status(host))
    redis.start()
    wait_until(lambda: "state=ready" in status(host), "the daemon to be back")
    wait_for_the_delay()
    assert host.send(STRANGER, sender, USER).accepted  # what it knew before


def test_silent(host: MailHost, redis: Redis, sender: str) -> None:
    redis.silence()
    assert host.send(STRANGER, sender, USER).accepted
    assert "store unavailable" in host.policy_decision(sender)["greylist"]
    wait_until(lambda: "state=down" in status(host), "the daemon to notice")
    redis.speak()
    wait_until(lambda: "state=ready" in status(host), "the daemon to be back")
    assert greylisted(host.send(STRANGER, sender, USER))


def test_the_tool(host: MailHost, redis: Redis, sender: str, tmp_path: Path) -> None:
    assert greylisted(host.send(STRANGER, sender, USER))
    shown = f"198.51.100.0/{greylist_sender(sender)}/{USER}"
    wait_until(lambda: greylist_sender(sender) in greylist(host, "list", "--waiting"), "the row to be there")
    assert greylist(host, "show", STRANGER.address, sender, USER).startswith("waits ")
    assert greylist(host, "pass", STRANGER.address, sender, USER) == f"passes {shown}\n"
    assert host.send(STRANGER, sender, USER).accepted
    assert "triplets " in greylist(host, "stats")
    greylist(host, "report", "--triplets")

    exported = tmp_path / "rows"
    exported.write_text(greylist(host, "export"))
    assert f" {shown}\n" in exported.read_text()
    assert greylist(host, "forget", STRANGER.address, sender, USER) == f"forgotten {shown}\n"
    assert greylisted(host.send(STRANGER, sender, USER))
    assert "read " in greylist(host, "import", str(exported))
    assert host.send(STRANGER, sender, USER).accepted

    redis.kill()
    assert "refused" in greylist(host, "list", status=1)


def test_a_reload_keeps_the_store_and_says_so(host: MailHost, redis: Redis, sender: str) -> None:
    assert greylisted(host.send(STRANGER, sender, USER))
    before = host.configuration.read_text()
    host.configuration.write_text(before.replace('store = "redis"', 'store = "sqlite"'))
    try:
        host.reload(host.policyd)
        wait_until(lambda: any("greylist.store: takes effect at the next start" in record.get("problem", "")
                               for record in host.policyd.records(event="configuration")), "the warning in the log")
        wait_for_the_delay()
        assert host.send(STRANGER, sender, USER).accepted
    finally:
        host.configuration.write_text(before)
        host.reload(host.policyd)


def test_tls_and_a_password(host: MailHost, server: Redis, sender: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents[:2]:
        parent.chmod(0o755)
    authority = Authority(tmp_path / "authority")
    redis = Redis(tmp_path / "redis", password=PASSWORD, authority=authority)
    over = {"servers": [redis.tls_address], "tls": True, "ca": str(authority.certificate), "password": PASSWORD}

    def check() -> str:
        return run(["sh", "-c", f"'{host.build}/policyd/postern-policyd' --check '{host.configuration}' || true"])

    redis.start()
    try:
        host.restart_daemons(settings(redis, **over))
        assert "redis: " not in check()
        assert greylisted(host.send(STRANGER, sender, USER))
        wait_for_the_delay()
        assert host.send(STRANGER, sender, USER).accepted

        host.write_configuration(settings(redis, **{**over, "password": "guess"}))
        assert "WRONGPASS" in check()
        host.policyd.restart()  # it starts all the same
        wait_until(lambda: "WRONGPASS" in status(host) or "state=down" in status(host), "the daemon to notice")
        host.write_configuration(settings(redis, **{name: value for name, value in over.items() if name != "ca"}))
        assert "certificate" in check()
    finally:
        host.restart_daemons(settings(server))
        redis.stop()
    assert "refused" in check_of_stopped(host, redis)


def check_of_stopped(host: MailHost, redis: Redis) -> str:
    before = host.configuration.read_text()
    host.write_configuration(settings(redis))
    try:
        return run(["sh", "-c", f"'{host.build}/policyd/postern-policyd' --check '{host.configuration}' || true"])
    finally:
        host.configuration.write_text(before)
