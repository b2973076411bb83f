"""Processes that outlive the command that started them: pid files, start, wait, stop.

A pid file holds the pid and the process's start time, so that a pid used again by somebody else is
never taken for ours.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from acd.errors import PlateauError


def _start_ticks(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else fields[19]


class Daemon:
    """One process of this installation, by name: `plateau NAME` with the home's environment."""

    def __init__(self, home: Path, name: str) -> None:
        self.name = name
        self._home = home
        self._pid_file = home / "run" / f"{name}.pid"
        self.log_file = home / "log" / f"{name}.log"

    def pid(self) -> int | None:
        """Its pid while it runs, else None."""
        try:
            pid, ticks = self._pid_file.read_text().split()
        except (OSError, ValueError):
            return None
        return int(pid) if _start_ticks(int(pid)) == ticks else None

    def start(self, environment: dict[str, str]) -> int:
        """Start it in the background; its output goes to the log. Returns the pid."""
        running = self.pid()
        if running is not None:
            return running
        self._pid_file.parent.mkdir(parents=True, exist_ok=True)
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "plateau", self.name],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **environment},
                start_new_session=True,
            )
        self._pid_file.write_text(f"{process.pid} {_start_ticks(process.pid)}\n")
        return process.pid

    def wait_ready(self, ready: Callable[[], bool], timeout_s: float) -> None:
        """Wait until `ready()`. Raises PlateauError with the end of the log if it died or hangs."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if ready():
                return
            if self.pid() is None:
                raise PlateauError(
                    f"{self.name}-failed", f"`plateau {self.name}` ended: {self._last_words()}"
                )
            time.sleep(0.05)
        raise PlateauError(
            f"{self.name}-slow",
            f"`plateau {self.name}` was not ready within {timeout_s:g} s; see {self.log_file}",
        )

    def _last_words(self) -> str:
        try:
            lines = self.log_file.read_text(errors="replace").strip().splitlines()
        except OSError:
            lines = []
        return lines[-1] if lines else f"it said nothing; see {self.log_file}"

    def stop(self, grace_s: float) -> bool:
        """Ask it to end, wait, and force it when it does not. False if it did not run."""
        pid = self.pid()
        if pid is None:
            self._pid_file.unlink(missing_ok=True)
            return False
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + grace_s
        while self.pid() is not None and time.monotonic() < deadline:
            _reap(pid)
            time.sleep(0.05)
        if self.pid() is not None:
            os.kill(pid, signal.SIGKILL)
            _reap(pid)
        self._pid_file.unlink(missing_ok=True)
        return True


def _reap(pid: int) -> None:
    """Take the exit status where the process is a child of ours, so that it is no zombie."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
