"""What can go wrong in the demonstration, in one sentence for whoever started it."""

from __future__ import annotations


class DemoFailed(Exception):
    """The demonstration cannot go on; the text says what happened."""


class DemoStopped(Exception):
    """Somebody asked it to end while it was still starting."""
