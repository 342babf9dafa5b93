#!/usr/bin/python3
"""SPF against a second opinion: libspf2 is asked what we are asked, over a real name server.

usage: test_with_libspf2.py SPF_QUERY LIBSPF2_SERVERS [unittest options]

The records are made from a fixed seed, so every run asks the same. Where the
two differ, KNOWN says why; a difference that no entry explains fails the test,
and so does an entry that explains nothing any more.
"""

from __future__ import annotations

import collections
import os
import random
import re
import subprocess
import sys
import tempfile
import unittest
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, os.fspath(Path(__file__).resolve().parents[1] / "end_to_end"))

from mail_host.dns_server import DnsServer  # noqa: E402
from mail_host.zone import Zone  # noqa: E402

TOOL = Path()
SHIM = Path()
CLIENTS = ["192.0.2.1", "198.51.100.7", "2001:db8::1"]
RECORDS = 700


@dataclass(frozen=True)
class Difference:
    """All patterns that are given must be found, and one of each pair of results, for it to explain a difference."""

    why: str
    ours: str = ""  # a result; empty: any
    theirs: str = ""
    record: str = ""  # a pattern that the record has
    problem: str = ""  # one that our account of a problem has
    error: str = ""  # one that theirs has

    def explains(self, ours: str, theirs: str, record: str, problem: str, error: str) -> bool:
        return (self.ours in ("", ours) and self.theirs in ("", theirs)
                and bool(re.search(self.record, record, re.IGNORECASE))
                and bool(re.search(self.problem, problem)) and bool(re.search(self.error, error)))


# libspf2 is at fault in each, so far as RFC 7208 says anything.
KNOWN = [
    Difference("the prefix length 0 is one (RFC 7208 5.6); libspf2 refuses the record",
               theirs="permerror", record=r"/0\b", error=r"netmask \(=0\)"),
    Difference("the name of a modifier may hold '-' and '.' (RFC 7208 12); libspf2 refuses the record",
               theirs="permerror", record=r"x-y\.z=", error="Invalid character in middle of mechanism"),
    Difference("redirect= counts where no directive matches, wherever it stands (RFC 7208 6.1); libspf2 follows it at its "
               "place", record=r"redirect=\S+ +\S"),
    Difference("redirect:x is a mechanism, and an unknown one (RFC 7208 4.6.1); libspf2 takes it for the modifier",
               ours="permerror", record=r"redirect:", problem="unknown mechanism"),
    Difference("a domain-spec ends in a dot and a top-level domain (RFC 7208 7.1); libspf2 takes one label",
               ours="permerror", problem="does not end in a top-level domain"),
    Difference("after a colon or an equals sign there is a domain (RFC 7208 12); libspf2 takes none",
               ours="permerror", problem="the domain is missing"),
    Difference("a lone % is a fault (RFC 7208 7.1); libspf2 passes over it",
               ours="permerror", problem="is not a macro"),
    Difference("void lookups are limited (RFC 7208 4.6.4); libspf2 knows RFC 4408 and no such limit",
               ours="permerror", problem="void lookups"),
]

TARGETS = {
    "h4.example": [("A", "192.0.2.1")],
    "h6.example": [("AAAA", "2001:db8::1")],
    "both.example": [("A", "192.0.2.1"), ("AAAA", "2001:db8::1")],
    "other.example": [("A", "203.0.113.9"), ("AAAA", "2001:db8:9::9")],
    "text.example": [("TXT", "words")],  # no address at all
    "mx4.example": [("MX", "10 a.mx4.example."), ("MX", "20 b.mx4.example."), ("MX", "30 c.mx4.example.")],
    "a.mx4.example": [("A", "198.51.100.1")],
    "b.mx4.example": [("A", "198.51.100.2")],
    "c.mx4.example": [("A", "192.0.2.1")],
    "mxboth.example": [("MX", "10 both.example.")],
    "nullmx.example": [("MX", "0 .")],
    "alias.example": [("CNAME", "both.example.")],
    "why.example": [("TXT", "%{i} may not send for %{d}")],
    "pass.example": [("TXT", "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all")],
    "fail.example": [("TXT", "v=spf1 -all")],
    "soft.example": [("TXT", "v=spf1 ~all")],
    "neutral.example": [("TXT", "v=spf1 ?all")],
    "perm.example": [("TXT", "v=spf1 ip4:1.2.3 -all")],
    "two.example": [("TXT", "v=spf1 -all"), ("TXT", "v=spf1 +all")],
    "deep.example": [("TXT", "v=spf1 include:soft.example include:pass.example ?all")],
    "redirected.example": [("TXT", "v=spf1 redirect=pass.example")],
    "1.2.0.192.ip.example": [("A", "127.0.0.2")],
    "user.l.example": [("A", "127.0.0.2")],
    "1.2.0.192.in-addr.arpa": [("PTR", "both.example.")],
    "7.100.51.198.in-addr.arpa": [("PTR", "other.example.")],
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa": [("PTR", "both.example.")],
}
RECORD_DOMAINS = ["pass", "fail", "soft", "neutral", "perm", "two", "deep", "redirected", "text", "nowhere"]
MECHANISMS = [
    "all", "a", "mx", "ptr", "a/24", "a//64", "a/24//64", "mx/24", "A", "MX",
    "a:h4.example", "a:h6.example", "a:both.example", "a:other.example", "a:alias.example", "a:text.example",
    "a:nowhere.example", "a:both.example/32//128", "a:BOTH.example",
    "mx:mx4.example", "mx:mxboth.example", "mx:nullmx.example", "mx:text.example", "mx:nowhere.example",
    "ptr:example", "ptr:both.example", "ptr:other.example",
    "ip4:192.0.2.1", "ip4:192.0.2.0/24", "ip4:198.51.100.0/25", "ip4:0.0.0.0/0", "ip4:203.0.113.9",
    "ip6:2001:db8::1", "ip6:2001:db8::/32", "ip6:2001:db8:9::/48", "ip6:::/0", "ip6:::ffff:192.0.2.1",
    "exists:%{ir}.ip.example", "exists:%{i}.ip.example", "exists:%{l}.l.example", "exists:nowhere.example",
    "exists:h6.example", "exists:both.example", "a:%{h}", "a:%{o}", "include:%{d1}.example",
    *(f"include:{name}.example" for name in RECORD_DOMAINS),
]
MODIFIERS = ["exp=why.example", "exp=nowhere.example", "unknown=words", "x-y.z=%{d}",
             *(f"redirect={name}.example" for name in RECORD_DOMAINS)]
FAULTS = ["ip4:1.2.3", "ip4:192.0.2.0/33", "ip4:192.0.2.0/", "ip6:2001:db8::/129", "ip6:2001:db8", "a:", "a/33", "a//129",
          "include", "include:", "exists", "ptr:", "all:x", "all/8", "foo", "foo:bar", "-", "redirect=", "exp=",
          "a:%{x}.example", "a:%", "a:b_c", "exists:%{ir", "mx:one", "ip4=192.0.2.1", "=x", "redirect:pass.example"]


def make_records() -> list[str]:
    """Mostly sound records of up to six terms, some with a fault, some with odd blanks and letters."""
    choose = random.Random(20261122)
    records = []
    for _ in range(RECORDS):
        terms = []
        for _ in range(choose.randint(0, 5)):
            terms.append(choose.choice(["", "", "+", "-", "~", "?"]) + choose.choice(MECHANISMS))
        if choose.random() < 0.25:
            terms.insert(choose.randint(0, len(terms)), choose.choice(MODIFIERS))
        if choose.random() < 0.12:
            terms.insert(choose.randint(0, len(terms)), choose.choice(FAULTS))
        if choose.random() < 0.6:
            terms.append(choose.choice(["-all", "~all", "?all", "-ALL"]))
        blank = "  " if choose.random() < 0.05 else " "
        version = choose.choices(["v=spf1", "V=SPF1", "v=spf10", "v=spf2.0/pra"], [94, 2, 2, 2])[0]
        records.append(blank.join([version, *terms]) + (" " if choose.random() < 0.03 else ""))
    return records


def make_zone(records: list[str]) -> Zone:
    zone = Zone(broken=["broken.example"], ttl=300)
    for name, values in TARGETS.items():
        for kind, value in values:
            zone.add(name, kind, value)
    for number, record in enumerate(records):
        name = f"r{number}.example"
        zone.add(name, "TXT", record)
        zone.add(name, "A", "192.0.2.1" if number % 2 else "203.0.113.9")
        if number % 3:
            zone.add(name, "AAAA", "2001:db8::1" if number % 2 else "2001:db8:9::9")
        zone.add(name, "MX", ["10 both.example.", "10 other.example.", "10 a.mx4.example."][number % 3])
    return zone


def ask(command: list[str | Path], questions: str, environment: dict[str, str]) -> str:
    done = subprocess.run([os.fspath(word) for word in command], input=questions, capture_output=True, check=False,
                          text=True, encoding="utf-8", errors="replace", timeout=100, env=os.environ | environment)
    return done.stdout


def answers_of(printed: str) -> list[tuple[str, str]]:
    """What spfquery has printed: a result each, and the errors before it. (invalid) is its permerror of a syntax error."""
    answers, errors = [], ""
    for line in printed.splitlines():
        if line.startswith("Error: "):
            errors += line.removeprefix("Error: ") + "; "
        elif line in ("(invalid)", "none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"):
            answers.append(("permerror" if line == "(invalid)" else line, errors))
            errors = ""
    return answers


class WithLibspf2(unittest.TestCase):
    def test_where_we_differ(self) -> None:
        records = make_records()
        questions = [(number, client) for number in range(len(records)) for client in CLIENTS]
        lines = "".join(f"{client} user@r{number}.example both.example\n" for number, client in questions)
        with tempfile.TemporaryDirectory(prefix="postern-test-") as folder:
            server = DnsServer(Path(folder) / "dns", make_zone(records))
            server.start()
            try:
                ours = [line.split("\t") for line in ask([TOOL, server.address], lines, {}).splitlines()]
                answered = ask(["spfquery.libspf2", "-file", "-", "-trusted", "0", "-name", "mx.test.example"], lines,
                               {"LD_PRELOAD": os.fspath(SHIM), "SPF_TEST_SERVER_PORT": str(server.port)})
            finally:
                server.stop()
        theirs = answers_of(answered)
        self.assertEqual((len(ours), len(theirs)), (len(questions), len(questions)))

        used: collections.Counter[Difference] = collections.Counter()
        unknown = []
        for (number, client), (result, problem), (their_result, error) in zip(questions, ours, theirs, strict=True):
            if result == their_result:
                continue
            known = next((difference for difference in KNOWN
                          if difference.explains(result, their_result, records[number], problem, error)), None)
            if known:
                used[known] += 1
            else:
                unknown.append(f"{client} {records[number]!r}: we say {result}, libspf2 {their_result}; {problem}; {error}")
        for difference in KNOWN:
            print(f"{used[difference]:5} {difference.why}")
        print(f"{len(questions) - sum(used.values()) - len(unknown)} of {len(questions)} answers are the same")
        self.assertFalse(unknown, f"{len(unknown)} differences that nothing explains:\n" + "\n".join(unknown))
        self.assertFalse([difference for difference in KNOWN if not used[difference]], "explain nothing any more")


if __name__ == "__main__":
    TOOL, SHIM = (Path(argument).resolve() for argument in sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
