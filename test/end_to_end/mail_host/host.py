"""A whole mail host in a scratch folder: Postfix with both daemons, clamd, a name server and a sink.

    with MailHost(build) as host:
        answer, arrival = host.exchange(STRANGER, "a@stranger.example", USER)

Everything listens on the loopback interface or on Unix sockets in the folder.
Leaving the block ends all of it and removes the folder, whatever happened.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from mail_host import world
from mail_host.clamd import Clamd
from mail_host.client import Answer, Client, Session, compose, message_id_of
from mail_host.daemon import Daemon, Record
from mail_host.dns_server import DnsServer
from mail_host.postern_toml import Settings, overlaid, toml_text
from mail_host.postfix import Postfix
from mail_host.process import HostError, run, tail, wait_until
from mail_host.sink import Arrival, Sink

DAEMON_USER = "nobody"


class Part(Protocol):
    """What a mail host is made of."""

    def stop(self) -> object: ...


class MailHost:
    def __init__(self, build: Path, *, folder: Path | None = None, settings: Settings | None = None,
                 chrooted: bool = False, port: int = 0) -> None:
        if os.geteuid() != 0:
            raise HostError("a private Postfix needs root, for its master starts programs of several users")
        self.build = build
        self.folder = folder or Path(tempfile.mkdtemp(prefix="postern-"))
        self.folder.mkdir(exist_ok=True)
        self.folder.chmod(0o755)  # the daemons are not root
        try:
            self._create(settings or {}, chrooted, port)
        except BaseException:
            shutil.rmtree(self.folder)
            raise

    def _create(self, settings: Settings, chrooted: bool, port: int) -> None:
        self.world = world.World.create(self.folder / "keys")
        self.dns = DnsServer(self.folder / "dns", self.world.zone)
        self.clamd = Clamd(self.folder / "clamd")
        self.sink = Sink(self.folder / "arrived")
        self.postfix = Postfix(self.folder / "postfix", hostname=world.OUR_HOST, domain=world.OUR_DOMAIN,
                               sink_port=self.sink.port, chrooted=chrooted, port=port)
        self.configuration = self.folder / "postern.toml"
        self.store = self.folder / "store"
        self.logs = self.folder / "log"
        sockets = self.postfix.queue / "postern"
        for owned in (self.store, self.logs, sockets):
            owned.mkdir()
            shutil.chown(owned, DAEMON_USER)
        for key in self.world.our_keys:
            shutil.chown(key.pem, DAEMON_USER)
        self.policyd = Daemon("policyd", self.build / "policyd/postern-policyd", self.configuration,
                              sockets / "policy", self.logs / "policyd.log")
        self.milterd = Daemon("milterd", self.build / "milterd/postern-milterd", self.configuration,
                              sockets / "milter", self.logs / "milterd.log")
        self._settings = overlaid(self._defaults(), settings)
        self.write_configuration()

    def _defaults(self) -> dict[str, Any]:
        """What a host needs to be told; all else is left at Postern's own defaults."""
        def daemon(of: Daemon) -> dict[str, Any]:
            return {"listen": f"unix:{of.listen}", "control": str(self.logs / f"{of.name}.control"),
                    "user": DAEMON_USER, "group": "nogroup", "socket_group": self.postfix.group}
        return {
            "log": {"level": "debug", "target": "stderr"},
            "dns": {"servers": [self.dns.address]},
            "trust": {"networks": world.OUR_NETWORKS},
            "policyd": daemon(self.policyd),
            "spf": {"receiver": world.OUR_HOST},
            "greylist": {"delay": "2s", "database": str(self.store / "greylist.db")},
            "milterd": {**daemon(self.milterd), "authserv_id": world.OUR_HOST},
            "dkim": {"sign": True, "managed": str(self.folder / "dkim"), "domain": [
                {"domain": key.domain, "selector": key.selector, "key": str(key.pem)} for key in self.world.our_keys]},
            "clamav": {"enable": True, "clamd": [f"unix:{self.clamd.socket}"]},
        }

    # Life

    def __enter__(self) -> MailHost:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def start(self) -> None:
        """Postfix comes last, for it asks all the others."""
        self.dns.start()
        self.clamd.start()
        self.sink.start()
        self.policyd.start()
        self.milterd.start()
        self.postfix.configure(self.main_cf())
        self.postfix.start()

    def close(self) -> None:
        """Ends everything that runs and removes the folder; what fails is said at the end, after the rest is done."""
        faults: list[str] = []
        parts: tuple[Part, ...] = (self.postfix, self.milterd, self.policyd, self.clamd, self.dns, self.sink)
        for part in parts:
            try:
                part.stop()
            except Exception as fault:  # the others must still be ended
                faults.append(f"{type(part).__name__}: {fault}")
        shutil.rmtree(self.folder, ignore_errors=True)
        if faults:
            raise HostError("\n".join(faults))

    # Configuration

    def write_configuration(self, over: Settings | None = None) -> None:
        """Writes postern.toml: this host's settings, with those of `over` in place of its own."""
        self.configuration.write_text(toml_text(overlaid(self._settings, over or {})))

    def restart_daemons(self, over: Settings | None = None) -> None:
        self.write_configuration(over)
        for daemon in (self.policyd, self.milterd):
            daemon.restart()

    def reload(self, daemon: Daemon, result: str = "ok", number: signal.Signals = signal.SIGHUP) -> Record:
        """Sends the signal, and returns the record of what came of it."""
        before = len(daemon.records(event="reload"))
        daemon.send_signal(number)
        records = wait_until(lambda: daemon.records(event="reload")[before:], f"{daemon.name} to log its reload")
        if records[0].get("result") != result:
            raise HostError(f"reload of {daemon.name}: {records[0]}")
        return records[0]

    def main_cf(self) -> list[str]:
        """The lines that `postern main-cf` prints for this configuration."""
        printed = run([self.build / "config/postern", "main-cf", "--config-dir", self.postfix.etc, self.configuration],
                      environment=self.postfix.environment)
        return [line for line in printed.splitlines() if line and not line.startswith("#")]

    # Mail

    def session(self, client: Client = world.STRANGER, host: str = "127.0.0.1") -> Session:
        return Session(host, self.postfix.port, client)

    def send(self, client: Client, sender: str, recipients: str | Sequence[str], content: bytes | None = None) -> Answer:
        """One mail on a connection of its own."""
        to = [recipients] if isinstance(recipients, str) else list(recipients)
        with self.session(client) as session:
            return session.deliver(sender, to, content if content is not None else compose(sender, to[0]))

    def exchange(self, client: Client, sender: str, recipient: str,
                 content: bytes | None = None) -> tuple[Answer, Arrival]:
        """Sends a mail that must be accepted, and waits until it has arrived."""
        content = content if content is not None else compose(sender, recipient)
        answer = self.send(client, sender, recipient, content)
        if not answer.accepted:
            raise HostError(f"not accepted: {answer}\n{self.explain()}")
        return answer, self.sink.wait_for(message_id_of(content))

    # What was decided

    def policy_decision(self, sender: str, **more: str) -> Record:
        """The policy daemon's last record about a sender's mail."""
        return self.policyd.wait_for_record(event="decision", sender=sender, **more)

    def mail_decision(self, sender: str, **more: str) -> Record:
        """The milter's last record about a sender's mail."""
        return self.milterd.wait_for_record(event="message", sender=sender, **more)

    def explain(self) -> str:
        """The ends of all logs: what to read when a mail took an unexpected way."""
        return "\n".join(tail(path, 20) for path in (self.postfix.maillog, self.policyd.log_path,
                                                     self.milterd.log_path))
