"""The folder of all state: judged before anything is put into it, made where it is missing.

Commands that only read never make it. Each refusal is a sentence that names PLATEAU_HOME.
"""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from acd.errors import PlateauError

_LONGEST_SOCKET = 107
"""Bytes that the path of a Unix socket may have: 108 with its end (unix(7))."""


def make_home(home: Path) -> None:
    """Make it where it is missing, for its owner alone; and see that it can be written in.

    Raises PlateauError (slug `home-unusable`).
    """
    try:
        _make(home)
    except RuntimeError as error:  # pathlib's word for ELOOP
        raise _unusable(home, "its links go round in a circle") from error
    except OSError as error:
        raise _unusable(home, _why(error)) from error
    try:
        # A whole page, so that a disk with no block left says so now.
        with tempfile.NamedTemporaryFile(dir=home, prefix=".judged-") as probe:
            probe.write(b"\0" * 4096)
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        raise _unusable(home, _why(error, home)) from error


def home_judged(home: Path) -> None:
    """See that it is a folder that may be looked into, if it is there at all; makes nothing.

    Raises PlateauError (slug `home-unusable`).
    """
    try:
        if not os.path.lexists(home):
            return
        if home.exists() and not home.is_dir():
            raise _unusable(home, "it is a file, and a folder is needed")
        os.scandir(home).close()
    except FileNotFoundError:
        return  # a link that leads nowhere: nothing is there
    except OSError as error:
        raise _unusable(home, _why(error, home)) from error


def _make(home: Path) -> None:
    if len(os.fsencode(home.resolve() / "control.sock")) > _LONGEST_SOCKET:
        raise _unusable(home, "its path is too long for the control channel: choose a shorter one")
    home_judged(home)
    if home.is_dir():
        return
    if home.is_symlink():
        raise _unusable(home, f"it is a link to {home.readlink()}, which is not there")
    above = home.resolve().parent
    if not above.exists():
        raise _unusable(home, f"the folder {above} does not exist: make it, or name another home")
    if not above.is_dir():
        raise _unusable(home, f"{above} is a file, and no folder can be in it")
    home.mkdir(mode=0o700, exist_ok=True)


def told_of_home(error: OSError, home: Path) -> str:
    """An error of a file in a sentence: what could not be done, where, and whose folder it is."""
    if error.filename is None:
        return str(error)
    file = Path(os.fsdecode(error.filename))
    said = f"{file}: {(error.strerror or str(error)).lower()}"
    if home.resolve() in (file, *file.resolve().parents):
        return f"{said} (in PLATEAU_HOME={home})."
    return f"{said}."


def _why(error: OSError, home: Path | None = None) -> str:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return "its disk is full: make room"
        case errno.EROFS:
            return "it lies on a file system that is read-only"
        case errno.EACCES | errno.EPERM:
            return f"this user (id {os.geteuid()}) may not write there{_owned(home)}"
        case errno.ENAMETOOLONG:
            return "its name is too long"
        case errno.ELOOP:
            return "its links go round in a circle"
        case _:
            return f"it cannot be used ({(error.strerror or str(error)).lower()})"


def _owned(home: Path | None) -> str:
    if home is None:
        return ": give it the folder above, or name another home"
    try:
        owner = home.stat().st_uid
    except OSError:
        return ": one of the folders above it is closed to this user"
    return f": it belongs to user id {owner}; run as that user, or name another home"


def _unusable(home: Path, why: str) -> PlateauError:
    return PlateauError("home-unusable", f"PLATEAU_HOME={home}: {why}.")
