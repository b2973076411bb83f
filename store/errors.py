"""What can go wrong with kept things, in sentences that a person can act on.

Each error has a `slug` (stable, for machines) and says what was wrong and where. It knows nothing
of HTTP; the API chooses the status.
"""

from __future__ import annotations


class StoreError(Exception):
    """Something about the store; `retryable` when the same call may work later."""

    slug = "store"
    retryable = False


class StoreUnavailable(StoreError):
    """The database does not answer, or its address is wrong."""

    slug = "store-unavailable"
    retryable = True


class SchemaOutdated(StoreError):
    """The database holds no tables of ours, or those of another release."""

    slug = "schema-outdated"


class JournalError(StoreError, OSError):
    """The journal cannot be written or read; an OSError for those who know no store."""

    slug = "journal"


class JournalInUse(JournalError):
    """Another process writes this journal."""

    slug = "journal-in-use"


class ConfigError(StoreError):
    """A change of what people configure that cannot be made. `kind` and `id` name the thing."""

    slug = "config"

    def __init__(self, kind: str, id_: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.id = id_


class NotFound(ConfigError):
    """There is no such thing."""

    slug = "not-found"

    def __init__(self, kind: str, id_: str) -> None:
        super().__init__(kind, id_, f"There is no {kind} {id_!r}.")


class AlreadyThere(ConfigError):
    """Another one already bears this id, or a value that must be unique."""

    slug = "already-there"

    def __init__(self, kind: str, id_: str, field: str = "id") -> None:
        super().__init__(kind, id_, f"There is another {kind} with the {field} {id_!r} already.")
        self.field = field


class InUse(ConfigError):
    """It cannot be deleted while others refer to it; `users` names them (at most ten)."""

    slug = "in-use"

    def __init__(self, kind: str, id_: str, users: tuple[str, ...]) -> None:
        shown = ", ".join(users[:10]) + (" and others" if len(users) > 10 else "")
        super().__init__(kind, id_, f"The {kind} {id_!r} is in use by: {shown}.")
        self.users = users[:10]


class UnknownReference(ConfigError):
    """It refers to something that does not exist; `kind` and `id` name what is missing."""

    slug = "unknown-reference"

    def __init__(self, kind: str, id_: str, referrer: str) -> None:
        super().__init__(
            kind, id_, f"{referrer} refers to the {kind} {id_!r}, which does not exist."
        )
        self.referrer = referrer
