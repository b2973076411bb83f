"""Which Asterisk this machine has: on PATH, in a Docker engine, or in a root folder.

Decides the order and the smallest version, and says in one sentence what is missing; refuses
to start anything.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from switch.model import MINIMUM_ASTERISK, SwitchKind, SwitchUnavailable

_VERSION = re.compile(r"Asterisk (?:certified/)?(\d+)\.(\d+)(?:\.(\d+))?")
# An environment without the system's folders in PATH is common (cron, su without a dash).
CHROOT = ("/usr/bin/env", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "chroot")
_SYSTEM_FOLDERS = ("/usr/sbin", "/usr/local/sbin")


@dataclass(frozen=True, slots=True)
class FoundSwitch:
    """An Asterisk that may be started. `program` is its path as seen inside `root`.

    `root` is "/" on PATH, the root folder, or None for Docker (whose version is read from the
    image when it is started; it is None until then).
    """

    kind: SwitchKind
    version: str | None
    program: str
    root: Path | None


def parse_asterisk_version(text: str) -> tuple[int, int, int] | None:
    """Return (major, minor, patch) from what `asterisk -V` prints, None when it is not that."""
    found = _VERSION.search(text)
    if not found:
        return None
    return int(found[1]), int(found[2]), int(found[3] or 0)


def version_text(text: str) -> str:
    """Return the version as printed ("22.10.1+dfsg…"), without the word before it."""
    return text.strip().removeprefix("Asterisk ").strip()


def is_new_enough(text: str) -> bool:
    """Tell whether `asterisk -V`'s text names a version that we accept (22.10.1 or later)."""
    version = parse_asterisk_version(text)
    return version is not None and version >= MINIMUM_ASTERISK


def too_old(where: str, text: str) -> str:
    """Return the sentence for an Asterisk that is older than the smallest accepted."""
    wanted = ".".join(str(part) for part in MINIMUM_ASTERISK)
    return (
        f"Asterisk {wanted} or later is needed, but {where} is "
        f"{text.strip() or 'of unknown version'}: upgrade it, or take it off PATH so that "
        "Docker or a root folder (asterisk-conf/make-rootfs.sh) is used"
    )


def default_rootfs() -> Path:
    """Return $PLATEAU_ROOTFS, else .cache/rootfs beside the source."""
    named = os.environ.get("PLATEAU_ROOTFS")
    if named:
        return Path(named)
    return Path(__file__).resolve().parent.parent / ".cache" / "rootfs"


def find_switch(rootfs: Path | None, *, path: str | None = None) -> FoundSwitch:
    """Return the first usable Asterisk: PATH, then Docker, then `rootfs`.

    `path` replaces the environment's PATH (with the usual sbin folders appended when None,
    because an ordinary user's PATH lacks them).

    Raises:
        SwitchUnavailable: the one found is older than 22.10.1, or there is none.
    """
    looked = path if path is not None else _search_path()
    program = shutil.which("asterisk", path=looked)
    if program:
        text = run_version([program, "-V"])
        if not is_new_enough(text):
            raise SwitchUnavailable(too_old(program, text))
        return FoundSwitch(SwitchKind.PATH, version_text(text), program, Path("/"))
    if docker_answers(looked):
        return FoundSwitch(SwitchKind.DOCKER, None, "/usr/sbin/asterisk", None)
    if rootfs is not None and (rootfs / "usr/sbin/asterisk").exists():
        text = _rootfs_version(rootfs)
        if not is_new_enough(text):
            raise SwitchUnavailable(too_old(f"the one in the root folder {rootfs}", text))
        return FoundSwitch(SwitchKind.ROOTFS, version_text(text), "/usr/sbin/asterisk", rootfs)
    wanted = ".".join(str(part) for part in MINIMUM_ASTERISK)
    where = (
        f"nor in the root folder {rootfs} (PLATEAU_ROOTFS)"
        if rootfs
        else "and no root folder was given"
    )
    raise SwitchUnavailable(
        f"No Asterisk {wanted} or later was found: not on PATH, no Docker engine answers, {where}"
        "; run asterisk-conf/make-rootfs.sh as root, or install Asterisk or Docker"
    )


def docker_answers(path: str | None = None) -> bool:
    """Tell whether a Docker engine answers `docker info` within five seconds."""
    program = shutil.which("docker", path=path)
    if not program:
        return False
    try:
        answer = subprocess.run([program, "info"], capture_output=True, timeout=5)
    except (subprocess.TimeoutExpired, OSError):
        return False
    return answer.returncode == 0


def run_version(command: list[str]) -> str:
    """Return what `command` prints, or "" when it cannot be run."""
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (subprocess.TimeoutExpired, OSError):
        return ""
    return answer.stdout.strip()


def _search_path() -> str:
    return os.pathsep.join([os.environ.get("PATH", os.defpath), *_SYSTEM_FOLDERS])


def _rootfs_version(rootfs: Path) -> str:
    """Ask the program itself when we may chroot, else the folder's list of packages."""
    if os.geteuid() == 0:
        return run_version([*CHROOT, str(rootfs), "/usr/sbin/asterisk", "-V"])
    status = rootfs / "var/lib/dpkg/status"
    if not status.exists():
        return ""
    for block in status.read_text(encoding="utf-8").split("\n\n"):
        if block.startswith("Package: asterisk\n"):
            found = re.search(r"^Version: (?:\d+:)?(.+)$", block, re.MULTILINE)
            return f"Asterisk {found[1]}" if found else ""
    return ""
