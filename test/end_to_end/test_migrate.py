"""postern migrate: directories taken for hosts, what is made of them, and a real postgrey beside postern-policyd."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from mail_host import wait_until
from mail_host.migrated import Migrated, of_a_scratch_host

MASTER_CF = "smtp inet n - n - - smtpd\n"
POSTSCREEN_CF = "smtp inet n - n - 1 postscreen\nsmtpd pass - - n - - smtpd\n"

# As Debian's packages have them.
POSTGREY_UNIT = """[Service]
Environment=POSTGREY_TEXT="Greylisted, see https://postgrey.schweikert.ch/help/%H.html"
EnvironmentFile=-/etc/default/postgrey
ExecStart=/usr/sbin/postgrey \\
 $POSTGREY_OPTS \\
 --greylist-text="${POSTGREY_TEXT}"
"""
POLICYD_SPF_CONF = """debugLevel = 1
TestOnly = 1
HELO_reject = Fail
Mail_From_reject = Fail
PermError_reject = False
TempError_Defer = False
skip_addresses = 127.0.0.0/8,::ffff:127.0.0.0/104,::1
"""


def test_debians_defaults(build: Path, folder: Path) -> None:
    migrated = Migrated(build, folder, {
        "/etc/postfix/main.cf": "smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination,\n"
                                "  check_policy_service unix:private/policyd-spf,\n"
                                "  check_policy_service inet:127.0.0.1:10023\n",
        "/etc/postfix/master.cf": MASTER_CF + "policyd-spf unix - n n - 0 spawn\n  user=policyd-spf argv=/usr/bin/policyd-spf\n",
        "/etc/postfix-policyd-spf-python/policyd-spf.conf": POLICYD_SPF_CONF,
        "/lib/systemd/system/postgrey.service": POSTGREY_UNIT,
        "/etc/default/postgrey": 'POSTGREY_OPTS="--inet=10023"\n',
        "/etc/postgrey/whitelist_clients": Path("/etc/postgrey/whitelist_clients").read_text(),
        "/etc/postgrey/whitelist_recipients": "postmaster@\nabuse@\n",
    })
    assert migrated.run.returncode == 0, migrated.report
    nothing_of_opendkim = {"dkim": {"verify": False}, "dmarc": {"enable": False}}
    assert migrated.settings == nothing_of_opendkim, "Debian's defaults are ours"
    assert "0 refused, 0 at fault" in migrated.report
    assert "/etc/default/postgrey:1: --inet=10023" in migrated.report
    migrated.check(of_a_scratch_host(folder))


def test_the_perl_program_beside_a_postgrey_in_a_container(build: Path, folder: Path) -> None:
    """As mikenye/postfix generates them: no units, no /etc/default."""
    perl = ('my $exempt_domains = get_exempt_domains( "/etc/postfix/exempt_spf_domains" );\n'
            'my $relay_addresses = get_exempt_address("/etc/postfix/exempt_spf_addresses");\n')
    migrated = Migrated(build, folder, {
        "/etc/postfix/main.cf": "relay_domains = example.org\n"
                                "smtpd_recipient_restrictions = reject_unauth_destination,\n"
                                "  check_policy_service unix:private/policyd-spf,\n"
                                "  check_policy_service inet:127.0.0.1:10023\n",
        "/etc/postfix/master.cf": MASTER_CF + "policyd-spf unix - n n - 0 spawn user=nobody "
                                              "argv=/usr/sbin/postfix-policyd-spf-perl\n",
        "/usr/sbin/postfix-policyd-spf-perl": perl,
        "/etc/postfix/exempt_spf_addresses": "192.0.2.0/24, 10.0.0.0/33\n",
        "/etc/postfix/exempt_spf_domains": "friend.example\n",
        "/etc/postgrey/whitelist_clients": "10.20\n",
    })
    assert migrated.run.returncode == 1
    assert "policyd" not in migrated.settings, "both are asked by default"
    assert migrated.settings["spf"] == {"defer_temperror": True, "exempt_sender_domains": ["friend.example"]}
    assert migrated.settings["trust"]["relays"] == ["192.0.2.0/24"]
    assert "fault   /etc/postfix/exempt_spf_addresses:1: 10.0.0.0/33" in migrated.report
    assert "changed /etc/postgrey/whitelist_clients:1: 10.20" in migrated.report
    migrated.check(of_a_scratch_host(folder))


def test_ldap_with_two_servers_and_tls(build: Path, folder: Path) -> None:
    table = folder / "relay.cf"  # read by postern check where it is
    table.write_text("server_host = ldaps://127.0.0.1:1 ldaps://127.0.0.1:2\nsearch_base = dc=example,dc=org\n"
                     "query_filter = (proxyAddresses=smtp:%s)\nresult_attribute = mail\nbind_dn = cn=postfix\n"
                     "bind_pw = hush\ntls_require_cert = yes\n")
    migrated = Migrated(build, folder, {
        "/etc/postfix/main.cf": f"relay_domains = example.org, example.net\nrelay_recipient_maps = proxy:ldap:{table}\n"
                                "mydestination = mx.example.com\nlocal_recipient_maps = ldap:locals\n"
                                "locals_server_host = 127.0.0.1:3\nlocals_search_base = dc=l\nlocals_bind_pw = whisper\n"
                                "locals_bind_dn = cn=x\nlocals_query_filter = (uid=%u)\nlocals_result_attribute = uid\n"
                                "virtual_mailbox_domains = v.example\n"
                                "virtual_mailbox_maps = hash:/etc/postfix/v,\n  ldap:/etc/postfix/v.cf\n",
        "/etc/postfix/master.cf": MASTER_CF,
        str(table): table.read_text(),
    })
    assert migrated.run.returncode == 1
    relay, local = migrated.settings["ldap"]
    assert relay["table"] == str(table) and relay["domains"] == ["example.org", "example.net"]
    assert local["servers"] == ["ldap://127.0.0.1:3"] and local["bind_password"] == "whisper"
    assert local["filter"] == "(&(uid=%u)(|(uid=*)))"
    assert migrated.toml.stat().st_mode & 0o077 == 0, "it holds a password"
    assert "hush" not in migrated.report and "whisper" not in migrated.report
    assert "refused /etc/postfix/main.cf:13: virtual_mailbox_maps ldap:/etc/postfix/v.cf" in migrated.report
    migrated.check(of_a_scratch_host(folder))


def test_postscreen_with_weighted_lists(build: Path, folder: Path) -> None:
    migrated = Migrated(build, folder, {
        "/etc/postfix/main.cf": "postscreen_dnsbl_sites =\n  zen.spamhaus.org=127.0.0.[2..11]*3\n  bl.spamcop.net*2\n"
                                "  list.dnswl.org=127.0.[0..255].[1..3]*-2\n  broken=site=x\n"
                                "postscreen_dnsbl_threshold = 3\npostscreen_dnsbl_action = drop\n"
                                "smtpd_recipient_restrictions = reject_unauth_destination,\n"
                                "  reject_rhsbl_sender dbl.spamhaus.org=127.0.1.[2..99]\n",
        "/etc/postfix/master.cf": POSTSCREEN_CF,
    })
    assert migrated.run.returncode == 1
    assert migrated.settings["dnsbl"] == {
        "sites": ["zen.spamhaus.org=127.0.0.[2..11]*3", "bl.spamcop.net*2", "list.dnswl.org=127.0.[0..255].[1..3]*-2"],
        "threshold": 3, "reject_code": 554,
        "zone": [{"site": "dbl.spamhaus.org=127.0.1.[2..99]*3", "type": "sender_domain"}],
    }
    assert "fault   /etc/postfix/main.cf:5: postscreen_dnsbl_sites" in migrated.report
    assert "refused /etc/postfix/main.cf:7: postscreen_dnsbl_action = drop" in migrated.report
    migrated.check(of_a_scratch_host(folder))


def test_no_file_is_overwritten_unasked(build: Path, folder: Path) -> None:
    migrated = Migrated(build, folder, {"/etc/postfix/main.cf": "", "/etc/postfix/master.cf": MASTER_CF})
    migrated.toml.write_text("# mine\n")
    refused = migrated.migrate()
    assert refused.returncode == 1 and "exists already" in refused.stderr
    assert migrated.toml.read_text() == "# mine\n"
    assert migrated.migrate("--force").returncode == 0
    assert "postern migrate" in migrated.toml.read_text()
    assert migrated.migrate("--no-such-option").returncode > 1


class Asked:
    """A policy service, asked over its socket."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._asked = 0
        wait_until(self._is_there, f"{path} to be listened at")

    def _is_there(self) -> bool:
        with socket.socket(socket.AF_UNIX) as connection, suppress(OSError):
            connection.connect(str(self._path))
            return True
        return False

    def answer(self, **attributes: str) -> str:
        self._asked += 1
        request = {"request": "smtpd_access_policy", "protocol_state": "RCPT", "instance": f"migrate.{self._asked}",
                   "helo_name": "mx.stranger.example", "client_name": "mx.stranger.example", "etrn_domain": "",
                   **attributes}
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(30)
            connection.connect(str(self._path))
            connection.sendall("".join(f"{name}={value}\n" for name, value in request.items()).encode() + b"\n")
            answer = b""
            while not answer.endswith(b"\n\n"):
                got = connection.recv(4096)
                assert got, "closed without an answer"
                answer += got
        return answer.decode().strip().removeprefix("action=")


@contextmanager
def running(command: list[str | Path], environment: dict[str, str] | None = None) -> Iterator[None]:
    process = subprocess.Popen(command, env={**os.environ, **(environment or {})}, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        for _ in range(60):  # postgrey can miss the first
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(1)
                break
        else:
            process.kill()


def without_seconds(text: str) -> str:
    """The two are asked one after the other, and a second may end in between."""
    return re.sub(r"in \d+ seconds", "in N seconds", text)


def test_postgreys_answers_are_those_of_policyd(build: Path, folder: Path) -> None:
    clients, recipients = folder / "clients", folder / "recipients"
    clients.write_text("good.example\n203.0.113\n/^mx[0-9]\\.pool\\./\n")
    recipients.write_text("postmaster@\nopen.example\n")
    old = folder / "old"
    old.mkdir()
    shutil.chown(old, "nobody", "nogroup")
    options = (f"--unix={old}/socket --delay=2 --retry-window=3h --max-age=9 --auto-whitelist-clients=0 --lookup-by-host "
               f"--whitelist-clients={clients} --whitelist-recipients={recipients} --greylist-action=DEFER "
               f"--user=nobody --group=nogroup --dbdir={old}")
    migrated = Migrated(build, folder, {
        "/lib/systemd/system/postgrey.service": POSTGREY_UNIT,
        "/etc/default/postgrey": f'POSTGREY_OPTS="{options}"\nPOSTGREY_TEXT="Come again in %s seconds, %r"\n',
        str(clients): clients.read_text(), str(recipients): recipients.read_text(),
    })
    host = of_a_scratch_host(folder)
    migrated.check(host)
    new_folder = folder / "new"
    new_folder.mkdir()
    shutil.chown(new_folder, "nobody", "nogroup")
    host |= {"POSTERN_POLICYD_LISTEN": f"unix:{new_folder}/policy", "POSTERN_POLICYD_CONTROL": f"{new_folder}/control",
             "POSTERN_GREYLIST_DATABASE": f"{new_folder}/greylist.sqlite"}
    postgrey: list[str | Path] = ["/usr/sbin/postgrey", *options.split(), "--greylist-text=Come again in %s seconds, %r"]
    with running(postgrey), running([build / "policyd/postern-policyd", "--config", migrated.toml], host):
        services = [Asked(old / "socket"), Asked(new_folder / "policy")]

        def same(**attributes: str) -> str:
            request = {"client_address": "198.51.100.25", "sender": "a@stranger.example",
                       "recipient": "user@postern.example", **attributes}
            first, second = (service.answer(**request) for service in services)
            assert first.partition(" ")[0].lower() == second.partition(" ")[0].lower(), (attributes, first, second)
            if first.startswith("DEFER"):
                assert without_seconds(first.partition(" ")[2]) == without_seconds(second.partition(" ")[2])
            return first

        assert without_seconds(same()) == "DEFER 4.2.0 Come again in N seconds, postern.example"
        assert same(client_address="203.0.113.9") == "DUNNO"
        assert same(client_name="a.good.example") == "DUNNO"
        assert same(client_name="mx7.pool.example") == "DUNNO"
        assert same(client_name="bad-good.example").startswith("DEFER")
        assert same(recipient="Postmaster@postern.example") == "DUNNO"
        assert same(recipient="x@sub.open.example") == "DUNNO"
        assert same(sender="list-123@stranger.example").startswith("DEFER")
        time.sleep(2.1)
        assert same().startswith("PREPEND X-Greylist: delayed ")
        assert same() == "DUNNO"
        assert same(sender="list-124@stranger.example").startswith("PREPEND"), "numbers of a sender do not count"
        assert same(client_address="198.51.100.26").startswith("DEFER"), "by host, not by network"
