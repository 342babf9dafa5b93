"""Recipients asked of the old programs and of what postern migrate makes of their files: a directory, DNS lists, SPF.

Postfix's own ldap: and postscreen, reject_rbl_client of its smtpd, and the real policyd-spf. Where Postern does
otherwise on purpose, the report has said so.
"""

from __future__ import annotations

import re
import shutil
import smtplib
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mail_host import Client, MailHost, PolicyConnection, Reply, Session, wait_until
from mail_host.daemon import Daemon
from mail_host.dns_server import DnsServer
from mail_host.migrated import Migrated, of_a_scratch_host
from mail_host.old_programs import PolicydSpf, name_server
from mail_host.process import PATIENCE, PortReservation
from mail_host.slapd import BASE, BIND_DN, PASSWORD, Authority, Slapd
from mail_host.world import (BAD_LIST, COLLEAGUE, FORGER, GOOD, GOOD_LIST, GRUDGED, GRUDGING_LIST, LISTED, LISTED6,
                             LISTED_AND_GOOD, OUR_HOST, STRANGER, USER)
from mail_host.zone import Zone

MASTER_CF = "smtp inet n - n - - smtpd\n"
SENDER = "someone@silent.example"
FRIEND = "203.0.113.81"  # a relay that STRICT trusts

@pytest.fixture(scope="module")
def dns(module_host: MailHost) -> Iterator[DnsServer]:
    """For all of them, old and new."""
    zone = Zone(records=list(module_host.world.zone.records), broken=list(module_host.world.zone.broken))
    for name, text in (("soft.example", "v=spf1 ip4:192.0.2.77 ~all"), ("open.example", "v=spf1 ?all"), ("no-mail.example", "v=spf1 -all"),
                       ("mx.no-mail.example", "v=spf1 -all"), ("two.example", "v=spf1 -all"), ("two.example", "v=spf1 ?all"),
                       ("deep.example", "v=spf1 include:stranger.example -all"), ("dangling.example", "v=spf1 include:nowhere.example -all"),
                       ("friend.example", f"v=spf1 ip4:{FRIEND} -all")):
        zone.add(name, "TXT", text)
    zone.add("relay.friend.example", "A", FRIEND)
    server = name_server(module_host.folder / "dns-of-policy", zone)
    server.start()
    yield server
    server.stop()


class OpenFolder:
    """Where Postfix and programs that run as nobody meet."""

    def __init__(self, path: Path) -> None:
        path.mkdir()
        shutil.chown(path, "nobody", "nogroup")
        path.chmod(0o755)
        self.path = path


@contextmanager
def policyd(host: MailHost, dns: DnsServer, migrated: Migrated, listen: Path, folder: Path) -> Iterator[Daemon]:
    """postern-policyd by what was migrated."""
    environment = of_a_scratch_host(folder) | {
        "POSTERN_POLICYD_LISTEN": f"unix:{listen}", "POSTERN_POLICYD_SOCKET_GROUP": host.postfix.group, "POSTERN_DNS_SERVERS": dns.address,
        "POSTERN_SPF_RECEIVER": OUR_HOST}
    migrated.check(environment)
    daemon = Daemon("policyd", host.build / "policyd/postern-policyd", migrated.toml, listen, folder / "policyd.log",
                    environment=environment)
    try:
        daemon.start()
        yield daemon
        daemon.check_sanitizers()
    finally:
        daemon.stop()


DIRECTORY = """\
server_host = {first} {second}
version = 3
timeout = 5
search_base = {base}
query_filter = (mail=%s)
result_attribute = mail
bind = yes
bind_dn = {bind_dn}
bind_pw = {password}
tls_ca_cert_file = {ca}
tls_require_cert = yes
"""


@pytest.fixture(scope="module")
def slapds(module_host: MailHost) -> Iterator[tuple[Authority, Slapd, Slapd]]:
    folder = OpenFolder(module_host.folder / "old-ldap").path
    authority = Authority(folder / "authority")
    known = [USER, "second@postern.example", "third@postern.example", "fourth@postern.example"]
    slapds = [Slapd(folder / name, authority, known, anonymous=False) for name in ("first", "second")]
    for slapd in slapds:
        slapd.start()
    yield authority, *slapds
    for slapd in slapds:
        slapd.stop()


# Listeners of one Postfix: what asks Postern, and what asks nobody but Postfix itself

class Listeners:
    def __init__(self, host: MailHost, dns: DnsServer, directory: str) -> None:
        self.host = host
        self.folder = OpenFolder(host.folder / "migrated-policy").path
        self.policy, self.directory = self.folder / "policy", self.folder / "directory.cf"
        self.directory.write_text(directory)
        self._reservations = [PortReservation() for _ in range(4)]
        self.ours, self.by_directory, self.by_lists, self.by_postscreen = (reservation.port for reservation in self._reservations)
        self._resolver = host.postfix.queue / "etc/resolv.conf"  # dnsblog(8) and smtpd(8) find it in their chroot
        self._resolver.parent.mkdir(exist_ok=True)
        self._resolver.write_text(f"nameserver {dns.host}\n")

    def start(self) -> None:
        postfix = self.host.postfix
        first = "permit_mynetworks, reject_unauth_destination"
        postfix.configure([
            f"migrated_restrictions = {first}, check_policy_service unix:{self.policy}",
            f"listed_restrictions = {first}, permit_dnswl_client {GOOD_LIST}=127.0.[0..255].[1..3], reject_rbl_client {BAD_LIST}",
            *(f"{name} = {value}" for name, value in POSTSCREEN.items())])
        common = {"smtpd_milters": "", "smtpd_data_restrictions": ""}
        postfix.add_listener(self.ours, smtpd_recipient_restrictions="$migrated_restrictions", **common)
        postfix.add_listener(self.by_directory, virtual_mailbox_maps=f"ldap:{self.directory}",
                             smtpd_recipient_restrictions="permit_mynetworks,reject_unauth_destination", **common)
        postfix.add_listener(self.by_lists, chrooted=True, smtpd_recipient_restrictions="$listed_restrictions", **common)
        postfix.add_service(f"127.0.0.1:{self.by_postscreen} inet n - n - 1 postscreen")
        postfix.add_service("smtpd pass - - n - - smtpd", smtpd_recipient_restrictions="permit_mynetworks,reject_unauth_destination", **common)
        postfix.add_service("dnsblog unix - - y - 0 dnsblog")
        postfix.add_service("tlsproxy unix - - n - 0 tlsproxy")
        postfix.reload()
        for port in (self.ours, self.by_directory, self.by_lists):
            wait_until(lambda port=port: postfix.greets(port), "Postfix's greeting")

    def stop(self) -> None:
        postfix = self.host.postfix
        for service in ("smtpd/pass", "dnsblog/unix", "tlsproxy/unix"):
            postfix.remove_service(service)
        for reservation in self._reservations:
            postfix.remove_listener(reservation.port)
            reservation.close()
        postfix.unset(["migrated_restrictions", "listed_restrictions", *POSTSCREEN])
        postfix.reload()
        self._resolver.unlink()
        shutil.rmtree(self.folder)

    def ask(self, port: int, client: Client, recipient: str = USER) -> Reply:
        """The answer to RCPT."""
        with Session("127.0.0.1", port, client) as session:
            return recipient_reply(session, recipient)

    def ask_postscreen(self, client: Client) -> Reply:
        with Proxied(self.by_postscreen, client) as session:
            return recipient_reply(session, USER)


class Proxied(smtplib.SMTP):
    """A client that a load balancer tells of (the PROXY protocol, version 1): postscreen(8) knows no XCLIENT."""

    def __init__(self, port: int, client: Client) -> None:
        self._client = client
        super().__init__("127.0.0.1", port, local_hostname=client.helo, timeout=PATIENCE)
        self.ehlo()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connection = socket.create_connection((host, port), timeout)
        there, here = ("TCP6", "::1") if ":" in self._client.address else ("TCP4", "127.0.0.1")
        connection.sendall(f"PROXY {there} {self._client.address} {here} 4711 25\r\n".encode())
        return connection


def recipient_reply(session: smtplib.SMTP, recipient: str) -> Reply:
    session.mail(SENDER)
    code, text = session.rcpt(recipient)
    session.rset()
    return Reply(code, text.decode())


def status(reply: Reply) -> tuple[int, str]:
    """Whether it is for good, and the enhanced status."""
    return reply.code // 100, reply.text.split()[0]


@pytest.fixture(scope="module")
def listeners(module_host: MailHost, dns: DnsServer, slapds: tuple[Authority, Slapd, Slapd]) -> Iterator[Listeners]:
    authority, first, second = slapds
    found = Listeners(module_host, dns, DIRECTORY.format(
        first=first.tls_url, second=second.tls_url, base=BASE, bind_dn=BIND_DN, password=PASSWORD, ca=authority.certificate))
    try:
        found.start()
        yield found
    finally:
        found.stop()


def has_said(migrated: Migrated, sentence: str) -> bool:
    """The report has it, of something that is changed or refused."""
    findings = [re.sub(r"\s+", " ", text) for text in re.split(r"\n(?=  \w)", migrated.report)]
    return any(sentence in text for text in findings if text.lstrip().startswith(("changed", "refused")))


# A directory: two servers, TLS

def test_the_directorys_answers_are_alike(host: MailHost, listeners: Listeners, dns: DnsServer, folder: Path,
                                          slapds: tuple[Authority, Slapd, Slapd]) -> None:
    if host.postfix.programs.root:
        pytest.skip("Postfix is unpacked here, and Debian's ldap: goes with one that is installed")
    _, first, second = slapds
    migrated = Migrated(host.build, folder, {
        "/etc/postfix/main.cf": f"virtual_mailbox_domains = postern.example\nvirtual_mailbox_maps = ldap:{listeners.directory}\n",
        "/etc/postfix/master.cf": MASTER_CF, str(listeners.directory): listeners.directory.read_text()})
    assert migrated.run.returncode == 0, migrated.report
    with policyd(host, dns, migrated, listeners.policy, folder) as daemon:
        def both(recipient: str) -> tuple[int, str]:
            old, new = (listeners.ask(port, STRANGER, recipient) for port in (listeners.by_directory, listeners.ours))
            assert status(old) == status(new), f"{recipient}: {old} / {new}"
            return status(old)

        assert both(USER) == (2, "2.1.5")
        assert both("User@Postern.Example") == (2, "2.1.5")
        for unknown in ("nobody@postern.example", "us*@postern.example", "\"x)(mail=*\"@postern.example"):
            assert both(unknown) == (5, "5.1.1")
        first.kill()
        assert both("second@postern.example") == (2, "2.1.5")
        assert both("nobody2@postern.example") == (5, "5.1.1")
        second.kill()
        assert both("third@postern.example") == (4, "4.3.0")
        assert both("nobody3@postern.example") == (4, "4.3.0")
        assert listeners.ask(listeners.ours, STRANGER, USER).ok, "who was known stays so"
        assert has_said(migrated, "while no server answers")
        first.start()
        second.start()
        daemon.wait_for_record(event="ldap_server", state="ready", server=second.tls_url)
        wait_until(lambda: listeners.ask(listeners.ours, STRANGER, "fourth@postern.example").ok, "a server to be asked again")
        assert both("fourth@postern.example") == (2, "2.1.5")
        assert both("nobody4@postern.example") == (5, "5.1.1")


# DNS lists

POSTSCREEN = {
    "postscreen_dnsbl_sites": f"{BAD_LIST}=127.0.0.[2..11]*2, {GOOD_LIST}=127.0.[0..255].[1..3]*-2, {GRUDGING_LIST}=127.0.0.[2..11]*2",
    "postscreen_dnsbl_threshold": "2",
    "postscreen_dnsbl_action": "enforce",
    "postscreen_greet_wait": "1s",
    "postscreen_dnsbl_min_ttl": "1s",
    "postscreen_dnsbl_max_ttl": "1s",
    "postscreen_upstream_proxy_protocol": "haproxy",
}
CLIENTS = {"listed": LISTED, "listed, IPv6": LISTED6, "listed and good": LISTED_AND_GOOD, "good": GOOD, "grudged": GRUDGED,
           "stranger": STRANGER, "of our networks": COLLEAGUE}


def answers_of_lists(host: MailHost, listeners: Listeners, dns: DnsServer, migrated: Migrated, folder: Path) -> dict[str, Reply]:
    with policyd(host, dns, migrated, listeners.policy, folder) as daemon:
        daemon.wait_for_record(event="dnsbl_list", list=BAD_LIST, state="ready")
        daemon.wait_for_record(event="dnsbl_list", list=GOOD_LIST, state="ready")
        return {name: listeners.ask(listeners.ours, client) for name, client in CLIENTS.items()}


def test_postscreens_weighted_lists_score_alike(host: MailHost, listeners: Listeners, dns: DnsServer, folder: Path) -> None:
    shown = "".join(f"{name} = {value}\n" for name, value in POSTSCREEN.items())
    migrated = Migrated(host.build, folder, {
        "/etc/postfix/main.cf": f"mynetworks = 127.0.0.0/8 [::1]/128 192.0.2.0/24\n{shown}",
        "/etc/postfix/master.cf": "smtp inet n - n - 1 postscreen\nsmtpd pass - - n - - smtpd\n"})
    new = answers_of_lists(host, listeners, dns, migrated, folder)
    with ThreadPoolExecutor(len(CLIENTS)) as pool:  # each waits for a second
        old = dict(zip(CLIENTS, pool.map(listeners.ask_postscreen, CLIENTS.values())))
    assert {name: status(reply) for name, reply in old.items()} == {name: status(reply) for name, reply in new.items()}
    assert [name for name, reply in new.items() if not reply.ok] == ["listed", "listed, IPv6"]
    for replies in (old, new):
        assert f"[{LISTED.address}] blocked using {BAD_LIST}" in replies["listed"].text


def test_reject_rbl_client_and_permit_dnswl_client_alike(host: MailHost, listeners: Listeners, dns: DnsServer, folder: Path) -> None:
    migrated = Migrated(host.build, folder, {
        "/etc/postfix/main.cf": "mynetworks = 127.0.0.0/8 [::1]/128 192.0.2.0/24\nsmtpd_recipient_restrictions = "
                                + host.postfix.parameter("listed_restrictions") + "\n",
        "/etc/postfix/master.cf": MASTER_CF})
    new = answers_of_lists(host, listeners, dns, migrated, folder)
    old = {name: listeners.ask(listeners.by_lists, client) for name, client in CLIENTS.items()}
    assert {name: (reply.code, *status(reply)) for name, reply in old.items()} == {
        name: (reply.code, *status(reply)) for name, reply in new.items()}
    assert [name for name, reply in new.items() if not reply.ok] == ["listed", "listed, IPv6"]
    for replies in (old, new):
        assert f"Client host [{LISTED.address}] blocked using {BAD_LIST}; https://lists.example/why" in replies["listed"].text


# SPF

STRICT = """\
HELO_reject = Softfail
Mail_From_reject = Softfail
PermError_reject = True
TempError_Defer = True
skip_addresses = 127.0.0.0/8,192.0.2.0/24
Whitelist = 198.51.100.7/32
Domain_Whitelist = friend.example
HELO_Whitelist = relay.friend.example
Header_Type = SPF
"""
SPF_MAILS = {
    "pass": (STRANGER.address, "mx.stranger.example", "a@stranger.example"),
    "fail": (FORGER.address, "unknown.example", "a@stranger.example"),
    "softfail": (FORGER.address, "unknown.example", "a@soft.example"),
    "neutral": (FORGER.address, "unknown.example", "a@open.example"),
    "none": (FORGER.address, "unknown.example", "a@silent.example"),
    "permerror, a loop": (FORGER.address, "unknown.example", "a@careless.example"),
    "permerror, two records": (FORGER.address, "unknown.example", "a@two.example"),
    "permerror, included nobody": (FORGER.address, "unknown.example", "a@dangling.example"),
    "temperror": (FORGER.address, "unknown.example", "a@broken.example"),
    "pass by include": (STRANGER.address, "mx.stranger.example", "a@deep.example"),
    "HELO fail": (FORGER.address, "mx.no-mail.example", "a@silent.example"),
    "null sender, pass": (STRANGER.address, "mx.stranger.example", ""),
    "null sender, fail": (FORGER.address, "mx.stranger.example", ""),
    "null sender, none": (FORGER.address, "unknown.example", ""),
    "IPv6 pass": ("2001:db8:51::25", "mx.stranger.example", "a@stranger.example"),
    "IPv6 fail": ("2001:db8:66::1", "unknown.example", "a@stranger.example"),
    "of our host": ("127.0.0.1", "localhost", "a@stranger.example"),
    "of our networks": ("192.0.2.10", "desk.postern.example", "a@stranger.example"),
    "a listed relay": ("198.51.100.7", "unknown.example", "a@stranger.example"),
    "a listed HELO name": (FRIEND, "relay.friend.example", "a@stranger.example"),
    "a listed domain": (FRIEND, "unknown.example", "a@friend.example"),
}


def gist(answer: str) -> tuple[str, ...]:
    """What Postfix makes of it: the reply and its status, or the field's name and result."""
    word, _, rest = answer.partition(" ")
    if word.isdigit():
        return word, rest.split()[0]
    if word.lower() == "prepend":
        name, _, value = rest.partition(": ")
        return name, value.split()[0].lower()
    return word.lower(), *rest.split()[:1 if rest[:1].isdigit() else 0]


@pytest.mark.parametrize("conf", ["Debian's", "strict"])
def test_policyd_spfs_answers_are_alike(host: MailHost, dns: DnsServer, folder: Path, conf: str) -> None:
    text = Path("/etc/postfix-policyd-spf-python/policyd-spf.conf").read_text() if conf == "Debian's" else STRICT
    migrated = Migrated(host.build, folder, {
        "/etc/postfix/main.cf": "smtpd_recipient_restrictions = reject_unauth_destination, check_policy_service unix:private/policyd-spf\n",
        "/etc/postfix/master.cf": MASTER_CF + "policyd-spf unix - n n - 0 spawn user=policyd-spf argv=/usr/bin/policyd-spf\n",
        "/etc/postfix-policyd-spf-python/policyd-spf.conf": text})
    listen = OpenFolder(folder / "new").path / "policy"
    old_program = PolicydSpf(folder, text, dns)
    try:
        with policyd(host, dns, migrated, listen, folder), PolicyConnection(listen) as ours:
            answers: dict[str, Any] = {}
            for name, (address, helo, sender) in SPF_MAILS.items():
                request = {"client_address": address, "helo_name": helo, "client_name": "unknown", "sender": sender}
                answers[name] = (old_program.connection.ask(**request), ours.ask(**request))
    finally:
        old_program.stop()
    excused = [name for name, (old, _) in answers.items() if gist(old)[0] == "X-Comment"]
    for name, (old, new) in answers.items():
        if name in excused:  # let in, by both, and the field is another one
            assert gist(new)[0] in ("dunno", "Received-SPF"), (name, new)
        else:
            assert gist(old) == gist(new), (name, old, new)
    assert excused == (["of our host"] if conf == "Debian's" else [
        "of our host", "of our networks", "a listed relay", "a listed HELO name", "a listed domain"])
    assert has_said(migrated, "skip_addresses") and has_said(migrated, "X-Comment: SPF check N/A for local connections")
    if conf == "strict":
        for option in (" Whitelist: 198.51.100.7", " HELO_Whitelist", " Domain_Whitelist"):
            assert has_said(migrated, option), migrated.report
        refused = [name for name, (old, _) in answers.items() if gist(old)[0].isdigit() or gist(old)[0] == "defer_if_permit"]
        assert refused == ["fail", "softfail", "permerror, a loop", "permerror, two records", "permerror, included nobody", "temperror",
                           "HELO fail", "null sender, fail", "IPv6 fail"]
