"""Mails through milters: how many a second and at what CPU, beside a null milter and the two programs replaced.

The mail comes from a stranger, signed rsa-sha256 relaxed/relaxed with 2048
bits, and is scanned by one clamd for all, whose cache is off: with it on,
whichever program asks second would look fast. opendkim reads the sender's key
from a file (TestPublicKeys), postern-milterd asks a name server for it.
"""

from __future__ import annotations

import json
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from mail_host.clamd import Clamd
from mail_host.dns_server import DnsServer
from mail_host.keys import DkimKey
from mail_host.postern_toml import Settings, toml_text
from mail_host.process import Process, answers, run as run_program
from mail_host.zone import Zone
from table import Table, cpu_seconds, memory

DOMAIN = "d0.test"
CONNECTIONS = 4
CLIENT = "192.0.2.1"
SIZES = {"4 KB": (4096, 4000), "1 MB": (1 << 20, 300), "10 MB": (10 << 20, 40)}  # octets, mails
MARK_CPU = 0.6  # of the two peers' together
MARK_RATE = {"4 KB": 1.5, "1 MB": 1.0, "10 MB": 1.0}  # of theirs
FIELDS = {  # as milter_load sends them
    "From": f"User <user@{DOMAIN}>",
    "To": "rcpt@local.test",
    "Subject": "load test message with a subject of usual length",
    "Date": "Sat, 21 Nov 2026 10:00:00 +0000",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=utf-8",
}


@dataclass
class Milters:
    """One or more milters that each mail goes through in turn."""
    name: str
    processes: list[Process]
    sockets: list[Path]

    def cpu_seconds(self) -> float:
        return sum(cpu_seconds(process.pid) for process in self.processes)


def run(build: Path, folder: Path, scale: float) -> None:
    zone = Zone()
    key = DkimKey.create(folder, DOMAIN, "s", "rsa")
    zone.add(key.record_name, "TXT", key.record)
    zone.add(DOMAIN, "TXT", "v=spf1 ip4:192.0.2.0/24 -all")
    mails = {name: signed_body(folder, key, size) for name, (size, _) in SIZES.items()}

    table = Table("mails through milters, 4 at a time", ["milter", "size", "mails/s", "MB/s", "p50 us", "p99 us",
                                                         "of the two peers", "its CPU us a mail", "of theirs", "memory MB"])
    with ExitStack() as stack:
        dns = DnsServer(folder / "dns", zone)
        dns.start()
        stack.callback(dns.stop)
        clamd = Clamd(folder / "clamd")
        with (folder / "clamd" / "clamd.conf").open("a") as configuration:
            configuration.write("DisableCache yes\n")
        clamd.start()
        stack.callback(clamd.stop)

        peers_rate: dict[str, float] = {}
        peers_cpu: dict[str, float] = {}
        for start in (lambda: old_milters(folder, key, clamd), lambda: postern(build, folder, dns, clamd),
                      lambda: null_milter(build, folder)):
            with start() as milters:
                for size, (_, count) in SIZES.items():
                    count = max(8, int(count * scale))
                    before = milters.cpu_seconds()
                    result = load(build, milters, mails[size], count)
                    cpu = (milters.cpu_seconds() - before) / count * 1e6
                    rate = peers_rate.setdefault(size, result["rate"])
                    cost = peers_cpu.setdefault(size, cpu)
                    table.row(milters.name, size, result["rate"], result["MBps"], result["p50_us"], result["p99_us"],
                              f"{result['rate'] / rate:.2f}", cpu, f"{cpu / cost:.2f}" if cost else "-",
                              f"{sum(memory(process.pid) for process in milters.processes):.1f}")
                    if milters.name == "postern-milterd":
                        table.at_most(f"{size}, CPU of the two peers'", cpu / cost if cost else 0, MARK_CPU)
                        table.at_least(f"{size}, mails/s of the two peers", result["rate"] / rate, MARK_RATE[size])
                    print("   ", milters.name, size, json.dumps(result["replies"]), result["edits"], "edits", file=sys.stderr)
    table.print()


def signed_body(folder: Path, key: DkimKey, size: int) -> tuple[Path, str]:
    """A body in a file, and the DKIM-Signature that fits it and FIELDS."""
    line = bytes(ord("A") + at % 26 for at in range(76)) + b"\r\n"
    body = line * (size // len(line))
    header = "".join(f"{name}: {value}\r\n" for name, value in FIELDS.items()).encode()
    signed = key.sign(header + b"\r\n" + body)
    signature = signed[:len(signed) - len(header) - len(b"\r\n") - len(body)].decode()
    path = folder / f"body.{size}"
    path.write_bytes(body)
    return path, " ".join(signature.split())  # relaxed: folds and blanks are one blank


def load(build: Path, milters: Milters, mail: tuple[Path, str], count: int,
         client: str = CLIENT) -> dict[str, object]:
    body, signature = mail
    words = [build / "test/bench/milter_load", "--connections", str(CONNECTIONS), "--messages", str(count), "--body", body,
             "--header", signature, "--from", f"user@{DOMAIN}", "--client", client, *milters.sockets]
    result: dict[str, object] = json.loads(run_program(words, seconds=900).splitlines()[-1])
    return result


@contextmanager
def running(name: str, parts: list[tuple[Process, Path]]) -> Iterator[Milters]:
    with ExitStack() as stack:
        for process, path in parts:
            process.start()
            stack.callback(process.stop)
            process.wait_until(answerer(path), "its socket")
        yield Milters(name, [process for process, _ in parts], [path for _, path in parts])


def answerer(path: Path) -> Callable[[], bool]:
    return lambda: answers(socket.AF_UNIX, str(path))


def null_milter(build: Path, folder: Path) -> AbstractContextManager[Milters]:
    path = folder / "null-milter"
    return running("null milter", [(Process("null_milter", [build / "test/bench/null_milter", f"unix:{path}"],
                                            folder / "null_milter.log"), path)])


def postern(build: Path, folder: Path, dns: DnsServer, clamd: Clamd | None, more: Settings | None = None,
            environment: dict[str, str] | None = None) -> AbstractContextManager[Milters]:
    """`more`: sections of its configuration beside these."""
    home = folder / "milterd"
    home.mkdir()
    shutil.chown(home, "nobody", "nogroup")
    (folder / "postern.toml").write_text(toml_text({
        "log": {"target": "file", "path": str(home / "log")},
        "dns": {"servers": [dns.address]},
        "milterd": {"listen": f"unix:{home}/milter", "user": "nobody", "group": "nogroup", "socket_group": "nogroup",
                    "control": str(home / "control"), "authserv_id": "mx.local.test"},
        "clamav": {"enable": True, "clamd": [f"unix:{clamd.socket}"]} if clamd else {"enable": False},
        **(more or {}),
    }))
    return running("postern-milterd", [(Process(
        "postern-milterd", [build / "milterd/postern-milterd", "--config", folder / "postern.toml"],
        folder / "milterd.log", environment=environment), home / "milter")])


def old_milters(folder: Path, key: DkimKey, clamd: Clamd) -> AbstractContextManager[Milters]:
    home = folder / "old"
    home.mkdir()
    (home / "keys").write_text(f"{key.record_name} {key.record}\n")
    (home / "opendkim.conf").write_text(
        f"Mode v\nSocket local:{home}/opendkim\nTestPublicKeys {home}/keys\nAuthservID mx.local.test\n"
        f"AlwaysAddARHeader yes\nUMask 000\nSyslog no\nBackground no\nPidFile {home}/opendkim.pid\n")
    (home / "clamav-milter.conf").write_text(
        f"MilterSocket unix:{home}/clamav-milter\nMilterSocketMode 666\nClamdSocket unix:{clamd.socket}\nForeground yes\n"
        f"AddHeader Replace\nOnInfected Reject\nMaxFileSize 100M\nPidFile {home}/clamav-milter.pid\n"
        f"LogFile {home}/clamav-milter.log\nLogClean Basic\nTemporaryDirectory {home}\n")
    return running("opendkim, then clamav-milter", [
        (Process("opendkim", ["/usr/sbin/opendkim", "-f", "-x", home / "opendkim.conf"], folder / "opendkim.log"),
         home / "opendkim"),
        (Process("clamav-milter", ["/usr/sbin/clamav-milter", "-c", home / "clamav-milter.conf"],
                 folder / "clamav-milter.log"), home / "clamav-milter")])
