"""What databases answer when they will not, in sentences that tell what to set.

SQLite and PostgreSQL speak through several layers; here each known refusal has its words. No
sentence holds a password.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from store.errors import StoreUnavailable

_SEE: Final = "see PLATEAU_DATABASE_URL"

_BY_STATE: Final = {
    "28P01": "it refuses the password: see PLATEAU_DATABASE_URL or _DATABASE_PASSWORD_FILE",
    "28000": "it lets this user not in (pg_hba.conf, no such user): see PLATEAU_DATABASE_URL",
    "3D000": "it has no database of that name: make it with createdb, or see PLATEAU_DATABASE_URL",
    "42501": "this user may not do that there: make it the database's owner",
    "53300": "it has no connection left: raise max_connections",
    "53100": "its disk is full: make room",
    "57P03": "it is starting or stopping: try again in a moment",
    "25006": "it is read-only (a standby?): name the one that is written to",
    "55P03": "somebody else holds a lock on it: try again in a moment",
}
"""By SQLSTATE (PostgreSQL's appendix A)."""

_OF_SQLITE: Final = (
    ("unable to open database file", "the file cannot be opened or made there"),
    ("readonly database", "this user may not write to the file or its folder"),
    ("file is not a database", "the file is no SQLite database"),
    ("database is locked", "another program holds it locked: end that, or try again in a moment"),
    ("disk is full", "its disk is full: make room"),
    ("disk I/O error", "its disk fails, or is full"),
    ("malformed", "the file is damaged: put a backup in its place (docs/operations.md)"),
)


@contextmanager
def told(url: URL) -> Iterator[None]:
    """Whatever the database at `url` refuses inside becomes a StoreUnavailable with a sentence."""
    try:
        yield
    except (DBAPIError, OSError, TimeoutError) as error:
        raise StoreUnavailable(sentence(url, error)) from error
    except Exception as error:
        # asyncpg's own, from before SQLAlchemy has a connection to speak of.
        if getattr(error, "sqlstate", None) is None and type(error).__module__[:7] != "asyncpg":
            raise
        raise StoreUnavailable(sentence(url, error)) from error


def sentence(url: URL, error: BaseException) -> str:
    """Which database it is, and why it refuses."""
    if url.drivername.startswith("sqlite"):
        return f"The SQLite database {url.database}: {_sqlite(error)}."
    place = f"{url.host or 'localhost'}:{url.port or 5432}"
    return f"The database {url.database} on {place} does not answer: {_postgresql(error)}."


def _sqlite(error: BaseException) -> str:
    said = str(getattr(error, "orig", None) or error)
    return next((words for found, words in _OF_SQLITE if found in said), said)


def _postgresql(error: BaseException) -> str:
    for cause in _causes(error):
        state = getattr(cause, "sqlstate", None)
        if isinstance(state, str) and state in _BY_STATE:
            return _BY_STATE[state]
        match cause:
            case ConnectionRefusedError():
                return f"nobody listens there; {_SEE}"
            case socket.gaierror():
                return f"no host of that name is known; {_SEE}"
            case TimeoutError():
                return f"no answer in time (a firewall, or another host?); {_SEE}"
            case ConnectionResetError():
                return f"it hung up (is it PostgreSQL that listens there?); {_SEE}"
            case OSError() if cause.strerror:
                return f"{cause.strerror.lower()}; {_SEE}"
    first = str(getattr(error, "orig", None) or error).strip().splitlines() or [
        type(error).__name__
    ]
    return f"{first[0].rstrip('.')}; {_SEE}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and all that lies below it."""
    below: BaseException | None = error
    seen: set[int] = set()
    while below is not None and id(below) not in seen:
        seen.add(id(below))
        yield below
        orig = below.orig if isinstance(below, DBAPIError) else None
        below = orig or below.__cause__ or below.__context__


def require_file(url: URL, *, there: bool) -> None:
    """Of an SQLite file: its folder must be there, and the file be one; `there`: it must exist.

    SQLite makes an empty file where there is none, also for who only wants to read. Raises
    StoreUnavailable. Nothing to look at with PostgreSQL.
    """
    if not url.drivername.startswith("sqlite"):
        return
    file = Path(url.database or "")
    try:
        why = _wrong(file, there=there)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
    if why is not None:
        raise StoreUnavailable(f"The SQLite database {file}: {why}.")


def _wrong(file: Path, *, there: bool) -> str | None:
    if file.is_dir():
        return "it is a folder, and a file is needed; see PLATEAU_DATABASE_URL"
    if file.exists():
        return None
    if there:
        return "there is no such file; `plateau migrate` makes it (see PLATEAU_HOME)"
    if not file.parent.is_dir():
        return f"there is no folder {file.parent}: make it; see PLATEAU_DATABASE_URL"
    return None
