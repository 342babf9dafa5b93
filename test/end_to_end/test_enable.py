"""postern enable and disable, on a Postfix that works meanwhile."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from mail_host import Load, MailHost, our_results, wait_until
from mail_host.world import FORGER, STRANGER, USER

OURS = ("smtpd_recipient_restrictions", "smtpd_data_restrictions", "smtpd_milters", "non_smtpd_milters")


def postern(host: MailHost, command: str, *words: str) -> subprocess.CompletedProcess[str]:
    line = [host.build / "config/postern", command, "--config-dir", host.postfix.etc, *words]
    if command == "enable":
        line.append(host.configuration)
    return subprocess.run(line, env=host.postfix.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60, check=False)


def main_cf(host: MailHost) -> str:
    return (host.postfix.etc / "main.cf").read_text()


@pytest.fixture
def plain_host(host: MailHost) -> Iterator[MailHost]:
    """A Postfix that nobody has told of Postern; afterwards it is plugged in as it was."""
    plugged_in = main_cf(host)
    host.postfix.unset(OURS)
    host.postfix.reload()
    yield host
    for left in host.postfix.etc.glob("*-postern"):
        left.unlink()
    (host.postfix.etc / "main.cf").write_text(plugged_in)
    host.postfix.reload()


def test_enable_shows_and_asks_before_it_does_anything(plain_host: MailHost) -> None:
    before = main_cf(plain_host)
    for words in (["--dry-run"], []):  # and nobody is there to say yes
        shown = postern(plain_host, "enable", *words)
        assert "+smtpd_milters = { unix:postern/milter" in shown.stdout, shown.stderr
        assert main_cf(plain_host) == before
        assert list(plain_host.postfix.etc.glob("*-postern")) == []


def test_enabled_mail_is_judged_and_disabled_it_is_not(plain_host: MailHost, sender: str) -> None:
    host = plain_host
    before = main_cf(host)

    enabled = postern(host, "enable", "--yes")
    assert enabled.returncode == 0, enabled.stdout + enabled.stderr
    wait_until(lambda: host.send(FORGER, sender, USER).last.code == 550, "the forger to be refused")
    _, arrival = host.exchange(STRANGER, sender, USER)
    assert len(our_results(arrival)) == 1
    assert "nothing to do" in postern(host, "enable", "--yes").stdout

    disabled = postern(host, "disable", "--yes")
    assert disabled.returncode == 0, disabled.stdout + disabled.stderr
    assert main_cf(host) == before
    wait_until(lambda: host.send(FORGER, sender, USER).accepted, "the forger not to be judged any more")
    _, arrival = host.exchange(STRANGER, sender, USER)
    assert our_results(arrival) == []


def test_no_mail_is_lost_while_postern_comes_and_goes(plain_host: MailHost, sender: str) -> None:
    host = plain_host
    judged: list[bool] = []
    for command in ("enable", "disable") * 2:
        with Load(host, sender) as load:
            changed = postern(host, command, "--yes")
            assert changed.returncode == 0, changed.stdout + changed.stderr
        assert [str(answer) for answer in load.put_off] == []
        judged += [bool(our_results(arrival)) for arrival in load.arrivals()]
    assert any(judged) and not all(judged)


def test_a_daemon_that_does_not_answer_is_not_plugged_in(plain_host: MailHost) -> None:
    host = plain_host
    before = main_cf(host)
    host.milterd.stop()
    try:
        enabled = postern(host, "enable", "--yes")
    finally:
        host.milterd.start()
    assert enabled.returncode == 1
    assert "milterd" in enabled.stderr and "does not answer" in enabled.stderr
    assert main_cf(host) == before


def test_what_the_operator_writes_meanwhile_stays(plain_host: MailHost) -> None:
    host = plain_host
    before = main_cf(host)
    assert postern(host, "enable", "--yes").returncode == 0
    host.postfix.configure(["message_size_limit = 20000000"])
    assert postern(host, "disable", "--yes").returncode == 0
    after = main_cf(host)
    assert host.postfix.parameter("message_size_limit") == "20000000"
    assert [line for line in after.splitlines() if not line.startswith("message_size_limit")] == before.splitlines()
