"""Small files that the floor keeps in its home over restarts.

Half a file is never seen, and no call waits for one: a full disk is told in the log and costs the
file, nothing else.
"""

from __future__ import annotations

from pathlib import Path

import structlog

log = structlog.get_logger(__name__)


def keep(path: Path, content: bytes) -> bool:
    """Put `content` in the place of what the file held; whether that could be done."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        log.error("a file cannot be kept", file=str(path), why=str(error))
        return False
    return True


def kept(path: Path) -> bytes | None:
    """What the file holds; None where there is none, it is empty, or it cannot be read."""
    try:
        return path.read_bytes() or None
    except FileNotFoundError:
        return None
    except OSError as error:
        log.error("a file that was kept cannot be read", file=str(path), why=str(error))
        return None
