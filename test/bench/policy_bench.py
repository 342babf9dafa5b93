"""Policy requests: how many a second, beside a null server and the programs that postern-policyd replaces.

One load for all: 1,000 sender domains with SPF, 250 clients, 10,000 known
triplets with as many recipients, of every ten requests one with a triplet that
nobody has seen. A greylist that learns the known ones first (its delay is 1 s
here) lets nine of ten pass. The known ones are asked for twice before the
clock starts, so what can be remembered is: the answers of a real name server
with two lists and of a real slapd. postern-policyd logs every decision, to a
file on the disk that this runs on.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from mail_host.dns_server import DnsServer
from mail_host.policy import PolicyConnection
from mail_host.postern_toml import toml_text
from mail_host.process import HostError, Process, answers, free_port, run as run_program, tail
from mail_host.slapd import BASE, INDEXED, Authority, Slapd
from mail_host.zone import Zone
from table import Table, cpu_seconds, memory

DOMAINS = 1000
KNOWN = 10_000
CONNECTIONS = 50
SECONDS = 10.0
ALL_CHECKS = ["dnsbl", "recipient", "spf", "greylist"]
LISTS = {"block.test": "127.0.0.[2..11]*3", "allow.test": "127.0.[0..255].[1..3]*-3"}

MARK_TWO_CHECKS = 0.20  # of the null server's rate: SPF and greylist
MARK_ALL_CHECKS = 0.37
MARK_P99 = 2000  # us


def zone() -> Zone:
    """What the sender domains publish: an SPF record that needs two questions more."""
    zone = Zone(ttl=3600)
    for number in range(DOMAINS):
        zone.add(f"d{number}.test", "TXT", "v=spf1 mx ip4:192.0.2.0/24 -all")
        zone.add(f"d{number}.test", "MX", f"10 mail.d{number}.test.")
        zone.add(f"mail.d{number}.test", "A", "198.51.100.1")
        zone.add(f"mail.d{number}.test", "TXT", "v=spf1 a ip4:192.0.2.0/24 -all")
    for name in LISTS:  # nobody is listed but who must be (RFC 5782 5)
        zone.add(f"2.0.0.127.{name}", "A", "127.0.0.2")
    return zone


@contextmanager
def directory(folder: Path) -> Iterator[Slapd]:
    """All recipients of the load."""
    folder.mkdir()
    slapd = Slapd(folder / "slapd", Authority(folder / "authority"), [f"rcpt{number}@local.test" for number in range(KNOWN)],
                  database=INDEXED)
    slapd.start()
    try:
        yield slapd
    finally:
        slapd.stop()


def run(build: Path, folder: Path, scale: float) -> None:
    table = Table("policy requests", ["program", "connections", "requests/s", "of the null server", "p50 us", "p99 us",
                                      "CPU us each", "memory MB"])
    floors: dict[int, float] = {}

    def measure(name: str, target: str, connections: int, process: Process | None, known: int = 0) -> dict[str, Any]:
        """Under load; `known` triplets are asked for twice before, a greylist delay apart."""
        def load(seconds: float, *more: str) -> dict[str, Any]:
            words = [build / "test/bench/policy_load", target, str(connections), str(seconds), "--new", "10",
                     "--known", str(known or KNOWN), "--domains", str(DOMAINS), *more]
            result: dict[str, Any] = json.loads(run_program(words, seconds=600).splitlines()[-1])
            return result

        if known:
            load(0, "--prime", "1.5")
        before = cpu_seconds(process.pid) if process else 0
        result = load(max(1.0, SECONDS * scale))
        spent = cpu_seconds(process.pid) - before if process else 0
        floor = floors.setdefault(connections, result["rate"])
        table.row(name, connections, result["rate"], f"{result['rate'] / floor:.4f}", result["p50_us"], result["p99_us"],
                  f"{spent * 1e6 / max(1, result['requests']):.1f}" if process else "-",
                  f"{memory(process.pid):.1f}" if process else "-")
        print("   ", name, connections, "connections:", json.dumps(result["answers"]), file=sys.stderr)
        return result

    with ExitStack() as stack:
        dns = DnsServer(folder / "dns", zone())
        dns.start()
        stack.callback(dns.stop)
        slapd = stack.enter_context(directory(folder / "directory"))

        with null_server(build, folder) as (target, process):
            for connections in (1, 10, CONNECTIONS, 200):
                measure("null server", target, connections, process)
        for checks in ([], ["spf"], ["greylist"], ["spf", "greylist"], ALL_CHECKS):
            with policyd(build, folder, dns.address, checks, slapd.url) as (target, process):
                for connections in (1, CONNECTIONS, 200) if len(checks) >= 2 else (CONNECTIONS,):
                    result = measure(f"postern-policyd, {', '.join(checks) or 'no check'}", target, connections, process, KNOWN)
                    if connections == CONNECTIONS:
                        add_marks(table, checks, result, floors[connections])
        with postgrey(folder) as (target, process):
            for connections in (1, CONNECTIONS):
                measure("postgrey", target, connections, process, known=int(1000 * scale) + 10)
        for name, program in policyd_spf(folder, dns):
            for connections in (1, 10):
                measure(name, program, connections, None)
    table.print()


def add_marks(table: Table, checks: list[str], result: dict[str, Any], floor: float) -> None:
    ratio = result["rate"] / floor
    if checks == ["spf", "greylist"]:
        table.at_least(f"SPF and greylist, {CONNECTIONS} connections, of the null server's rate", ratio, MARK_TWO_CHECKS)
    elif checks == ALL_CHECKS:
        table.at_least(f"all checks, {CONNECTIONS} connections, of the null server's rate", ratio, MARK_ALL_CHECKS)
        table.at_most(f"all checks, {CONNECTIONS} connections, p99 in us", result["p99_us"], MARK_P99)


@contextmanager
def running(process: Process, is_up: Callable[[], bool]) -> Iterator[None]:
    process.start()
    try:
        process.wait_until(is_up, "an answer to a connection")
        yield
    finally:
        process.kill()  # postgrey can take longer than anybody waits to end by itself


def serves(path: Path) -> bool:
    """Whether the daemon at this socket answers a request: before it does, its socket already takes connections."""
    try:
        with PolicyConnection(path) as connection:
            return bool(connection.ask(protocol_state="CONNECT"))
    except (OSError, HostError):
        return False


@contextmanager
def null_server(build: Path, folder: Path) -> Iterator[tuple[str, Process]]:
    path = folder / "null"
    process = Process("null_policy", [build / "test/bench/null_policy", path], folder / "null.log")
    with running(process, lambda: answers(socket.AF_UNIX, str(path))):
        yield f"unix:{path}", process


@contextmanager
def policyd(build: Path, folder: Path, dns: str, checks: list[str], ldap: str = "") -> Iterator[tuple[str, Process]]:
    home = Path(tempfile.mkdtemp(prefix="policyd-", dir=folder))
    shutil.chown(home, "nobody", "nogroup")
    path = home / "policy"
    directories = [{"name": "staff", "domains": ["local.test"], "servers": [ldap], "base": BASE, "filter": "(mail=%s)"}]
    (folder / "postern.toml").write_text(toml_text({
        "log": {"target": "file", "path": str(home / "log")},
        "dns": {"servers": [dns]},
        "policyd": {"listen": f"unix:{path}", "user": "nobody", "group": "nogroup", "socket_group": "nogroup",
                    "control": str(home / "control"), "max_connections": 1000, "checks": checks},
        "dnsbl": {"sites": [f"{name}={rule}" for name, rule in LISTS.items()], "threshold": 3, "allow_threshold": -3},
        **({"ldap": directories} if "recipient" in checks else {}),
        "greylist": {"delay": "1s", "database": str(home / "greylist.sqlite"), "auto_whitelist_after": 0},
    }))
    process = Process("postern-policyd", [build / "policyd/postern-policyd", "--config", folder / "postern.toml"],
                      folder / "policyd.log")
    with running(process, lambda: serves(path)):
        if "dnsbl" in checks:  # lists are believed once they have passed their self-test
            process.wait_until(lambda: all(f"list={name} type=address state=ready" in tail(home / "log") for name in LISTS), "its lists")
        yield f"unix:{path}", process


@contextmanager
def postgrey(folder: Path) -> Iterator[tuple[str, Process]]:
    home = folder / "postgrey"
    home.mkdir()
    shutil.chown(home, "nobody", "nogroup")
    port = free_port()
    process = Process("postgrey", [
        "/usr/sbin/postgrey", f"--inet=127.0.0.1:{port}", "--user=nobody", "--group=nogroup", f"--dbdir={home}",
        "--delay=1", "--auto-whitelist-clients=0", "--quiet"], folder / "postgrey.log")
    with running(process, lambda: answers(socket.AF_INET, ("127.0.0.1", port))):
        yield f"inet:127.0.0.1:{port}", process


def policyd_spf(folder: Path, dns: DnsServer) -> Iterator[tuple[str, str]]:
    """The two programs that are started once for each smtpd process, with our name server as the system's.

    They read /etc/resolv.conf, which names no port: so theirs is another one,
    in a mount namespace of their own, and leads to the name server at port 53
    of a loopback address of its own.
    """
    resolv = folder / "resolv.conf"
    resolv.write_text(f"nameserver {RELAY_ADDRESS}\n")
    relay = Process("relay", [sys.executable, "-B", Path(__file__).parent / "dns_relay.py", RELAY_ADDRESS, str(dns.port)],
                    folder / "relay.log")
    relay.start()
    try:
        relay.wait_until(lambda: "ready" in (folder / "relay.log").read_text(), "its socket")
        for name, program in (("policyd-spf (Perl)", "/usr/sbin/postfix-policyd-spf-perl"),
                              ("policyd-spf (Python)", "/usr/bin/policyd-spf")):
            if os.path.exists(program):
                yield name, f"spawn:unshare -m sh -c 'mount --bind {resolv} /etc/resolv.conf && exec {program} 2>/dev/null'"
    finally:
        relay.send_signal(signal.SIGTERM)
        relay.wait()


RELAY_ADDRESS = "127.0.53.53"
