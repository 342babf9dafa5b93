"""What the tests of the image share: the world's DNS, and where all mail ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import containers  # noqa: F401 - it says where mail_host is
from mail_host.dns_server import DnsServer
from mail_host.process import end_on_sigterm
from mail_host.sink import Sink
from mail_host.world import World


def pytest_configure() -> None:
    end_on_sigterm()


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    made = World.create(folder / "world")
    made.zone.add("postern.example", "A", "192.0.2.1")
    server = DnsServer(folder / "dns", made.zone)
    server.port = 53
    server.start()
    yield made
    server.stop()


@pytest.fixture(scope="session")
def sink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sink]:
    made = Sink(tmp_path_factory.mktemp("sink") / "mails")
    made.start()
    yield made
    made.stop()
