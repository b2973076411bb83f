"""One Asterisk process: started detached, recognised, spoken to on its console, ended.

Decides how a process is identified (pid and start time, so that a recycled pid is never
killed); refuses to know ports, configuration and ARI.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

# setsid in a background job of a non-interactive shell is no group leader, so it does not fork:
# $! stays the pid through every exec that follows.
_DETACH = 'umask 027; log=$1; shift; setsid "$@" </dev/null >>"$log" 2>&1 & echo $!'


def start_detached(argv: Sequence[str], *, log: Path, environment: Mapping[str, str]) -> int:
    """Start `argv` in a session of its own, output appended to `log`; return its pid."""
    answer = subprocess.run(
        ["/bin/sh", "-c", _DETACH, "sh", str(log), *argv],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd="/",
        env=dict(environment),
    )
    return int(answer.stdout)


def start_ticks(pid: int) -> int | None:
    """Return the process's start time in clock ticks since boot, None when it is gone or dead.

    Source: proc(5), field 22 of /proc/PID/stat; a zombie counts as gone.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text[text.rindex(")") + 2 :].split()
    return None if fields[0] in {"Z", "X"} else int(fields[19])


def is_same_process(pid: int, ticks: int) -> bool:
    """Tell whether `pid` is still the process that started at `ticks`."""
    return start_ticks(pid) == ticks


def wait_gone(pid: int, ticks: int, timeout_s: float) -> bool:
    """Wait until that process is gone; False when it still runs after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while is_same_process(pid, ticks):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def send(pid: int, ticks: int, number: signal.Signals) -> None:
    """Send a signal to that process and to no other that may have taken its pid."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        # The handle pins the pid: what is checked is what is signalled.
        if is_same_process(pid, ticks):
            signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return
    finally:
        os.close(handle)


def console(run_folder: Path, command: str, *, timeout_s: float = 5.0) -> str:
    """Return what Asterisk's console answers to `command`, as `asterisk -rx` would print it.

    The socket is reached through a handle on its folder, because a socket's path is limited to
    108 bytes and an instance's folder may lie deeper.

    Raises:
        OSError: nobody listens there, or no answer came in time.
    """
    folder = os.open(run_folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(timeout_s)
            link.connect(f"/proc/self/fd/{folder}/asterisk.ctl")
            link.recv(256)  # hostname/pid/version, before anything else
            link.sendall(b"cli quit after " + command.encode() + b"\0")
            parts: list[bytes] = []
            while part := link.recv(65536):
                parts.append(part)
    finally:
        os.close(folder)
    text = b"".join(parts).replace(b"\0", b"").decode("utf-8", "replace")
    # A byte of 127 marks a line's verbosity level for interactive consoles.
    return "\n".join(line[2:] if line.startswith("\x7f") else line for line in text.splitlines())
