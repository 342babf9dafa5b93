"""postern compare on the mail log of a busy host: half a gigabyte, what it takes a second, and how much memory.

The log is that of a day of observing, as syslog writes it: for each recipient
Postern's decision, postgrey's and policyd-spf's lines and Postfix's, for each
message that got in those of opendkim and postern-milterd; a third of the
recipients is put off by postgrey. Three kinds of host:

    many senders       each triplet is another
    one sender         a monitor, or a loop: one triplet all day long
    three logs         the first, with Postern's records in files of their own
"""

from __future__ import annotations

import datetime
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from table import Table

OCTETS = 500_000_000
MAILS_A_SECOND = 100  # of the host
MARK_RATE = 50.0  # MB/s: ten gigabytes in three and a half minutes
MARK_MEMORY = 100.0  # MB


def run(build: Path, folder: Path, scale: float) -> None:
    table = Table(f"postern compare, {OCTETS * scale / 1e6:,.0f} MB of mail log", ["host", "lines", "MB/s", "memory MB"])
    for name, senders, apart in (("many senders", 1_000_000, False), ("one sender", 1, False), ("three logs", 1_000_000, True)):
        logs = written(folder, int(OCTETS * scale), senders, apart)
        rate, memory, lines = measured(build, logs)
        table.row(name, lines, rate, memory)
        table.at_least(f"{name}: MB/s", rate, MARK_RATE)
        table.at_most(f"{name}: memory", memory, MARK_MEMORY)
        for log in logs:
            log.unlink()
    table.print()


def measured(build: Path, logs: list[Path]) -> tuple[float, float, int]:
    started = time.monotonic()
    program = subprocess.Popen([build / "config/postern", "compare", "--config", "/dev/null", *logs], stdout=subprocess.PIPE)
    assert program.stdout
    report = program.stdout.read().decode()
    _, status, usage = os.wait4(program.pid, 0)
    seconds = time.monotonic() - started
    assert os.waitstatus_to_exitcode(status) == 1, report  # each greylist's delay is a difference: Postern's knows nobody
    lines = sum(log.read_bytes().count(b"\n") for log in logs)
    return sum(log.stat().st_size for log in logs) / 1e6 / seconds, usage.ru_maxrss / 1024, lines


def written(folder: Path, octets: int, senders: int, apart: bool) -> list[Path]:
    names = ["mail.log", "policyd.log", "milterd.log"] if apart else ["mail.log"]
    paths = [folder / name for name in names]
    files = [path.open("w") for path in paths]
    size = 0
    for number in mails(octets):
        size += write_mail(files, number, senders)
        if size >= octets:
            break
    for file in files:
        file.close()
    return paths


def mails(octets: int) -> Iterator[int]:
    yield from range(octets // 500)  # a mail has more


def write_mail(files: list[TextIO], number: int, senders: int) -> int:
    begin = datetime.datetime(2026, 11, 27, tzinfo=datetime.timezone.utc) + datetime.timedelta(seconds=number / MAILS_A_SECOND)
    stamp = begin.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    client = f"198.51.{number % senders // 250 % 250}.{number % senders % 250}"
    sender, recipient = f"user{number % senders}@stranger.example", f"someone{number % min(senders, 5000)}@postern.example"
    queue_id, is_put_off = f"4{number:X}ab", number % 3 == 0
    action = "greylist" if is_put_off else "pass"

    def syslog(program: str, text: str) -> str:
        return f"{stamp} mx {program}[{number % 30000 + 1}]: {text}\n"

    def record(daemon: str, text: str) -> str:
        if len(files) > 1:
            return f"time={stamp} level=info program=postern-{daemon} {text}\n"
        return syslog(f"postern-{daemon}", f"level=info {text}")

    decision = record("policyd", f"event=decision client={client} client_name=mx.stranger.example helo=mx.stranger.example "
                      f"sender={sender} recipient={recipient} action=dunno would=accept us=85 dnsbl=\"dunno clear 4us\" "
                      f"spf=\"dunno pass 31us\" greylist=\"dunno known 12us\"")
    spf = syslog("policyd-spf", f"prepend Received-SPF: Pass (mailfrom) identity=mailfrom; client-ip={client}; "
                 f"helo=mx.stranger.example; envelope-from={sender}; receiver=postern.example")
    greylist = syslog("postgrey", f"action={action}, reason={'new' if is_put_off else 'triplet found'}, client_name=mx.stranger.example, "
                      f"client_address={client}, sender={sender}, recipient={recipient}")
    text = syslog("postfix/smtpd", f"connect from mx.stranger.example[{client}]") + spf + greylist
    if is_put_off:
        text += syslog("postfix/smtpd", f"NOQUEUE: reject: RCPT from mx.stranger.example[{client}]: 450 4.2.0 <{recipient}>: Recipient "
                       f"address rejected: Greylisted; from=<{sender}> to=<{recipient}> proto=ESMTP helo=<mx.stranger.example>")
    else:
        text += (syslog("postfix/smtpd", f"{queue_id}: client=mx.stranger.example[{client}]")
                 + syslog("postfix/cleanup", f"{queue_id}: message-id=<{number}@stranger.example>")
                 + syslog("opendkim", f"{queue_id}: DKIM verification successful")
                 + syslog("postfix/qmgr", f"{queue_id}: from=<{sender}>, size=4711, nrcpt=1 (queue active)")
                 + syslog("postfix/smtp", f"{queue_id}: to=<{recipient}>, relay=10.0.0.1[10.0.0.1]:25, delay=0.1, "
                          "delays=0.05/0/0/0.05, dsn=2.0.0, status=sent (250 2.0.0 Ok)")
                 + syslog("postfix/qmgr", f"{queue_id}: removed"))
    text += syslog("postfix/smtpd", f"disconnect from mx.stranger.example[{client}] ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5")
    message = "" if is_put_off else record(
        "milterd", f"event=message queue_id={queue_id} client={client} client_name=mx.stranger.example helo=mx.stranger.example "
        f"sender={sender} to={recipient} action=accept would=accept us=900 clamav=\"accept clean 700us\" "
        f"dkim_verify=\"accept pass stranger.example 90us\" dkim_sign=\"accept not ours 1us\"")
    files[0].write((decision if len(files) == 1 else "") + text + (message if len(files) == 1 else ""))
    if len(files) > 1:
        files[1].write(decision)
        files[2].write(message)
    return len(decision) + len(text) + len(message)
