"""The programs that Postern replaces, at work beside a mail host: a real postgrey and a real clamav-milter.

Their systemd is a script that knows postgrey alone, for no systemd runs where the tests do.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

from mail_host.host import MailHost
from mail_host.postfix import Postfix
from mail_host.process import Process, answers, wait_until

OURS = ("smtpd_recipient_restrictions", "smtpd_data_restrictions", "smtpd_milters", "non_smtpd_milters")

SYSTEMCTL = """\
#!/bin/sh
# {folder} is the state of the one unit, postgrey
cd {folder} || exit 1
runs() {{ [ -s pid ] && kill -0 "$(cat pid)" 2>/dev/null; }}
stop() {{
    tries=0
    while runs && [ $tries -lt 100 ]; do kill "$(cat pid)"; sleep 0.1; tries=$((tries + 1)); done
    rm -f pid
    ! runs
}}
for unit in "$@"; do :; done # the last word
[ "$1" = is-system-running ] && {{ echo running; exit 0; }}
[ "$unit" = postgrey ] || exit 4
case "$1" in
is-active) runs ;;
is-enabled) [ -e enabled ] && echo enabled ;;
start) runs || {command} ;;
enable) touch enabled ;;
disable) rm -f enabled; stop ;;
*) exit 1 ;;
esac
"""

CLAMAV_MILTER = """\
MilterSocket unix:{folder}/clamav-milter.ctl
MilterSocketMode 666
User nobody
ClamdSocket unix:{clamd}
OnInfected Reject
RejectMsg a virus: %v
AddHeader Replace
LogFile {folder}/clamav-milter.log
Foreground yes
"""


class OldSetup:
    """A Postfix that asks postgrey and clamav-milter, and has never heard of Postern."""

    def __init__(self, host: MailHost, *, delay: int = 1) -> None:
        self.host = host
        self._plugged_in = (host.postfix.etc / "main.cf").read_text()
        self._bin = host.folder / "old-bin"
        self.postgrey = host.postfix.queue / "postgrey"
        clamav = host.postfix.queue / "clamav"
        for folder, user in ((self._bin, "root"), (self.postgrey, "nobody"), (clamav, "nobody")):
            folder.mkdir()
            shutil.chown(folder, user)
        command = (f"/usr/sbin/postgrey -d --pidfile={self.postgrey}/pid --unix={self.postgrey}/socket"
                   f" --dbdir={self.postgrey} --user=nobody --group=nogroup --delay={delay}"
                   " --whitelist-clients=/dev/null --whitelist-recipients=/dev/null </dev/null >/dev/null 2>&1")
        systemctl = self._bin / "systemctl"
        systemctl.write_text(SYSTEMCTL.format(folder=self.postgrey, command=command))
        systemctl.chmod(0o755)
        configuration = clamav / "clamav-milter.conf"
        configuration.write_text(CLAMAV_MILTER.format(folder=clamav, clamd=host.clamd.socket))
        self._milter_socket = clamav / "clamav-milter.ctl"
        self._clamav_milter = Process("clamav-milter", ["/usr/sbin/clamav-milter", "-c", configuration], clamav / "log")

    def start(self) -> None:
        self.systemctl("enable", "postgrey")
        self.systemctl("start", "postgrey")
        self._clamav_milter.start()
        for path in (self.postgrey / "socket", self._milter_socket):
            wait_until(lambda path=path: answers(socket.AF_UNIX, os.fspath(path)), f"{path} to answer")
        self.host.postfix.unset(OURS)
        self.host.postfix.configure([
            "smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination, "
            "check_policy_service unix:postgrey/socket",
            "smtpd_milters = unix:clamav/clamav-milter.ctl",
            "max_idle = 1s"])
        self.host.postfix.reload()

    def stop(self) -> None:
        """Everything is gone, and Postern is plugged in as it was."""
        etc = self.host.postfix.etc
        for left in etc.glob("*-postern"):
            left.unlink()
        (etc / "main.cf").write_text(self._plugged_in)
        self.host.postfix.reload()
        self.systemctl("disable", "--now", "postgrey")
        self._clamav_milter.kill()  # it would wait for seconds, and has nothing to lose
        for folder in (self._bin, self.postgrey, self._milter_socket.parent):
            shutil.rmtree(folder)

    def systemctl(self, *words: str) -> None:
        subprocess.run([self._bin / "systemctl", *words], timeout=60, check=True)

    def postgrey_runs(self) -> bool:
        return answers(socket.AF_UNIX, os.fspath(self.postgrey / "socket"))

    def postern(self, command: str, *words: str | Path, postfix: Postfix | None = None) -> subprocess.CompletedProcess[str]:
        """The tool, for this host's Postfix or another, and on a system whose systemctl is ours."""
        line = [self.host.build / "config/postern", command, *words]
        if command in ("enable", "disable"):
            line += ["--config-dir", (postfix or self.host.postfix).etc, "--yes"]
        if command == "enable":
            line.append(self.host.configuration)
        environment = dict(self.host.postfix.environment)
        environment["PATH"] = f"{self._bin}:{environment.get('PATH', '/usr/sbin:/usr/bin:/sbin:/bin')}"
        return subprocess.run(line, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
                              check=False)
