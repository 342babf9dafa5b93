"""The Debian package on a Debian that systemd has booted: installed, used, upgraded, purged.

Run by test/package/run, which builds the package, the image and the network
namespace. The tests follow one host's life and stand in its order.
"""

from __future__ import annotations

import contextlib
import os
import smtplib
import subprocess
import threading
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mail_host.client import Client, Session, compose, message_id_of
from mail_host.dns_server import DnsServer
from mail_host.process import run, wait_until
from mail_host.world import FORGER, STRANGER, World

HERE = "203.0.113.1"
SENDER, USER = "a@stranger.example", "root@mail.postern.example"
SETTINGS = """\
[greylist]
delay = "1s"
auto_whitelist_after = 0
"""


class Machine:
    """A Debian in podman, with systemd as its first process."""

    def __init__(self) -> None:
        self.name = f"postern-{uuid.uuid4().hex[:8]}"

    def start(self) -> None:
        run(["podman", "run", "-d", "--name", self.name, "--systemd=always", "--privileged", "--cgroupns=private",
             "--network=host", "--dns=127.0.0.1", "--hostname=mail.postern.example", "localhost/postern:systemd"], seconds=60)
        wait_until(lambda: self.status("test", "-S", "/run/dbus/system_bus_socket") == 0, "systemd", 60)
        run(["podman", "exec", self.name, "systemctl", "is-system-running", "--wait"], seconds=60)
        # As the installer of a host asks for it; the image's builder has another name.
        self.exec("postconf", "-e", "myhostname = mail.postern.example", "mydestination = mail.postern.example, localhost",
                  "smtp_dns_support_level = disabled", "inet_protocols = ipv4")
        self.exec("systemctl", "restart", "postfix")
        wait_until(greets, "Postfix's greeting", 60)

    def stop(self) -> None:
        subprocess.run(["podman", "rm", "-f", "-t", "10", self.name], capture_output=True, check=False)

    def exec(self, *command: str) -> str:
        return run(["podman", "exec", self.name, *command], seconds=120)

    def status(self, *command: str) -> int:
        return subprocess.run(["podman", "exec", self.name, *command], capture_output=True, check=False).returncode

    def give(self, path: Path, to: str) -> None:
        run(["podman", "cp", str(path), f"{self.name}:{to}"])

    def write(self, path: str, text: str) -> None:
        run(["podman", "exec", "-i", self.name, "tee", path], text=text)

    def install(self, package: Path) -> str:
        self.give(package, "/tmp/postern.deb")
        return self.exec("dpkg", "-i", "--force-confold", "/tmp/postern.deb")

    def property(self, unit: str, name: str) -> str:
        return self.exec("systemctl", "show", unit, "-P", name).strip()

    def journal(self, unit: str) -> str:
        return self.exec("journalctl", "-o", "cat", "--no-pager", "-u", unit)

    def main_cf(self) -> str:
        return self.exec("cat", "/etc/postfix/main.cf")

    def files(self) -> set[str]:
        listing = self.exec("find", "/etc", "/usr", "/lib/systemd", "/var", "-xdev", "-not", "-path", "/var/lib/dpkg/*",
                            "-not", "-path", "/var/log/*", "-not", "-path", "/var/cache/*",
                            "-not", "-path", "/var/spool/postfix/*/*", "-not", "-path", "/var/lib/systemd/*")
        return set(listing.splitlines())


def greets(port: int = 25) -> bool:
    with contextlib.suppress(OSError), smtplib.SMTP(HERE, port, timeout=5) as session:
        return session.noop()[0] == 250
    return False


def send(content: bytes, source: str = STRANGER.address, sender: str = SENDER, port: int = 25) -> tuple[int, str]:
    """The reply that decided."""
    with Session(HERE, port, Client(helo="mx.stranger.example"), source=source) as session:
        reply = session.deliver(sender, [USER], content).last
        return reply.code, reply.text


def deliver(content: bytes) -> None:
    """Sends it again while it is put off, as a mail server does."""
    def accepted() -> bool:
        code, text = send(content)
        assert code < 500, text
        return code == 250
    wait_until(accepted, "the mail to be taken", 60)


class Load:
    """Senders that do not pause, while something happens to the host. None may be refused, no mail may be lost."""

    def __init__(self, mails: int) -> None:
        self.contents = [compose(SENDER, USER) for _ in range(mails)]
        self.faults: list[str] = []
        self.threads = [threading.Thread(target=self.send, args=(self.contents[start::4],)) for start in range(4)]

    def send(self, share: list[bytes]) -> None:
        try:
            for content in share:
                deliver(content)
        except Exception as fault:  # shown at the end
            self.faults.append(str(fault))

    def __enter__(self) -> Load:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self.threads:
            thread.join(240)

    def check(self, machine: Machine) -> None:
        assert self.faults == []
        for content in self.contents:
            wait_until(mailbox_has(machine, content), "the mail", 60)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("world")
    made = World.create(folder / "world")
    server = DnsServer(folder / "dns", made.zone)
    server.port = 53
    it = Machine()
    server.start()
    try:
        it.start()
        yield it
    finally:
        it.stop()
        server.stop()


@pytest.fixture(scope="module")
def package() -> Path:
    return Path(os.environ["POSTERN_PACKAGE"])


@pytest.fixture(scope="module")
def files_before(machine: Machine) -> set[str]:
    return machine.files()


@pytest.fixture(scope="module")
def main_cf_before(machine: Machine) -> str:
    return machine.main_cf()


def mailbox_has(machine: Machine, content: bytes) -> Callable[[], bool]:
    return lambda: machine.status("grep", "-q", message_id_of(content), "/var/mail/root") == 0


def test_installed_it_runs_and_changes_nothing(machine: Machine, package: Path, files_before: set[str],
                                               main_cf_before: str) -> None:
    assert files_before
    machine.install(package)
    for daemon in ("policyd", "milterd"):
        unit = f"postern-{daemon}.service"
        assert machine.property(unit, "ActiveState") == "active", machine.journal(unit)
        assert machine.property(unit, "UnitFileState") == "enabled"
        assert machine.property(unit, "User") == "postern"
        started = machine.exec("sh", "-c",
                               f'date +%s.%N -d "$(systemctl show --timestamp=us -P ExecMainStartTimestamp {unit})"')
        rights_came = machine.exec("stat", "-c", "%.9Z", "/etc/postern/postern.toml")
        assert float(rights_came) < float(started), "it was started before its configuration had its owner"
    assert machine.exec("stat", "-c", "%U:%G %a", "/var/spool/postfix/postern").strip() == "postern:postfix 2750"
    assert machine.exec("stat", "-c", "%U:%G %a", "/etc/postern/postern.toml").strip() == "root:postern 640"
    assert "no faults" in machine.exec("postern", "check")
    assert machine.main_cf() == main_cf_before
    content = compose(SENDER, USER)
    assert send(content)[0] == 250
    wait_until(mailbox_has(machine, content), "the mail", 60)


def test_enabled_it_judges(machine: Machine) -> None:
    machine.write("/etc/postern/postern.toml", SETTINGS)
    machine.exec("systemctl", "reload", "postern-policyd", "postern-milterd")
    shown = machine.exec("postern", "enable", "--yes")
    assert "+smtpd_milters" in shown

    wait_until(lambda: send(compose(SENDER, USER), FORGER.address)[0] == 550, "the forger to be refused", 30)
    content = compose(SENDER, USER)
    assert "Greylisted" in send(content)[1]
    deliver(content)
    wait_until(mailbox_has(machine, content), "the mail", 60)
    mails = machine.exec("cat", "/var/mail/root")
    assert "Authentication-Results: mail.postern.example" in mails and "Received-SPF: pass" in mails.replace("Pass", "pass")
    assert "event=decision" in machine.journal("postern-policyd")


def test_one_that_hangs_or_dies_is_started_again(machine: Machine) -> None:
    machine.exec("mkdir", "-p", "/run/systemd/system/postern-policyd.service.d")
    machine.write("/run/systemd/system/postern-policyd.service.d/soon.conf", "[Service]\nWatchdogSec=2\n")
    machine.exec("systemctl", "daemon-reload")
    machine.exec("systemctl", "restart", "postern-policyd")
    for number, restarts in (("STOP", "1"), ("KILL", "2")):
        machine.exec("systemctl", "kill", f"--signal={number}", "postern-policyd")
        wait_until(lambda: machine.property("postern-policyd", "NRestarts") == restarts
                   and machine.property("postern-policyd", "ActiveState") == "active", f"a start after SIG{number}", 60)
    machine.exec("rm", "-r", "/run/systemd/system/postern-policyd.service.d")
    machine.exec("systemctl", "daemon-reload")
    machine.exec("systemctl", "restart", "postern-policyd")
    deliver(compose(SENDER, USER))


def test_with_its_sockets_from_systemd(machine: Machine) -> None:
    """Nobody finds the door closed while a daemon starts again."""
    machine.exec("systemctl", "stop", "postern-policyd", "postern-milterd")
    machine.exec("systemctl", "start", "postern-policyd.socket", "postern-milterd.socket")
    assert machine.property("postern-policyd", "ActiveState") == "inactive"
    content = compose(SENDER, USER)
    deliver(content)  # by which both are started
    for daemon in ("policyd", "milterd"):
        assert machine.property(f"postern-{daemon}", "ActiveState") == "active"
    for _ in range(3):
        machine.exec("systemctl", "restart", "postern-policyd", "postern-milterd")
        assert send(compose(SENDER, USER))[0] == 250
    machine.exec("systemctl", "stop", "postern-policyd.socket", "postern-milterd.socket", "postern-policyd",
                 "postern-milterd")
    machine.exec("systemctl", "start", "postern-policyd", "postern-milterd")


def test_a_second_role_is_an_instance(machine: Machine) -> None:
    machine.write("/etc/postern/postern.toml", SETTINGS + "[milterd.submission]\n")
    machine.exec("systemctl", "start", "postern-milterd@submission")
    assert machine.property("postern-milterd@submission", "ActiveState") == "active"
    assert machine.status("test", "-S", "/var/spool/postfix/postern/milter-submission") == 0
    machine.exec("systemctl", "stop", "postern-milterd@submission")
    machine.write("/etc/postern/postern.toml", SETTINGS)


@pytest.mark.parametrize("chroot", ["n", "y"])
def test_plugged_in_and_out_under_load_nothing_is_lost(machine: Machine, chroot: str) -> None:
    """In Postfix's chroot, as Debian has it, and without."""
    enabled = machine.main_cf()
    machine.exec("postconf", "-F", f"smtp/inet/chroot={chroot}")
    machine.exec("postfix", "reload")
    with Load(40) as load:
        machine.exec("postern", "disable", "--yes")
        assert "smtpd_milters" not in machine.main_cf()
        machine.exec("postern", "enable", "--yes")
    load.check(machine)
    assert machine.main_cf() == enabled
    wait_until(lambda: send(compose(SENDER, USER), FORGER.address)[0] == 550, "the forger to be refused", 30)


def test_what_needs_a_library_of_its_own_finds_it(machine: Machine) -> None:
    """LDAP and HTTP lie in modules, which are loaded where they are configured."""
    directory = '[[ldap]]\nname = "staff"\nservers = ["ldap://127.0.0.1:9"]\nbase = "dc=example"\nfilter = "(mail=%s)"\ndomains = ["other.example"]\n'
    machine.write("/etc/postern/postern.toml", '[policyd]\nmetrics = "inet:127.0.0.1:9155"\n' + SETTINGS + directory)
    machine.exec("systemctl", "restart", "postern-policyd")
    with urllib.request.urlopen("http://127.0.0.1:9155/metrics", timeout=10) as answer:
        assert "postern_" in answer.read().decode()
    wait_until(lambda: "ldap" in machine.exec("sh", "-c", "cat /proc/$(pidof postern-policyd)/maps"), "libldap", 30)
    machine.write("/etc/postern/postern.toml", SETTINGS)
    machine.exec("systemctl", "restart", "postern-policyd")


def test_a_second_postfix_is_plugged_in_by_itself(machine: Machine) -> None:
    """postmulti(1): each instance has its own files and its own queue."""
    other = "/etc/postfix-other"
    machine.exec("postmulti", "-e", "init")
    machine.exec("postmulti", "-I", "postfix-other", "-e", "create")
    first = machine.main_cf()  # which names the other now
    machine.exec("postconf", "-c", other, "-X", "master_service_disable")
    machine.exec("postconf", "-c", other, "-MX", "smtp/inet")
    machine.exec("postconf", "-c", other, "-Me", "2525/inet=2525 inet n - y - - smtpd")
    machine.exec("postconf", "-c", other, "-e", "myhostname = mail.postern.example", "inet_protocols = ipv4",
                 "mydestination = mail.postern.example", "multi_instance_enable = yes")
    shown = machine.exec("postern", "enable", "--dry-run", "--config-dir", other)
    assert "out of reach of 2525/inet, which is chrooted to /var/spool/postfix-other" in shown
    machine.exec("postconf", "-c", other, "-F", "2525/inet/chroot=n", "cleanup/unix/chroot=n")
    machine.exec("postmulti", "-i", "postfix-other", "-p", "start")
    before = machine.exec("cat", f"{other}/main.cf")

    def forger_is_told() -> int:
        return send(compose(SENDER, USER), FORGER.address, port=2525)[0]

    wait_until(lambda: greets(2525), "the second Postfix", 30)
    assert forger_is_told() == 250
    shown = machine.exec("postern", "enable", "--yes", "--config-dir", other)
    assert "out of reach" not in shown and "+smtpd_milters = { unix:/var/spool/postfix/postern/milter" in shown
    wait_until(lambda: forger_is_told() == 550, "the forger to be refused", 30)
    content = compose(SENDER, USER)
    wait_until(lambda: send(content, port=2525)[0] == 250, "the mail to be taken", 30)
    wait_until(mailbox_has(machine, content), "the mail", 60)
    machine.exec("postern", "disable", "--yes", "--config-dir", other)
    assert machine.exec("cat", f"{other}/main.cf") == before
    wait_until(lambda: forger_is_told() == 250, "the forger to be taken", 30)
    machine.exec("postern", "enable", "--yes", "--config-dir", other)  # for the package's removal to undo
    assert machine.main_cf() == first


def test_upgraded_under_load_nothing_is_lost(machine: Machine, package: Path, tmp_path: Path) -> None:
    newer = repacked(package, tmp_path)
    with Load(120) as load:
        machine.install(newer)
    load.check(machine)
    assert machine.exec("cat", "/etc/postern/postern.toml") == SETTINGS
    assert "0.1.0-2" in machine.exec("dpkg-query", "-W", "postern")
    assert send(compose(SENDER, USER))[0] == 250  # the triplet is still known


def repacked(package: Path, folder: Path) -> Path:
    """The same under a later version."""
    run(["dpkg-deb", "-R", package, folder / "tree"])
    control = folder / "tree/DEBIAN/control"
    control.write_text(control.read_text().replace("Version: 0.1.0-1", "Version: 0.1.0-2"))
    run(["dpkg-deb", "--root-owner-group", "-b", folder / "tree", folder / "newer.deb"], seconds=60)
    return folder / "newer.deb"


def test_removed_and_purged_nothing_is_left(machine: Machine, files_before: set[str], main_cf_before: str) -> None:
    machine.exec("dpkg", "--remove", "postern")
    assert "postern/milter" not in machine.exec("cat", "/etc/postfix-other/main.cf")
    machine.exec("postmulti", "-i", "postfix-other", "-p", "stop")
    machine.exec("rm", "-r", "/etc/postfix-other", "/var/spool/postfix-other", "/var/lib/postfix-other")
    machine.exec("postconf", "-X", "multi_instance_wrapper", "multi_instance_enable", "multi_instance_directories")
    assert machine.main_cf() == main_cf_before
    content = compose(SENDER, USER)
    assert send(content)[0] == 250
    wait_until(mailbox_has(machine, content), "the mail", 60)
    assert machine.status("test", "-e", "/etc/postern/postern.toml") == 0  # removed is not purged
    machine.exec("dpkg", "--purge", "postern")
    left = {path for path in machine.files() - files_before if "postern" in path}
    assert left == set()
