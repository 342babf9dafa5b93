"""The mail host that the tests share, and what must hold after each of them.

A module may name SETTINGS, laid over those of the host, and CHROOTED. One host
serves all modules that agree on the latter; its daemons are restarted where the
settings change, and everything is ended when the tests are.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mail_host import HostError, MailHost
from mail_host.process import end_on_sigterm

ROOT = Path(__file__).resolve().parents[2]

# Most tests look at one thing, and are not to wait for greylisting before they see it.
COMMON_SETTINGS = {"greylist": {"enable": False}}

HostMaker = Callable[[bool], MailHost]

OURS: set[str] = set()  # the modules of a --share that this run does


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--build", default="build-test", help="where the daemons were built, seen from the repository")
    parser.addoption("--share", type=Path, metavar="FOLDER",
                     help="leave out the modules that another run with the same, at first empty, FOLDER has begun")


def pytest_configure() -> None:
    end_on_sigterm()


def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
    """Of runs that share a folder, the first to come to a module makes a folder in it, and runs the module."""
    share = item.config.getoption("--share")
    if share is None or item.path.stem in OURS:
        return None
    try:
        (share / item.path.stem).mkdir()
    except FileExistsError:
        return True  # done with, as far as this run is concerned
    OURS.add(item.path.stem)
    return None


@pytest.fixture(scope="session")
def build(request: pytest.FixtureRequest) -> Path:
    return (ROOT / request.config.getoption("--build")).resolve()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where programs that run as nobody find it, too."""
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents[:2]:
        parent.chmod(0o755)
    return tmp_path


@pytest.fixture(scope="session")
def hosts(build: Path) -> Iterator[HostMaker]:
    started: dict[bool, MailHost] = {}
    with contextlib.ExitStack() as stack:
        def host(chrooted: bool) -> MailHost:
            if chrooted not in started:
                started[chrooted] = stack.enter_context(MailHost(build, settings=COMMON_SETTINGS, chrooted=chrooted))
            return started[chrooted]

        yield host


@pytest.fixture(scope="module")
def module_host(hosts: HostMaker, request: pytest.FixtureRequest) -> Iterator[MailHost]:
    """The host, with the daemons as this module wants them, and as they were when it is done."""
    settings = getattr(request.module, "SETTINGS", None)
    host = hosts(getattr(request.module, "CHROOTED", False))
    if settings:
        host.restart_daemons(settings)
    yield host
    if settings:
        host.restart_daemons()


@pytest.fixture
def host(module_host: MailHost) -> Iterator[MailHost]:
    """The host for one test. Afterwards both daemons run, whatever happened, and no sanitizer has complained."""
    yield module_host
    for daemon in (module_host.policyd, module_host.milterd):
        daemon.check_sanitizers()
        if not daemon.running:
            daemon.start()
            raise HostError(f"{daemon.name} was not running when the test had ended")


@pytest.fixture(scope="session")
def _numbers() -> Iterator[int]:
    return itertools.count(1)


@pytest.fixture
def sender(request: pytest.FixtureRequest, _numbers: Iterator[int]) -> str:
    """An address of stranger.example that no other test uses."""
    name = re.sub(r"\W+", "-", request.node.name).strip("-")[:40]
    return f"{name}-{next(_numbers)}@stranger.example"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A failed test shows what Postfix and the daemons wrote last."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    host = getattr(item, "funcargs", {}).get("host")
    if report.failed and isinstance(host, MailHost):
        report.sections.append(("logs", host.explain()))
