"""postern(1) beside running daemons and a real Postfix."""

from __future__ import annotations

import subprocess

from mail_host import MailHost
from mail_host.world import FORGER, STRANGER, USER


def postern(host: MailHost, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([host.build / "config/postern", *words], env=host.postfix.environment, capture_output=True,
                          text=True, timeout=60, check=False)


def test_check_finds_nothing_wrong_with_what_runs(host: MailHost) -> None:
    checked = postern(host, "check", str(host.configuration))
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_check_names_every_fault_with_its_line(host: MailHost) -> None:
    host.write_configuration({"greylist": {"delay": "soon"}, "spf": {"enabled": True}})
    try:
        checked = postern(host, "check", str(host.configuration))
    finally:
        host.write_configuration()
    said = checked.stdout + checked.stderr
    assert checked.returncode == 1
    assert said.count(f"{host.configuration}:") >= 2
    assert "greylist.delay" in said and "spf.enabled" in said


def test_check_reads_the_keys(host: MailHost) -> None:
    key = host.world.our_keys[0]
    good = key.pem.read_bytes()
    key.pem.write_text("this is no key\n")
    try:
        checked = postern(host, "check", str(host.configuration))
    finally:
        key.pem.write_bytes(good)
    assert checked.returncode == 1
    assert str(key.pem) in checked.stdout + checked.stderr


def test_main_cf_of_a_host_that_is_plugged_in_changes_nothing(host: MailHost) -> None:
    """It prints what stands there already."""
    wanted = [line.partition(" = ") for line in host.main_cf()]
    assert wanted
    for name, _, value in wanted:
        assert host.postfix.parameter(name) == value


def test_health_is_asked_where_mail_comes_by(host: MailHost) -> None:
    def health(*words: str) -> tuple[int, list[str]]:
        asked = postern(host, "health", "--config", str(host.configuration), "--smtp", f"inet:127.0.0.1:{host.postfix.port}", *words)
        return asked.returncode, asked.stdout.splitlines()

    assert health() == (0, ["policyd: ok", "milterd: ok", "smtp: ok"])
    host.milterd.stop()
    try:
        status, lines = health()
        assert status == 1
        assert lines[0] == "policyd: ok" and lines[1].startswith("milterd: cannot connect") and lines[2].startswith("smtp: 451")
        assert health("policyd") == (0, ["policyd: ok"])
    finally:
        host.milterd.start()
        assert health()[0] == 0


def test_ping_status_and_reload(host: MailHost, sender: str) -> None:
    assert postern(host, "ping", "--config", str(host.configuration)).returncode == 0

    host.exchange(STRANGER, sender, USER)
    assert host.send(FORGER, sender, USER).last.code == 550
    status = postern(host, "status", "--config", str(host.configuration))
    assert status.returncode == 0
    assert "spf" in status.stdout and "policyd" in status.stdout and "milterd" in status.stdout

    before = len(host.policyd.records(event="reload"))
    assert postern(host, "reload", "--config", str(host.configuration)).returncode == 0
    assert len(host.policyd.wait_for_records(before + 1, event="reload")) == before + 1


def test_ping_of_a_daemon_that_is_down(host: MailHost) -> None:
    host.policyd.stop()
    try:
        assert postern(host, "ping", "policyd", "--config", str(host.configuration)).returncode != 0
        assert postern(host, "ping", "milterd", "--config", str(host.configuration)).returncode == 0
    finally:
        host.policyd.start()


def test_json_log(host: MailHost, sender: str) -> None:
    host.restart_daemons({"log": {"format": "json"}})
    try:
        host.exchange(STRANGER, sender, USER)
        for record in (host.policy_decision(sender), host.mail_decision(sender)):
            assert record["client"] == STRANGER.address
        assert [line for line in host.milterd.log().splitlines() if line.startswith("{") and sender in line]
    finally:
        host.restart_daemons()
