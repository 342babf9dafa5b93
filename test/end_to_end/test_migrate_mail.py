"""Mails through the old programs and through what postern migrate makes of their files: the same answers, the same headers.

Where Postern does otherwise on purpose, the report has said so, and the test asks for that sentence.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mail_host import Answer, Arrival, Client, MailHost, Session, compose, message_id_of, wait_until
from mail_host.clamd import EICAR, GUESS, SIGNATURE, UNWANTED
from mail_host.daemon import Daemon
from mail_host.dns_server import DnsServer
from mail_host.keys import DkimKey, verified_algorithms
from mail_host.migrated import Migrated, of_a_scratch_host
from mail_host.old_programs import OldMilter, clamav_milter, name_server, opendkim
from mail_host.process import PortReservation
from mail_host.world import COLLEAGUE, OUR_DOMAIN, OUR_HOST, STRANGER, TRAVELLER, USER
from mail_host.zone import Zone

ELSEWHERE = "friend@elsewhere.example"
MASTER_CF = "smtp inet n - n - - smtpd\n"
HERE = ["127.0.0.0/8", "192.0.2.0/24"]  # where a COLLEAGUE is


# Signed by default, and not by opendkim: the report says so
POSTERNS_OWN = {"message-id", "resent-message-id", "sender", "mime-version", "content-type", "content-transfer-encoding",
                "list-unsubscribe-post"}


class Listeners:
    """One Postfix, three smtpd(8): what opendkim alone is asked, what clamav-milter is asked behind it, what Postern is."""

    def __init__(self, host: MailHost) -> None:
        self.host = host
        self.folder = host.folder / "migrated"
        self.folder.mkdir()
        shutil.chown(self.folder, "nobody", "nogroup")
        self.folder.chmod(0o755)
        self.opendkim, self.clamav, self.milter = (self.folder / name for name in ("opendkim", "clamav-milter", "milter"))
        self._reservations = [PortReservation() for _ in range(3)]
        self.signer, self.scanner, self.ours = (reservation.port for reservation in self._reservations)

    def start(self) -> None:
        asked = {self.signer: [self.opendkim], self.scanner: [self.opendkim, self.clamav], self.ours: [self.milter]}
        for port, sockets in asked.items():
            self.host.postfix.add_listener(
                port, smtpd_milters=",".join(f"unix:{path}" for path in sockets), smtpd_data_restrictions="",
                smtpd_recipient_restrictions="permit_mynetworks,permit_sasl_authenticated,reject_unauth_destination")
        self.host.postfix.reload()
        for port in asked:
            wait_until(lambda port=port: self.host.postfix.greets(port), "Postfix's greeting")

    def stop(self) -> None:
        for reservation in self._reservations:
            self.host.postfix.remove_listener(reservation.port)
            reservation.close()
        self.host.postfix.reload()
        shutil.rmtree(self.folder)


@dataclass(frozen=True)
class Mail:
    content: bytes
    client: Client = STRANGER
    sender: str = "someone@silent.example"
    recipient: str = USER
    arrives: bool = True  # where it is accepted


@dataclass
class Passage:
    """A mail's way through one listener."""
    answer: Answer
    arrival: Arrival | None

    @property
    def code(self) -> int:
        return self.answer.last.code

    def fields(self, name: str) -> list[str]:
        assert self.arrival, str(self.answer)
        return self.arrival.fields(name)

    @property
    def dkim_results(self) -> list[tuple[str, str, str, str]]:
        """Of our own Authentication-Results: result, domain, selector and algorithm of each signature."""
        found = []
        for value in self.fields("Authentication-Results"):
            name, _, results = re.sub(r"\([^()]*\)", "", value).partition(";")
            for result in results.split(";") if name.split()[0] == OUR_HOST else ():
                pairs = dict(word.partition("=")[::2] for word in result.split())
                if "dkim" in pairs:
                    found.append((pairs["dkim"], pairs.get("header.d", ""), pairs.get("header.s", ""), pairs.get("header.a", "")))
        return sorted(found)

    @property
    def signatures(self) -> list[dict[str, Any]]:
        """What its signatures say: domain, selector, algorithm, canonicalization, identity, and the fields that both sign."""
        found = []
        for value in self.fields("DKIM-Signature"):
            tags = dict(tag.strip().partition("=")[::2] for tag in value.split(";") if tag.strip())
            found.append({name: tags.get(name) for name in ("d", "s", "a", "c", "i")} | {
                "h": sorted(name for name in re.sub(r"\s", "", tags["h"]).lower().split(":") if name not in POSTERNS_OWN),
                "lasts": "x" in tags})
        return sorted(found, key=lambda tags: str(tags["s"]))


@dataclass
class SideBySide:
    """The old programs of one host at work, and Postern by what was made of its files."""
    listeners: Listeners
    migrated: Migrated
    old_port: int

    def has_said(self, sentence: str) -> None:
        """The report has it, of something that is changed."""
        changes = [re.sub(r"\s+", " ", text) for text in re.split(r"\n(?=  \w)", self.migrated.report)
                   if text.startswith("  changed")]
        assert any(sentence in change for change in changes), self.migrated.report

    def passages(self, mails: Sequence[Mail]) -> list[tuple[Passage, Passage]]:
        """Each through the old programs and then through Postern, several mails at a time."""
        with ThreadPoolExecutor(6) as pool:
            return list(pool.map(lambda mail: (self._passage(self.old_port, mail), self._passage(self.listeners.ours, mail)), mails))

    def compared(self, mail: Mail) -> tuple[Passage, Passage]:
        return self.passages([mail])[0]

    def _passage(self, port: int, mail: Mail) -> Passage:
        sink, name = self.listeners.host.sink, message_id_of(mail.content)
        before = len(sink.arrivals(name))
        with Session("127.0.0.1", port, mail.client) as session:
            answer = session.deliver(mail.sender, [mail.recipient], mail.content)
        if not answer.accepted or not mail.arrives:
            return Passage(answer, None)
        arrivals = wait_until(lambda: sink.arrivals(name)[before:], f"{name} to arrive", explain=self.listeners.host.explain)
        return Passage(answer, arrivals[0])


@pytest.fixture(scope="module")
def listeners(module_host: MailHost) -> Iterator[Listeners]:
    found = Listeners(module_host)
    try:
        found.start()
        yield found
    finally:
        found.stop()


@dataclass
class Keys:
    """Those of strangers, each with its record."""
    good: DkimKey
    edwards: DkimKey
    short: DkimKey
    revoked: DkimKey

    def publish(self, zone: Zone) -> None:
        for key in (self.good, self.edwards, self.short):
            zone.add(key.record_name, "TXT", key.record)
        zone.add(self.revoked.record_name, "TXT", "v=DKIM1; k=rsa; p=")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    folder = tmp_path_factory.mktemp("keys")
    return Keys(*(DkimKey.create(folder, "old.example", selector, kind, bits) for selector, kind, bits in (
        ("good", "rsa", 2048), ("edwards", "ed25519", 0), ("short", "rsa", 768), ("revoked", "rsa", 2048))))


@pytest.fixture(scope="module")
def dns(module_host: MailHost, keys: Keys) -> Iterator[DnsServer]:
    """For all of them, old and new."""
    zone = Zone(records=list(module_host.world.zone.records), broken=list(module_host.world.zone.broken))
    keys.publish(zone)
    server = name_server(module_host.folder / "dns-of-milters", zone)
    server.start()
    yield server
    server.stop()


@contextmanager
def side_by_side(listeners: Listeners, dns: DnsServer, folder: Path, files: dict[str, str]) -> Iterator[SideBySide]:
    """The milters of these files, and postern-milterd by what they are migrated to."""
    host = listeners.host
    migrated = Migrated(host.build, folder, files)
    environment = of_a_scratch_host(folder) | {
        "POSTERN_MILTERD_LISTEN": f"unix:{listeners.milter}", "POSTERN_MILTERD_SOCKET_GROUP": host.postfix.group, "POSTERN_DNS_SERVERS": dns.address,
        "POSTERN_CLAMAV_CLAMD": f"unix:{host.clamd.socket}", "POSTERN_MILTERD_AUTHSERV_ID": OUR_HOST}
    migrated.check(environment)
    milterd = Daemon("milterd", host.build / "milterd/postern-milterd", migrated.toml, listeners.milter,
                     folder / "milterd.log", environment=environment)
    old: list[OldMilter] = [opendkim(listeners.opendkim, files["/etc/opendkim.conf"], dns)]
    scanner = next((text for path, text in files.items() if path.endswith("clamav-milter.conf")), "")
    if scanner:
        old.append(clamav_milter(listeners.clamav, re.sub(r"(?m)^(ClamdSocket) .*", rf"\1 unix:{host.clamd.socket}", scanner)))
    with ExitStack() as stack:
        for program in (*old, milterd):
            stack.callback(program.stop)
            program.start()
        yield SideBySide(listeners, migrated, listeners.scanner if scanner else listeners.signer)
        milterd.check_sanitizers()


# Debian's defaults: strangers are judged, viruses held

DEBIAN_CF = "smtpd_milters = local:opendkim/opendkim.sock, unix:/var/run/clamav/clamav-milter.ctl\n"


@pytest.fixture
def debian(listeners: Listeners, dns: DnsServer, folder: Path) -> Iterator[SideBySide]:
    files = {path: Path(path).read_text() for path in ("/etc/opendkim.conf", "/etc/clamav/clamav-milter.conf")}
    with side_by_side(listeners, dns, folder, files | {
            "/etc/postfix/main.cf": DEBIAN_CF, "/etc/postfix/master.cf": MASTER_CF}) as found:
        yield found


def plain() -> bytes:
    """Another one at each call: mails are known by their Message-ID."""
    return compose("a@old.example", USER)


FORGED_RESULTS = f"Authentication-Results: {OUR_HOST}; dkim=pass header.d=bank.example\r\n".encode()


def test_debians_opendkim_judges_alike(debian: SideBySide, keys: Keys) -> None:
    mails = {
        "pass": keys.good.sign(plain()),
        "pass, by another algorithm": keys.edwards.sign(plain()),
        "pass, pass": keys.edwards.sign(keys.good.sign(plain())),
        "policy, for the key is short": keys.short.sign(plain()),
        "fail, for the body was changed": keys.good.sign(plain()).replace(b"Good morning", b"Good evening"),
        "fail, for the header was changed": keys.good.sign(plain()).replace(b"Subject: test", b"Subject: win"),
        "pass, below forged results": FORGED_RESULTS + keys.good.sign(plain()),
    }
    for wanted, (old, new) in zip(mails, debian.passages([Mail(content) for content in mails.values()])):
        assert (old.code, new.code) == (250, 250)
        assert old.dkim_results == new.dkim_results, wanted
        assert all(result in wanted for result, *_ in old.dkim_results) and old.dkim_results
        assert old.arrival and "bank.example" not in old.arrival.content.decode()
        assert new.arrival and "bank.example" not in new.arrival.content.decode()


def test_debians_opendkim_where_postern_says_more(debian: SideBySide, keys: Keys) -> None:
    revoked, gone, broken, unsigned, forged = debian.passages([Mail(content) for content in (
        keys.revoked.sign(plain()), keys.good.sign(plain()).replace(b"s=good;", b"s=gone;"),
        DkimKey("broken.example", "x", "rsa", keys.good.pem).sign(plain()), plain(), FORGED_RESULTS + plain())])

    for old, new in (revoked, gone):
        assert [result[0] for result in old.dkim_results] == ["fail"]
        assert [result[0] for result in new.dkim_results] == ["permerror"]
        assert old.dkim_results[0][1:] == new.dkim_results[0][1:]
    debian.has_said("dkim=permerror, where opendkim says dkim=fail")
    old, new = broken
    assert (old.code, new.code) == (250, 250)
    assert old.dkim_results == []
    assert [result[0] for result in new.dkim_results] == ["temperror"]
    debian.has_said("dkim=temperror, where opendkim writes nothing")

    for old, new in (unsigned, forged):
        assert old.fields("Authentication-Results") == []
        assert [result[0] for result in new.dkim_results] == ["none"]
    debian.has_said("AlwaysAddARHeader is not set")

    assert "dkim-atps=neutral" in revoked[0].fields("Authentication-Results")[0]
    assert "atps" not in revoked[1].fields("Authentication-Results")[0]
    debian.has_said("dkim-atps")

def test_debians_clamav_milter_holds_alike(debian: SideBySide) -> None:
    postfix = debian.listeners.host.postfix
    infected = compose("a@old.example", USER, body=EICAR)
    old, new = debian.compared(Mail(infected, arrives=False))
    assert (old.code, new.code) == (250, 250)
    assert {old.answer.queue_id, new.answer.queue_id} <= set(postfix.held())

    old, new = debian.compared(Mail(plain()))
    assert old.fields("X-Virus-Status") == new.fields("X-Virus-Status") == ["Clean"]
    assert re.sub(r"^\S+( \d\S+)? at", "X at", old.fields("X-Virus-Scanned")[0]) == re.sub(
        r"^\S+ at", "X at", new.fields("X-Virus-Scanned")[0])
    debian.has_said("X-Virus-Scanned names postern-milterd")
    forged = b"X-Virus-Status: Infected (by nothing)\r\nX-Virus-Scanned: by me\r\n" + plain()
    old, new = debian.compared(Mail(forged))
    assert old.fields("X-Virus-Status") == new.fields("X-Virus-Status") == ["Clean"]

    for old, new in debian.passages([Mail(compose("a@old.example", USER, body=body), arrives=False) for body in (GUESS, UNWANTED)]):
        held = debian.listeners.host.postfix.held()
        assert old.answer.queue_id in held
        assert new.answer.queue_id not in held
    debian.has_said("finds of PUA.* and Heuristics.* are only marked")


# panubo/postfix: one key for several domains, and mail of our own networks is signed

PANUBO = """\
Syslog yes
SyslogSuccess yes
UMask 002
Socket inet:8891@localhost
Domain {domains}
KeyFile {key}
Selector mail
Canonicalization relaxed
Mode s
InternalHosts {networks}
ExternalIgnoreList {networks}
SendReports yes
OversignHeaders From
SenderHeaders From
SignHeaders *
OmitHeaders *
"""


def pem_of(folder: Path, domain: str, selector: str, kind: str = "rsa") -> DkimKey:
    """A key that nobody, as whom both programs run here, may read, and no others."""
    key = DkimKey.create(folder, domain, selector, kind)
    key.pem.chmod(0o400)
    shutil.chown(key.pem, "nobody")
    return key


def signed_alike(side: SideBySide, zone: Zone, mails: Sequence[Mail], changed: Sequence[str] = ()) -> list[list[str]]:
    """Both sign each mail for the same domains, and all that they sign verifies; those domains, mail by mail."""
    domains = []
    side.has_said("lacks Message-ID, Sender")
    for mail, (old, new) in zip(mails, side.passages(mails)):
        assert (old.code, new.code) == (250, 250), (mail.sender, str(old.answer), str(new.answer))
        assert [drop(tags, changed) for tags in old.signatures] == [drop(tags, changed) for tags in new.signatures]
        for passage in (old, new):
            assert passage.arrival
            assert verified_algorithms(passage.arrival.content, zone) == sorted(str(tags["a"]) for tags in passage.signatures)
        domains.append([str(tags["d"]) for tags in old.signatures])
    return domains


def drop(tags: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: value for name, value in tags.items() if name not in names}


def own_mails(domain: str, client: Client = COLLEAGUE) -> list[Mail]:
    """Of one of our domains: plain, with fields that come twice, are folded, or are written in other ways."""
    header = ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8;\n\tformat=flowed", "List-Id: <a.example>",
              "Reply-To: you@a.example", "Cc: x@a.example,\n y@a.example", "In-Reply-To: <1@a.example>",
              "References: <1@a.example>", "X-Mailer: none", "Resent-From: z@a.example"]
    return [Mail(content, client, f"me@{domain}", ELSEWHERE) for content in (
        compose(f"me@{domain}", ELSEWHERE),
        compose(f"me@{domain}", ELSEWHERE, header=header, body="a  b \n\n\nc\t \n\n\n"),
        compose(f"me@{domain}", ELSEWHERE).replace(b"From: <", b'from:  "Me, Myself"\r\n <'),
        compose(f"me@{domain.upper()}", ELSEWHERE))]


def test_panubos_relay_signs_alike(listeners: Listeners, dns: DnsServer, folder: Path) -> None:
    zone = Zone()
    key = pem_of(folder, OUR_DOMAIN, "mail")
    for domain in (OUR_DOMAIN, "second.example"):
        zone.add(f"mail._domainkey.{domain}", "TXT", key.record)
    conf = PANUBO.format(domains=f"{OUR_DOMAIN}, second.example", key=key.pem, networks=", ".join(HERE))
    with side_by_side(listeners, dns, folder, {
            "/etc/opendkim.conf": conf, str(key.pem): key.pem.read_text(), "/etc/postfix/master.cf": MASTER_CF,
            "/etc/postfix/main.cf": "smtpd_milters = inet:localhost:8891\n"}) as side:
        ours = signed_alike(side, zone, own_mails(OUR_DOMAIN))
        assert ours == [[OUR_DOMAIN]] * 4
        others = [Mail(compose("me@second.example", ELSEWHERE), COLLEAGUE, "me@second.example", ELSEWHERE),
                  Mail(compose("me@below.second.example", ELSEWHERE), COLLEAGUE, "me@below.second.example", ELSEWHERE),
                  Mail(compose("me@third.example", ELSEWHERE), COLLEAGUE, "me@third.example", ELSEWHERE),
                  Mail(compose(f"me@{OUR_DOMAIN}", ELSEWHERE), TRAVELLER, f"me@{OUR_DOMAIN}", ELSEWHERE),
                  Mail(compose(f"me@{OUR_DOMAIN}", USER))]
        assert signed_alike(side, zone, others) == [["second.example"], [], [], [OUR_DOMAIN], []]


# Two tables: many domains, patterns, a key that signs beside another

TABLES = """\
Syslog yes
UserID opendkim:opendkim
Socket local:/run/opendkim/opendkim.sock
Mode sv
Canonicalization relaxed/simple
OversignHeaders From,Subject
SignatureTTL 1209600
MultipleSignatures {multiple}
InternalHosts refile:{folder}/trusted
KeyTable refile:{folder}/KeyTable
SigningTable refile:{folder}/SigningTable
"""


@pytest.mark.parametrize("multiple", ["no", "yes"])
def test_the_tables_of_many_domains_sign_alike(listeners: Listeners, dns: DnsServer, folder: Path, multiple: str) -> None:
    zone = Zone()
    keys = {name: pem_of(folder, domain, name, kind) for name, domain, kind in (
        ("one", "one.example", "rsa"), ("two", "two.example", "rsa"), ("more", "two.example", "rsa"), ("boss", "one.example", "rsa"))}
    for key in keys.values():
        zone.add(key.record_name, "TXT", key.record)
    zone.add("two._domainkey.below.two.example", "TXT", keys["two"].record)
    files = {
        "KeyTable": "# name domain:selector:path\n" + "".join(
            f"{name}key {'%' if name == 'two' else key.domain}:{key.selector}:{key.pem}\n" for name, key in keys.items()),
        "SigningTable": "boss@one.example bosskey\n*@one.example onekey\n*@two.example twokey\n*@two.example morekey\n"
                        "*@below.two.example twokey:list@%\n",
        "trusted": "127.0.0.1\n192.0.2.0/24\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    with side_by_side(listeners, dns, folder, {
            "/etc/opendkim.conf": TABLES.format(folder=folder, multiple=multiple), "/etc/postfix/master.cf": MASTER_CF,
            "/etc/postfix/main.cf": "smtpd_milters = local:opendkim/opendkim.sock\n",
            **{f"{folder}/{name}": text for name, text in files.items()},
            **{str(key.pem): key.pem.read_text() for key in keys.values()}}) as side:
        senders = ["me@one.example", "boss@one.example", "me@two.example", "me@below.two.example", "me@three.example",
                   "one.example@three.example"]
        signed = signed_alike(side, zone, [Mail(compose(sender, ELSEWHERE), COLLEAGUE, sender, ELSEWHERE) for sender in senders])
        two = [["one.example"] * 2, ["two.example"] * 2] if multiple == "yes" else [["one.example"], ["two.example"]]
        assert signed == [["one.example"], two[0], two[1], ["below.two.example"], [], []]
        stranger, = side.passages([Mail(compose("me@one.example", USER))])  # verified, not signed
        assert stranger[0].signatures == stranger[1].signatures == []


# mikenye/postfix: what its scripts write for the way out and for the way in

MIKENYE_OPENDKIM = """

Syslog true
Socket inet:8891@127.0.0.1
UserID opendkim
{signing}Mode {mode}
AutoRestart false
Background false
InternalHosts {networks}
Canonicalization relaxed/relaxed
"""
MIKENYE_CLAMAV = """

MilterSocket inet:7357@localhost
User clamav
Foreground yes
PidFile /run/clamav-milter/clamav-milter.pid
TemporaryDirectory /tmp
ClamdSocket unix:/run/clamd/clamd.socket
OnInfected Blackhole
AddHeader yes
LogSyslog no
LogRotate no
"""
MIKENYE_CF = """
milter_default_action = accept
milter_protocol = 2
non_smtpd_milters = inet:localhost:8891
smtpd_milters = inet:localhost:8891, inet:localhost:7357
"""


def test_mikenyes_way_out_signs_and_scans_alike(listeners: Listeners, dns: DnsServer, folder: Path) -> None:
    zone = Zone()
    key = pem_of(folder, OUR_DOMAIN, "sales")
    zone.add(key.record_name, "TXT", key.record)
    (folder / "KeyTable").write_text(f"sales {OUR_DOMAIN}:sales:{key.pem}\n")
    (folder / "SigningTable").write_text(f"*@{OUR_DOMAIN} sales\n")
    conf = MIKENYE_OPENDKIM.format(
        signing=f"SigningTable refile:{folder}/SigningTable\nKeyTable refile:{folder}/KeyTable\n", mode="s", networks=", ".join(HERE))
    with side_by_side(listeners, dns, folder, {
            "/etc/opendkim.conf": conf, "/usr/local/etc/clamav-milter.conf": MIKENYE_CLAMAV, "/etc/postfix/main.cf": MIKENYE_CF,
            "/etc/postfix/master.cf": MASTER_CF, str(key.pem): key.pem.read_text(),
            **{f"{folder}/{name}": (folder / name).read_text() for name in ("KeyTable", "SigningTable")}}) as side:
        # opendkim signs From once, Postern so that none can be added
        assert signed_alike(side, zone, own_mails(OUR_DOMAIN), ["h"]) == [[OUR_DOMAIN]] * 4
        side.has_said("OversignHeaders is not set")
        old, new = side.compared(own_mails(OUR_DOMAIN)[0])
        assert [*new.signatures[0]["h"]] == sorted([*old.signatures[0]["h"], "from"])
        assert old.fields("X-Virus-Status") == new.fields("X-Virus-Status") == ["Clean"]
        assert new.fields("Authentication-Results") == old.fields("Authentication-Results") == []

        infected = compose(f"me@{OUR_DOMAIN}", ELSEWHERE, body=EICAR)
        old, new = side.compared(Mail(infected, COLLEAGUE, f"me@{OUR_DOMAIN}", ELSEWHERE, arrives=False))
        assert (old.code, new.code) == (250, 250), "taken, and thrown away"
        assert listeners.host.sink.arrivals(message_id_of(infected)) == []


def test_mikenyes_way_in_judges_alike(listeners: Listeners, dns: DnsServer, folder: Path, keys: Keys) -> None:
    with side_by_side(listeners, dns, folder, {
            "/etc/opendkim.conf": MIKENYE_OPENDKIM.format(signing="", mode="v", networks="127.0.0.1"),
            "/usr/local/etc/clamav-milter.conf": MIKENYE_CLAMAV.replace("Blackhole", "Reject"), "/etc/postfix/main.cf": MIKENYE_CF,
            "/etc/postfix/master.cf": MASTER_CF}) as side:
        assert side.migrated.settings["milterd"]["role"] == "inbound"
        for old, new in side.passages([Mail(keys.good.sign(plain())), Mail(keys.short.sign(plain())),
                                       Mail(compose(f"me@{OUR_DOMAIN}", USER), COLLEAGUE, f"me@{OUR_DOMAIN}")]):
            assert old.code == new.code == 250
            assert old.dkim_results == new.dkim_results or new.dkim_results == [("none", "", "", "")]
            assert old.signatures == [] or len(old.signatures) == len(new.signatures)
        old, new = side.compared(Mail(compose("a@old.example", USER, body=EICAR)))
        assert old.code == new.code == 550
        assert old.answer.last.text.startswith("5.7.1 ") and new.answer.last.text.startswith("5.7.1 ")
        assert SIGNATURE not in old.answer.last.text and SIGNATURE in new.answer.last.text
        side.has_said("RejectMsg is not set")
