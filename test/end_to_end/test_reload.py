"""A reload swaps everything at once or nothing: settings, lists, tables and keys together, under requests all the time."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from mail_host import Client, MailHost, PolicyConnection, compose, message_id_of, wait_until
from mail_host.host import DAEMON_USER
from mail_host.keys import DkimKey
from mail_host.world import COLLEAGUE, FORGER, OUR_DOMAIN, STRANGER, USER

LISTED = Client("203.0.113.120", "mx.listed.example", "mx.listed.example")
ROUNDS = 12
ELSEWHERE = "friend@elsewhere.example"


class Variants:
    """Two configurations that differ in every kind of thing, and broken ones.

    Whom "table" refuses by the recipient table, "spf" refuses by SPF: there is no moment at which a request of the
    FORGER to USER could pass, or be refused twice over. The list of clients, whom greylisting lets be, differs too.
    """

    def __init__(self, host: MailHost) -> None:
        self._folder = host.folder / "variants"
        self._folder.mkdir(exist_ok=True)
        self._keys = {name: DkimKey.create(self._folder, OUR_DOMAIN, name, "ed25519") for name in ("table", "spf")}
        self.table = self._settings("table", access=f"{USER} REJECT 5.2.1 gone\n", clients="", mail_from="never")
        self.spf = self._settings("spf", access=f"{USER} DUNNO\n", clients="listed.example\n", mail_from="fail")
        self.broken = {
            "list": self._settings("broken-list", f"{USER} OK\n", "10.0.0.0/99\n", "never"),
            "table": self._settings("broken-table", "a@b NONSENSE\n", "", "never"),
            "setting": {**self.spf, "dns": {"tries": 99}},
        }
        for path in self._folder.iterdir():
            shutil.chown(path, DAEMON_USER)

    def _settings(self, name: str, access: str, clients: str, mail_from: str) -> dict[str, Any]:
        table, listed = self._folder / f"{name}-recipients", self._folder / f"{name}-clients"
        table.write_text(access)
        listed.write_text(clients)
        key = self._keys.get(name, self._keys["spf"])
        return {"spf": {"mail_from": mail_from, "helo": "never"}, "recipient": {"access": str(table), "harvest_limit": 0},
                "greylist": {"enable": True, "delay": "1h", "spf_key": False, "client_lists": [str(listed)]},
                "dkim": {"domain": [{"domain": OUR_DOMAIN, "selector": key.selector, "key": str(key.pem)}]}}


@pytest.fixture
def variants(host: MailHost) -> Iterator[Variants]:
    yield Variants(host)
    host.restart_daemons()


def reload(host: MailHost, settings: dict[str, Any]) -> int:
    """The exit status of `postern reload policyd`."""
    host.write_configuration(settings)
    return subprocess.run([host.build / "config/postern", "reload", "--config", host.configuration, "policyd"],
                          capture_output=True, timeout=60, check=False).returncode


def test_requests_meet_one_configuration_or_the_other(host: MailHost, variants: Variants) -> None:
    host.restart_daemons(variants.table)
    answers: dict[str, int] = {}
    faults: list[str] = []
    done = threading.Event()

    def requests() -> None:
        with PolicyConnection(host.policyd.listen) as connection:
            while not done.is_set():
                try:
                    answer = connection.ask(client_address=FORGER.address, client_name=FORGER.name)
                except Exception as fault:  # an answer that was lost
                    faults.append(repr(fault))
                    return
                word = " ".join(answer.split()[:2])
                answers[word] = answers.get(word, 0) + 1
                time.sleep(0.001)  # or the log grows by megabytes

    threads = [threading.Thread(target=requests) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for number in range(ROUNDS):
            assert reload(host, variants.spf if number % 2 == 0 else variants.table) == 0
            assert reload(host, list(variants.broken.values())[number % 3]) == 1
            seen = sum(answers.values())
            wait_until(lambda: faults or sum(answers.values()) > seen + 20, "requests to go on")
    finally:
        done.set()
        for thread in threads:
            thread.join(60)
    assert faults == []
    assert set(answers) == {"REJECT 5.2.1", "550 5.7.23"}, answers


@pytest.mark.parametrize("fault, place", [("list", "broken-list-clients:1: "), ("table", "broken-table-recipients:1: "),
                                          ("setting", "postern.toml:")])
def test_one_fault_keeps_everything_as_it_was(host: MailHost, variants: Variants, fault: str, place: str,
                                              sender: str) -> None:
    host.restart_daemons(variants.spf)
    host.write_configuration(variants.broken[fault])
    assert place in host.reload(host.policyd, "refused")["error"]

    assert host.send(FORGER, sender, USER).last.text.startswith("5.7.23 "), "the settings"
    assert host.send(LISTED, f"a@{LISTED.name}", USER).accepted, "the list"
    assert host.send(STRANGER, sender, USER).last.code == 450, "the rest"

    host.write_configuration(variants.table)
    host.reload(host.policyd)
    assert host.send(STRANGER, sender, USER).last.text.startswith("5.2.1 "), "the table"
    assert host.send(LISTED, f"a@{LISTED.name}", "other@postern.example").last.code == 450, "the list"


def test_a_key_is_swapped_and_a_broken_one_keeps_the_old(host: MailHost, variants: Variants) -> None:
    def selector() -> str:
        content = compose(f"me@{OUR_DOMAIN}", ELSEWHERE)
        assert host.send(COLLEAGUE, f"me@{OUR_DOMAIN}", ELSEWHERE, content).accepted
        signature = host.sink.wait_for(message_id_of(content)).fields("DKIM-Signature")[0]
        return next(part.strip()[2:] for part in signature.split(";") if part.strip().startswith("s="))

    host.restart_daemons(variants.spf)
    assert selector() == "spf"
    host.write_configuration(variants.table)
    host.reload(host.milterd)
    assert selector() == "table"

    broken = host.folder / "variants" / "broken.pem"
    broken.write_text("no key\n")
    shutil.chown(broken, DAEMON_USER)
    host.write_configuration({**variants.spf, "dkim": {"domain": [
        {"domain": OUR_DOMAIN, "selector": "spf", "key": str(broken)}]}})
    assert str(broken) in host.reload(host.milterd, "refused")["error"]
    assert selector() == "table"
