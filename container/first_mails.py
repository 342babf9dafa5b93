"""The second half of container/try: sends a handful of mails through a mail host and tells what became of them.

usage: first_mails.py BUILD SCRATCH [--once]

Each mail has its expectations; with --once the exit status is 0 only if all of
them were met. Otherwise the host stays up until Ctrl-C. SCRATCH is removed.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
import textwrap
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "test" / "end_to_end"))

# pylint: disable=wrong-import-position
from mail_host import Answer, Arrival, Client, HostError, MailHost, Record, compose, message_id_of  # noqa: E402
from mail_host.clamd import EICAR, SIGNATURE  # noqa: E402
from mail_host.keys import verified_algorithms  # noqa: E402
from mail_host.world import COLLEAGUE, FORGER, OUR_DOMAIN, STRANGER, USER  # noqa: E402

WIDTH = 96
LABEL = 18
DELAY = 3  # seconds: an operator's greylist waits for minutes

ADDED = ("Received-SPF", "X-Greylist", "Authentication-Results", "DKIM-Signature")


@dataclass(frozen=True)
class Outcome:
    """What became of one mail."""

    answer: Answer
    policy: Record | None  # None: Postfix's own restrictions decided before
    milter: Record | None  # None: the mail did not come that far
    arrival: Arrival | None


class Story:
    """Tells, and keeps count of what was not as it should be."""

    def __init__(self, host: MailHost) -> None:
        self._host = host
        self._number = 0
        self.faults: list[str] = []

    def title(self, title: str, text: str) -> None:
        self._number += 1
        print(f"\n{'-' * WIDTH}\n{self._number}. {title}\n")
        print(textwrap.fill(text, WIDTH, initial_indent="   ", subsequent_indent="   "))

    def send(self, client: Client, sender: str, recipient: str, content: bytes, is_ours: bool = False) -> Outcome:
        """Sends the mail, waits for what has to come, and tells it. The policy daemon is not asked about our own."""
        decided, passed = (len(self._host.policyd.records(event="decision")),
                           len(self._host.milterd.records(event="message")))
        answer = self._host.send(client, sender, recipient, content)
        policy = milter = None
        if not is_ours:
            policy = self._host.policyd.wait_for_records(decided + 1, event="decision")[-1]
        if answer.data is not None:
            milter = self._host.milterd.wait_for_records(passed + 1, event="message")[-1]
        arrival = self._host.sink.wait_for(message_id_of(content)) if answer.accepted else None
        outcome = Outcome(answer, policy, milter, arrival)
        self._tell(client, sender, recipient, outcome)
        return outcome

    def expect(self, outcome: bool, what: str) -> None:
        if outcome:
            line("as it should", what)
        else:
            line("NOT AS IT SHOULD", f"expected: {what}")
            self.faults.append(f"mail {self._number}: {what}")

    def _tell(self, client: Client, sender: str, recipient: str, outcome: Outcome) -> None:
        print()
        line("client", f"{client.name} [{client.address}]: from <{sender}> to <{recipient}>")
        line("Postfix answered", str(outcome.answer.last))
        line("policyd decided", *(decision(outcome.policy) if outcome.policy else
                                  ["was not asked: permit_mynetworks stands before it in main.cf"]))
        line("milterd decided", *(decision(outcome.milter) if outcome.milter else ["was not asked: the mail did not come that far"]))
        if outcome.arrival is None:
            line("arrived", "nothing")
        else:
            line("arrived with", *(f"{name}: {value}" for name, value in outcome.arrival.header() if name in ADDED))


def line(label: str, *texts: str) -> None:
    """A label and what belongs to it, each text on lines of its own."""
    indent = " " * (3 + LABEL)
    for number, text in enumerate(texts):
        first = f"   {label:{LABEL}}" if number == 0 else indent
        print(textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=indent + "    ",
                            break_long_words=True, break_on_hyphens=False))


def decision(record: Record) -> list[str]:
    """A decision record as prose: the verdict and who gave it, then what each check or filter said."""
    by = record.get("check") or record.get("by")
    verdict = record["action"]
    if by:
        verdict += f", by {by}: {record.get('reason', '')}"
    each = [f"{name}: {value}" for name, value in record.items() if re.search(r" \d+us$", value)]
    return [verdict, *each]


def tell_first_mails(host: MailHost) -> list[str]:
    """The handful of mails; returns what did not come out as it should."""
    story = Story(host)
    alice = "alice@stranger.example"

    story.title("A sender whom nobody here knows",
                "Its SPF record allows the client, but it writes for the first time: greylisting asks it to come "
                f"again. Mail servers do, after a while ({DELAY} s here, minutes in earnest); spam programs mostly "
                "do not.")
    content = compose(alice, USER, subject="We have not met")
    first = story.send(STRANGER, alice, USER, content)
    story.expect(first.answer.last.code == 450 and first.answer.last.text.startswith("4.2.0"), "450 4.2.0")
    print(f"\n   ... {DELAY + 1} seconds later the client tries again")
    time.sleep(DELAY + 1)
    retry = story.send(STRANGER, alice, USER, content)
    story.expect(retry.answer.accepted, "the retry is accepted")
    story.expect(has(retry, "X-Greylist", "delayed"), "it says how long it had to wait")
    story.expect(has(retry, "Received-SPF", "pass"), "SPF pass, said in a header")

    story.title("The same sender again, with a DKIM signature",
                "Known by now, so nothing is put off. The milter verifies the signature and scans the mail in one pass, "
                "and writes down what it found.")
    signed = host.world.stranger_key.sign(compose(alice, USER, subject="Signed"))
    outcome = story.send(STRANGER, alice, USER, signed)
    story.expect(outcome.answer.accepted, "accepted at once")
    story.expect(has(outcome, "Authentication-Results", "dkim=pass") and has(outcome, "Authentication-Results",
                                                                           "spf=pass"), "dkim=pass and spf=pass")

    story.title("Somebody else in her name",
                "stranger.example has said in its SPF record which hosts send its mail. This is none of them.")
    outcome = story.send(FORGER, alice, USER, compose(alice, USER, subject="Your invoice"))
    story.expect(outcome.answer.last.code == 550 and outcome.answer.last.text.startswith("5.7.23"),
                 "550 5.7.23 with the domain's own explanation")

    story.title("A virus",
                "The EICAR test file, from the sender that is known and allowed. clamd knows its signature.")
    outcome = story.send(STRANGER, alice, USER, compose(alice, USER, subject="Open me", body=EICAR))
    story.expect(outcome.answer.last.code == 550 and outcome.answer.last.text.startswith("5.7.1")
                 and SIGNATURE in outcome.answer.last.text, "550 5.7.1, naming the virus")

    story.title("One of our own",
                "From our own network to somebody elsewhere. It is not judged, and leaves signed with both keys.")
    ours = f"me@{OUR_DOMAIN}"
    outcome = story.send(COLLEAGUE, ours, "friend@elsewhere.example", compose(ours, "friend@elsewhere.example"),
                         is_ours=True)
    good = verified_algorithms(outcome.arrival.content, host.world.zone) if outcome.arrival else []
    story.expect(good == ["ed25519-sha256", "rsa-sha256"], "both signatures verify with dkimpy, an independent program")
    return story.faults


def has(outcome: Outcome, field: str, text: str) -> bool:
    return outcome.arrival is not None and any(text in value for value in outcome.arrival.fields(field))


def tell_how_to_talk(host: MailHost, build: Path) -> None:
    swaks = f"swaks --server 127.0.0.1 --port {host.postfix.port} --to {USER}"
    print(f"""
{'-' * WIDTH}
The host stays up until Ctrl-C.

Send mail     {swaks}
as a client   {swaks} \\
                  --from bob@stranger.example --xclient-addr {STRANGER.address} --xclient-name mx.stranger.example
by hand       telnet 127.0.0.1 {host.postfix.port}
What arrives  {host.sink.folder}
Its settings  {host.configuration}
  checked     {build}/config/postern check {host.configuration}
  taken up    kill -HUP {host.policyd.pid} {host.milterd.pid}
In main.cf    {build}/config/postern main-cf --config-dir {host.postfix.etc} {host.configuration}
Logs          {host.policyd.log_path}
              {host.milterd.log_path}
              {host.postfix.maillog}

Decisions, as they are made:
""", flush=True)


def stay(host: MailHost) -> None:
    """Prints what is decided until a signal comes."""
    told = {daemon: len(daemon.log().splitlines()) for daemon in (host.policyd, host.milterd)}
    while True:
        for daemon, lines in told.items():
            if not daemon.running:
                raise HostError(f"{daemon.name} has ended by itself\n{daemon.log()[-3000:]}")
            log = daemon.log()
            whole = log[:log.rfind("\n") + 1].splitlines()
            told[daemon] = len(whole)
            for text in whole[lines:]:
                if "event=decision" in text or "event=message" in text:
                    print(text, flush=True)
        time.sleep(0.5)


class Interrupted(Exception):
    """The operator has had enough."""


def interrupt(number: int, _frame: FrameType | None) -> None:
    for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)  # cleaning up is not interrupted
    raise Interrupted(signal.Signals(number).name)


def run(build: Path, scratch: Path, once: bool) -> int:
    settings = {"greylist": {"delay": f"{DELAY}s"}}
    with MailHost(build, folder=scratch / "host", settings=settings, port=2525) as host:
        print(f"      Postfix at 127.0.0.1:{host.postfix.port}, postern-policyd, postern-milterd, clamd, NSD: all up")
        try:
            faults = tell_first_mails(host)
        except HostError as fault:
            raise HostError(f"{fault}\n{host.explain()}") from None
        print(f"\n{'=' * WIDTH}")
        print("Each mail came out as it should." if not faults else
              "\n".join(["These did not come out as they should:", *faults]), flush=True)
        if not once:
            tell_how_to_talk(host, build)
            stay(host)
    return 1 if faults else 0


def main(arguments: Sequence[str]) -> int:
    build, scratch = Path(arguments[0]), Path(arguments[1])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    os.chdir("/")
    try:
        return run(build, scratch, "--once" in arguments[2:])
    except HostError as fault:
        print(f"\ntry: {fault}", file=sys.stderr)
        return 1
    except Interrupted as end:
        print(f"\n{end}: everything is ended and removed")
        return 0 if "--once" not in arguments[2:] else 1
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
