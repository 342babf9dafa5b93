"""What both daemons take of the memory of a busy host, beside the mark.

postern-policyd with SPF and greylisting, after the mix of the policy benchmark
over 50 connections; postern-milterd after mails of 4 KB whose signatures it
verified. Resident memory counts the pages of shared libraries in each.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import milter_bench
from mail_host.dns_server import DnsServer
from mail_host.keys import DkimKey
from mail_host.process import run as run_program
from policy_bench import CONNECTIONS, DOMAINS, KNOWN, SECONDS, policyd, zone
from table import Table, memory

MARK = 40.0  # MB
MAILS = 4000


def run(build: Path, folder: Path, scale: float) -> None:
    table = Table("memory in MB", ["program", "resident", "its own", "of files"])
    names = zone()
    key = DkimKey.create(folder, milter_bench.DOMAIN, "s", "rsa")
    names.add(key.record_name, "TXT", key.record)
    with ExitStack() as stack:
        dns = DnsServer(folder / "dns", names)
        dns.start()
        stack.callback(dns.stop)

        target, process = stack.enter_context(policyd(build, folder, dns.address, ["spf", "greylist"]))
        load = [build / "test/bench/policy_load", target, str(CONNECTIONS)]
        mix = ["--new", "10", "--known", str(KNOWN), "--domains", str(DOMAINS)]
        run_program([*load, "0", *mix, "--prime", "1.5"], seconds=600)
        run_program([*load, str(max(1.0, SECONDS * scale)), *mix], seconds=600)

        milters = stack.enter_context(milter_bench.postern(build, folder, dns, None))
        milter_bench.load(build, milters, milter_bench.signed_body(folder, key, 4096), max(8, int(MAILS * scale)))

        programs = [process, *milters.processes]
        for program in programs:
            table.row(program.name, *(f"{memory(program.pid, field):.1f}" for field in ("VmRSS", "RssAnon", "RssFile")))
        table.at_most("both together", sum(memory(program.pid) for program in programs), MARK)
    table.print()
