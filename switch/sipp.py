"""Where SIPp comes from: PATH if it is recent enough, else the root folder.

Decides only which program to start and how; refuses to know scenarios and statistics.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from switch.model import SwitchUnavailable
from switch.namespace import require_root, same_path_argv

MINIMUM_SIPP = (3, 8)
_VERSION = re.compile(r"SIPp v?(\d+)\.(\d+)")


def parse_sipp_version(text: str) -> tuple[int, int] | None:
    """Return (major, minor) from what `sipp -v` prints, or None when it is not SIPp's banner."""
    found = _VERSION.search(text)
    return (int(found[1]), int(found[2])) if found else None


def sipp_argv(rootfs: Path | None, *, visible: Sequence[Path]) -> list[str]:
    """Return the argv prefix that runs SIPp; the caller appends SIPp's own arguments.

    A SIPp of at least 3.7 on PATH is taken as it is. Otherwise SIPp runs inside `rootfs` in a
    mount namespace of its own, where each folder of `visible` (scenarios, sounds, statistics)
    appears at the same path as outside. The prefix replaces itself by SIPp (exec): the pid of
    the started process is SIPp's pid.

    Raises:
        SwitchUnavailable: no SIPp anywhere, or the root folder needs the superuser.
    """
    found = shutil.which("sipp")
    too_old = ""
    if found:
        answer = subprocess.run([found, "-v"], capture_output=True, text=True, timeout=10)
        version = parse_sipp_version(answer.stdout + answer.stderr)
        if version is not None and version >= MINIMUM_SIPP:
            return [found]
        too_old = f" ({found} is older than 3.7)"
    if rootfs is not None and (rootfs / "usr/bin/sipp").exists():
        require_root("SIPp")
        return same_path_argv(rootfs, visible, ["/usr/bin/sipp"])
    where = f"the root folder {rootfs}" if rootfs is not None else "no root folder was given"
    raise SwitchUnavailable(
        f"SIPp 3.7 or later was found neither on PATH{too_old} nor in {where}: "
        "install the package sip-tester or run asterisk-conf/make-rootfs.sh as root"
    )
