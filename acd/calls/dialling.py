"""Numbers outside are rung through the trunk: who may be, and the leg that rings. Pure.

What follows an answer or its lack is in `offers`.
"""

from __future__ import annotations

import msgspec

from acd.call import Call
from acd.commands import DialOutside, IndicateRinging, StartRinging, StopMusic, StopRinging
from acd.errors import Rejected
from acd.model import CallState, ChannelId, Dial, SegmentId, SegmentKind
from acd.state import legs, telling
from acd.state.floor import Floor, Role
from acd.state.timers import Wake
from acd.states import CallInput, call_goes

OUTSIDE_RING_S = 45
"""How long a number outside rings where nothing else says so."""

RING_GRACE_S = 5

GIVE_UP_MS = 2_000
"""How long the switch may take to say whether a number that nobody answered rang at all."""


def is_allowed(floor: Floor, number: str) -> bool:
    """Whether calls may go to this number: E.164 by its beginning, a short one as a whole."""
    return floor.config.outside.allows(number)


def must_be_allowed(floor: Floor, number: str) -> None:
    """Raises Rejected (403) for a number that calls may not go to."""
    if not is_allowed(floor, number):
        raise Rejected(
            "destination-not-allowed",
            f"Calls to {number} are not allowed: an administrator lists the beginnings of "
            "allowed numbers under “outside”.",
            f"Les appels vers {number} ne sont pas permis : un administrateur inscrit "
            "les débuts de numéro permis sous « outside ».",
            403,
        )


def dial(floor: Floor, call: Call, number: str, ring_s: int = OUTSIDE_RING_S) -> Call:
    """Ring a number for this call; who is there already hears it ring.

    An agent who had it dialled is in `talk` by now; else the first leg waits.
    """
    call_goes(call.state, CallInput.DIALLED, CallState.DIALLING)
    channel_id = ChannelId(floor.new_id())
    talk = call.talk
    if talk is None:
        segment_id = SegmentId(floor.new_id())
        call = telling.segment_opened(floor, call, segment_id, SegmentKind.DIAL)
    else:
        segment_id = talk.segment_id
    made = Dial(
        channel_id=channel_id,
        number=number,
        segment_id=segment_id,
        made_at=floor.now_ms,
        deadline_at=floor.now_ms + ring_s * 1000,
    )
    legs.own(floor, call.id, channel_id, Role.DIALLED)
    floor.timers.set(Wake.OFFER, call.id, made.deadline_at)
    call = _hear_ringing(floor, call)
    shown = floor.config.outside.caller_id
    floor.order(DialOutside(call.lane, channel_id, number, shown, ring_s + RING_GRACE_S))
    return floor.put_call(
        msgspec.structs.replace(call, state=CallState.DIALLING, since=floor.now_ms, dial=made)
    )


def _hear_ringing(floor: Floor, call: Call) -> Call:
    if call.talk is not None:
        floor.order(StartRinging(call.lane, call.talk.agent_channel_id))
    elif call.channel_id is not None and call.answered:
        if call.music:
            floor.order(StopMusic(call.lane, call.channel_id))
        floor.order(StartRinging(call.lane, call.channel_id))
    elif call.channel_id is not None:
        floor.order(IndicateRinging(call.lane, call.channel_id))
    return msgspec.structs.replace(call, music=False)


def close(floor: Floor, call: Call, how: str, answered: bool, gone: ChannelId | None) -> Call:
    """The ringing outside is over; unless answered, its leg is given up.

    The segment of an agent who waits on the line ends with the answer (`talk` needs another), else
    with their talk.
    """
    made = call.dial
    if made is None:
        return call
    floor.timers.cancel(Wake.OFFER, call.id)
    if call.talk is not None:
        floor.order(StopRinging(call.lane, call.talk.agent_channel_id))
    elif call.channel_id is not None and call.answered:
        floor.order(StopRinging(call.lane, call.channel_id))
    if call.talk is None or answered:
        call = telling.segment_closed(floor, call, made.segment_id, how)
    if not answered:
        legs.let_go(floor, call.lane, made.channel_id, gone)
    return floor.put_call(msgspec.structs.replace(call, dial=None))
