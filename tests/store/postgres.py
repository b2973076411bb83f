"""A PostgreSQL server of the tests' own: made, started, and stopped by its process id."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

INSTALL = "install Debian's package `postgresql` (make setup does it)"


def find_binaries() -> Path:
    """The newest PostgreSQL's bin folder. Raises RuntimeError that says what to install."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        raise RuntimeError(f"These tests need a PostgreSQL server: {INSTALL}.")
    return Path(on_path).parent


class Server:
    """A running server, reached over a socket in a folder that only we know."""

    def __init__(self) -> None:
        binaries = find_binaries()
        self.folder = Path(tempfile.mkdtemp(prefix="plateau-pg-"))
        self._prefix: list[str] = []
        if os.geteuid() == 0:
            # The server refuses to run as root.
            names = {user.pw_name for user in pwd.getpwall()}
            user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._prefix = [
                "setpriv",
                f"--reuid={user.pw_uid}",
                f"--regid={user.pw_gid}",
                "--clear-groups",
            ]
        data = self.folder / "data"
        self._run(
            binaries / "initdb", "-D", data, "-U", "plateau", "-A", "trust", "-N", "-E", "UTF8"
        )
        self._log = (self.folder / "log").open("wb")
        self._process = subprocess.Popen(
            [*self._prefix, str(binaries / "postgres"), "-D", str(data), "-k", str(self.folder)]
            + [
                f"-c{setting}"
                for setting in ("listen_addresses=", "fsync=off", "shared_buffers=16MB")
            ],
            cwd=self.folder,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self._wait_ready(binaries / "pg_isready")

    def _run(self, *command: object) -> None:
        done = subprocess.run(
            [*self._prefix, *map(str, command)], cwd=self.folder, capture_output=True, text=True
        )
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]} failed: {done.stdout}{done.stderr}")

    def _wait_ready(self, probe: Path) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            ready = subprocess.run([str(probe), "-q", "-h", str(self.folder), "-U", "plateau"])
            if ready.returncode == 0:
                return
            if self._process.poll() is not None:
                break
        self.stop()
        raise RuntimeError("PostgreSQL did not start")

    def url(self, database: str) -> str:
        return f"postgresql://plateau@/{database}?host={self.folder}"

    def stop(self) -> None:
        """End it (fast shutdown) and remove its folder."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)
        self._log.close()
        shutil.rmtree(self.folder, ignore_errors=True)
