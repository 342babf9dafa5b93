"""Name server, directory and Redis are silent at once, and thousands of requests wait for them.

None waits longer than its deadline, who needs nothing of what is silent is
answered meanwhile, memory stays bounded, and all is well again afterwards.
"""

from __future__ import annotations

import contextlib
import os
import resource
import selectors
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mail_host import MailHost, PolicyConnection, wait_until
from mail_host.policy import STRANGERS_REQUEST
from mail_host.process import PATIENCE
from mail_host.redis import Redis
from mail_host.slapd import BASE, Authority, Slapd
from mail_host.world import COLLEAGUE, STRANGER, USER

CLIENTS = 5000
DEADLINE = 6
MORE_THAN_A_CLIENT = 64 * 1024  # octets of memory
ELSEWHERE = "user@elsewhere.example"  # of a domain that no directory answers for
NO_NAME = "[198.51.100.25]"  # of which SPF asks nothing
SHARED = "shared.example"  # whose mail is greylisted

SETTINGS = {
    "log": {"level": "info"},
    # Nothing but the deadline of the request bounds a wait.
    "policyd": {"deadline": f"{DEADLINE}s", "max_connections": CLIENTS + 100},
    "dns": {"timeout": "30s", "tries": 3},
    "spf": {"deadline": "90s"},
    "recipient": {"harvest_limit": 0},
    "redis": {"timeout": "60s"},
}


@dataclass
class Services:
    """What the daemon leans on."""

    host: MailHost
    directory: Slapd
    redis: Redis

    def settings(self) -> dict[str, object]:
        ldap = {"name": "staff", "domains": ["postern.example"], "servers": [self.directory.url], "base": BASE,
                "filter": "(mail=%s)", "timeout": "60s"}
        return {**SETTINGS, "ldap": [ldap], "redis": {**SETTINGS["redis"], "servers": [self.redis.address]},
                "greylist": {"enable": True, "store": "redis", "recipients": ["postern.example", "elsewhere.example"]}}

    def silence(self) -> None:
        for part in (self.host.dns, self.directory, self.redis):
            part.silence()

    def revive(self) -> None:
        for part in (self.host.dns, self.directory, self.redis):
            part.speak()
        if not self.redis.running:
            self.redis.start()


@pytest.fixture(scope="module")
def started(module_host: MailHost) -> Iterator[Services]:
    folder = module_host.folder / "dead"
    folder.mkdir()
    services = Services(module_host, Slapd(folder / "slapd", Authority(folder / "authority"), [USER]),
                        Redis(folder / "redis"))
    services.directory.start()
    services.redis.start()
    yield services
    services.revive()
    services.directory.stop()
    services.redis.stop()


@pytest.fixture
def services(host: MailHost, started: Services) -> Iterator[Services]:
    """In a daemon that remembers only that USER exists; all of them speak afterwards."""
    host.restart_daemons(started.settings())
    wait_until(lambda: ask(host, USER).startswith("PREPEND Received-SPF: pass "), "the DNS and the directory")
    wait_until(lambda: ask_shared(host).startswith(GREYLISTED), "Redis")
    yield started
    started.revive()
    host.restart_daemons(SETTINGS)


def ask(host: MailHost, recipient: str, **attributes: str) -> str:
    with PolicyConnection(host.policyd.listen) as connection:
        return connection.ask(recipient=recipient, **attributes)


GREYLISTED = "DEFER_IF_PERMIT 4.2.0 "


def ask_shared(host: MailHost) -> str:
    """Of a recipient whom nobody has written to so far."""
    return ask(host, f"n{time.monotonic_ns()}@{SHARED}", sender="", helo_name=NO_NAME)


@contextlib.contextmanager
def many_descriptors() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CLIENTS
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"needs {wanted} descriptors, and the limit is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Crowd:
    """So many connections, each with one request under way at a time."""

    def __init__(self, path: Path, size: int) -> None:
        self._sockets: list[socket.socket] = []
        try:
            for _ in range(size):
                connection = socket.socket(socket.AF_UNIX)
                self._sockets.append(connection)
                connection.connect(os.fspath(path))  # with a limit of time it would not wait for room in the queue
                connection.settimeout(PATIENCE)
        except BaseException:
            self.close()
            raise
        self._wave = 0
        self._selector = selectors.DefaultSelector()
        self._asked: dict[int, float] = {}  # since when who waits
        self._texts: dict[int, bytes] = {}

    def __enter__(self) -> Crowd:
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()
        self.close()

    def close(self) -> None:
        for connection in self._sockets:
            connection.close()

    @property
    def waiting(self) -> int:
        self.collect(0)
        return len(self._asked)

    def ask(self, request_of: Callable[[int], dict[str, str]]) -> None:
        """Everybody asks something of their own. What nobody has asked before nobody remembers."""
        self._wave += 1
        self.answers: dict[int, str] = {}
        self.times: dict[int, float] = {}
        for number, connection in enumerate(self._sockets):
            request = {**STRANGERS_REQUEST, "instance": f"crowd.{id(self)}.{self._wave}.{number}", **request_of(number)}
            connection.sendall("".join(f"{name}={value}\n" for name, value in request.items()).encode() + b"\n")
            self._asked[number] = time.monotonic()
            self._texts[number] = b""
            self._selector.register(connection, selectors.EVENT_READ, number)

    def collect(self, seconds: float) -> None:
        """Reads what has been answered, for at most so long."""
        end = time.monotonic() + seconds
        while self._asked:
            ready = self._selector.select(max(0.0, end - time.monotonic()))
            if not ready:
                return
            for key, _ in ready:
                self._read(key.data)

    def _read(self, number: int) -> None:
        got = self._sockets[number].recv(4096)
        self._texts[number] += got
        if got and not self._texts[number].endswith(b"\n\n"):
            return
        self.times[number] = time.monotonic() - self._asked.pop(number)
        self.answers[number] = self._texts[number].decode().strip().removeprefix("action=")
        self._selector.unregister(self._sockets[number])


# What a request needs, by its number, and its answer where that is silent.
NEEDS = ["DNS", "directory", "Redis"]
WITHOUT = {"DNS": "PREPEND Received-SPF: temperror ", "directory": "DEFER_IF_PERMIT 4.3.0 ", "Redis": "PREPEND Received-SPF: none "}


def need(number: int) -> str:
    return NEEDS[number % len(NEEDS)]


def request_of_wave(wave: int) -> Callable[[int], dict[str, str]]:
    def request(number: int) -> dict[str, str]:
        name = f"w{wave}-{number}"
        if need(number) == "DNS":
            return {"recipient": ELSEWHERE, "sender": f"a@{name}.stranger.example", "helo_name": NO_NAME}
        domain = "postern.example" if need(number) == "directory" else SHARED
        return {"recipient": f"{name}@{domain}", "sender": "", "helo_name": NO_NAME}
    return request


def test_thousands_wait_for_what_is_silent(host: MailHost, services: Services, sender: str) -> None:
    with many_descriptors(), Crowd(host.policyd.listen, CLIENTS) as crowd:
        before = host.policyd.memory()
        services.silence()
        for wave in (1, 2):
            crowd.ask(request_of_wave(wave))
            assert crowd.waiting == CLIENTS, "all of them need what is silent"

            # Who needs nothing of it: our own client, and a recipient that is remembered or none of ours.
            for _ in range(20):
                assert ask(host, USER, client_address=COLLEAGUE.address) == "DUNNO"
                assert ask(host, ELSEWHERE, client_address=COLLEAGUE.address) == "DUNNO"
            if wave == 1:
                assert host.send(COLLEAGUE, "me@postern.example", USER).accepted
            assert crowd.waiting > CLIENTS // 2, "they were answered first"
            assert host.policyd.memory() < before + CLIENTS * MORE_THAN_A_CLIENT

            if wave == 2:
                services.redis.kill()  # nobody waits for who is known to be gone
                of_redis = [number for number in range(CLIENTS) if need(number) == "Redis"]
                wait_until(lambda: crowd.waiting <= CLIENTS - len(of_redis), "those who need Redis to be answered")
            crowd.collect(DEADLINE + PATIENCE)
            assert crowd.waiting == 0
            assert max(crowd.times.values()) < DEADLINE + PATIENCE / 2, "nothing else bounds the wait for less than 30 s"
            for number, answer in crowd.answers.items():
                assert answer.startswith(WITHOUT[need(number)]), f"{number}: {answer!r}"
        assert host.policyd.memory() < before + CLIENTS * MORE_THAN_A_CLIENT

        services.revive()
        wait_until(lambda: ask(host, USER, sender=f"x{time.monotonic_ns()}@stranger.example").startswith(
            "PREPEND Received-SPF: pass "), "the DNS to be asked again")
        wait_until(lambda: ask(host, f"n{time.monotonic_ns()}@postern.example").startswith("550 5.1.1 "),
                   "the directory to be asked again")
        wait_until(lambda: ask_shared(host).startswith(GREYLISTED), "Redis to be asked again")
        crowd.ask(lambda number: {"recipient": USER, "client_address": STRANGER.address})
        crowd.collect(PATIENCE)
        assert {answer.split(" (")[0] for answer in crowd.answers.values()} == {"PREPEND Received-SPF: pass"}
        assert len(crowd.answers) == CLIENTS
    assert host.policyd.running
    assert host.send(STRANGER, sender, USER).accepted
