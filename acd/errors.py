"""What the floor says when it will not do as asked, or cannot."""

from __future__ import annotations


class PlateauError(Exception):
    """Base of all errors that the product raises itself.

    `slug` names the problem for programs, `retryable` says whether the same request may succeed
    later; the message is a sentence for people.
    """

    retryable = False

    def __init__(self, slug: str, message: str) -> None:
        super().__init__(message)
        self.slug = slug


class Unreadable(ValueError):
    """What somebody wrote means nothing here; `french` is the same sentence.

    A ValueError, so that whoever validates (pydantic, our own readers) takes it as a fault of the
    value and tells its place.
    """

    def __init__(self, message: str, french: str) -> None:
        super().__init__(message)
        self.french = french


class Rejected(PlateauError):
    """The requester's fault: `status` is the HTTP status that fits, `french` the same sentence."""

    def __init__(self, slug: str, message: str, french: str, status: int = 409) -> None:
        super().__init__(slug, message)
        self.french = french
        self.status = status


class ImpossibleTransition(PlateauError):
    """A machine was told something that cannot happen in its state."""

    def __init__(self, machine: str, state: str, happened: str) -> None:
        super().__init__(
            "impossible-transition", f"{machine}: {happened!r} cannot happen in state {state!r}"
        )
        self.state = state
        self.happened = happened
