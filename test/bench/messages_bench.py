"""A hundred thousand mails through one postern-milterd: does its memory grow?

Every other lot of mails is a stranger's, whose signature is verified; the rest are ours and leave with two signatures.
All are scanned. With AddressSanitizer (`run messages --sanitized` takes test/run's build) the daemon ends with an error
where a mail touched what it must not or left something behind for good. What its memory is then is no measure:
the sanitizer's records grow with each new way in which memory was taken.
"""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path

import milter_bench
from mail_host.clamd import Clamd
from mail_host.dns_server import DnsServer
from mail_host.keys import DkimKey
from mail_host.postern_toml import Settings
from mail_host.zone import Zone
from table import Table, memory

MAILS = 100_000
SIZE = 4096
LOTS = 20
WARM = 4  # lots after which all that is kept is there: caches, threads, their arenas
MARK = 5.0  # KB more for each thousand mails: of a leak of 6 octets a mail one would hear
OURS = "192.0.2.9"
# What is freed is kept for a while, so that a use after it is seen; what is kept at the end is told.
ENVIRONMENT = {"ASAN_OPTIONS": "quarantine_size_mb=4:thread_local_quarantine_size_kb=64:detect_leaks=1:abort_on_error=0"}


def run(build: Path, folder: Path, scale: float) -> None:
    lot = max(20, int(MAILS * scale) // LOTS)
    zone = Zone()
    keys = [DkimKey.create(folder, milter_bench.DOMAIN, *key) for key in (("s", "rsa"), ("e", "ed25519"))]
    for key in keys:
        zone.add(key.record_name, "TXT", key.record)
    mail = milter_bench.signed_body(folder, keys[0], SIZE)

    table = Table(f"{lot * LOTS:,} mails of 4 KB through {build.name}, memory in MB", ["mails", "mails/s", "resident", "its own"])
    with ExitStack() as stack:
        dns = DnsServer(folder / "dns", zone)
        dns.start()
        stack.callback(dns.stop)
        clamd = Clamd(folder / "clamd")
        clamd.start()
        stack.callback(clamd.stop)
        milters = stack.enter_context(milter_bench.postern(build, folder, dns, clamd, signing(keys), ENVIRONMENT))
        milterd = milters.processes[0]
        replies: dict[str, int] = {}
        own: list[float] = []
        for number in range(1, LOTS + 1):
            is_ours = number % 2 == 0
            result = milter_bench.load(build, milters, mail, lot, client=OURS if is_ours else milter_bench.CLIENT)
            if not milterd.running:
                raise RuntimeError(f"postern-milterd ended\n{milterd.log_tail(100)}")
            for reply, count in result["replies"].items():
                replies[reply] = replies.get(reply, 0) + count
            own.append(memory(milterd.pid, "RssAnon"))
            table.row(number * lot, result["rate"], f"{memory(milterd.pid):.1f}", f"{own[-1]:.1f}")
        status = milterd.stop(120)
        if status != 0:
            raise RuntimeError(f"postern-milterd ended with status {status}\n{milterd.log_tail(100)}")
    table.at_least("mails accepted", sum(replies.get(reply, 0) for reply in ("a", "c")), lot * LOTS)
    if b"__asan_init" in (build / "milterd/postern-milterd").read_bytes():
        table.print()
        return
    thousands = lot * (LOTS - WARM) / 1000
    table.at_most(f"KB that each thousand mails add, after the first {WARM * lot:,}",
                  (own[-1] - max(own[:WARM])) * 1024 / thousands, MARK)
    table.print()


def signing(keys: list[DkimKey]) -> Settings:
    """For mail of `OURS`; the keys become the daemon's to read."""
    for key in keys:
        shutil.chown(key.pem, "root", "nogroup")
        key.pem.chmod(0o640)
    return {
        "trust": {"networks": [OURS]},
        "dkim": {"sign": True, "managed": "", "domain": [
            {"domain": key.domain, "selector": key.selector, "key": str(key.pem)} for key in keys]},
    }
