"""What a look at the switch shows: every leg and bridge of ours, at one instant."""

from __future__ import annotations

import msgspec

from acd.model import ChannelId, PhoneId

UNSEEN_MS = 30_000
"""What ended while nobody looked, for less than this, ended now as far as anybody knows; after
longer it is taken to have ended when it was last seen, lest a night counts as one talk."""


def unseen_since(since: int | None, now_ms: int) -> int | None:
    """The last instant (UTC ms) before a time of blindness that counts; None if there was none."""
    return since if since is not None and now_ms - since >= UNSEEN_MS else None


class SwitchChannel(msgspec.Struct, frozen=True):
    """A leg as the switch shows it. `answered`: it is up. `args`: what the dialplan gave us.

    `number` and `name` are the caller's, None where not shown; `withheld`: because they want it so.
    """

    id: ChannelId
    answered: bool
    args: tuple[str, ...] = ()
    number: str | None = None
    name: str | None = None
    withheld: bool = False


class SwitchSeen(msgspec.Struct, frozen=True, tag=True):
    """All that the switch holds of ours, as read at `taken_at`.

    `in_sync` is true after a (re)connection, when no command is under way; a periodic look has it
    false, and says nothing of what began moments before. `bridges` maps each of our bridges to
    the legs in it. `restarted`: the switch itself has been started anew since we last saw it.
    `phones_up` is None where phones were not read. `blind_since` (UTC ms) is when the switch was
    last heard before this, None where nothing was missed; `down`: nor did the floor itself run.
    """

    taken_at: int
    in_sync: bool
    channels: tuple[SwitchChannel, ...]
    bridges: dict[str, tuple[ChannelId, ...]]
    phones_up: frozenset[PhoneId] | None = None
    restarted: bool = False
    blind_since: int | None = None
    down: bool = False
