"""Whole mails through a real Postfix: Postern, beside the programs it replaces, beside nothing at all.

One Postfix (its queue on the disk that this runs on, what it takes is
discarded), one clamd, one name server; what Postfix asks is changed from run
to run, in turn, so that a noisy machine is noisy for all. As a gateway a
stranger's signed mail is judged: SPF, greylisting (the triplet is known), DKIM
verified; as a relay a mail of our own is signed; "full" is with the virus scan,
"plain" without. The peers are set up as the images of the two roles have them:
postgrey, policyd-spf in Perl (a process for each smtpd), opendkim,
clamav-milter; where Postern does more by default (DMARC), it does so here, too.
Before the clock starts, one mail of each setup is looked at: it bears what it
should, and a virus is refused. Memory is what belongs to the programs beside
Postfix and clamd, pages that several share counted once (PSS).
"""

from __future__ import annotations

import contextlib
import email.utils
import shutil
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from mail_host.clamd import EICAR, Clamd
from mail_host.dns_server import DnsServer
from mail_host.keys import DkimKey
from mail_host.postern_toml import toml_text
from mail_host.postfix import Postfix
from mail_host.process import Process, answers, free_port, run as run_program, wait_until
from mail_host.sink import Sink
from mail_host.zone import Zone
from table import Table, cpu_seconds, shared_memory

OUR_HOST, OUR_DOMAIN, THEIR_DOMAIN = "mx.local.test", "local.test", "d0.test"
USER, STRANGER = f"rcpt@{OUR_DOMAIN}", f"user@{THEIR_DOMAIN}"
WORLD, LOOPBACK = "203.0.113.1", "127.0.0.1"  # addresses of `run`'s network namespace: who connects to one comes from it
SESSIONS = 20
OCTETS = 4096
MAILS = {"no milter, no policy": 3000, "the old programs": 800, "Postern": 2400}
ROUNDS = 3

MARK_RATE = 3.0
MARK_MEMORY = 0.1


@dataclass
class Setup:
    """What Postfix asks in one role, and the programs that answer."""
    name: str
    main_cf: list[str]
    programs: Callable[[], list[int]]  # process ids


@dataclass
class Role:
    name: str
    address: str  # where Postfix is asked, and from where
    sender: str
    recipient: str
    mail: Path
    scans: bool
    judges: bool


@dataclass
class Host:
    folder: Path
    build: Path
    postfix: Postfix
    clamd: Clamd
    dns: DnsServer
    sink: Sink
    our_key: DkimKey

    def main_cf(self, lines: list[str]) -> None:
        last = {line.partition(" = ")[0].removesuffix(" ="): line for line in lines}  # postconf(1) would keep the first
        self.postfix.configure(list(last.values()))
        self.postfix.restart()  # after a reload, an idle process may still take a mail by the old lines


def run(build: Path, folder: Path, scale: float) -> None:
    table = Table(f"whole mails of 4 KB through Postfix, {SESSIONS} at a time", [
        "profile", "beside Postfix", "mails/s", "of the old programs", "memory MB", "of theirs", "its CPU ms a mail"])
    with host(build, folder) as it:
        keys = {domain: key for domain, key in ((OUR_DOMAIN, it.our_key), (THEIR_DOMAIN, DkimKey.create(
            folder, THEIR_DOMAIN, "s", "rsa")))}
        it.dns.zone.add(keys[THEIR_DOMAIN].record_name, "TXT", keys[THEIR_DOMAIN].record)
        it.dns.stop()
        it.dns.start()
        stranger = written(folder / "stranger.eml", keys[THEIR_DOMAIN].sign(mail(STRANGER, USER)))
        own = written(folder / "own.eml", mail(USER, STRANGER))
        for scans in (False, True):
            kind = "full" if scans else "plain"
            for role in (Role(f"gateway, {kind}", WORLD, STRANGER, USER, stranger, scans, True),
                         Role(f"relay, {kind}", LOOPBACK, USER, STRANGER, own, scans, False)):
                measure(it, role, table, scale)
    table.print()


def measure(it: Host, role: Role, table: Table, scale: float) -> None:
    with old_programs(it, role) as old, postern(it, role) as ours:
        setups = [Setup("no milter, no policy", [], lambda: []), old, ours]
        rates: dict[str, list[float]] = {setup.name: [] for setup in setups}
        sizes = dict.fromkeys(rates, 0.0)
        spent = dict.fromkeys(rates, 0.0)
        for turn in range(ROUNDS):
            for setup in setups:
                it.main_cf([*asks_nobody(), *setup.main_cf])
                if turn == 0 and setup.main_cf:
                    look(it, role)
                it.main_cf([f"virtual_transport = discard:{setup.name}", f"default_transport = discard:{setup.name}"])
                send_all(it, role, 100)
                count = max(100, int(MAILS[setup.name] * scale))
                before = sum(map(cpu_seconds, setup.programs()))
                started = time.monotonic()
                send_all(it, role, count)
                rates[setup.name].append(count / (time.monotonic() - started))
                spent[setup.name] = (sum(map(cpu_seconds, setup.programs())) - before) / count * 1000
                sizes[setup.name] = sum(map(shared_memory, setup.programs()))
    rate = {name: statistics.median(found) for name, found in rates.items()}
    for name in rates:
        table.row(role.name, name, rate[name], f"{rate[name] / rate[old.name]:.2f}", f"{sizes[name]:.1f}",
                  f"{sizes[name] / sizes[old.name]:.3f}", f"{spent[name]:.2f}")
    if role.name == "gateway, full":
        table.at_least(f"{role.name}: mails a second, of the old programs'", rate[ours.name] / rate[old.name], MARK_RATE)
        table.at_most(f"{role.name}: memory beside clamd, of the old programs'", sizes[ours.name] / sizes[old.name], MARK_MEMORY)


# ---- Mail

def mail(sender: str, recipient: str, text: str = "") -> bytes:
    line = bytes(ord("A") + at % 26 for at in range(76)) + b"\r\n"
    head = (f"From: {sender}\r\nTo: {recipient}\r\nSubject: load test message with a subject of usual length\r\n"
            f"Date: {email.utils.formatdate()}\r\nMessage-ID: {email.utils.make_msgid(domain=THEIR_DOMAIN)}\r\n\r\n{text}\r\n").encode()
    return head + line * (OCTETS // len(line))


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content.replace(b"\r\n", b"\n"))  # as smtp-source wants it
    return path


def send(role: Role, count: int, content: Path | None = None) -> None:
    run_program(["smtp-source", "-s", str(min(SESSIONS, count)), "-m", str(count), "-M", f"mail.{THEIR_DOMAIN}",
                 "-f", role.sender, "-t", role.recipient, "-F", content or role.mail, f"{role.address}:25"], seconds=600)


def send_all(it: Host, role: Role, count: int) -> None:
    """And waits until all of it is delivered."""
    send(role, count)
    wait_until(lambda: not it.postfix.queued(), "an empty queue", 120)


def is_taken(role: Role, content: Path | None = None) -> bool:
    try:
        send(role, 1, content)
    except Exception:
        return False
    return True


def look(it: Host, role: Role) -> None:
    """All that is measured is at work."""
    it.main_cf([f"virtual_transport = smtp:[127.0.0.1]:{it.sink.port}", f"default_transport = smtp:[127.0.0.1]:{it.sink.port}"])
    before = len(it.sink.to(role.recipient))
    wait_until(lambda: is_taken(role), f"{role.name}: a mail to be taken", 30, it.postfix.log)  # greylisted first
    wait_until(lambda: it.sink.to(role.recipient)[before:], f"{role.name}: the mail", 30, it.postfix.log)
    arrival = it.sink.to(role.recipient)[before]
    if role.judges:
        assert "dkim=pass" in " ".join(arrival.fields("Authentication-Results")), arrival.header()
        assert arrival.fields("Received-SPF")[0].lower().startswith("pass"), arrival.header()
        assert arrival.fields("X-Greylist"), arrival.header()
    else:
        assert len(arrival.fields("DKIM-Signature")) == 1, arrival.header()
    if role.scans:
        virus = written(it.folder / "virus.eml", mail(role.sender, role.recipient, EICAR))
        assert not is_taken(role, virus), "a virus was taken"


# ---- The host

@contextmanager
def host(build: Path, folder: Path) -> Iterator[Host]:
    zone = Zone(ttl=3600)
    zone.add(THEIR_DOMAIN, "TXT", f"v=spf1 mx ip4:{WORLD} -all")
    zone.add(THEIR_DOMAIN, "MX", f"10 mail.{THEIR_DOMAIN}.")
    zone.add(f"mail.{THEIR_DOMAIN}", "A", WORLD)
    our_key = DkimKey.create(folder, OUR_DOMAIN, "s", "rsa")
    shutil.chown(our_key.pem, "nobody")
    with ExitStack() as stack:
        dns = DnsServer(folder / "dns", zone)
        dns.port, dns.address = 53, "127.0.0.1:53"  # for programs that know of no other
        dns.start()
        stack.callback(dns.stop)
        clamd = Clamd(folder / "clamd", more="DisableCache yes\n")  # or who asks second would look fast
        clamd.start()
        stack.callback(clamd.stop)
        sink = Sink(folder / "arrived")
        sink.start()
        stack.callback(sink.stop)
        postfix = Postfix(folder / "postfix", hostname=OUR_HOST, domain=OUR_DOMAIN, sink_port=sink.port)
        postfix.add_listener(25)
        postfix.add_listener(25, address=WORLD)
        postfix.add_program("policyd-spf", "nobody", "/usr/sbin/postfix-policyd-spf-perl")
        postfix.start()
        stack.callback(postfix.stop)
        yield Host(folder, build, postfix, clamd, dns, sink, our_key)


def asks_nobody() -> list[str]:
    return ["smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination", "smtpd_data_restrictions =",
            "smtpd_milters =", "non_smtpd_milters ="]


@contextmanager
def running(parts: list[tuple[Process, Callable[[], bool]]]) -> Iterator[list[Process]]:
    with ExitStack() as stack:
        for process, is_up in parts:
            process.start()
            stack.callback(process.kill)  # postgrey can take longer than anybody waits to end by itself
            process.wait_until(is_up, "an answer to a connection")
        yield [process for process, _ in parts]


def serves(path: Path) -> Callable[[], bool]:
    return lambda: answers(socket.AF_UNIX, str(path))


def pids_of(program: str) -> list[int]:
    """Of our network namespace."""
    def is_it(process: Path) -> bool:
        with contextlib.suppress(OSError):  # it may have ended
            return (program.encode() in (process / "cmdline").read_bytes()
                    and (process / "ns/net").readlink() == Path("/proc/self/ns/net").readlink())
        return False
    return [int(process.name) for process in Path("/proc").glob("[0-9]*") if is_it(process)]


@contextmanager
def postern(it: Host, role: Role) -> Iterator[Setup]:
    home = it.folder / f"postern-{role.name.replace(', ', '-')}"
    home.mkdir()
    shutil.chown(home, "nobody", "nogroup")
    home.chmod(0o755)

    def daemon(name: str) -> dict[str, str]:
        return {"listen": f"unix:{home}/{name}", "control": str(home / f"{name}.control"), "user": "nobody",
                "group": "nogroup", "socket_group": it.postfix.group}

    configuration = home / "postern.toml"
    configuration.write_text(toml_text({
        "log": {"target": "file", "path": str(home / "log")},
        "dns": {"servers": [it.dns.address]},
        "trust": {"networks": ["127.0.0.0/8"]},
        "policyd": daemon("policy"),
        "spf": {"receiver": OUR_HOST},
        "greylist": {"delay": "1s", "database": str(home / "greylist.sqlite"), "auto_whitelist_after": 0},
        "milterd": {**daemon("milter"), "authserv_id": OUR_HOST},
        "dkim": {"sign": True, "domain": [{"domain": OUR_DOMAIN, "selector": "s", "key": str(it.our_key.pem)}]},
        "clamav": {"enable": True, "clamd": [f"unix:{it.clamd.socket}"]} if role.scans else {"enable": False},
    }))
    parts = [(Process(f"postern-{name}", [it.build / f"{name}/postern-{name}", "--config", configuration],
                      home / f"{name}.log"), serves(home / what)) for name, what in (("policyd", "policy"), ("milterd", "milter"))]
    with running(parts) as processes:
        it.main_cf(asks_nobody())
        printed = run_program([it.build / "config/postern", "main-cf", "--config-dir", it.postfix.etc, configuration],
                              environment=it.postfix.environment)
        lines = [line for line in printed.splitlines() if line and not line.startswith("#")]
        yield Setup("Postern", lines, lambda: [process.pid for process in processes])


@contextmanager
def old_programs(it: Host, role: Role) -> Iterator[Setup]:
    home = it.folder / f"old-{role.name.replace(', ', '-')}"
    home.mkdir()
    shutil.chown(home, "nobody", "nogroup")
    home.chmod(0o755)
    (home / "opendkim.conf").write_text(
        f"Mode {'sv' if role.judges else 's'}\nSocket local:{home}/opendkim\nDomain {OUR_DOMAIN}\nSelector s\n"
        f"KeyFile {it.our_key.pem}\nRequireSafeKeys no\nAuthservID {OUR_HOST}\nAlwaysAddARHeader yes\nUMask 000\n"
        f"Canonicalization relaxed/relaxed\nInternalHosts 127.0.0.1\nSyslog no\nBackground no\nPidFile {home}/opendkim.pid\n"
        f"TestPublicKeys {home}/keys\n")  # from a file: it would not ask a name server on this machine
    (home / "keys").write_text("".join(f"{name} {it.dns.zone.text_at(name)}\n" for name, kind, _ in it.dns.zone.records
                                       if kind == "TXT" and "_domainkey" in name))
    (home / "clamav-milter.conf").write_text(
        f"MilterSocket unix:{home}/clamav-milter\nMilterSocketMode 666\nClamdSocket unix:{it.clamd.socket}\nForeground yes\n"
        f"AddHeader Replace\nOnInfected Reject\nPidFile {home}/clamav-milter.pid\nTemporaryDirectory {home}\n")
    port = free_port()
    parts = [(Process("opendkim", ["/usr/sbin/opendkim", "-f", "-x", home / "opendkim.conf"], home / "opendkim.log"),
              serves(home / "opendkim"))]
    main_cf = [f"smtpd_milters = unix:{home}/opendkim"]
    if role.scans:
        parts.append((Process("clamav-milter", ["/usr/sbin/clamav-milter", "-c", home / "clamav-milter.conf"],
                              home / "clamav-milter.log"), serves(home / "clamav-milter")))
        main_cf[0] += f", unix:{home}/clamav-milter"
    if role.judges:
        parts.append((Process("postgrey", [
            "/usr/sbin/postgrey", f"--inet=127.0.0.1:{port}", "--user=nobody", "--group=nogroup", f"--dbdir={home}",
            "--delay=1", "--auto-whitelist-clients=0"], home / "postgrey.log"),
            lambda: answers(socket.AF_INET, ("127.0.0.1", port))))
        main_cf.append("smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination, check_policy_service "
                       f"unix:private/policyd-spf, check_policy_service inet:127.0.0.1:{port}")
    with running(parts) as processes:
        yield Setup("the old programs", main_cf,
                    lambda: [*(process.pid for process in processes), *pids_of("postfix-policyd-spf-perl")])
