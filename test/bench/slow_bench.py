"""What mails pay for others whose scan or key lookup is slow.

About 20 % of the mails clamd answers after 5 s, and the DNS says nothing about
the keys of 10 %: what does that cost the rest?

Three streams of mails come at even times, in both runs the same; their rate is
far below what the machine can do. In the first run nothing is slow.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import milter_bench
from mail_host.clamd import Clamd
from mail_host.dns_server import DnsServer
from mail_host.keys import DkimKey
from mail_host.process import Process
from mail_host.zone import Zone
from table import Table

SECONDS = 60
SCAN_SECONDS = 5
SHARES = {"other": 0.7, "slow scan": 0.2, "silent key": 0.1}
RATE = 20.0  # mails a second in all
RELAY_ADDRESS = "127.0.53.54"
HERE = Path(__file__).resolve().parent


def run(build: Path, folder: Path, scale: float) -> None:
    seconds = max(10, SECONDS * scale)
    zone = Zone()
    keys = [DkimKey.create(folder, milter_bench.DOMAIN, selector, "rsa") for selector in ("s", "silent")]
    for key in keys:
        zone.add(key.record_name, "TXT", key.record)
    signatures = [milter_bench.signed_body(folder, key, 4096) for key in keys]
    body = signatures[0][0]

    table = Table(f"{RATE:g} mails of 4 KB a second",
                  ["run", "mails", "count", "p50 us", "p99 us", "most us", "what became of them"])
    p99: dict[bool, float] = {}
    with ExitStack() as stack:
        dns = DnsServer(folder / "dns", zone)
        dns.start()
        stack.callback(dns.stop)
        clamd = Clamd(folder / "clamd", more="DisableCache yes\n")
        clamd.start()
        stack.callback(clamd.stop)
        proxy = folder / "slow-clamd"
        start_helper(stack, folder / "slow_clamd.log", "slow_clamd.py", proxy, clamd.socket, SCAN_SECONDS)
        start_helper(stack, folder / "relay.log", "dns_relay.py", RELAY_ADDRESS, dns.port, "silent")
        dns.address, clamd.socket = f"{RELAY_ADDRESS}:53", proxy
        milters = stack.enter_context(milter_bench.postern(build, folder, dns, clamd))

        for is_slow in (False, True):
            loads = []
            for name, share in SHARES.items():
                mails = int(RATE * share * seconds)
                signature = signatures[1 if is_slow and name == "silent key" else 0][1]
                mark = "scan" if is_slow and name == "slow scan" else "not"
                words = [build / "test/bench/milter_load", "--connections", "60", "--messages", mails, "--rate", RATE * share,
                         "--body", body, "--header", signature, "--header", f"X-Slow: {mark}",
                         "--from", f"user@{milter_bench.DOMAIN}", *milters.sockets]
                loads.append((name, subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, text=True)))
            for name, load in loads:
                result = json.loads(load.communicate(timeout=600)[0].splitlines()[-1])
                table.row("slow" if is_slow else "none slow", name, result["messages"], result["p50_us"], result["p99_us"],
                          result["max_us"], json.dumps(result["replies"]))
                if name == "other":
                    p99[is_slow] = result["p99_us"]
    table.at_most("the other mails' p99, in that of none slow", p99[True] / p99[False], 2.0)
    table.print()


def start_helper(stack: ExitStack, log: Path, program: str, *words: object) -> None:
    process = Process(program, [sys.executable, "-B", HERE / program, *[str(word) for word in words]], log)
    process.start()

    def end() -> None:
        process.send_signal(signal.SIGTERM)
        process.wait()

    stack.callback(end)
    process.wait_until(lambda: "ready" in log.read_text(), "its socket")
