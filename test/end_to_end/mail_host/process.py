"""Programs that run beside us: started, watched, stopped, killed; and waits that end.

Each program leads a process group of its own, so that Ctrl-C at the terminal
reaches only us and everything can be taken down in order. What it prints goes
to a file, which is read when something has to be explained.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import TypeVar

T = TypeVar("T")

# Below those that Linux takes for outgoing connections (ip_local_port_range), which would find a free one before us.
QUIET_PORTS = range(20_000, 32_768)

# Generous: the machine may be small, busy, and the programs built with sanitizers.
PATIENCE = 30.0


class HostError(Exception):
    """Something of the mail host does not work as it must; the text says what."""


def wait_until(condition: Callable[[], T | None], what: str, seconds: float = PATIENCE,
               explain: Callable[[], str] = lambda: "") -> T:
    """Waits until `condition` returns something true and returns that."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise HostError(f"waited {seconds:g} s for {what}\n{explain()}".rstrip())
        time.sleep(0.02)


class PortReservation:
    """A TCP port that nobody listens on, of 127.0.0.1 and where it exists ::1, and that no other host will choose.

    The UDP port of the same number is the lock: it is held until the reservation is closed. Without it, two hosts that
    start at the same time could find the same port free.
    """

    def __init__(self, preferred: int = 0) -> None:
        for candidate in ([preferred] if preferred else []) + random.sample(QUIET_PORTS, 100):
            lock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                lock.bind(("127.0.0.1", candidate))
                self.port: int = lock.getsockname()[1]
                if self._is_free():
                    self._lock = lock
                    return
            except OSError:  # somebody has it
                pass
            lock.close()
        raise HostError("no free port on the loopback interface")

    def close(self) -> None:
        self._lock.close()

    def _is_free(self) -> bool:
        return _can_bind(socket.AF_INET, "127.0.0.1", self.port) and (
            not has_ipv6() or _can_bind(socket.AF_INET6, "::1", self.port))


def end_on_sigterm() -> None:
    """SIGTERM ends the tests as Ctrl-C does: everything that was started is taken down."""
    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, interrupt)


def free_port() -> int:
    """A TCP and UDP port of 127.0.0.1 that nobody uses at this moment."""
    reservation = PortReservation()
    reservation.close()
    return reservation.port


def has_ipv6() -> bool:
    """Whether this machine has ::1."""
    return _can_bind(socket.AF_INET6, "::1", 0)


def _can_bind(family: int, address: str, port: int) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that have ended do not count
            probe.bind((address, port))
            return True
    except OSError:
        return False


def answers(family: int, address: str | tuple[str, int]) -> bool:
    """Whether somebody accepts connections at a stream socket."""
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.settimeout(5)
            probe.connect(address)
            return True
    except OSError:
        return False


def run(argv: Sequence[str | Path], *, environment: Mapping[str, str] | None = None, text: str | None = None,
        seconds: float = PATIENCE) -> str:
    """Runs a program to its end and returns what it printed; an exit status but 0 is an error."""
    done = subprocess.run([str(word) for word in argv], input=text, stdin=None if text is not None else subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          env=_environment(environment), timeout=seconds, check=False)
    if done.returncode != 0:
        raise HostError(f"{' '.join(map(str, argv))}: exit status {done.returncode}\n{done.stdout}".rstrip())
    return done.stdout


def _environment(more: Mapping[str, str] | None) -> dict[str, str]:
    return {**os.environ, **(more or {})}


class Process:
    """One program, which may be started and ended many times."""

    def __init__(self, name: str, argv: Sequence[str | Path], log: Path, *, user: str | None = None,
                 environment: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.argv = [str(word) for word in argv]
        self.log = log
        self.user = user
        self.environment = dict(environment or {})
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self.running:
            raise HostError(f"{self.name} runs already")
        drop: dict[str, object] = {}
        if self.user is not None:
            drop = {"user": self.user, "group": group_of(self.user), "extra_groups": []}
        with self.log.open("ab") as out:
            self._child = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                           start_new_session=True, env=_environment(self.environment),
                                           **drop)  # type: ignore[call-overload]

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    @property
    def pid(self) -> int:
        if self._child is None:
            raise HostError(f"{self.name} was never started")
        return self._child.pid

    def wait_until(self, condition: Callable[[], T | None], what: str, seconds: float = PATIENCE) -> T:
        """As the function, but gives up at once when the program has ended."""
        def alive() -> T | None:
            if not self.running:
                raise HostError(f"{self.name} ended with status {self.status()} before {what}\n{self.log_tail()}")
            return condition()
        return wait_until(alive, f"{self.name}: {what}", seconds, self.log_tail)

    def send_signal(self, number: signal.Signals) -> None:
        if self.running:
            os.killpg(self.pid, number)

    def freeze(self) -> None:
        """Every thread of the program stands still when this returns, until `thaw`."""
        self.send_signal(signal.SIGSTOP)
        if self.running:
            os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOWAIT)

    def thaw(self) -> None:
        self.send_signal(signal.SIGCONT)

    def wait(self, seconds: float = PATIENCE) -> int:
        """Waits until the program has ended by itself and returns its status."""
        if self._child is None:
            raise HostError(f"{self.name} was never started")
        try:
            return self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise HostError(f"{self.name} does not end within {seconds:g} s\n{self.log_tail()}") from None

    def stop(self, seconds: float = PATIENCE) -> int | None:
        """SIGTERM, patience, and SIGKILL if that did not help; the exit status, None if it never ran."""
        if self._child is None:
            return None
        self.send_signal(signal.SIGTERM)
        self.send_signal(signal.SIGCONT)  # a stopped program would not see it
        try:
            return self.wait(seconds)
        except HostError:
            self.kill()
            raise

    def kill(self) -> None:
        """SIGKILL, as the kernel does when memory runs out."""
        if self._child is not None:
            self.send_signal(signal.SIGKILL)
            self._child.wait(10)

    def status(self) -> int | None:
        return self._child.poll() if self._child is not None else None

    def log_tail(self, lines: int = 30) -> str:
        return tail(self.log, lines)


def group_of(user: str) -> int:
    """The number of a user's own group."""
    import pwd
    return pwd.getpwnam(user).pw_gid


def tail(path: Path, lines: int = 30) -> str:
    """The last lines of a file, under its name."""
    if not path.exists():
        return f"({path} does not exist)"
    text = path.read_text(errors="replace").splitlines()
    return "\n".join([f"--- {path}", *text[-lines:]])
