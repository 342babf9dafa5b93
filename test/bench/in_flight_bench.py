"""postern-milterd's own memory while it holds mails of 1 MB, and while all of them end at once.

What is spooled for the scan lies in files of memory that the daemon does not
map: it is counted and capped apart (milterd.max_spooled), and printed beside.
"""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import ExitStack
from pathlib import Path

import milter_bench
from mail_host.clamd import Clamd
from mail_host.dns_server import DnsServer
from mail_host.keys import DkimKey
from mail_host.process import wait_until
from mail_host.zone import Zone
from table import Table, memory

MAILS = 200
SIZE = 1 << 20
MARK = 30.0  # MB


def run(build: Path, folder: Path, scale: float) -> None:
    count = max(8, int(MAILS * scale))
    zone = Zone()
    key = DkimKey.create(folder, milter_bench.DOMAIN, "s", "rsa")
    zone.add(key.record_name, "TXT", key.record)
    body, signature = milter_bench.signed_body(folder, key, SIZE)

    table = Table(f"{count} mails of 1 MB at once, in MB", ["when", "resident", "spooled"])
    with ExitStack() as stack:
        dns = DnsServer(folder / "dns", zone)
        dns.start()
        stack.callback(dns.stop)
        clamd = Clamd(folder / "clamd", more="DisableCache yes\nMaxQueue 1000\n")
        clamd.start()
        stack.callback(clamd.stop)
        milters = stack.enter_context(milter_bench.postern(build, folder, dns, clamd))
        pid = milters.processes[0].pid
        table.row("idle", f"{memory(pid):.1f}", f"{spooled(pid):.1f}")

        words = [build / "test/bench/milter_load", "--hold", "--connections", str(count), "--body", body, "--header", signature,
                 "--from", f"user@{milter_bench.DOMAIN}", *milters.sockets]
        with subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as load:
            assert load.stdout is not None
            if load.stdout.readline() != "held\n":
                raise RuntimeError("the mails do not get as far as their end")
            wait_until(lambda: spooled(pid) >= count * body.stat().st_size / (1 << 20), "all to be read")
            table.row("all held", f"{memory(pid):.1f}", f"{spooled(pid):.1f}")
            result = json.loads(load.communicate("\n", timeout=600)[0].splitlines()[-1])
        result_peak = memory(pid, "VmHWM")
        table.row("the most", f"{result_peak:.1f}", "-")
        table.at_most("resident memory", result_peak, MARK)
        table.at_least("mails accepted", sum(result["replies"].get(reply, 0) for reply in ("a", "c")), count)
    table.print()


def spooled(pid: int) -> float:
    """MB of the files of memory that a program holds open."""
    total = 0
    for entry in os.scandir(f"/proc/{pid}/fd"):
        try:
            if os.readlink(entry.path).startswith("/memfd:"):
                total += os.stat(entry.path).st_size
        except FileNotFoundError:  # closed meanwhile
            pass
    return total / (1 << 20)
