"""What can go wrong with a party, said so that a failure needs no second run."""

from __future__ import annotations


class PartyError(Exception):
    """A party did not do, or did not meet, what was asked of it."""


class LoadStopped(Exception):
    """Somebody asked a load to end before its first call."""


class PartyTimeout(PartyError):
    """A condition did not come true before its deadline; the message says what was seen instead."""


class SippFailed(PartyError):
    """SIPp ended badly: the message holds its exit code's meaning and its error log."""
