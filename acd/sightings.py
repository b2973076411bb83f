"""What a look at the switch shows: every leg and bridge of ours, at one instant."""

from __future__ import annotations

import msgspec

from acd.model import ChannelId, PhoneId


class SwitchChannel(msgspec.Struct, frozen=True):
    """A leg as the switch shows it. `answered`: it is up. `args`: what the dialplan gave us.

    `number` and `name` are the caller's, None where withheld.
    """

    id: ChannelId
    answered: bool
    args: tuple[str, ...] = ()
    number: str | None = None
    name: str | None = None


class SwitchSeen(msgspec.Struct, frozen=True, tag=True):
    """All that the switch holds of ours, as read at `taken_at`.

    `in_sync` is true after a (re)connection, when no command is under way; a periodic look has it
    false, and says nothing of what began moments before. `bridges` maps each of our bridges to
    the legs in it. `restarted`: the switch itself has been started anew since we last saw it.
    `phones_up` is None where phones were not read.
    """

    taken_at: int
    in_sync: bool
    channels: tuple[SwitchChannel, ...]
    bridges: dict[str, tuple[ChannelId, ...]]
    phones_up: frozenset[PhoneId] | None = None
    restarted: bool = False
