"""A table of what was measured, and measures that several benchmarks take."""

from __future__ import annotations

import os
from pathlib import Path


class Table:
    def __init__(self, title: str, columns: list[str]) -> None:
        self.title = title
        self.rows: list[list[str]] = [columns]

    def row(self, *values: object) -> None:
        self.rows.append([f"{value:,.0f}" if isinstance(value, (int, float)) else str(value) for value in values])

    def print(self) -> None:
        widths = [max(len(row[column]) for row in self.rows) for column in range(len(self.rows[0]))]
        print(f"\n{self.title}")
        for row in self.rows:
            first, *others = zip(row, widths)
            print("  " + "  ".join([first[0].ljust(first[1]), *(text.rjust(width) for text, width in others)]))
        print(flush=True)


def memory(pid: int) -> float:
    """Resident memory in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu_seconds(pid: int) -> float:
    """Processor time so far, in the program and in the kernel for it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
