"""A table of what was measured, and measures that several benchmarks take."""

from __future__ import annotations

import os
from pathlib import Path


class Table:
    def __init__(self, title: str, columns: list[str]) -> None:
        self.title = title
        self.rows: list[list[str]] = [columns]
        self.marks: list[str] = []

    def row(self, *values: object) -> None:
        self.rows.append([f"{value:,.0f}" if isinstance(value, (int, float)) else str(value) for value in values])

    def at_least(self, what: str, value: float, wanted: float) -> None:
        """A mark that must be reached."""
        self._mark(what, value, f"at least {wanted:,g}", value >= wanted)

    def at_most(self, what: str, value: float, wanted: float) -> None:
        """A mark that must not be passed."""
        self._mark(what, value, f"at most {wanted:,g}", value <= wanted)

    def _mark(self, what: str, value: float, wanted: str, is_held: bool) -> None:
        self.marks.append(f"{'held' if is_held else 'MISSED'}: {what}: {round(value, 3):,g}, {wanted}")

    def print(self) -> None:
        widths = [max(len(row[column]) for row in self.rows) for column in range(len(self.rows[0]))]
        print(f"\n{self.title}")
        for row in self.rows:
            first, *others = zip(row, widths)
            print("  " + "  ".join([first[0].ljust(first[1]), *(text.rjust(width) for text, width in others)]))
        for mark in self.marks:
            print(f"  {mark}")
        print(flush=True)


def memory(pid: int, field: str = "VmRSS") -> float:
    """Resident memory in MB; RssAnon: what is the program's own, RssFile: of files, some of it shared with others."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    return 0.0


def shared_memory(pid: int) -> float:
    """Resident memory in MB, of which a page that several processes share is counted once for all of them."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu_seconds(pid: int) -> float:
    """Processor time so far, in the program and in the kernel for it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
