"""postern greylist: beside a running daemon, and with what a real postgrey has left behind."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from mail_host import Client, MailHost
from mail_host.process import wait_until
from mail_host.world import STRANGER, USER
from test_greylist import DELAY, greylisted

SETTINGS = {"greylist": {"enable": True, "delay": f"{DELAY}s", "auto_whitelist_after": 2, "spf_key": False}}
NETWORK = "198.51.100.0"


def greylist(host: MailHost, *words: str, status: int = 0) -> str:
    done = subprocess.run([host.build / "config/postern", "greylist", "--config", host.configuration, *words],
                          env=host.postfix.environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_show_pass_and_forget(host: MailHost, sender: str) -> None:
    assert greylisted(host.send(STRANGER, sender, USER))
    wait_until(lambda: greylist_sender(sender) in greylist(host, "list", "--waiting"), "the row to be on disk")
    assert greylist(host, "show", STRANGER.address, sender, USER).startswith("waits ")  # "now" may be after the delay

    assert greylist(host, "pass", STRANGER.address, sender, USER) == f"passes {NETWORK}/{greylist_sender(sender)}/{USER}\n"
    assert host.send(STRANGER, sender, USER).accepted  # though the daemon had it in memory

    greylist(host, "forget", STRANGER.address, sender, USER)
    assert greylisted(host.send(STRANGER, sender, USER))
    assert "not known" in greylist(host, "forget", "192.0.2.99", sender, USER, status=1)


def greylist_sender(sender: str) -> str:
    """Numbers between dashes become #: show prints the key."""
    local, _, domain = sender.partition("@")
    return "-".join("#" if part.isdigit() else part for part in local.split("-")) + "@" + domain


def test_export_and_import_while_the_daemon_runs(host: MailHost, sender: str, tmp_path: Path) -> None:
    exported = greylist(host, "export")
    assert exported.startswith("# postern greylist 1\n")
    now = int(time.time())
    text = tmp_path / "rows"
    text.write_text(f"triplet {now - 900} {now - 300} {NETWORK}/{greylist_sender(sender)}/{USER}\nnonsense\n")
    assert greylisted(host.send(STRANGER, sender, USER))
    said = greylist(host, "import", str(text))
    assert "read 1 written 1" in said and f"{text}:2: begins with" in said
    assert host.send(STRANGER, sender, USER).accepted
    assert "triplets " in greylist(host, "stats")


def test_report_says_who_never_came_back(host: MailHost, sender: str) -> None:
    client = Client("203.0.113.9", "never.example", "never.example")
    address = sender.replace("stranger.example", "silent.example")
    assert greylisted(host.send(client, address, USER))
    line = f" {greylist_sender(address)} {USER}\n"
    wait_until(lambda: line in greylist(host, "report", "--triplets"), "the delay to be over")
    assert "203.0.113.0 " in greylist(host, "report")


def test_without_the_daemon(host: MailHost, sender: str) -> None:
    host.policyd.stop()
    try:
        greylist(host, "pass", STRANGER.address, sender, USER)
    finally:
        host.policyd.start()
    assert host.send(STRANGER, sender, USER).accepted


# postgrey's own database, made by postgrey itself

@contextmanager
def postgrey(folder: Path, *options: str) -> Iterator[socket.socket]:
    folder.mkdir()
    shutil.chown(folder, "nobody", "nogroup")
    path = folder / "socket"
    process = subprocess.Popen(
        ["/usr/sbin/postgrey", f"--unix={path}", f"--dbdir={folder}", "--user=nobody", "--group=nogroup", "--delay=1",
         "--whitelist-clients=/dev/null", "--whitelist-recipients=/dev/null", *options],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with closing(socket.socket(socket.AF_UNIX)) as connection:
            def is_there() -> bool:
                try:
                    connection.connect(str(path))
                    return True
                except OSError:
                    return False
            wait_until(is_there, "postgrey to listen")
            yield connection
    finally:
        for _ in range(60):  # it can miss the first
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(1)
                break
        else:
            process.kill()


def ask(connection: socket.socket, address: str, sender: str) -> str:
    connection.sendall(f"request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address={address}\n"
                       f"client_name=mx.old.example\nsender={sender}\nrecipient={USER}\n\n".encode())
    answer = b""
    while not answer.endswith(b"\n\n"):
        answer += connection.recv(4096)
    return answer.decode()


@pytest.mark.parametrize("options", [(), ("--privacy",)], ids=["plain", "privacy"])
@pytest.mark.parametrize("way", ["folder", "dump"])
def test_what_postgrey_knew_is_known(host: MailHost, sender: str, tmp_path: Path, options: tuple[str, ...],
                                     way: str) -> None:
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents[:2]:
        parent.chmod(0o755)
    sender = sender.replace("stranger.example", "silent.example").replace("@", "+list@")
    clients = [Client("198.51.100.33", "mx.old.example", "mx.old.example"),
               Client("2001:db8:77:1::33", "mx.old.example", "mx.old.example")]
    folder = tmp_path / "postgrey"
    with postgrey(folder, *options) as connection:
        for client in clients:
            assert "DEFER_IF_PERMIT" in ask(connection, client.address, sender)
        time.sleep(1.1)
        for client in clients:
            assert "PREPEND" in ask(connection, client.address, sender)
    if way == "folder":
        said = greylist(host, "import", "--postgrey", str(folder), "--postgrey-delay", "1s")
    else:
        dump = tmp_path / "dump"
        with dump.open("wb") as out:
            subprocess.run(["db5.3_dump", folder / "postgrey.db"], stdout=out, check=True)
        said = greylist(host, "import", "--postgrey-dump", str(dump), "--postgrey-delay", "1s")
    assert "read 2 written 2" in said
    for client in clients:
        assert host.send(client, sender, USER).accepted
        assert "triplet found" in host.policy_decision(sender)["greylist"]
