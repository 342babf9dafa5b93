"""Mails through a real Postfix while the only clamd loads a database that takes it half a minute.

A stranger and a colleague of ours send them, every other one infected. clamd is told
not to scan while it loads (ConcurrentDatabaseReload no), as where memory is short. A mail
may wait for it or be put off and sent again; an infected one that passed, one of ours
without both signatures, or one lost is an error.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import soak
from mail_host import Load, MailHost
from mail_host.clamd import Clamd
from mail_host.world import COLLEAGUE, OUR_DOMAIN, STRANGER

SECONDS = 30.0  # that the load is to take
TRIAL = 30_000  # signatures, to see how long one takes here
CLIENTS, MAILS = 4, 100
ALTERNATIVES = "".join(f"({'|'.join(f'{octet:02x}' for octet in range(start, 256, 32))})" for start in range(32))


def run(build: Path, folder: Path, scale: float) -> None:
    wanted = SECONDS * scale
    mails = max(4, int(MAILS * scale))
    with MailHost(build, folder=folder / "host", settings={"greylist": {"enable": False}, "log": {"level": "info"}}) as host:
        host.write_configuration({"clamav": {"wait": "10s", "reload_wait": "60s"}})
        host.reload(host.milterd)
        use_no_second_engine(host.clamd)
        database = host.clamd.socket.parent / "database" / "slow.ndb"
        write_signatures(database, TRIAL)
        each = load_seconds(host.clamd) / TRIAL
        write_signatures(database, int(1.15 * wanted / each))

        took: list[float] = []
        loading = threading.Thread(target=lambda: took.append(load_seconds(host.clamd)))
        with Load(host, "load@stranger.example", CLIENTS, mails, infected=True, client=STRANGER, patience=600) as strangers, \
                Load(host, f"load@{OUR_DOMAIN}", CLIENTS, mails, infected=True, client=COLLEAGUE, patience=600) as ours:
            time.sleep(1)
            loading.start()
            host.milterd.wait_for_record(event="clamd", state="reloading")
            loading.join()
        table = soak.what_became_of_them(
            host, strangers, ours, f"{2 * CLIENTS * mails} mails while clamd loads its database for {took[0]:.0f} s")
    table.at_least("seconds that the load took", took[0], wanted)
    table.print()


def use_no_second_engine(clamd: Clamd) -> None:
    with (clamd.socket.parent / "clamd.conf").open("a") as configuration:
        configuration.write("ConcurrentDatabaseReload no\n")
    clamd.restart()


def write_signatures(path: Path, count: int) -> None:
    """Signatures that no mail bears, and that clamd is slow to read: for their many alternatives."""
    path.write_text("".join(f"Slow.{number}:0:*:{os.urandom(12).hex()}{ALTERNATIVES}\n" for number in range(count)))


def load_seconds(clamd: Clamd) -> float:
    """Has clamd load its database, and waits until it scans again."""
    started = time.monotonic()
    clamd.ask("RELOAD")
    clamd.ask("PING", 300)
    return time.monotonic() - started
