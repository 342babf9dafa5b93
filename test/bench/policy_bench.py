#!/usr/bin/python3
"""Policy servers beside each other, on one machine, in one run.

usage: policy_bench.py BUILD [--seconds N] [--connections N] [--new PERCENT] [--old]

BUILD is a release build (meson setup -Doptimization=2) of postern-policyd,
test/bench/null_policy and test/bench/policy_load. The ratios to the null
server are what may be compared between machines; the rates are not. With
--old postgrey and policyd-spf are measured too, where they are installed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "end_to_end"))

from mail_host.dns_server import DnsServer  # noqa: E402
from mail_host.postern_toml import toml_text  # noqa: E402
from mail_host.process import Process, answers  # noqa: E402
from mail_host.zone import Zone  # noqa: E402

DOMAINS = 1000
KNOWN = 10_000  # triplets


@dataclass
class Bench:
    build: Path
    folder: Path
    options: argparse.Namespace
    dns: DnsServer

    def load(self, target: str, seconds: str, *more: str, connections: int | None = None) -> dict[str, Any]:
        command = [self.build / "test/bench/policy_load", target, connections or self.options.connections, seconds,
                   "--new", self.options.new, "--domains", DOMAINS, "--known", KNOWN, *more]
        done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True, check=True)
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    def policyd(self, name: str, checks: list[str], **log: str) -> tuple[Process, Path]:
        path = self.folder / f"{name}.sock"
        configuration = self.folder / f"{name}.toml"
        configuration.write_text(toml_text({
            "log": {"target": "file", "path": str(self.folder / f"{name}.log"), **log},
            "dns": {"servers": [self.dns.address]},
            "policyd": {"listen": f"unix:{path}", "control": "", "user": "", "group": "", "socket_group": "",
                        "checks": checks},
            "greylist": {"delay": "1s", "database": str(self.folder / f"{name}.db")},
        }))
        program = self.build / "policyd/postern-policyd"
        return Process(name, [program, "--config", configuration], self.folder / f"{name}.out"), path

    def measure(self, name: str, process: Process, path: Path, prime: str = "0") -> dict[str, Any]:
        """Under load, after each known triplet was asked for twice, `prime` seconds apart."""
        target = f"unix:{path}"
        process.start()
        try:
            process.wait_until(lambda: answers(socket.AF_UNIX, os.fspath(path)), "it listens")
            self.load(target, "0", "--prime", prime)
            before = cpu(process.pid)
            result = self.load(target, self.options.seconds)
            spent = cpu(process.pid) - before
            return result | {"name": name, "rss": memory(process.pid), "cpu_us": spent / max(result["requests"], 1)}
        finally:
            process.stop()


def memory(pid: int) -> int:
    """The most octets that were in memory."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def cpu(pid: int) -> float:
    """Microseconds of processor time so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1e6 / os.sysconf("SC_CLK_TCK")


def zone() -> Zone:
    zone = Zone(ttl=3600)
    for number in range(DOMAINS):
        zone.add(f"d{number}.test", "TXT", "v=spf1 mx ip4:192.0.2.0/24 -all")
        zone.add(f"d{number}.test", "MX", f"10 mail.d{number}.test.")
        zone.add(f"mail.d{number}.test", "A", "198.51.100.1")
        zone.add(f"mail.d{number}.test", "TXT", "v=spf1 a ip4:192.0.2.0/24 -all")
    return zone


def old_programs(bench: Bench) -> list[dict[str, Any]]:
    results = []
    if shutil.which("postgrey"):
        path = bench.folder / "postgrey.sock"
        (bench.folder / "postgrey").mkdir()
        command = ["postgrey", f"--unix={path}", f"--dbdir={bench.folder / 'postgrey'}", "--delay=1", "--user=root",
                   "--group=root"]
        results.append(bench.measure("postgrey", Process("postgrey", command, bench.folder / "postgrey.out"), path, "2"))
    if shutil.which("policyd-spf"):
        result = bench.load("spawn:policyd-spf", bench.options.seconds, connections=10)
        results.append(result | {"name": "policyd-spf (Python, 10)", "rss": 0, "cpu_us": 0})
    return results


def show(results: list[dict[str, Any]]) -> None:
    floor = results[0]["rate"]
    print(f"{'':28}{'rate/s':>10}{'of null':>9}{'p50 us':>9}{'p99 us':>9}{'cpu us':>8}{'RSS MB':>8}  answers")
    for result in results:
        print(f"{result['name']:28}{result['rate']:10.0f}{result['rate'] / floor:9.2f}{result['p50_us']:9}"
              f"{result['p99_us']:9}{result['cpu_us']:8.1f}{result['rss'] / 1e6:8.1f}  "
              + " ".join(f"{word.removeprefix('action=')}={count}" for word, count in result["answers"].items()))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("build", type=Path)
    parser.add_argument("--seconds", default="5")
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--new", default="10", help="percent of the triplets that were never seen")
    parser.add_argument("--old", action="store_true", help="the old programs, too")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="postern-bench-") as name:
        folder = Path(name)
        bench = Bench(options.build.resolve(), folder, options, DnsServer(folder / "dns", zone()))
        bench.dns.start()
        try:
            null = folder / "null.sock"
            process = Process("null", [bench.build / "test/bench/null_policy", null], folder / "null.out")
            results = [bench.measure("null server", process, null)]
            for checks in ([], ["spf"], ["greylist"], ["spf", "greylist"]):
                label = " and ".join(checks) or "no check"
                results.append(bench.measure(f"postern: {label}", *bench.policyd(label.replace(" ", "-"), checks), "2"))
            if options.old:
                results += old_programs(bench)
        finally:
            bench.dns.stop()
    show(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
