"""What can go wrong in the harness, said so that a failed test needs no second run."""

from __future__ import annotations


class HarnessError(AssertionError):
    """A party did not do, or did not meet, what the test asked for."""


class HarnessTimeout(HarnessError):
    """A condition did not come true before its deadline; the message says what was seen instead."""


class SippFailed(HarnessError):
    """SIPp ended badly: the message holds its exit code's meaning and its error log."""
