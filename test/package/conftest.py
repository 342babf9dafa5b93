"""Where mail_host is, and how the tests of the package end."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "end_to_end"))

from mail_host.process import end_on_sigterm  # noqa: E402


def pytest_configure() -> None:
    end_on_sigterm()
