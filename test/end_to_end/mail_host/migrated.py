"""A directory taken for a host, what postern migrate makes of it, and what the daemons need to run by that here."""

from __future__ import annotations

import os
import subprocess
import tomllib
from pathlib import Path
from typing import Any


class Migrated:
    """What postern migrate makes of these files, and what postern check says of that."""

    def __init__(self, build: Path, folder: Path, files: dict[str, str]) -> None:
        self.toml, self.report_file = folder / "postern.toml", folder / "report"
        self._tool, self._root = build / "config/postern", folder / "root"
        for name, text in files.items():
            path = self._root / name.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        before = self._files()
        self.run = self.migrate()
        assert self._files() == before, "something was changed"
        self.report = self.report_file.read_text()
        self.settings: dict[str, Any] = tomllib.loads(self.toml.read_text())

    def migrate(self, *more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([self._tool, "migrate", "--root", self._root, "--output", self.toml, "--report",
                               self.report_file, *more], capture_output=True, text=True, timeout=60, check=False)

    def check(self, environment: dict[str, str]) -> None:
        checked = subprocess.run([self._tool, "check", self.toml], env={**os.environ, **environment},
                                 capture_output=True, text=True, timeout=60, check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr + self.toml.read_text()

    def _files(self) -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in self._root.rglob("*") if path.is_file()}


def of_a_scratch_host(folder: Path) -> dict[str, str]:
    """What the daemons would have on a host where they are installed."""
    return {
        "POSTERN_POLICYD_USER": "nobody", "POSTERN_POLICYD_GROUP": "nogroup", "POSTERN_POLICYD_SOCKET_GROUP": "nogroup",
        "POSTERN_POLICYD_LISTEN": f"unix:{folder}/policy", "POSTERN_POLICYD_CONTROL": f"{folder}/policy.control",
        "POSTERN_GREYLIST_DATABASE": f"{folder}/greylist.sqlite",
        "POSTERN_MILTERD_USER": "nobody", "POSTERN_MILTERD_GROUP": "nogroup", "POSTERN_MILTERD_SOCKET_GROUP": "nogroup",
        "POSTERN_MILTERD_LISTEN": f"unix:{folder}/milter", "POSTERN_MILTERD_CONTROL": f"{folder}/milter.control",
    }
