"""Secrets that an installation makes for itself at its first start, and keeps in its home."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def own_secret(home: Path, name: str) -> str:
    """The secret `name` of this installation: 256 random bits, made once, readable by us alone."""
    folder = home / "secrets"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / name
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(fd, "w") as file:
        secret = secrets.token_urlsafe(32)
        file.write(secret + "\n")
    return secret
