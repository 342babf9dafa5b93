"""A private Postfix: its own configuration, queue and data, on a loopback port.

Nothing of an installed Postfix is read but its programs. Where another mail
server keeps Debian's package from being installed, `POSTERN_POSTFIX_ROOT` names
a folder into which the package was unpacked (container/packages.sh), and the
programs are run from there.
"""

from __future__ import annotations

import grp
import os
import pwd
import re
import shutil
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mail_host.auth_server import AuthServer
from mail_host.process import PATIENCE, HostError, PortReservation, has_ipv6, run, tail, wait_until

# service type private unpriv chroot wakeup maxproc command: Debian's master.cf, without what nobody here asks for
MASTER_CF = """\
{listeners}
pickup     unix        n - n 1    1 pickup
cleanup    unix        n - n -    0 cleanup
qmgr       unix        n - n 1    1 qmgr
rewrite    unix        - - n -    - trivial-rewrite
bounce     unix        - - n -    0 bounce
defer      unix        - - n -    0 bounce
trace      unix        - - n -    0 bounce
flush      unix        n - n 1000 0 flush
proxymap   unix        - - n -    - proxymap
smtp       unix        - - n -    - smtp
showq      unix        n - n -    - showq
error      unix        - - n -    - error
retry      unix        - - n -    - error
discard    unix        - - n -    - discard
anvil      unix        - - n -    1 anvil
scache     unix        - - n -    1 scache
postlog    unix-dgram  n - n -    1 postlogd
"""

# What is ours goes to the sink and what is not goes to the sink: nothing leaves the machine.
MAIN_CF = """\
compatibility_level = 3.6
config_directory = {folder}/etc
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
mail_owner = {mail_owner}
setgid_group = {setgid_group}
default_privs = nobody
alternate_config_directories = {folder}/etc
inet_protocols = {protocols}
inet_interfaces = loopback-only
myhostname = {hostname}
mydomain = {domain}
myorigin = {domain}
mydestination =
local_transport = error:no local mail here
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_domains = {domain}
virtual_mailbox_maps = static:all
virtual_transport = smtp:[127.0.0.1]:{sink}
default_transport = smtp:[127.0.0.1]:{sink}
relayhost =
transport_maps = inline:{{ {{nowhere.invalid = error:5.1.2 no such domain}} }}
internal_mail_filter_classes = bounce
mynetworks = 127.0.0.0/8 [::1]/128 192.0.2.0/24
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtpd_peername_lookup = no
smtpd_authorized_xclient_hosts = 127.0.0.1 [::1]
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = auth
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_limit = 2000
smtpd_client_connection_count_limit = 0
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 2000
smtputf8_enable = yes
strict_smtputf8 = no
biff = no
queue_run_delay = 2s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
bounce_queue_lifetime = 1d
"""


@dataclass(frozen=True)
class Programs:
    """Where Postfix's programs are, and as whom they run."""

    root: Path | None  # None: installed

    @classmethod
    def find(cls) -> Programs:
        root = os.environ.get("POSTERN_POSTFIX_ROOT")
        return cls(Path(root) if root else None)

    def path(self, installed: str) -> Path:
        return self.root / installed.lstrip("/") if self.root else Path(installed)

    @property
    def owners(self) -> tuple[str, str]:
        """mail_owner and setgid_group: Debian's, or two that every Debian has and that own nothing."""
        return ("uucp", "news") if self.root else ("postfix", "postdrop")

    @property
    def settings(self) -> str:
        if self.root is None:
            return ""
        return (f"daemon_directory = {self.path('/usr/lib/postfix/sbin')}\n"
                f"command_directory = {self.path('/usr/sbin')}\n"
                f"shlib_directory = {self.path('/usr/lib/postfix')}\n"
                f"meta_directory = {self.path('/etc/postfix')}\n"
                f"sendmail_path = {self.path('/usr/sbin/sendmail')}\n"
                "import_environment = MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ LANG=C POSTLOG_SERVICE POSTLOG_HOSTNAME"
                " LD_LIBRARY_PATH\n"
                "export_environment = TZ MAIL_CONFIG LANG LD_LIBRARY_PATH\n")

    @property
    def environment(self) -> dict[str, str]:
        if self.root is None:
            return {}
        return {"LD_LIBRARY_PATH": os.fspath(self.path("/usr/lib/postfix")),
                "PATH": f"{self.path('/usr/sbin')}:{os.environ.get('PATH', '/usr/sbin:/usr/bin')}"}


class Postfix:
    def __init__(self, folder: Path, *, hostname: str, domain: str, sink_port: int, chrooted: bool = False,
                 port: int = 0) -> None:
        self.folder = folder
        self._reservation = PortReservation(port)
        self.port = self._reservation.port
        self.queue = folder / "queue"
        self.maillog = folder / "maillog"
        self.programs = Programs.find()
        self.user, setgid_group = self.programs.owners
        self.etc = folder / "etc"
        for part in (folder, self.etc, self.queue, folder / "data"):
            part.mkdir()
        shutil.chown(folder / "data", self.user)
        self._write("main.cf", self.programs.settings + MAIN_CF.format(
            folder=folder, mail_owner=self.user, setgid_group=setgid_group, hostname=hostname, domain=domain,
            sink=sink_port, protocols="all" if has_ipv6() else "ipv4"))
        addresses = ["127.0.0.1", "[::1]"] if has_ipv6() else ["127.0.0.1"]
        listeners = [f"{address}:{self.port} inet n - {'y' if chrooted else 'n'} - - smtpd" for address in addresses]
        self._write("master.cf", MASTER_CF.format(listeners="\n".join(listeners)))
        self._auth_server = AuthServer(self.queue / "auth")
        if chrooted:
            self._fill_chroot()

    @property
    def group(self) -> str:
        """The group that smtpd(8) runs with: who must reach the daemons' sockets."""
        return grp.getgrgid(pwd.getpwnam(self.user).pw_gid).gr_name

    def start(self) -> None:
        self._auth_server.start()
        self._postfix("start")
        wait_until(self.greets, "Postfix's greeting", explain=lambda: tail(self.maillog))
        if not self.is_running:  # and somebody else has answered
            raise HostError(f"Postfix has ended\n{tail(self.maillog)}")

    def stop(self) -> None:
        """Ends it, and waits for the master: `postfix stop` comes back when it is gone."""
        if self.is_running:
            self._postfix("stop")
        self._auth_server.stop()
        self._reservation.close()

    def reload(self) -> None:
        self._postfix("reload")

    def restart(self) -> None:
        self._postfix("stop")
        self._postfix("start")
        wait_until(self.greets, "Postfix's greeting", explain=lambda: tail(self.maillog))

    @property
    def is_running(self) -> bool:
        return subprocess.run([self._command("postfix"), "-c", self.etc, "status"], env=self.environment,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0

    def configure(self, lines: Sequence[str]) -> None:
        """Sets parameters, each "name = value", as `postconf -e` does."""
        if lines:
            run([self._command("postconf"), "-c", self.etc, "-e", *lines], environment=self.environment)

    def unset(self, names: Sequence[str]) -> None:
        """Takes parameters out of main.cf, as `postconf -X` does."""
        run([self._command("postconf"), "-c", self.etc, "-X", *names], environment=self.environment)

    def add_listener(self, port: int, address: str = "127.0.0.1", chrooted: bool = False, **options: str) -> None:
        """One more smtpd(8), with options of its own, without blanks in them; reload() makes it so."""
        self.add_service(f"{address}:{port} inet n - {'y' if chrooted else 'n'} - - smtpd", **options)

    def add_service(self, line: str, **options: str) -> None:
        """A line of master.cf."""
        name, kind = line.split()[:2]
        postconf = [self._command("postconf"), "-c", self.etc]
        run([*postconf, "-M", f"{name}/{kind}={line}"], environment=self.environment)
        if options:
            run([*postconf, "-P", *(f"{name}/{kind}/{option}={value}" for option, value in options.items())],
                environment=self.environment)

    def remove_service(self, name: str) -> None:
        """"dnsblog/unix"."""
        run([self._command("postconf"), "-c", self.etc, "-MX", name], environment=self.environment)

    def add_program(self, name: str, user: str, program: str) -> None:
        """A policy service that spawn(8) starts, a process for each smtpd(8)."""
        self.add_service(f"{name} unix - n n - 0 spawn user={user} argv={program}")

    def remove_listener(self, port: int) -> None:
        self.remove_service(f"127.0.0.1:{port}/inet")

    def parameter(self, name: str) -> str:
        """A parameter's value as main.cf has it."""
        return run([self._command("postconf"), "-c", self.etc, "-h", name], environment=self.environment).strip()

    def sendmail(self, sender: str, recipients: Sequence[str], content: bytes) -> None:
        """Submits as a program on this host does, through sendmail(1) and pickup(8)."""
        run([self._command("sendmail"), "-C", self.etc, "-i", "-f", sender, *recipients],
            text=content.decode().replace("\r\n", "\n"), environment=self.environment)

    def flush(self) -> None:
        """Tries everything that was deferred once more, now."""
        run([self._command("postqueue"), "-c", self.etc, "-f"], environment=self.environment)

    def queued(self) -> list[str]:
        """The queue ids of what has not been delivered."""
        listing = run([self._command("postqueue"), "-c", self.etc, "-j"], environment=self.environment)
        return re.findall(r'"queue_id": "(\w+)"', listing)

    def held(self) -> list[str]:
        """The queue ids of what was put on hold."""
        listing = run([self._command("postqueue"), "-c", self.etc, "-j"], environment=self.environment)
        return re.findall(r'"queue_name": "hold", "queue_id": "(\w+)"', listing)

    def log(self) -> str:
        return self.maillog.read_text(errors="replace") if self.maillog.exists() else ""

    def greets(self, port: int = 0) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port or self.port), timeout=5) as connection:
                return connection.recv(200).startswith(b"220")
        except OSError:
            return False

    def _postfix(self, command: str) -> None:
        """postfix(1); its output goes nowhere, because the master would keep a pipe of ours open."""
        done = subprocess.run([self._command("postfix"), "-c", self.etc, command], env=self.environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              timeout=PATIENCE, start_new_session=True, check=False)
        if done.returncode != 0:
            raise HostError(f"postfix {command}: exit status {done.returncode}\n{tail(self.maillog)}")

    def _command(self, name: str) -> Path:
        return self.programs.path(f"/usr/sbin/{name}")

    @property
    def environment(self) -> dict[str, str]:
        """What its commands must find in their environment."""
        return {**os.environ, "MAIL_CONFIG": os.fspath(self.etc), **self.programs.environment}

    def _write(self, name: str, text: str) -> None:
        (self.etc / name).write_text(text)

    def _fill_chroot(self) -> None:
        """What smtpd(8) opens after chroot(2), as Debian's configure-instance.sh copies it."""
        (self.queue / "etc").mkdir()
        for name in ("hosts", "services", "resolv.conf", "nsswitch.conf", "localtime"):
            source = Path("/etc") / name
            if source.exists():
                shutil.copy(source, self.queue / "etc" / name)
