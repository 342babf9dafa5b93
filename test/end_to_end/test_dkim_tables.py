"""DKIM, signing: OpenDKIM's tables, one role a socket, and mail that comes back from a content filter."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mail_host import Arrival, MailHost, compose
from mail_host.daemon import Daemon
from mail_host.keys import DkimKey, verified_algorithms
from mail_host.process import PortReservation, wait_until
from mail_host.world import COLLEAGUE, LOCAL, OUR_DOMAIN, OUR_HOST, STRANGER, TRAVELLER, USER

ELSEWHERE = "friend@elsewhere.example"
DOMAIN = "tables.example"
AUTHOR = f"joe@{DOMAIN}"
BOTH = ["ed25519-sha256", "rsa-sha256"]


def verified_signatures(host: MailHost, arrival: Arrival) -> list[str]:
    return verified_algorithms(arrival.content, host.world.zone)


class Tables:
    """Two keys of a domain that postern.toml does not name, and the tables that do."""

    def __init__(self, host: MailHost, folder: Path) -> None:
        self.host = host
        self.folder = folder
        self.keys = [DkimKey.create(folder, DOMAIN, "rsa9", "rsa"), DkimKey.create(folder, DOMAIN, "ed9", "ed25519")]
        for key in self.keys:
            host.world.zone.add(key.record_name, "TXT", key.record)
            key.pem.chmod(0o640)  # root's and the daemon's group: a reload reads it again
            shutil.chown(key.pem, "root", "nogroup")
        self.signing = folder / "signing.table"
        self.signing.write_text(f"*@{DOMAIN} rsa\n*@{DOMAIN} ed:%@{DOMAIN}\n")
        rows = "".join(f"{name} %:{key.selector}:{key.pem}\n" for name, key in zip(["rsa", "ed"], self.keys, strict=True))
        (folder / "key.table").write_text(rows)
        folder.chmod(0o755)

    def settings(self) -> dict[str, Any]:
        return {"key_table": f"file:{self.folder}/key.table", "signing_table": f"refile:{self.signing}",
                "all_matches": True}


@pytest.fixture(scope="module")
def tables(module_host: MailHost) -> Iterator[Tables]:
    folder = module_host.folder / "tables"
    folder.mkdir()
    found = Tables(module_host, folder)
    module_host.restart_daemons({"dkim": found.settings()})
    yield found
    module_host.restart_daemons()
    shutil.rmtree(folder)


def test_the_tables_sign_by_the_author(host: MailHost, tables: Tables) -> None:
    _, arrival = host.exchange(COLLEAGUE, AUTHOR, ELSEWHERE)
    assert verified_signatures(host, arrival) == BOTH
    signatures = arrival.fields("DKIM-Signature")
    assert all(f"d={DOMAIN}" in signature for signature in signatures)
    assert [f"i={DOMAIN}@{DOMAIN}" in signature for signature in signatures] == [False, True]


def test_domains_of_the_tables_and_of_the_configuration_side_by_side(host: MailHost, tables: Tables) -> None:
    ours = f"me@{OUR_DOMAIN}"
    _, arrival = host.exchange(COLLEAGUE, ours, ELSEWHERE)
    assert verified_signatures(host, arrival) == BOTH
    other = f"me@not.{DOMAIN}"
    _, arrival = host.exchange(COLLEAGUE, other, ELSEWHERE)
    assert arrival.fields("DKIM-Signature") == []


def test_a_stranger_is_not_signed_by_the_tables(host: MailHost, tables: Tables) -> None:
    _, arrival = host.exchange(STRANGER, "someone@silent.example", USER, compose(AUTHOR, USER))
    assert arrival.fields("DKIM-Signature") == []


def test_a_table_with_a_fault_leaves_the_old_one(host: MailHost, tables: Tables) -> None:
    good = tables.signing.read_text()
    try:
        tables.signing.write_text(f"{good}*@incomplete.example\n*@wrong.example nokey\n")
        error = host.reload(host.milterd, "refused")["error"]
        assert f'{tables.signing}:3: "*@incomplete.example" names no key' in error
        assert f'{tables.signing}:4: "nokey" is not in dkim.key_table' in error
        _, arrival = host.exchange(COLLEAGUE, AUTHOR, ELSEWHERE)
        assert verified_signatures(host, arrival) == BOTH

        tables.signing.write_text(f"*@{DOMAIN} ed\n")
        host.reload(host.milterd)
        _, arrival = host.exchange(COLLEAGUE, AUTHOR, ELSEWHERE)
        assert verified_signatures(host, arrival) == ["ed25519-sha256"]
    finally:
        tables.signing.write_text(good)
        host.reload(host.milterd)


def test_our_mail_without_a_single_author_is_refused(host: MailHost) -> None:
    content = compose(f"me@{OUR_DOMAIN}", ELSEWHERE, header=[f"From: <boss@{OUR_DOMAIN}>"])
    answer = host.send(COLLEAGUE, f"me@{OUR_DOMAIN}", ELSEWHERE, content)
    assert answer.last.code == 550 and answer.last.text.startswith("5.6.0 "), answer


def test_mail_that_was_judged_before_is_not_signed(host: MailHost) -> None:
    """As it comes back from a content filter, through loopback: a stranger said that it is from us."""
    content = compose(f"me@{OUR_DOMAIN}", USER, header=[f"Authentication-Results: {OUR_HOST}; dkim=none"])
    _, arrival = host.exchange(LOCAL, "someone@silent.example", USER, content)
    assert arrival.fields("DKIM-Signature") == []
    _, arrival = host.exchange(TRAVELLER, f"me@{OUR_DOMAIN}", ELSEWHERE, compose(
        f"me@{OUR_DOMAIN}", ELSEWHERE, header=[f"Authentication-Results: {OUR_HOST}; dkim=none"]))
    assert verified_signatures(host, arrival) == BOTH  # who logs in may send what he got


# Three listeners of one Postfix: one that judges, one that signs, one that takes mail back

class Roles:
    def __init__(self, host: MailHost) -> None:
        self.host = host
        self.reservations = [PortReservation() for _ in range(2)]
        socket = host.milterd.listen.with_name("milter-submission")
        self.instance = Daemon("milterd-submission", host.build / "milterd/postern-milterd", host.configuration, socket,
                               host.logs / "milterd-submission.log", instance="submission")
        self.settings = {
            "milterd": {"role": "inbound", "returning_daemon_names": ["BACK"]},
            "milterd.submission": {"listen": f"unix:{socket}", "role": "submission",
                                   "control": str(host.logs / "submission.control")},
        }

    @property
    def submission(self) -> int:
        return self.reservations[0].port

    @property
    def back(self) -> int:
        return self.reservations[1].port

    def start(self) -> None:
        self.host.restart_daemons(self.settings)
        self.instance.start()
        relative = os.path.relpath(self.instance.listen, self.host.postfix.queue)
        self.host.postfix.add_listener(self.submission, smtpd_milters=f"unix:{relative}")
        self.host.postfix.add_listener(self.back, milter_macro_daemon_name="BACK")
        self.host.postfix.reload()
        for port in (self.submission, self.back):
            wait_until(lambda port=port: self.host.postfix.greets(port), "Postfix's greeting")

    def stop(self) -> None:
        for port in (self.submission, self.back):
            self.host.postfix.remove_listener(port)
        self.host.postfix.reload()
        self.instance.stop()
        for reservation in self.reservations:
            reservation.close()
        self.host.restart_daemons()

    def exchange(self, port: int, *arguments: Any) -> Arrival:
        default, self.host.postfix.port = self.host.postfix.port, port
        try:
            return self.host.exchange(*arguments)[1]
        finally:
            self.host.postfix.port = default


@pytest.fixture(scope="module")
def roles(module_host: MailHost) -> Iterator[Roles]:
    found = Roles(module_host)
    try:
        found.start()
        yield found
    finally:
        found.stop()


OURS = f"me@{OUR_DOMAIN}"


@pytest.mark.parametrize("client", [pytest.param(COLLEAGUE, id="own network"), pytest.param(TRAVELLER, id="logged in")])
def test_the_inbound_listener_never_signs(host: MailHost, roles: Roles, client: Any) -> None:
    arrival = roles.exchange(host.postfix.port, client, OURS, USER, compose(OURS, USER))
    assert arrival.fields("DKIM-Signature") == []


def test_the_inbound_listener_judges_strangers(host: MailHost, roles: Roles) -> None:
    arrival = roles.exchange(host.postfix.port, STRANGER, "someone@silent.example", USER)
    assert any("dkim=none" in value for value in arrival.fields("Authentication-Results"))


@pytest.mark.parametrize("client", [pytest.param(COLLEAGUE, id="own network"), pytest.param(TRAVELLER, id="logged in")])
def test_the_submission_listener_signs(host: MailHost, roles: Roles, client: Any) -> None:
    arrival = roles.exchange(roles.submission, client, OURS, ELSEWHERE, compose(OURS, ELSEWHERE))
    assert verified_signatures(host, arrival) == BOTH


def test_the_submission_listener_signs_no_stranger_and_judges_none(host: MailHost, roles: Roles) -> None:
    arrival = roles.exchange(roles.submission, STRANGER, "someone@silent.example", USER, compose(OURS, USER))
    assert arrival.fields("DKIM-Signature") == []
    assert arrival.fields("Authentication-Results") == []


def test_what_comes_back_keeps_its_results_and_is_not_signed(host: MailHost, roles: Roles) -> None:
    results = f"{OUR_HOST}; dkim=fail"
    content = compose(OURS, USER, header=[f"Authentication-Results: {results}"])
    arrival = roles.exchange(roles.back, LOCAL, "someone@silent.example", USER, content)
    assert arrival.fields("DKIM-Signature") == []
    assert arrival.fields("Authentication-Results") == [results]


def test_bounces_go_to_the_instance_that_signs(host: MailHost, roles: Roles) -> None:
    lines = host.main_cf()
    own = [line for line in lines if line.startswith("non_smtpd_milters")]
    assert "milter-submission" in own[0], lines
