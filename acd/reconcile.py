"""What the engine believes against what the switch holds: after a restart, a gap, or a look.

Events are lost while nobody listens, and nothing is replayed: legs that ended meanwhile are
treated as hung up now, legs that came meanwhile are taken in, and what nobody owns is let go.
"""

from __future__ import annotations

from acd import agents, arrivals, calls
from acd.commands import AnswerCaller, CreateBridge, DestroyBridge, HangUp, JoinBridge
from acd.ending import Ending, end
from acd.events import CallArrived, SwitchChannel, SwitchSeen
from acd.facts import Call
from acd.floor import Floor
from acd.flow import Restarted
from acd.model import BridgeId, CallId, ChannelId, EndedBy, OfferEnd, Outcome, PhoneId

SETTLE_MS = 10_000
"""A periodic look says nothing of legs younger than this: their events may be under way."""

NOBODYS = CallId("nobody")
"""The call id under which commands for things that belong to no call are sent."""


class Suspects:
    """What a periodic look saw to be otherwise; acted upon only if the next look sees it again."""

    def __init__(self) -> None:
        self.channels: frozenset[ChannelId] = frozenset()
        self.bridges: frozenset[str] = frozenset()
        self.phones: frozenset[PhoneId] = frozenset()


def reconcile(floor: Floor, seen: SwitchSeen, suspects: Suspects) -> None:
    """Bring calls, agents and the switch's legs and bridges back to one truth."""
    present = {channel.id: channel for channel in seen.channels}
    margin_ms = 0 if seen.in_sync else SETTLE_MS
    for call in list(floor.calls.values()):
        if call.since <= seen.taken_at - margin_ms:
            _check_call(floor, call, present, seen)
    # Only now: an offer that ends for its phone must not find a next agent for a caller who left.
    _check_phones(floor, seen, suspects)
    _check_channels(floor, present, seen, suspects)
    _check_bridges(floor, seen, suspects)


def _check_phones(floor: Floor, seen: SwitchSeen, suspects: Suspects) -> None:
    if seen.phones_up is None:
        return
    believed = {
        phone: floor.agents[agent_id].phone_up
        for phone, agent_id in floor.agent_of_phone.items()
        if agent_id in floor.agents
    }
    other = frozenset(phone for phone, up in believed.items() if up != (phone in seen.phones_up))
    # A contact not qualified since the switch or the phone started shows its endpoint offline for
    # up to half a minute. So only a second look takes a phone away; ringing one that is really
    # gone fails at once and costs the caller nothing.
    back = other & seen.phones_up
    due = back if seen.in_sync else back | (other & suspects.phones)
    suspects.phones = other - due
    for phone in sorted(due):
        ringing = agents.phone_seen(floor, phone, phone in seen.phones_up)
        if ringing is not None and ringing.call_id in floor.calls:
            call = floor.calls[ringing.call_id]
            calls.offer_failed(floor, call, OfferEnd.UNREACHABLE, leg_alive=True)


def _check_call(
    floor: Floor, call: Call, present: dict[ChannelId, SwitchChannel], seen: SwitchSeen
) -> None:
    if call.channel_id not in present:
        _caller_missing(floor, call, present, seen)
        return
    if call.answered and not present[call.channel_id].answered:
        # The answer was lost on its way; answering twice does no harm.
        floor.order(AnswerCaller(call.id, call.channel_id))
    made, talk = call.offer, call.talk
    if made is not None:
        leg = present.get(made.channel_id)
        if leg is None:
            calls.offer_failed(floor, call, OfferEnd.FAILED, leg_alive=True)
        elif leg.answered:
            calls.agent_answered(floor, call)
    elif talk is not None:
        if talk.agent_channel_id not in present:
            calls.agent_gone(floor, call)
        elif seen.in_sync:
            _rejoin(floor, call, seen.bridges.get(talk.bridge_id))
    elif call.flow is not None and seen.in_sync:
        arrivals.go_on(floor, call, Restarted())


def _caller_missing(
    floor: Floor, call: Call, present: dict[ChannelId, SwitchChannel], seen: SwitchSeen
) -> None:
    if seen.restarted:
        outcome = Outcome.ANSWERED if call.served else Outcome.FAILED
        ending = Ending(outcome, "node_lost", EndedBy.UNKNOWN)
        end(floor, call, ending, gone=call.channel_id)
    elif call.talk is not None and call.talk.agent_channel_id not in present:
        ending = Ending(Outcome.ANSWERED, "ended_unseen", EndedBy.UNKNOWN)
        end(floor, call, ending, gone=call.channel_id)
    else:
        calls.caller_gone(floor, call)


def _rejoin(floor: Floor, call: Call, inside: tuple[ChannelId, ...] | None) -> None:
    """The two talk but are not in one bridge: the join was lost on its way."""
    talk = call.talk
    if talk is None:
        return
    both = (call.channel_id, talk.agent_channel_id)
    if inside is None:
        floor.order(CreateBridge(call.id, talk.bridge_id))
    missing = tuple(leg for leg in both if leg not in (inside or ()))
    if missing:
        floor.order(JoinBridge(call.id, talk.bridge_id, missing))


def _check_channels(
    floor: Floor,
    present: dict[ChannelId, SwitchChannel],
    seen: SwitchSeen,
    suspects: Suspects,
) -> None:
    unknown = frozenset(channel_id for channel_id in present if channel_id not in floor.legs)
    due = unknown if seen.in_sync else unknown & suspects.channels
    suspects.channels = unknown - due
    for channel_id in sorted(due):
        leg = present[channel_id]
        args = leg.args
        if channel_id not in floor.let_go and len(args) >= 2 and args[0] == "inbound":
            arrivals.arrive(floor, CallArrived(channel_id, args[1], leg.number, leg.name))
        else:
            floor.order(HangUp(NOBODYS, channel_id))


def _check_bridges(floor: Floor, seen: SwitchSeen, suspects: Suspects) -> None:
    owned = {call.bridge_id for call in floor.calls.values()}
    unknown = frozenset(bridge for bridge in seen.bridges if bridge not in owned)
    due = unknown if seen.in_sync else unknown & suspects.bridges
    suspects.bridges = unknown - due
    for bridge in sorted(due):
        floor.order(DestroyBridge(NOBODYS, BridgeId(bridge)))
