"""Secrets that an installation makes for itself at its first start, and keeps in its home."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path


def own_secret(home: Path, name: str) -> str:
    """The secret `name` of this installation: 256 random bits, made once, readable by us alone."""
    folder = home / "secrets"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / name
    if not _read(path):
        # Whole or not at all, and whoever comes first wins: a file that a killed process left
        # empty is replaced.
        part = folder / f".{name}.{os.getpid()}"
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(fd, "w") as file:
                file.write(secrets.token_urlsafe(32) + "\n")
            if path.exists() and not _read(path):
                path.unlink(missing_ok=True)
            with contextlib.suppress(FileExistsError):
                os.link(part, path)
        finally:
            part.unlink()
    return _read(path)


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        return ""
