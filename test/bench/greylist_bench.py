"""A greylist of ten million triplets on disk beside an empty one: rate, slowest answers, start and memory.

Of a hundred requests 90 are for one of 10,000 hot triplets, 9 for one of all
that are on disk, 1 for one that nobody has seen. Nothing else is asked, so
all that is measured is the greylist. In the last round a tenth of the rows
is out of date, so that they expire while the requests come: the daemon does
not trust the clock so far before it has run for ten minutes, and neither does
--quick wait for that.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from mail_host.postern_toml import toml_text
from mail_host.process import Process, run as run_program
from policy_bench import CONNECTIONS, null_server, running, serves
from table import Table, memory

TRIPLETS = 10_000_000
HOT = 10_000
SECONDS = 10.0
DAY = 86_400
SETTLED = 605.0  # seconds until old rows are deleted (greylist_expiry)

MARK_RATE = 0.80  # of the rate of an empty one, with as many requests that are not hot
MARK_START = 2.0  # seconds
MARK_P999 = 20_000  # us
MARK_MEMORY = 64.0  # MB: the filter that tells what is new has a limit, and rows in memory have greylist.cache_size


def run(build: Path, folder: Path, scale: float) -> None:
    triplets = max(HOT, int(TRIPLETS * scale))
    table = Table(f"greylist, {triplets:,} triplets on disk", [
        "round", "requests/s", "of the null server", "p50 us", "p99 us", "p99.9 us", "started in ms", "memory MB"])

    def load(target: str, cold: int, seconds: float, *more: str) -> dict[str, Any]:
        words = [build / "test/bench/policy_load", target, str(CONNECTIONS), str(seconds), "--new", "1", "--cold",
                 str(cold), "--all", str(triplets), "--known", str(HOT), *more]
        result: dict[str, Any] = json.loads(run_program(words, seconds=600).splitlines()[-1])
        return result

    def measure(name: str, database: Path | None, cold: int, wait: float = 0) -> dict[str, Any]:
        with Daemon(build, folder, database) as daemon:
            time.sleep(wait)
            load(daemon.target, 0, 0, "--prime", "1.5")
            result = load(daemon.target, cold, max(1.0, SECONDS * scale))
            table.row(name, result["rate"], f"{result['rate'] / floor:.4f}", result["p50_us"], result["p99_us"],
                      result["p999_us"], daemon.started * 1000, f"{memory(daemon.process.pid):.1f}")
            print("   ", name, json.dumps(result["answers"]), file=sys.stderr)
            return {**result, "started": daemon.started, "memory": memory(daemon.process.pid)}

    with null_server(build, folder) as (target, _):
        floor = load(target, 0, max(1.0, SECONDS * scale))["rate"]
    measure("empty, 99 hot and 1 new", None, 0)
    empty = measure("empty, 90 hot and 10 new", None, 9)
    large = folder / "large" / "greylist.sqlite"
    fill(build, folder, large, triplets)
    measure("large, 99 hot and 1 new", large, 0)
    filled = measure("large, 90 hot, 9 cold, 1 new", large, 9)
    expiring = filled
    if scale == 1:
        make_old(large)
        expiring = measure("the same while rows expire", large, 9, SETTLED)
        table.at_most("p99.9 while rows expire, in us", expiring["p999_us"], MARK_P999)
    table.at_least("large, of the rate of an empty one", filled["rate"] / empty["rate"], MARK_RATE)
    table.at_most("start with a large one, in seconds", max(filled["started"], expiring["started"]), MARK_START)
    table.at_most("memory beyond an empty one's, in MB", expiring["memory"] - empty["memory"], MARK_MEMORY)
    table.print()


class Daemon:
    """postern-policyd with the greylist alone, on a database of its own or this one."""

    def __init__(self, build: Path, folder: Path, database: Path | None) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="greylist-", dir=folder))
        self.target = f"unix:{self.home / 'policy'}"
        database = database or self.home / "greylist.sqlite"
        database.parent.mkdir(exist_ok=True)
        for path in (self.home, database.parent, *database.parent.iterdir()):
            shutil.chown(path, "nobody", "nogroup")
        config = self.home / "postern.toml"
        config.write_text(toml_text({
            "log": {"target": "file", "path": str(self.home / "log")},
            "policyd": {"listen": self.target, "user": "nobody", "group": "nogroup", "socket_group": "nogroup",
                        "control": str(self.home / "control"), "checks": ["greylist"]},
            "greylist": {"delay": "1s", "database": str(database), "auto_whitelist_after": 0},
        }))
        self.process = Process("postern-policyd", [build / "policyd/postern-policyd", "--config", config],
                               self.home / "stderr")
        self.stack = ExitStack()
        self.started = 0.0

    def __enter__(self) -> Daemon:
        start = time.monotonic()
        self.stack.enter_context(running(self.process, lambda: serves(self.home / "policy")))
        self.started = time.monotonic() - start
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()
        shutil.rmtree(self.home)


def fill(build: Path, folder: Path, database: Path, triplets: int) -> None:
    """The triplets that policy_load asks for, as the daemon would have written them."""
    with Daemon(build, folder, database):
        pass  # makes the tables
    print(f"    writing {triplets:,} triplets", file=sys.stderr)
    now = int(time.time())
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA synchronous = off")
        connection.execute("PRAGMA cache_size = -500000")
        connection.execute(
            "INSERT INTO triplet(key, first, last) "
            "SELECT '192.0.2.0/user@d' || (n % 1000) || '.test/rcpt' || n || '@local.test', :first, :last FROM "
            "(WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < :triplets) "
            "SELECT n FROM number) ORDER BY 1", {"first": now - 2 * DAY, "last": now - DAY, "triplets": triplets})
    connection.close()
    for suffix in ("-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)


def make_old(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE triplet SET first = 1000, last = 2000 WHERE key LIKE '%3.test/%'")
    connection.close()
