"""The life of a DKIM key: made, published in a real zone, signing, exchanged; seen by NSD, Postfix and dkimpy."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mail_host import Arrival, MailHost, compose
from mail_host.keys import DkimKey, verified_signatures
from mail_host.world import COLLEAGUE
from mail_host.zone_server import ZoneServer

DOMAIN = "keys.example"
OURS = f"me@{DOMAIN}"
ELSEWHERE = "friend@elsewhere.example"


def dkim(host: MailHost, *words: str, status: int = 0) -> str:
    done = subprocess.run([host.build / "config/postern", "dkim", "--config", host.configuration, *words],
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


@contextmanager
def zone_of_ours(host: MailHost, folder: Path) -> Iterator[ZoneServer]:
    """The DNS of the host is a server that has our zone; keys sign as soon as they are seen there."""
    server = ZoneServer(folder / "nsd", DOMAIN, host.world.zone)
    server.start()
    try:
        host.restart_daemons({"dns": {"servers": [server.address], "timeout": "1s"}, "dkim": {"publish_wait": "0s"}})
        yield server
    finally:
        server.stop()
        shutil.rmtree(host.folder / "dkim", ignore_errors=True)
        host.restart_daemons()


@pytest.fixture
def zone(host: MailHost, tmp_path: Path) -> Iterator[ZoneServer]:
    with zone_of_ours(host, tmp_path) as server:
        yield server


def send(host: MailHost) -> Arrival:
    return host.exchange(COLLEAGUE, OURS, ELSEWHERE, compose(OURS, ELSEWHERE))[1]


def selectors(arrival: Arrival, zone: ZoneServer) -> list[str]:
    """By which good signatures a mail is signed: "rsa-sha256 SELECTOR"."""
    good = verified_signatures(arrival.content, zone.text_at)
    assert len(good) == len(arrival.fields("DKIM-Signature")), "a signature that does not verify"
    return [f"{algorithm} {selector}" for algorithm, selector in good]


def test_the_life_of_a_key(host: MailHost, zone: ZoneServer) -> None:
    said = dkim(host, "new", DOMAIN, "--selector", "s1")
    assert f"s1._domainkey.{DOMAIN}. TXT v=DKIM1; k=rsa; p=" in said
    folder = host.folder / "dkim" / DOMAIN
    private = folder / "s1.private"
    assert private.stat().st_mode & 0o7777 == 0o640 and private.group() == "nogroup"
    host.reload(host.milterd)
    assert selectors(send(host), zone) == []  # it is not held up, and not signed by what nobody can verify
    said = dkim(host, "rotate")
    assert f"to do: publish s1._domainkey.{DOMAIN} (" in said and "there is no such name" in said
    assert selectors(send(host), zone) == []

    zone.publish(dkim(host, "zone", DOMAIN))
    said = dkim(host, "rotate", DOMAIN)
    assert "s1 was published and is active" in said
    first_pair = ["ed25519-sha256 s1-ed25519", "rsa-sha256 s1"]
    first = send(host)
    assert selectors(first, zone) == first_pair
    assert dkim(host, "rotate") == ""

    dkim(host, "new", DOMAIN, "--selector", "s2")
    assert dkim(host, "rotate", "--now").count("to do: publish") == 2  # and no third pair
    assert selectors(send(host), zone) == first_pair
    zone.publish(dkim(host, "zone", DOMAIN))
    said = dkim(host, "rotate")
    assert "s1 was active and is retiring: s2 signs in its place" in said
    assert f"s1._domainkey.{DOMAIN} must stay published" in said
    assert selectors(send(host), zone) == ["ed25519-sha256 s2-ed25519", "rsa-sha256 s2"]
    assert selectors(first, zone) == first_pair  # what was under way still verifies

    host.milterd.restart()
    assert selectors(send(host), zone) == ["ed25519-sha256 s2-ed25519", "rsa-sha256 s2"]
    listed = dkim(host, "list", DOMAIN)
    assert [line.split()[1:4] for line in listed.splitlines()] == [
        ["s1", "rsa", "retiring"], ["s1-ed25519", "ed25519", "retiring"],
        ["s2", "rsa", "active"], ["s2-ed25519", "ed25519", "active"]]


def test_check_says_how_a_record_is_wrong(host: MailHost, zone: ZoneServer) -> None:
    dkim(host, "new", DOMAIN, "--selector", "s1")
    assert dkim(host, "check", DOMAIN, status=1).count("missing: resolver: there is no such name") == 2
    good = dkim(host, "zone", DOMAIN)
    zone.publish(good)
    said = dkim(host, "check", DOMAIN)
    assert f"s1._domainkey.{DOMAIN} (rsa, new): match" in said
    assert f"  ns.{DOMAIN} ({zone.address}): match" in said

    whole = zone.text_at(f"s1._domainkey.{DOMAIN}").decode()
    zone.publish(f's1._domainkey IN TXT "{whole[:255]}"\n')
    assert "the key is cut off after 237 of 392 characters" in dkim(host, "check", "s1", status=1)
    zone.publish(f's1._domainkey IN TXT "v=DKIM1; p="\ns1-ed25519._domainkey IN TXT "{whole[:255]}" "{whole[255:]}"\n')
    said = dkim(host, "check", DOMAIN, status=1)
    assert "revoked" in said and "another key, of another algorithm" in said
    dkim(host, "rotate")
    assert all(line.split()[3] == "new" for line in dkim(host, "list", DOMAIN).splitlines())

    # A provider has the record, and our name is an alias of it.
    zone.publish(good.replace("s1._domainkey.", "k1.provider.", 1) + f"s1._domainkey IN CNAME k1.provider.{DOMAIN}.\n")
    assert f"s1._domainkey.{DOMAIN} (rsa, new): match" in dkim(host, "check", "s1")


def test_a_silent_dns_moves_nothing(host: MailHost, zone: ZoneServer) -> None:
    dkim(host, "new", DOMAIN, "--selector", "s1", "--algorithm", "ed25519")
    zone.publish(dkim(host, "zone", DOMAIN))
    dkim(host, "rotate")
    state = (host.folder / "dkim" / DOMAIN / "state").read_bytes()
    zone.silence()
    try:
        assert "s1 stays active: the DNS does not say" in dkim(host, "rotate")
        assert "trouble" in dkim(host, "check", DOMAIN, status=75)
    finally:
        zone.speak()
    assert (host.folder / "dkim" / DOMAIN / "state").read_bytes() == state


def test_a_key_that_is_named_signs_at_once_with_a_warning(host: MailHost, zone: ZoneServer, tmp_path: Path) -> None:
    key = DkimKey.create(host.folder / "keys", DOMAIN, "named", "ed25519")
    shutil.chown(key.pem, "nobody")
    named = {"domain": key.domain, "selector": key.selector, "key": str(key.pem)}
    host.restart_daemons({"dns": {"servers": [zone.address]}, "dkim": {"domain": [named]}})
    arrival = send(host)
    assert "s=named" in arrival.fields("DKIM-Signature")[0]
    warning = host.milterd.wait_for_record(event="dkim_key")
    assert warning["problem"].startswith(f"named._domainkey.{DOMAIN}: missing: ")


def test_a_broken_state_holds_up_its_domain_and_refuses_a_reload(host: MailHost, zone: ZoneServer) -> None:
    dkim(host, "new", DOMAIN, "--selector", "s1", "--algorithm", "ed25519")
    zone.publish(dkim(host, "zone", DOMAIN))
    dkim(host, "rotate")
    state = host.folder / "dkim" / DOMAIN / "state"
    good = state.read_text()
    state.write_text(good + "nonsense\n")
    host.reload(host.milterd, result="refused")
    assert selectors(send(host), zone) == ["ed25519-sha256 s1"]  # the keys in hand
    said = dkim(host, "rotate", status=1)
    assert f"{state}:4: " in said
    host.milterd.restart()
    answer = host.send(COLLEAGUE, OURS, ELSEWHERE)
    assert answer.last.code == 451
    state.write_text(good)
    host.reload(host.milterd)
    assert selectors(send(host), zone) == ["ed25519-sha256 s1"]


def test_as_opendkim_genkey(host: MailHost, zone: ZoneServer, tmp_path: Path) -> None:
    """The call of an image's manual; the text file is what a zone takes."""
    said = dkim(host, "new", f"--directory={tmp_path}", "--bits=1024", "--selector=s9", "--restrict", f"--domain={DOMAIN}")
    assert "1024 bits are too few" in said
    assert {path.name for path in tmp_path.glob("s9*")} == {"s9.private", "s9.txt"}
    zone.publish((tmp_path / "s9.txt").read_text())
    assert b"s=email" in (zone.text_at(f"s9._domainkey.{DOMAIN}") or b"")
    assert "match" in dkim(host, "check", "-d", DOMAIN, "-s", "s9", "-k", str(tmp_path / "s9.private"))
    before = (tmp_path / "s9.private").read_bytes()
    assert "exists already" in dkim(host, "new", "-D", str(tmp_path), "-s", "s9", "-d", DOMAIN, status=1)
    assert (tmp_path / "s9.private").read_bytes() == before
