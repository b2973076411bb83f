"""What the calls of late say about the trunk: that it carries them, or that it refuses them."""

from __future__ import annotations

import msgspec

from acd.model import CallId


class Trunk(msgspec.Struct):
    """The trunk as the last calls outwards found it; after a restart it is believed in again.

    `refused_count` counts calls that came no further than the trunk, since the floor's start;
    `in_a_row` those since one was carried, `numbers` whom they were to. `away_since` (UTC ms): it
    is held to be away since then, None: it is not. While it is, callbacks are tried one at a time:
    `prober` is the one that may be, `probe_at` when the next may, `probes` how many have been in
    vain, `held` those that wait.
    """

    refused_count: int = 0
    in_a_row: int = 0
    numbers: set[str] = msgspec.field(default_factory=set)
    away_since: int | None = None
    prober: CallId | None = None
    probe_at: int = 0
    probes: int = 0
    held: dict[CallId, None] = msgspec.field(default_factory=dict)
