"""Counts what test programs have written down of themselves: the last line of test/run.

usage: count_results.py FILE...

A file is Meson's testlog.json or pytest's JUnit report. A doctest program
counts with each of its test cases, and as one more failure if it did not end
well though all its cases passed: a sanitizer may have spoken at the end.
"""

from __future__ import annotations

import json
import re
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

DOCTEST = re.compile(r"\[doctest\] test cases:\s*\d+ \|\s*(\d+) passed \|\s*(\d+) failed \|\s*(\d+) skipped")
ANSI_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Count:
    passed: int = 0
    skipped: int = 0
    failures: list[str] = field(default_factory=list)

    def add_meson(self, path: Path) -> None:
        for line in path.read_text().splitlines():
            self._add_meson_test(json.loads(line))

    def _add_meson_test(self, test: dict[str, str]) -> None:
        cases = DOCTEST.search(ANSI_COLOUR.sub("", test.get("stdout") or ""))
        well = test["result"] in ("OK", "EXPECTEDFAIL")
        if test["result"] == "SKIP":
            self.skipped += 1
        elif cases is None:
            self.passed += well
            self.failures += [] if well else [test["name"]]
        else:
            passed, failed, _ = map(int, cases.groups())
            self.passed += passed
            self.failures += [test["name"]] * max(failed, 0 if well else 1)

    def add_junit(self, path: Path) -> None:
        for case in ElementTree.parse(path).iter("testcase"):
            name = f"{case.get('classname')}.{case.get('name')}"
            if case.find("failure") is not None or case.find("error") is not None:
                self.failures.append(name)
            elif case.find("skipped") is not None:
                self.skipped += 1
            else:
                self.passed += 1


def main() -> int:
    count = Count()
    for path in map(Path, sys.argv[1:]):
        if not path.exists():  # its program died before it wrote anything
            count.failures.append(path.name)
        elif path.suffix == ".xml":
            count.add_junit(path)
        else:
            count.add_meson(path)
    if count.passed + len(count.failures) == 0:
        count.failures.append("no test was run")
    for name in dict.fromkeys(count.failures):
        print(f"failed: {name}")
    skipped = f", {count.skipped} skipped" if count.skipped else ""
    print(f"{count.passed} passed, {len(count.failures)} failed{skipped}")
    return 1 if count.failures else 0


if __name__ == "__main__":
    sys.exit(main())
