"""The container image at work: real mails through both profiles, in a network namespace of their own.

Run by container/test, which builds the images and the namespace.
"""

from __future__ import annotations

import contextlib
import shutil
import smtplib
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from containers import (CAPABILITIES, HERE, READ_ONLY, STRANGER, OpenMail, Stopping, container, gateway, greeting, relay, send,
                        speak)
from mail_host.client import compose, message_id_of
from mail_host.clamd import EICAR
from mail_host.keys import verified_algorithms
from mail_host.process import run, wait_until
from mail_host.second_milter import SecondMilter
from mail_host.sink import Sink
from mail_host.slapd import BASE, BIND_DN, PASSWORD, Authority, Slapd
from mail_host.world import BAD_LIST, GRUDGED, GRUDGING_LIST, LISTED, World


def test_relay_signs_and_runs_read_only(world: World, sink: Sink, tmp_path: Path) -> None:
    key = world.our_keys[0]
    (tmp_path / "dkim.key").write_bytes(key.pem.read_bytes())
    (tmp_path / "dkim.key").chmod(0o600)
    (tmp_path / "users").write_text("app:pass word\n")
    started = time.monotonic()
    environment = relay(sink, USE_DKIM="yes", DKIM_DOMAINS="postern.example", DKIM_SELECTOR=key.selector,
                        SMTPD_USERS_FILE="/run/secrets/users", BOUNCE_ADDRESS="b@postern.example", POSTFIX_DRAIN_TIME="25",
                        RELAYHOST_AUTH="yes", RELAYHOST_PASSWORDMAP="me:secret", HEADER_CHECKS="true", TZ="Australia/Perth")
    with container(environment, *READ_ONLY, *CAPABILITIES, "-v", f"{tmp_path}/dkim.key:/etc/opendkim/dkim.key:ro",
                   "-v", f"{tmp_path}/users:/run/secrets/users:ro", image="plain") as it:
        print(f"start to healthy: {time.monotonic() - started:.1f} s")
        assert it.exec("postern", "health") == "milterd: ok\nsmtp: ok\n"  # and policyd is switched off
        content = compose("me@postern.example", "you@stranger.example")
        assert send(b"X-Mailer: secret\r\n" + content, "me@postern.example", "you@stranger.example")[0] == 250
        arrival = sink.wait_for(message_id_of(content))
        assert verified_algorithms(arrival.content, world.zone) == ["rsa-sha256"]
        assert not arrival.fields("X-Mailer")
        assert any("+0800" in field for field in arrival.fields("Received"))
        assert sink.logins == {"me:secret"}
        # What cannot be delivered is told to whom was named.
        assert send(compose("me@postern.example", "refused@stranger.example"), "me@postern.example", "refused@stranger.example")[0] == 250
        assert b"No such user here" in sink.wait_for_mail_to("b@postern.example").content
        # A stranger may not relay, a stranger who logs in may, and only through TLS.
        with speak(587, STRANGER) as session:
            session.ehlo()
            session.mail("x@stranger.example")
            assert session.rcpt("you@elsewhere.example")[0] == 554
            session.rset()
            assert not session.has_extn("auth")
            session.starttls(context=ssl._create_unverified_context())
            session.ehlo()
            session.login("app", "pass word")
            mail = compose("me@postern.example", "you@elsewhere.example")
            session.sendmail("me@postern.example", ["you@elsewhere.example"], mail)
        assert verified_algorithms(sink.wait_for(message_id_of(mail)).content, world.zone) == ["rsa-sha256"]
        assert "[postfix]" in it.logs() and "[milterd]" in it.logs()
        # The daemon is not root: the first of its four user numbers.
        status = it.exec("sh", "-c", "grep -l postern-milter /proc/[0-9]*/comm | head -1 | xargs dirname | sed s,$,/status, | xargs cat")
        assert "Uid:\t0" not in status and "Uid:" in status
        # What has begun is finished: a delivery, once, and a mail that is coming in, which leaves at once.
        sink.may_answer.clear()
        leaving, coming = (compose("me@postern.example", "you@stranger.example") for _ in range(2))
        assert send(leaving, "me@postern.example", "you@stranger.example")[0] == 250
        sink.wait_for(message_id_of(leaving))
        mail = OpenMail(coming, "me@postern.example", "you@stranger.example")
        stopping = Stopping(it)
        for port in (587, 2525):
            assert greeting(port).startswith("421 4.3.2")
        assert mail.finish()[0] == 250
        arrival = sink.wait_for(message_id_of(coming))
        assert verified_algorithms(arrival.content, world.zone) == ["rsa-sha256"]
        sink.may_answer.set()
        assert stopping.status() == 0
        assert "stopping: all that had begun is done" in it.logs(), it.logs()
        assert len(sink.arrivals(message_id_of(leaving))) == 1
        assert len(sink.arrivals(message_id_of(coming))) == 1


def look_at_the_order_of_checks() -> None:
    """Each client has something for every check below its own, too; the first one that is documented answers."""
    cases = [("helo_access.hash", LISTED.address, "evil.stranger.example", "bad@postern.example", "nobody@postern.example", "by helo_access"),
             ("the form of HELO", LISTED.address, "nodots", "bad@postern.example", "nobody@postern.example", "need fully-qualified hostname"),
             ("client_access.cidr", LISTED.address, "", "bad@postern.example", "nobody@postern.example", "by client_access"),
             ("sender_access.hash", STRANGER, "", "bad@postern.example", "nobody@postern.example", "by sender_access"),
             ("relaying", STRANGER, "", "forger@postern.example", "nobody@elsewhere.example", "Relay access denied"),
             ("SPF", STRANGER, "", "forger@postern.example", "nobody@postern.example", "5.7.23"),
             ("the form of the sender", STRANGER, "", "nodots@nodots", "nobody@postern.example", "need fully-qualified address"),
             ("the sender's domain", STRANGER, "", "a@nowhere.invalid", "nobody@postern.example", "Domain not found"),
             ("the directory", STRANGER, "", "a@stranger.example", "nobody@postern.example", "User unknown"),
             ("greylisting", STRANGER, "", "c@stranger.example", "user@postern.example", "Greylisted")]
    for name, source, helo, sender, recipient, want in cases:
        code, text = send(b"", sender, recipient, source=source, helo=helo or "mx.stranger.example")
        assert code >= 400 and want in text, f"{name}: {code} {text}"
    with speak(helo="evil.stranger.example") as session:  # mynetworks come before them all
        session.ehlo()
        session.mail("bad@postern.example")
        assert session.rcpt("nobody@postern.example")[0] == 250
    with speak(source=STRANGER) as session:  # S7: a recipient that is put off leaves the next one its turn
        session.ehlo()
        session.mail("b@stranger.example")
        assert [session.rcpt(f"{name}@postern.example")[0] for name in ("nobody", "user", "odd", "listed")] == [450, 450, 550, 450]


def test_gateway_greylists_asks_the_directory_and_delivers(world: World, sink: Sink, tmp_path: Path) -> None:
    directory = Slapd(tmp_path / "slapd", Authority(tmp_path / "ca"), ["smtp:user@postern.example", "smtp:odd@postern.example"],
                      anonymous=False)
    directory.start()
    tmp_path.chmod(0o755)
    for table, rows in {"helo_access.hash": "evil.stranger.example REJECT by helo_access",
                        "client_access.cidr": f"{LISTED.address} REJECT by client_access",
                        "sender_access.hash": "bad@postern.example REJECT by sender_access",
                        "recipient_access.hash": "listed@postern.example OK\nodd@postern.example 550 5.1.6 moved"}.items():
        (tmp_path / "tables").mkdir(exist_ok=True)
        (tmp_path / "tables" / table).write_text(rows + "\n")
    try:
        environment = gateway(sink, ENABLE_SPF="true", ENABLE_POSTGREY="true", POSTERN_GREYLIST_DELAY="1s",
                              POSTGREY_WHITELIST_UPDATE="false", ENABLE_LDAP_RECIPIENT_ACCESS="true",
                              POSTFIX_LDAP_SERVERS=f"127.0.0.1:{directory.port}", POSTFIX_LDAP_SEARCH_BASE=BASE,
                              POSTFIX_LDAP_BIND_DN=BIND_DN, POSTFIX_LDAP_BIND_PW=PASSWORD, POSTFIX_LDAP_START_TLS="true",
                              POSTFIX_LDAP_TLS_CA="/ca/ca.pem", ENABLE_OPENDKIM="true", OPENDKIM_MODE="v")
        with container(environment, *READ_ONLY, *CAPABILITIES, "-v", f"{tmp_path}/tables:/etc/postfix/tables:ro",
                       "-v", f"{tmp_path}/ca/ca.pem:/ca/ca.pem:ro") as it:
            look_at_the_order_of_checks()
            content = compose("a@stranger.example", "user@postern.example")
            for known in ("user", "listed"):  # to the directory, or to the table alone

                code, text = send(content, "a@stranger.example", f"{known}@postern.example", source=STRANGER)
                assert (code, "Greylisted" in text) == (450, True), text
            code, text = send(content, "a@stranger.example", "nobody@postern.example", source=STRANGER)
            assert (code, "User unknown" in text) == (450, True), text
            time.sleep(1.5)
            code, text = send(content, "a@stranger.example", "user@postern.example", source=STRANGER)
            assert code == 250, text
            arrival = sink.wait_for(message_id_of(content))
            assert arrival.fields("Received-SPF")[0].lower().startswith("pass")
            assert "delayed" in arrival.fields("X-Greylist")[0]
            assert arrival.fields("Authentication-Results")[0].startswith("mail.postern.example")
            # What the table knows and the directory does not; and what both know: the table has the word
            assert send(content, "a@stranger.example", "listed@postern.example", source=STRANGER)[0] == 250
            code, text = send(content, "a@stranger.example", "odd@postern.example", source=STRANGER)
            assert (code, "5.1.6" in text) == (550, True), text
            # A forger
            code, text = send(content, "a@postern.example", "user@postern.example", source=STRANGER)
            assert (code, "5.7.23" in text) == (550, True), text
            assert "action=" in it.logs()
            assert it.stop() == 0
    finally:
        directory.stop()


def test_dns_lists_by_postscreen_and_errors_that_never_count(world: World, sink: Sink) -> None:
    environment = gateway(sink, POSTFIX_DNSBL_SITES=f"{BAD_LIST}, {GRUDGING_LIST}",
                          POSTCONF="postscreen_greet_wait=3s")  # within which the lists must have answered
    with container(environment, *READ_ONLY, *CAPABILITIES) as it:
        content = compose("a@silent.example", "user@postern.example")
        code, text = send(content, "a@silent.example", "user@postern.example", source=LISTED.address)
        assert (code, BAD_LIST in text) == (550, True), text
        # 127.255.255.255: the list says that something is wrong with the question
        code, text = send(content, "a@silent.example", "user@postern.example", source=GRUDGED.address)
        assert code == 250, text
        assert "DNSBL rank" in it.logs()


@pytest.mark.parametrize("profile", [relay, gateway])
def test_a_load_balancer_says_who_the_client_is(world: World, sink: Sink, profile: Callable[..., dict[str, str]]) -> None:
    environment = profile(sink, POSTFIX_PROXY_PROTOCOL="true", ENABLE_SPF="true", POSTFIX_RELAY_DOMAINS="postern.example")
    with container(environment) as it:  # healthy: it speaks so, too
        with socket.create_connection((HERE, 25), 10) as balancer:
            balancer.sendall(f"PROXY TCP4 {STRANGER} {HERE} 4000 25\r\n".encode())
            lines = balancer.makefile("rwb")
            for said in (b"", b"EHLO mx.stranger.example", b"MAIL FROM:<a@postern.example>", b"RCPT TO:<user@postern.example>"):
                if said:
                    balancer.sendall(said + b"\r\n")
                while (answer := lines.readline())[3:4] == b"-":
                    pass
            assert answer.startswith(b"550 5.7.23"), answer  # SPF knows the client
        assert STRANGER in it.logs()


def test_viruses_are_refused_both_ways(world: World, sink: Sink, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    database = tmp_path / "clamav"
    database.mkdir()
    environment = gateway(sink, ENABLE_CLAMAV="true", POSTERN_CLAMAV_WAIT="1s", POSTFIX_MYNETWORKS="127.0.0.0/8",
                          ENABLE_OPENDKIM="true", OPENDKIM_MODE="v")  # S3: one function leaves the other as it is
    with container(environment, "-v", f"{database}:/var/lib/clamav") as it:
        mail = compose("me@postern.example", "you@stranger.example")
        # Mail service without signatures: deferred, never swallowed and never let through
        assert send(mail, "me@postern.example", "you@stranger.example")[0] == 451
        (database / "eicar.ndb").write_text(f"Test.Eicar:0:*:{EICAR.encode().hex()}\n")
        wait_until(lambda: send(mail, "me@postern.example", "you@stranger.example")[0] == 250, "clamd", 60, it.logs)
        sink.wait_for(message_id_of(mail))
        infected = compose("me@postern.example", "you@stranger.example", body=EICAR + "\n")
        for source in ("", STRANGER):
            code, text = send(infected, "me@postern.example", "user@postern.example", source=source)
            assert (code, "Eicar" in text) == (550, True), text


def test_mail_that_leaves_is_signed_by_the_tables_and_scanned(world: World, sink: Sink, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    database, keys = tmp_path / "clamav", tmp_path / "dkim"
    database.mkdir()
    keys.mkdir()
    (database / "eicar.ndb").write_text(f"Test.Eicar:0:*:{EICAR.encode().hex()}\n")
    key = world.our_keys[0]
    (keys / "ours.private").write_bytes(key.pem.read_bytes())
    (keys / "ours.private").chmod(0o600)  # root's alone, and the volume is not to be changed
    (keys / "KeyTable").write_text(f"ours postern.example:{key.selector}:/etc/mail/dkim/ours.private\n")
    (keys / "SigningTable").write_text("*@postern.example ours\n")
    environment = gateway(sink, ENABLE_OPENDKIM="true", OPENDKIM_MODE="s", OPENDKIM_KEYTABLE="/etc/mail/dkim/KeyTable",
                          OPENDKIM_SIGNINGTABLE="/etc/mail/dkim/SigningTable", ENABLE_CLAMAV="true",
                          POSTFIX_MYNETWORKS="127.0.0.0/8", POSTERN_CLAMAV_WAIT="20s",
                          CLAMAV_MILTER_REPORT_HOSTNAME="scanner.postern.example")
    with SecondMilter() as second, container({**environment, "POSTFIX_SMTPD_MILTERS": second.socket}, "-v",
                                             f"{keys}:/etc/mail/dkim:ro", "-v", f"{database}:/var/lib/clamav") as it:
        mail = compose("me@postern.example", "you@stranger.example")
        wait_until(lambda: send(mail, "me@postern.example", "you@stranger.example")[0] == 250, "clamd", 60, it.logs)
        arrival = sink.wait_for(message_id_of(mail))
        assert verified_algorithms(arrival.content, world.zone) == ["rsa-sha256"]
        assert "scanner.postern.example" in arrival.fields("X-Virus-Scanned")[0]
        assert {"DKIM-Signature", "X-Virus-Scanned"} <= set(arrival.fields("X-Seen")[0].split()), "it comes after ours"
        infected = compose("me@postern.example", "you@stranger.example", body=EICAR + "\n")
        assert send(infected, "me@postern.example", "you@stranger.example")[0] == 550


def test_the_gateways_ports_for_people(world: World, sink: Sink) -> None:
    environment = gateway(sink, ENABLE_SUBMISSION_PORT="true", ENABLE_SMTPS_PORT="true", SMTPD_USERS="me@postern.example:pw")
    with container(environment, *READ_ONLY, *CAPABILITIES):
        context = ssl._create_unverified_context()
        with speak(587) as session:  # also from the loopback network: nobody sends without a login
            session.ehlo()
            assert session.mail("me@postern.example")[0] == 530
            session.starttls(context=context)
            session.ehlo()
            session.mail("me@postern.example")
            assert session.rcpt("you@elsewhere.example")[0] == 554
        with smtplib.SMTP_SSL("127.0.0.1", 465, context=context, timeout=30) as session:
            session.login("me@postern.example", "pw")
            mail = compose("me@postern.example", "you@elsewhere.example")
            session.sendmail("me@postern.example", ["you@elsewhere.example"], mail)
        sink.wait_for(message_id_of(mail))


@pytest.mark.parametrize("profile", [relay, gateway])
def test_starts_again_and_again_the_same(world: World, sink: Sink, profile: Callable[..., dict[str, str]]) -> None:
    environment = profile(sink, SMTPD_USERS="app:pw", ENABLE_POSTGREY="true", POSTGREY_WHITELIST_UPDATE="false",
                          ENABLE_SPF="true")
    with container(environment) as it:
        # All that was rendered; not what s6 and Berkeley DB keep, which holds numbers of processes and times.
        command = ["sh", "-c", "find /run/postern -type f ! -path '*/supervise/*' ! -name '*.db' ! -name sasldb2 "
                               "-exec md5sum {} + | sort -k 2"]
        before = it.exec(*command)
        assert "/postfix/main.cf" in before and "/service/postfix/run" in before
        for _ in range(2):
            run(["podman", "restart", "-t", "20", it.name], seconds=60)
            it.wait_healthy()
            assert it.exec(*command) == before
        assert "daemon started" in it.exec("cat", "/var/log/s6-maillog/current")


def test_postfix_is_last_up_and_what_it_asks_ends_in_order(world: World, sink: Sink) -> None:
    environment = gateway(sink, ENABLE_SPF="true", ENABLE_OPENDKIM="true", OPENDKIM_MODE="v", ENABLE_SUBMISSION_PORT="true",
                          POSTFIX_DRAIN_TIME="4")
    with container(environment) as it:
        content = compose("a@stranger.example", "user@postern.example")
        mail = OpenMail(content, "a@stranger.example", "user@postern.example", source=STRANGER)
        idle = speak(source=STRANGER)
        stopping = Stopping(it)
        assert greeting(587).startswith("421 4.3.2")
        assert mail.finish()[0] == 250
        # Both daemons were there to the end, and who has nothing to say does not hold it.
        fields = sink.wait_for(message_id_of(content))
        assert fields.fields("Received-SPF") and fields.fields("Authentication-Results")
        assert stopping.status() == 0
        idle.close()
        assert "stopping after 4 s: 1 session left" in it.logs()
        lines = it.logs().splitlines()
        for daemon in ("[policyd]", "[milterd]"):
            own = [number for number, line in enumerate(lines) if daemon in line]
            assert own[0] < next(number for number, line in enumerate(lines) if "daemon started" in line), lines
            assert "state=stopped" in lines[own[-1]], lines


def test_told_to_end_early_or_twice_it_does_not_wait(world: World, sink: Sink) -> None:
    with container(relay(sink), image="plain", healthy=False) as it:  # while it still renders
        assert it.stop() == 0
    with container(relay(sink, POSTFIX_DRAIN_TIME="60"), image="plain") as it, speak():
        run(["podman", "kill", "--signal", "TERM", it.name])
        wait_until(lambda: greeting().startswith("421"), "a new client to be refused", 20, it.logs)
        assert it.stop() == 0


@pytest.mark.parametrize("victim", ["milterd", "postfix"])
def test_a_critical_death_ends_the_container(world: World, sink: Sink, victim: str) -> None:
    with container(gateway(sink, ENABLE_OPENDKIM="true", OPENDKIM_MODE="v")) as it:
        it.exec("s6-svc", "-k", f"/run/postern/service/{victim}")
        wait_until(lambda: it.state("Running") == "false", "the end", 30, it.logs)
        assert int(it.state("ExitCode")) == 137, it.logs()


def test_what_need_not_live_is_started_again(world: World, sink: Sink) -> None:
    with container(relay(sink)) as it:
        first = it.exec("s6-svstat", "-o", "pid", "/run/postern/service/watch")
        it.exec("s6-svc", "-k", "/run/postern/service/watch")
        wait_until(lambda: it.exec("s6-svstat", "-o", "pid", "/run/postern/service/watch") not in (first, "-1\n"), "another")
        assert it.healthy()
        assert "250 2.0.0" in it.exec("test_server", "127.0.0.1", "25", "localhost", "me@postern.example", "you@stranger.example")
        # More than four files of 10 MB: the current one and the three before it stay.
        it.exec("sh", "-c", "yes $(printf %01000d 0) | head -n 50000 | postlog -t test >/dev/null 2>&1")

        def kept() -> list[int]:
            sizes = it.exec("sh", "-c", "stat -c %s /var/log/s6-maillog/current /var/log/s6-maillog/@*.s").split()
            return [int(size) for size in sizes[1:]]
        wait_until(lambda: len(kept()) == 3, "three files beside the current one", 30, lambda: str(kept()))
        assert all(9_900_000 < size < 10_100_000 for size in kept()), kept()


def test_certificates_and_secrets_are_read_again(world: World, sink: Sink, tmp_path: Path) -> None:
    def certificate(name: str, *, in_place: bool) -> None:
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", f"/CN={name}", "-keyout", tmp_path / "new.key", "-out", tmp_path / "new.pem"])
        for new, name in (("new.key", "k.pem"), ("new.pem", "c.pem")):
            if in_place:
                (tmp_path / name).write_text((tmp_path / new).read_text())
            else:
                (tmp_path / new).rename(tmp_path / name)

    def served() -> str:
        with speak() as session:
            session.starttls(context=ssl._create_unverified_context())
            der = session.sock.getpeercert(binary_form=True)
        return run(["openssl", "x509", "-noout", "-subject"], text=ssl.DER_cert_to_PEM_cert(der))

    def may_log_in(password: str) -> bool:
        with speak(587) as session:
            session.starttls(context=ssl._create_unverified_context())
            with contextlib.suppress(smtplib.SMTPAuthenticationError):
                return session.login("app", password)[0] == 235
        return False

    certificate("first.example", in_place=True)
    (tmp_path / "users").write_text("app:old\n")
    environment = relay(sink, TLS_KEY="/certs/k.pem", TLS_CRT="/certs/c.pem", SMTPD_USERS_FILE="/certs/users")
    with container(environment, "-v", f"{tmp_path}:/certs:ro") as it:
        assert "first.example" in served() and may_log_in("old")
        certificate("second.example", in_place=True)
        wait_until(lambda: "second.example" in served(), "the certificate that was overwritten", 40, it.logs)
        certificate("third.example", in_place=False)
        (tmp_path / "users").write_text("app:new\n")
        wait_until(lambda: "third.example" in served(), "the certificate that was replaced", 40, it.logs)
        wait_until(lambda: may_log_in("new"), "the new password", 40, it.logs)
        assert not may_log_in("old")


def test_tables_and_aliases_by_their_commands(world: World, sink: Sink, tmp_path: Path) -> None:
    with container(gateway(sink), "-v", f"{tmp_path}:/etc/postfix/tables:ro") as it:
        content = compose("a@stranger.example", "user@postern.example")
        assert send(content, "a@stranger.example", "user@postern.example", source=STRANGER)[0] == 250
        (tmp_path / "client_access.cidr").write_text(f"{STRANGER} REJECT no thanks\n")
        it.exec("update_client_access")
        wait_until(lambda: "no thanks" in send(content, "a@stranger.example", "user@postern.example", source=STRANGER)[1],
                   "the ban", 20, it.logs)
        (tmp_path / "client_access.cidr").unlink()
        (tmp_path / "recipient_access.hash").write_text("listed@postern.example OK\nodd@postern.example 550 5.1.6 moved\n")
        it.exec("update_client_access")
        it.exec("check_recipient_access")
        for recipient, want in [("listed", 250), ("odd", 550), ("other", 450)]:
            wait_until(lambda: send(content, "a@stranger.example", f"{recipient}@postern.example", source=STRANGER)[0] == want,
                       f"{want} for {recipient}", 20, it.logs)
        it.exec("update_aliases")
        assert "postmaster@postern.example" in it.exec("postalias", "-q", "root", "hash:/run/postern/postfix/aliases")


def test_each_table_is_taken_up_by_its_command(world: World, sink: Sink, tmp_path: Path) -> None:
    environment = gateway(sink, ENABLE_OPENDKIM="true", OPENDKIM_MODE="v", POSTFIX_DNSBL_SITES=BAD_LIST,
                          POSTCONF="postscreen_greet_wait=3s")  # within which the list must have answered
    with container(environment, "-v", f"{tmp_path}:/etc/postfix/tables:ro") as it:
        content = compose("a@stranger.example", "user@postern.example")

        def reply(sender: str = "a@stranger.example", content: bytes = content, **how: str) -> str:
            return "{} {}".format(*send(content, sender, "user@postern.example", **{"source": STRANGER, **how}))

        for table, row, decides, want in [
                ("sender_access.hash", "bad@stranger.example REJECT bad sender", lambda: reply("bad@stranger.example"), "bad sender"),
                ("helo_access.hash", "evil.stranger.example REJECT bad name", lambda: reply(helo="evil.stranger.example"), "bad name"),
                ("header_checks.pcre", "/^X-Bad:/ REJECT bad field", lambda: reply(content=b"X-Bad: 1\r\n" + content), "bad field"),
                ("postscreen_access.cidr", f"127.0.0.1 reject\n{GRUDGED.address} reject", lambda: reply(source=GRUDGED.address), "550 5.3.2"),
                ("dnsbl_reply.texthash", f"{BAD_LIST} hidden.example", lambda: reply(source=LISTED.address), "using hidden.example")]:
            assert want not in (before := decides()), before
            (tmp_path / table).write_text(row + "\n")
            it.exec(f"update_{table.partition('.')[0]}")
            wait_until(lambda: want in decides(), f"{table} to decide", 20, lambda: f"{decides()}\n{it.logs()}")

        assert reply(source="").startswith("250")  # mynetworks come before the bans
        (tmp_path / "milter_header_checks.pcre").write_text("/^Authentication-Results:/ REPLACE X-Checked: yes\n")
        it.exec("update_milter_header_checks")

        def is_checked() -> bool:
            mail = compose("a@stranger.example", "user@postern.example")
            assert reply(content=mail).startswith("250")
            return bool(sink.wait_for(message_id_of(mail)).fields("X-Checked"))
        wait_until(is_checked, "the field of a milter to be replaced", 20, it.logs)
        it.exec("postfix", "reload")
        wait_until(lambda: reply().startswith("250"), "mail after a reload", 20, it.logs)


def test_greylisting_spares_who_is_listed(world: World, sink: Sink, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    environment = gateway(sink, ENABLE_POSTGREY="true", POSTGREY_WHITELIST_UPDATE="false")
    with container(environment, *READ_ONLY, *CAPABILITIES, "-v", f"{tmp_path}:/etc/postgrey:ro") as it:
        content = compose("a@stranger.example", "user@postern.example")
        assert send(content, "a@stranger.example", "user@postern.example", source=STRANGER)[0] == 450
        (tmp_path / "postgrey_whitelist_clients.local").write_text(f"{STRANGER}\n")
        # Nothing can be fetched from here, which is told; one's own list counts nevertheless.
        done = subprocess.run(["podman", "exec", it.name, "update_postgrey_whitelist"], capture_output=True, text=True, check=False)
        assert (done.returncode, "cannot fetch" in done.stderr) == (1, True), done
        wait_until(lambda: send(content, "a@stranger.example", "user@postern.example", source=STRANGER)[0] == 250,
                   "the client to be spared", 20, it.logs)


def test_metrics_of_queues_and_daemons(world: World, sink: Sink) -> None:
    environment = gateway(sink, POSTFIX_EXPORTER_ENABLED="true", ENABLE_SPF="true", POSTFIX_RELAYHOST_PORT="9")
    with container(environment, *READ_ONLY, *CAPABILITIES) as it:
        content = compose("a@stranger.example", "user@postern.example")
        assert send(content, "a@stranger.example", "user@postern.example", source=STRANGER)[0] == 250

        def page() -> str:
            try:
                with urllib.request.urlopen("http://127.0.0.1:9154/metrics", timeout=10) as answer:
                    return answer.read().decode()
            except OSError:
                return ""
        wait_until(lambda: 'postfix_showq_message_size_bytes_count{queue="deferred"} 1' in page(), "the mail", 30, page)
        assert 'postern_daemon_up{daemon="policyd"} 1' in page()
        assert '{daemon="policyd"' in page()


def test_a_wrong_start_says_why(sink: Sink) -> None:
    cases = [({"MAILNAME": "a.example", "POSTMASTER_EMAIL": "p@a.example"}, "POSTMASTER_EMAIL is set, too"),
             ({"MAILNAME": "a.example", "USE_TLS": "perhaps"}, "USE_TLS"),
             ({"MAILNAME": "a.example", "SIZELIMIT": "1", "POSTFIX_MESSAGE_SIZE_LIMIT": "2"}, "POSTFIX_MESSAGE_SIZE_LIMIT"),
             ({"MAILNAME": "a.example", "RELAYHOST_FILE": "/none"}, "RELAYHOST_FILE")]
    for environment, want in cases:
        with container(environment, healthy=False) as it:
            wait_until(lambda: it.state("Running") == "false", "the end", 20, it.logs)
            assert it.state("ExitCode") == "1"
            assert want in it.logs()


def test_what_postgrey_knew_is_known(world: World, sink: Sink, tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    (spool / "postgrey").mkdir(parents=True)
    (spool / "deferred/A").mkdir(parents=True)
    for path in (spool / "deferred", spool / "deferred/A"):
        shutil.chown(path, 4242)  # Postfix's number in the other image
    now = int(time.time())
    for name, key, value in [("postgrey.db", "198.51.100.0/a@stranger.example/user@postern.example", f"{now - 900},{now - 60}"),
                             ("postgrey_clients.db", "198.51.100.25", f"9,{now - 60}")]:
        run(["db5.3_load", "-T", "-t", "btree", spool / "postgrey" / name], text=f"{key}\n{value}\n")
    environment = gateway(sink, ENABLE_POSTGREY="true", POSTGREY_WHITELIST_UPDATE="false")
    with container(environment, "-v", f"{spool}:/var/spool/postfix") as it:
        assert "kept    /var/spool/postfix/postgrey/postgrey.db" in it.logs()
        wait_until(lambda: (spool / "postern/postgrey-imported").exists(), "the import", 30, it.logs)
        assert (spool / "deferred/A").stat().st_uid == int(it.exec("id", "-u", "postfix"))
        content = compose("a@stranger.example", "user@postern.example")
        code, text = send(content, "a@stranger.example", "user@postern.example", source=STRANGER)
        assert code == 250, text
    with container(environment, "-v", f"{spool}:/var/spool/postfix") as it:
        it.wait_healthy()
        assert "postgrey.db" not in it.logs(), "it is told once"


def test_scripts_run_before_the_start(world: World, sink: Sink, tmp_path: Path) -> None:
    (tmp_path / "10-hello").write_text("#!/bin/sh\n[ -e /run/postern/postfix/main.cf ] || echo hello from a script\n")
    (tmp_path / "10-hello").chmod(0o755)
    (tmp_path / "20-hello.sh").write_text("#!/bin/sh\necho hello nobody\n")
    with container(relay(sink, LOGOUTPUT="/var/log/maillog"), "-v", f"{tmp_path}:/etc/entrypoint.d:ro") as it:
        assert "hello from a script" in it.logs()
        assert "/etc/entrypoint.d/20-hello.sh: is not run" in it.logs()
        # The log where it was asked for, and nowhere else
        assert "daemon started" in it.exec("cat", "/var/log/maillog")
        assert "daemon started" not in it.logs()
        assert "daemon started" not in it.exec("cat", "/var/log/s6-maillog/current")


def test_the_documented_call_makes_a_key(tmp_path: Path) -> None:
    printed = run(["podman", "run", "--rm", "--network=none", "-v", f"{tmp_path}:/workdir", "--entrypoint", "opendkim-genkey",
                   "localhost/postern:plain", "--directory=/workdir", "--bits=1024", "--selector=s1", "--restrict",
                   "--domain=postern.example"])
    assert "PRIVATE KEY" in (tmp_path / "s1.private").read_text(), printed
    assert "s1._domainkey" in (tmp_path / "s1.txt").read_text()


@pytest.mark.parametrize("command", [[], ["postern-milterd"]])
def test_the_daemons_alone_need_no_root(world: World, command: list[str]) -> None:
    with container({"POSTERN_GREYLIST_DATABASE": "/tmp/greylist.sqlite"}, "--read-only", "--cap-drop=ALL",
                   "--security-opt=no-new-privileges", "--tmpfs=/tmp", image="daemons", command=command) as it:
        def action() -> str:
            try:
                with socket.create_connection(("127.0.0.1", 10040), 2) as asked:
                    asked.sendall(b"request=smtpd_access_policy\nprotocol_state=CONNECT\nclient_address=127.0.0.1\n\n")
                    return asked.recv(100).decode()
            except OSError:
                return ""
        assert command or action().startswith("action=")
        assert "Uid:\t10001\t10001" in it.exec("cat", "/proc/1/status")
        assert it.stop() == 0
