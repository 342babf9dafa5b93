"""One of Postern's daemons: its life, and what it wrote down."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

from mail_host.process import PATIENCE, HostError, Process, answers, wait_until

Record = dict[str, str]  # one line of the log, name to value

_FIELD = re.compile(r'([\w.-]+)=("(?:[^"\\]|\\.)*"|\S*)')
_SANITIZER = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|: runtime error: ")


def read_record(line: str) -> Record:
    """A line of either format: a JSON object, or name=value with the value quoted as in JSON where it must be."""
    if line.startswith("{"):
        return {name: str(value) for name, value in json.loads(line).items()}
    return {name: json.loads(value) if value.startswith('"') else value for name, value in _FIELD.findall(line)}


class Daemon:
    def __init__(self, name: str, program: Path, configuration: Path, listen: Path, log: Path,
                 instance: str = "", environment: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.listen = listen
        argv = [program, "--config", configuration, *(["--instance", instance] if instance else [])]
        self._process = Process(name, argv, log, environment={
            # A report must end the daemon, or the test that caused it would pass. Leaks are looked for by the
            # unit tests: LeakSanitizer has to trace the process, and the daemons forbid that.
            "ASAN_OPTIONS": "exitcode=99:detect_leaks=0:detect_stack_use_after_return=1",
            "UBSAN_OPTIONS": "halt_on_error=1:exitcode=99:print_stacktrace=1",
            "TSAN_OPTIONS": "halt_on_error=1:exitcode=99",
            **(environment or {}),
        })

    def start(self) -> None:
        """Waits until it says that it is ready: its socket takes connections before signals are its own."""
        before = len(self.records(event="service", state="ready"))
        self._process.start()
        self._process.wait_until(lambda: len(self.records(event="service", state="ready")) > before, "it is ready")

    def is_reachable(self) -> bool:
        return answers(socket.AF_UNIX, os.fspath(self.listen))

    @property
    def command(self) -> list[str]:
        return self._process.argv

    @property
    def running(self) -> bool:
        return self._process.running

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def log_path(self) -> Path:
        return self._process.log

    def stop(self) -> int | None:
        return self._process.stop()

    def kill(self) -> None:
        self._process.kill()

    def wait(self, seconds: float = PATIENCE) -> int:
        return self._process.wait(seconds)

    def send_signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def restart(self) -> None:
        self.stop()
        self.start()

    def memory(self) -> int:
        """The octets of it that are in memory."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) * 1024

    def user_ids(self) -> set[int]:
        """The user ids it runs with: real, effective, saved and of the file system."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return {int(word) for word in re.findall(r"^Uid:(.*)$", status, re.M)[0].split()}

    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def records(self, **wanted: str) -> list[Record]:
        """Its log lines that have all these values, in their order."""
        return [record for record in self._all_records() if wanted.items() <= record.items()]

    def wait_for_record(self, **wanted: str) -> Record:
        """The last log line that has all these values."""
        what = " ".join(f"{name}={value}" for name, value in wanted.items())
        return wait_until(lambda: self.records(**wanted), f"{self.name} to log {what}",
                          explain=self._process.log_tail)[-1]

    def wait_for_records(self, count: int, **wanted: str) -> list[Record]:
        """Waits until there are at least that many log lines with all these values; returns all of them."""
        def enough() -> list[Record]:
            found = self.records(**wanted)
            return found if len(found) >= count else []
        return wait_until(enough, f"{self.name} to log {count} times {wanted}", explain=self._process.log_tail)

    def check_sanitizers(self) -> None:
        """No sanitizer has found anything in this daemon."""
        text = self.log()
        if match := _SANITIZER.search(text):
            raise HostError(f"{self.name}: a sanitizer reports\n{text[max(0, match.start() - 500):][:8000]}")

    def _all_records(self) -> Iterator[Record]:
        for line in self.log().splitlines():
            yield read_record(line)
