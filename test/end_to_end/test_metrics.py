"""What machines that watch a host are told: metrics that a real Prometheus takes, whether it lives, whether it is ready."""

from __future__ import annotations

import http.client
import shutil
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from mail_host import Daemon, HostError, MailHost, PolicyConnection, wait_until
from mail_host.process import PortReservation, answers
from mail_host.prometheus import Prometheus, lint
from mail_host.world import BAD_LIST, FORGER, STRANGER, USER

PORTS = {name: PortReservation() for name in ("policyd", "milterd")}
SETTINGS = {name: {"metrics": f"inet:127.0.0.1:{reservation.port}"} for name, reservation in PORTS.items()}
DAEMONS = pytest.mark.parametrize("name", ["policyd", "milterd"])


def get(name: str, path: str) -> tuple[int, str]:
    """The status and the text of an answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORTS[name].port}{path}", timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def wait_for_readiness(name: str, status: int, words: str) -> str:
    def text() -> str | None:
        got = get(name, "/readyz")
        return got[1] if got[0] == status and words in got[1] else None
    return wait_until(text, f"/readyz of {name} to be {status} with {words!r}", explain=lambda: str(get(name, "/readyz")))


@pytest.fixture
def reconfigured(host: MailHost) -> Iterator[MailHost]:
    """For a test that sets what it needs; afterwards the daemons are as this module wants them."""
    yield host
    host.restart_daemons(SETTINGS)


@DAEMONS
def test_promtool_has_nothing_to_say(host: MailHost, name: str, sender: str) -> None:
    host.exchange(STRANGER, sender, USER)
    status, text = get(name, "/metrics")
    assert status == 200
    assert lint(text) == ""


def test_a_prometheus_scrapes_both_daemons(host: MailHost, sender: str) -> None:
    prometheus = Prometheus(host.folder / "prometheus", {name: reservation.port for name, reservation in PORTS.items()})
    try:
        prometheus.start()
        wait_until(lambda: prometheus.targets() == {"policyd": "", "milterd": ""}, "both to be scraped without an error",
                   explain=lambda: str(prometheus.targets()))
        refused = 'postern_check_verdicts_total{job="policyd",check="spf",verdict="reject"}'
        accepted = 'postern_messages_total{job="milterd",action="accept"}'
        judged = 'postern_authentication_results_total{job="milterd",method="spf",result="pass"}'
        known = [wait_until(lambda: prometheus.value(query) is not None, query) and prometheus.value(query)
                 for query in (refused, accepted, judged)]

        host.exchange(STRANGER, sender, USER)
        assert host.send(FORGER, sender, USER).last.code == 550

        for query, before in zip((refused, accepted, judged), known, strict=True):
            wait_until(lambda: (prometheus.value(query) or 0) >= (before or 0) + 1, f"{query} to have grown")
        for query in ('postern_function_state{job="policyd",function="spf",state="ready"} == 1',
                      'postern_function_state{job="milterd",function="clamav",state="ready"} == 1',
                      'histogram_quantile(0.5, postern_check_duration_seconds_bucket{job="policyd",check="spf"}) >= 0'):
            wait_until(lambda: prometheus.value(query) is not None, query)
    finally:
        prometheus.stop()


@DAEMONS
def test_a_daemon_that_is_ready(host: MailHost, name: str) -> None:
    assert get(name, "/healthz") == (200, "alive\n")
    text = wait_for_readiness(name, 200, f"{name} ready\n")
    assert all(line.endswith(" ready") for line in text.splitlines())
    assert get(name, "/other")[0] == 404


def test_milterd_is_not_ready_without_clamd(host: MailHost, sender: str) -> None:
    host.clamd.kill()
    try:
        assert host.send(STRANGER, sender, USER).last.code == 451
        wait_for_readiness("milterd", 503, f"clamav down: unix:{host.clamd.socket} cannot be reached (meanwhile: defer)\n")
        assert get("milterd", "/healthz") == (200, "alive\n")
        assert get("policyd", "/readyz")[0] == 200
    finally:
        host.clamd.start()
    host.exchange(STRANGER, sender, USER)
    wait_for_readiness("milterd", 200, "clamav ready\n")


def test_policyd_is_not_ready_without_its_directory(reconfigured: MailHost) -> None:
    nobody = PortReservation()
    try:
        directory = {"name": "staff", "servers": [f"ldap://127.0.0.1:{nobody.port}"], "base": "dc=example",
                     "filter": "(mail=%s)", "domains": ["postern.example"]}
        reconfigured.restart_daemons({**SETTINGS, "ldap": [directory]})
        text = wait_for_readiness("policyd", 503, "recipient down: ")
        assert f"127.0.0.1:{nobody.port}" in text and "(meanwhile: defer)" in text
        assert "spf ready\n" in text, "the others are named, too"
    finally:
        nobody.close()


def test_policyd_is_not_ready_while_its_lists_are_tested(reconfigured: MailHost) -> None:
    host = reconfigured
    host.dns.silence()
    try:
        host.restart_daemons({**SETTINGS, "dnsbl": {"sites": [BAD_LIST]}})
        wait_for_readiness("policyd", 503, "dnsbl warming: its lists are tested (meanwhile: no score)\n")
    finally:
        host.dns.speak()
    wait_for_readiness("policyd", 200, "dnsbl ready\n")


def test_policyd_is_not_ready_without_its_greylist(reconfigured: MailHost) -> None:
    host = reconfigured
    store = host.folder / "no-store"
    host.restart_daemons({**SETTINGS, "greylist": {"enable": True, "database": str(store / "greylist.db")}})
    text = wait_for_readiness("policyd", 503, "greylist down: ")
    assert str(store) in text and "(meanwhile: pass)" in text
    store.mkdir()
    shutil.chown(store, "nobody")
    wait_for_readiness("policyd", 200, "greylist ready\n")


def test_policyd_says_that_the_dns_is_silent(reconfigured: MailHost) -> None:
    host = reconfigured
    host.restart_daemons({**SETTINGS, "dns": {"timeout": "100ms", "tries": 1}, "spf": {"deadline": "2s"}})
    host.dns.silence()
    try:
        with PolicyConnection(host.policyd.listen) as connection:
            for number in range(6):  # one domain's own servers may be at fault, not those of many
                assert connection.ask(sender=f"a@d{number}.stranger.example").startswith("PREPEND Received-SPF: temperror ")
        wait_for_readiness("policyd", 503, "dns down: no name server has answered the last ")
        assert host.policyd.wait_for_record(event="dns")["state"] == "down"
    finally:
        host.dns.speak()
    with PolicyConnection(host.policyd.listen) as connection:
        connection.ask(sender="a@stranger.example")
    wait_for_readiness("policyd", 200, "dns ready\n")
    assert host.policyd.wait_for_record(event="dns", state="ready")


@DAEMONS
def test_a_socket_that_was_removed_is_said(host: MailHost, name: str) -> None:
    """The daemon lives and nobody reaches it."""
    daemon: Daemon = getattr(host, name)
    aside = daemon.listen.with_name("aside")
    daemon.listen.rename(aside)
    try:
        wait_for_readiness(name, 503, f"listen down: {daemon.listen} is gone: a restart makes it again")
    finally:
        aside.rename(daemon.listen)
    assert get(name, "/readyz")[0] == 200


@DAEMONS
def test_who_says_no_http_does_no_harm(host: MailHost, name: str) -> None:
    address = ("127.0.0.1", PORTS[name].port)
    for words in (b"", b"\r\n\r\n", b"GET\r\n\r\n", b"GET /metrics HTTP/1.1\r\n" + b"x: y\r\n" * 10_000, b"\0" * 100_000):
        with socket.create_connection(address, timeout=30) as connection:
            try:
                connection.sendall(words)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(4096):
                    pass
            except OSError:
                pass  # it hung up first
    assert get(name, "/healthz") == (200, "alive\n")


def test_a_unix_socket(reconfigured: MailHost) -> None:
    host = reconfigured
    paths = {name: host.logs / f"{name}.metrics" for name in PORTS}
    host.restart_daemons({name: {"metrics": f"unix:{path}"} for name, path in paths.items()})
    for path in paths.values():
        assert unix_get(path, "/readyz") == 200
        assert path.stat().st_mode & 0o777 == 0o660
    assert not any(answers(socket.AF_INET, ("127.0.0.1", reservation.port)) for reservation in PORTS.values())


def unix_get(path: Path, what: str) -> int:
    connection = http.client.HTTPConnection("localhost", timeout=30)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(30)
    connection.sock.connect(str(path))
    connection.request("GET", what)
    status = connection.getresponse().status
    connection.close()
    return status


@DAEMONS
def test_a_port_in_use_stops_the_start_and_is_named(host: MailHost, name: str) -> None:
    daemon: Daemon = getattr(host, name)
    daemon.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", PORTS[name].port))
        other.listen()
        with pytest.raises(HostError) as refused:
            daemon.start()
    assert f"127.0.0.1:{PORTS[name].port}" in str(refused.value)
    daemon.start()
