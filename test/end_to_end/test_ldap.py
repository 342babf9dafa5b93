"""Recipients that a directory knows: two real slapd, killed, silent, with TLS and without."""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mail_host import MailHost, PolicyConnection, wait_until
from mail_host.slapd import BASE, BIND_DN, PASSWORD, Authority, Slapd
from mail_host.world import COLLEAGUE, STRANGER, USER

SECOND = "second@postern.example"
UNKNOWN = "nobody@postern.example"
EXCHANGE_USER = "exchange@postern.example"


@dataclass
class Directories:
    authority: Authority
    first: Slapd
    second: Slapd

    def settings(self, **over: Any) -> dict[str, Any]:
        """One [[ldap]] for our domain; a value of None takes a setting away."""
        ldap = {"name": "staff", "domains": ["postern.example"], "servers": [self.first.url, self.second.url],
                "base": BASE, "filter": "(mail=%s)", "timeout": "2s", "connect_timeout": "1s", **over}
        return {"ldap": [{name: value for name, value in ldap.items() if value is not None}],
                "recipient": {"harvest_limit": 0, "delimiters": "+"}}

    def revive(self) -> None:
        for slapd in (self.first, self.second):
            if slapd.running:
                slapd.speak()
            else:
                slapd.start()


@pytest.fixture(scope="module")
def slapds(module_host: MailHost) -> Iterator[Directories]:
    folder = module_host.folder / "ldap"
    folder.mkdir()
    authority = Authority(folder / "authority")
    known = [USER, SECOND, f"smtp:{EXCHANGE_USER}"]
    directories = Directories(authority, Slapd(folder / "first", authority, known),
                              Slapd(folder / "second", authority, known))
    directories.revive()
    yield directories
    for slapd in (directories.first, directories.second):
        slapd.speak()
        slapd.stop()


@pytest.fixture
def directories(host: MailHost, slapds: Directories) -> Iterator[Directories]:
    yield slapds
    slapds.revive()
    host.restart_daemons()


def use(host: MailHost, settings: dict[str, Any], **recipient: Any) -> None:
    """These settings, in a daemon that remembers nobody."""
    host.write_configuration({**settings, "recipient": {**settings["recipient"], **recipient},
                              "spf": {"enable": False}})  # its header would hide the DUNNO
    host.policyd.restart()


def ask(host: MailHost, recipient: str, **attributes: str) -> str:
    with PolicyConnection(host.policyd.listen) as connection:
        return connection.ask(recipient=recipient, **attributes)


def test_known_unknown_and_always_there(host: MailHost, directories: Directories, sender: str) -> None:
    use(host, directories.settings())
    assert host.send(STRANGER, sender, [USER, SECOND]).accepted
    assert host.send(STRANGER, sender, "user+tag@postern.example").accepted
    assert host.send(STRANGER, sender, "postmaster@postern.example").accepted
    assert host.send(STRANGER, sender, "abuse@postern.example").accepted

    answer = host.send(STRANGER, sender, [USER, UNKNOWN])
    assert answer.recipients[USER].ok
    assert answer.recipients[UNKNOWN].code == 550
    assert re.fullmatch(rf"5\.1\.1 <{UNKNOWN}>: Recipient address rejected: User unknown",
                        answer.recipients[UNKNOWN].text)
    assert host.policy_decision(sender, recipient=UNKNOWN)["check"] == "recipient"


def test_hostile_addresses(host: MailHost, directories: Directories) -> None:
    use(host, directories.settings())
    for local in ("*", "us*", "user)(uid=*", "x)(|(mail=*", "\\2a", "(", ")", "user\\"):
        assert ask(host, f"{local}@postern.example").startswith("550 5.1.1 "), local
    assert ask(host, "USER@Postern.Example") == "DUNNO"


def test_deferred_where_that_is_wanted(host: MailHost, directories: Directories, sender: str) -> None:
    use(host, directories.settings(), unknown="defer")
    answer = host.send(STRANGER, sender, UNKNOWN)
    assert answer.last.code == 450
    assert answer.last.text.startswith("4.1.1 ")


def test_observed(host: MailHost, directories: Directories) -> None:
    use(host, directories.settings(), observe=True)
    assert ask(host, UNKNOWN) == "DUNNO"
    wait_until(lambda: "would-reject unknown" in host.policyd.log(), "the verdict that was held back")


def test_one_server_is_killed_under_requests(host: MailHost, directories: Directories) -> None:
    """Nobody who exists is refused, and nobody waits for the dead server but once."""
    use(host, directories.settings(), exists_ttl="0s", unknown_ttl="0s")
    answers: list[str] = []
    slowest = [0.0]
    done = threading.Event()

    def requests() -> None:
        with PolicyConnection(host.policyd.listen) as connection:
            for recipient in itertools.cycle([USER, UNKNOWN]):
                if done.is_set():
                    return
                start = time.monotonic()
                answers.append(f"{recipient} {connection.ask(recipient=recipient).split()[0]}")
                slowest[0] = max(slowest[0], time.monotonic() - start)

    threads = [threading.Thread(target=requests) for _ in range(8)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(answers) > 100, "requests")
    directories.first.kill()
    before = len(answers)
    wait_until(lambda: len(answers) > before + 300, "requests after the first server was killed")
    done.set()
    for thread in threads:
        thread.join()
    assert set(answers) == {f"{USER} DUNNO", f"{UNKNOWN} 550"}
    assert slowest[0] < 5
    down = host.policyd.records(event="ldap_server", state="down")
    assert [record["server"] for record in down[-1:]] == [directories.first.url]
    assert host.policyd.records(event="ldap", state="down") == []


def test_no_server_is_left(host: MailHost, directories: Directories, sender: str) -> None:
    use(host, directories.settings())
    assert host.send(STRANGER, sender, USER).accepted
    directories.first.kill()
    directories.second.kill()

    assert host.send(STRANGER, sender, USER).accepted, "it is known"
    answer = host.send(STRANGER, sender, UNKNOWN)
    assert answer.last.code == 450
    assert answer.last.text.startswith("4.3.0 ")
    assert host.send(STRANGER, sender, SECOND).last.code == 450, "it was never asked for"
    host.policyd.wait_for_record(event="ldap", state="down")

    directories.revive()
    host.policyd.wait_for_record(event="ldap_server", state="ready", server=directories.first.url)
    wait_until(lambda: ask(host, SECOND) == "DUNNO", "a server to be asked again")
    assert ask(host, UNKNOWN).startswith("550 5.1.1 ")


def test_what_was_known_is_served_while_the_directory_is_down(host: MailHost, directories: Directories) -> None:
    use(host, directories.settings(), exists_ttl="1s", stale_ttl="4s")
    assert ask(host, USER) == "DUNNO"
    directories.first.kill()
    directories.second.kill()
    time.sleep(1.5)
    assert ask(host, USER) == "DUNNO"
    wait_until(lambda: "dunno stale" in host.policyd.log(), "the reason")
    time.sleep(4)
    assert "4.3.0" in ask(host, USER)


def test_silent_servers_slow_nobody_else(host: MailHost, directories: Directories) -> None:
    use(host, directories.settings())
    assert ask(host, USER) == "DUNNO"
    directories.first.silence()
    directories.second.silence()
    waiting = threading.Thread(target=ask, args=(host, UNKNOWN))
    waiting.start()
    time.sleep(0.2)
    assert ask(host, USER) == "DUNNO"
    assert waiting.is_alive()
    waiting.join(15)
    assert not waiting.is_alive()
    assert "4.3.0" in ask(host, UNKNOWN)


@pytest.mark.parametrize("encryption", ["ldaps", "starttls"])
def test_tls(host: MailHost, directories: Directories, encryption: str) -> None:
    is_ldaps = encryption == "ldaps"
    server = directories.first.tls_url if is_ldaps else directories.first.url
    tls = directories.settings(servers=[server], start_tls=not is_ldaps, ca=str(directories.authority.certificate))
    use(host, tls)
    assert ask(host, USER) == "DUNNO"
    assert ask(host, UNKNOWN).startswith("550 5.1.1 ")

    stranger = Authority(host.folder / f"stranger-{encryption}")
    use(host, directories.settings(servers=[server], start_tls=not is_ldaps, ca=str(stranger.certificate)))
    assert "4.3.0" in ask(host, USER)
    assert "TLS" in host.policyd.wait_for_record(event="ldap", state="down")["error"]


@pytest.mark.parametrize("over, error", [
    ({"bind_dn": BIND_DN, "bind_password": ""}, "there is a name and no password"),
    ({"bind_dn": BIND_DN, "bind_password": "wrong"}, "Invalid credentials"),
    ({"base": "dc=missing,dc=example"}, "the base dc=missing,dc=example is not there"),
    ({"canary": "canary@postern.example"}, "the canary canary@postern.example is not there"),
])
def test_a_directory_that_cannot_be_right_refuses_nobody(host: MailHost, directories: Directories,
                                                         over: dict[str, str], error: str) -> None:
    use(host, directories.settings(**over))
    for recipient in (USER, UNKNOWN):
        if "canary" in over and recipient == USER:
            continue  # who is found, exists
        assert re.search(r"DEFER_IF_PERMIT 4\.3\.0 ", ask(host, recipient)), recipient
    assert error in host.policyd.wait_for_record(event="ldap", state="down")["error"]


def test_a_login_that_may_see_more(host: MailHost, directories: Directories) -> None:
    """Without it the directory looks empty: the canary tells."""
    slapd = Slapd(host.folder / "private", directories.authority, [USER], anonymous=False)
    slapd.start()
    try:
        use(host, directories.settings(servers=[slapd.url], canary=USER))
        assert "4.3.0" in ask(host, UNKNOWN)
        use(host, directories.settings(servers=[slapd.url], canary=USER, bind_dn=BIND_DN, bind_password=PASSWORD))
        assert ask(host, UNKNOWN).startswith("550 5.1.1 ")
        assert ask(host, USER) == "DUNNO"
    finally:
        slapd.stop()


def test_a_table_of_postfix(host: MailHost, directories: Directories) -> None:
    table = host.folder / "ldap-recipients.cf"
    table.write_text(f"server_host = {directories.first.url}, {directories.second.url}\nsearch_base = {BASE}\n"
                     "version = 3\nquery_filter = (mail=%s)\nresult_attribute = mail\nresult_format = OK\n"
                     f"bind = yes\nbind_dn = {BIND_DN}\nbind_pw = {PASSWORD}\ndomain = postern.example\n")
    use(host, {"ldap": [{"name": "postfix", "table": str(table)}], "recipient": {}})
    assert ask(host, USER) == "DUNNO"
    assert ask(host, UNKNOWN).startswith("550 5.1.1 ")
    assert ask(host, "nobody@elsewhere.example") == "DUNNO"
    warning = host.policyd.wait_for_record(event="configuration")
    assert warning["problem"].endswith("bind_pw: everybody may read this file: chmod o-r")


def test_active_directory(host: MailHost, directories: Directories) -> None:
    use(host, directories.settings(filter=None, preset="active_directory"))
    assert ask(host, EXCHANGE_USER) == "DUNNO"
    assert ask(host, USER).startswith("550 5.1.1 ")


def test_who_tries_addresses_learns_nothing(host: MailHost, directories: Directories, sender: str) -> None:
    use(host, directories.settings(), harvest_limit=3)
    for number in range(3):
        assert host.send(STRANGER, sender, f"guess{number}@postern.example").last.code == 550
    assert host.send(STRANGER, sender, "guess3@postern.example").last.code == 450
    assert host.send(STRANGER, sender, USER).last.code == 450
    assert host.send(STRANGER, sender, "postmaster@postern.example").accepted
    assert ask(host, USER, client_address="203.0.113.9") == "DUNNO"
    assert ask(host, UNKNOWN, client_address=COLLEAGUE.address).startswith("550 5.1.1 ")


def test_the_operators_table(host: MailHost, directories: Directories) -> None:
    access = host.folder / "recipient_access"
    access.write_text(f"nobody@postern.example OK\n{USER} REJECT 5.2.1 gone\n")
    use(host, directories.settings(), access=str(access))
    assert ask(host, UNKNOWN) == "DUNNO"
    assert ask(host, USER) == "REJECT 5.2.1 gone"

    replace(access, f"{USER} DUNNO\n")
    wait_until(lambda: ask(host, USER) == "DUNNO", "the new table")
    assert ask(host, UNKNOWN).startswith("550 5.1.1 ")

    replace(access, "a@postern.example NONSENSE\n")
    record = host.policyd.wait_for_record(event="recipient_access", state="kept")
    assert f"{access}:1: " in record["error"]
    assert ask(host, USER) == "DUNNO"


def replace(path: Path, text: str) -> None:
    new = path.with_suffix(".new")
    new.write_text(text)
    new.rename(path)
