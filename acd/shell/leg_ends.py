"""Why legs end: Asterisk tells it a moment before the end itself.

A caller's leg that ends gives ChannelHangupRequest, then StasisEnd, which says nothing of the
cause; ChannelDestroyed, which does, comes only of legs that we dialled. Seen on 22.10.1:

| what happened | ChannelHangupRequest | ChannelDestroyed |
|---|---|---|
| hung up (BYE), whatever its Reason | no cause | 16 |
| no RTP for too long (`rtp_timeout`) | soft, 1: `AST_SOFTHANGUP_DEV` | 44 |
| hung up by us (ARI) | soft, 32 | 16 |
| CANCEL | 127, tech_cause 487 | |
| CANCEL, Reason: Q.850;cause=26 | 26, tech_cause 487 | |
| CANCEL, Reason: SIP;cause=200 or Q.850;cause=16 | 16, tech_cause 487 | |
| 3xx from whom we rang | 302: 23, others 16; tech_cause the code | the same |
| 3xx, taken up at once | none | no cause, the leg not `Up` |

The last is a race inside Asterisk: the thread that dials may give the leg up for the new number
(`handle_call_forward` in dial.c) before its SIP session has ended. Every other end of a leg that
rings is announced.

Knows ARI's vocabulary; decides nothing.
"""

from __future__ import annotations

from typing import Final

import msgspec

from acd.events import ChannelGone
from acd.model import ChannelId, LegEnd
from acd.shell.cancel_reasons import CancelReasons
from ari.events_gen import ChannelDestroyed, ChannelHangupRequest, ChannelState

_DEVICE: Final = 1
"""`AST_SOFTHANGUP_DEV` (channel.h): the channel driver itself ends the leg."""

_ANSWERED_ELSEWHERE: Final = 26
"""`AST_CAUSE_ANSWERED_ELSEWHERE` (causes.h), Q.850's "non-selected user clearing"."""

_NORMAL: Final = 16
_REDIRECTED: Final = 23
_CANCELLED: Final = 487


class LegEnds:
    """What was told of each leg's end before it came."""

    def __init__(self) -> None:
        self.reasons = CancelReasons()
        self._told: dict[ChannelId, LegEnd | None] = {}
        self._doubtful: dict[ChannelId, str | None] = {}

    def forget(self) -> None:
        """After a gap, the ends that were announced have passed unseen."""
        self._told.clear()
        self._doubtful.clear()

    def announced(self, event: ChannelHangupRequest) -> None:
        """Keep what is particular about an end that is to come."""
        channel_id = ChannelId(event.channel.id)
        self._told[channel_id] = _particular(event)
        if (event.cause, event.tech_cause) == (_NORMAL, _CANCELLED) and not event.soft:
            self._doubtful[channel_id] = event.channel.protocol_id

    def is_doubtful(self, channel_id: ChannelId) -> bool:
        """Whether only the CANCEL itself says why this leg ends; its copy may be under way."""
        return channel_id in self._doubtful

    def explained(self, gone: ChannelGone, event: object) -> ChannelGone:
        """The end of a leg, told by `event`, with what is known about it."""
        silent = gone.channel_id not in self._told
        told = self._told.pop(gone.channel_id, None)
        if self.reasons.said_elsewhere(self._doubtful.pop(gone.channel_id, None)):
            told = LegEnd.ANSWERED_ELSEWHERE
        if told is None and isinstance(event, ChannelDestroyed):
            unasked = silent and event.channel.state != ChannelState.UP
            told = LegEnd.FORWARDED if unasked or _is_redirect(event) else None
        return gone if told is None else msgspec.structs.replace(gone, end=told)


def _particular(event: ChannelHangupRequest) -> LegEnd | None:
    if event.soft:
        return LegEnd.MEDIA_LOST if event.cause == _DEVICE else None
    if event.tech_cause == _CANCELLED and event.cause == _ANSWERED_ELSEWHERE:
        return LegEnd.ANSWERED_ELSEWHERE
    return LegEnd.FORWARDED if _is_redirect(event) else None


def _is_redirect(event: ChannelHangupRequest | ChannelDestroyed) -> bool:
    """Whether a 3xx ended it (RFC 3261, 21.3)."""
    if event.tech_cause is not None:
        return 300 <= event.tech_cause <= 399
    return event.cause == _REDIRECTED
