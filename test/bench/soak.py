"""Thousands of mails through a real Postfix while what it depends on fails: counted at the far end.

Half of the mails are infected. A stranger and a colleague of ours send them;
the colleague's are to be signed. Meanwhile one of two clamds is killed and
started again, then the other; one says nothing, as while it reloads; milterd
is killed, and restarted; the DNS is silent. That is repeated until all mails
have been taken or refused. An infected mail that passed, one of ours without
both good signatures, a stranger's that was not judged, or one lost, is an error.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from mail_host import Load, MailHost
from mail_host.clamd import Clamd
from mail_host.keys import verified_algorithms
from mail_host.world import COLLEAGUE, OUR_DOMAIN, STRANGER
from table import Table

CLIENTS = 4  # of each sender
SETTINGS = {"greylist": {"enable": False}, "dns": {"timeout": "300ms", "tries": 2}, "log": {"level": "info"}}


def run(build: Path, folder: Path, mails: int) -> None:
    each = max(2, mails // (2 * CLIENTS))
    second = Clamd(folder / "second")
    happened: dict[str, int] = {}
    with MailHost(build, folder=folder / "host", settings=SETTINGS) as host:
        try:
            second.start()
            host.write_configuration({"clamav": {
                "wait": "5s", "reload_wait": "20s", "clamd": [f"unix:{host.clamd.socket}", f"unix:{second.socket}"]}})
            host.reload(host.milterd)
            patience = max(180.0, mails / 2)
            started = time.monotonic()
            with Load(host, "soak@stranger.example", CLIENTS, each, infected=True, client=STRANGER,
                      patience=patience) as strangers, \
                    Load(host, f"soak@{OUR_DOMAIN}", CLIENTS, each, infected=True, client=COLLEAGUE,
                         patience=patience) as ours:
                while strangers.running or ours.running:
                    for what, happen in misfortunes(host, second).items():
                        time.sleep(1.5)
                        if strangers.running or ours.running:
                            happen()
                            happened[what] = happened.get(what, 0) + 1
            seconds = time.monotonic() - started
            table = what_became_of_them(host, strangers, ours, f"{2 * CLIENTS * each} mails in {seconds:.0f} s, while much fails")
        finally:
            second.stop()
    table.print()
    print("  " + ", ".join(f"{what}: {count}" for what, count in happened.items()), flush=True)


def what_became_of_them(host: MailHost, strangers: Load, ours: Load, title: str) -> Table:
    """Counted at the far end; one that is lost, unsigned, not judged, or infected and passed, is an error."""
    strangers.check_that_all_arrived()
    for arrival in ours.arrivals():
        assert verified_algorithms(arrival.content, host.world.zone) == ["ed25519-sha256", "rsa-sha256"], \
            "a mail left without our signatures"
    table = Table(title, ["whose", "clean, arrived", "infected, refused", "passed", "put off, sent again"])
    for name, load in (("a stranger's, judged", strangers), ("ours, signed twice", ours)):
        load.check_that_no_virus_passed()
        table.row(name, len(load.contents), len(load.found), len(load.passed), len(load.put_off))
    return table


def misfortunes(host: MailHost, second: Clamd) -> dict[str, Callable[[], None]]:
    def for_a_while(begin: Callable[[], None], end: Callable[[], None], seconds: float) -> Callable[[], None]:
        def happen() -> None:
            begin()
            try:
                time.sleep(seconds)
            finally:
                end()
        return happen

    return {
        "a clamd killed": for_a_while(host.clamd.kill, host.clamd.start, 1),
        "milterd killed": for_a_while(host.milterd.kill, host.milterd.start, 1),
        "milterd restarted": host.milterd.restart,
        "the other clamd killed": for_a_while(second.kill, second.start, 1),
        "the DNS silent": for_a_while(host.dns.silence, host.dns.speak, 4),
        "a clamd silent": for_a_while(host.clamd.silence, host.clamd.speak, 8),
    }
