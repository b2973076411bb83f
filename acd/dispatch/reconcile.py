"""What the engine believes against what the switch holds: after a restart, a gap, or a look.

Events are lost while nobody listens, and nothing is replayed: legs that ended meanwhile are
treated as hung up now, legs that came meanwhile are taken in, and what nobody owns is let go. After
a long time without sight, calls of which nothing is left ended when they were last seen.
"""

from __future__ import annotations

from acd.agents import availability, seating
from acd.call import Call
from acd.calls.ending import Ending, end
from acd.commands import (
    NOBODYS,
    AnswerCaller,
    CreateBridge,
    DestroyBridge,
    HangUp,
    JoinBridge,
)
from acd.desk import offers, phone_codes, placing
from acd.destinations import arrivals
from acd.dispatch import hangups, news
from acd.events import CallArrived, ChannelGone
from acd.flow import Restarted
from acd.model import (
    AgentId,
    AgentState,
    AgentWork,
    BridgeId,
    CallKind,
    CallState,
    ChannelId,
    EndedBy,
    OfferEnd,
    Outcome,
    PhoneId,
)
from acd.sightings import SwitchChannel, SwitchSeen, unseen_since
from acd.state import legs
from acd.state.floor import Floor, Role

SETTLE_MS = 10_000
"""A periodic look says nothing of legs younger than this: their events may be under way."""


class Suspects:
    """What a periodic look saw to be otherwise; acted upon only if the next look sees it again."""

    def __init__(self) -> None:
        self.channels: frozenset[ChannelId] = frozenset()
        self.bridges: frozenset[str] = frozenset()
        self.lines: frozenset[ChannelId] = frozenset()
        self.phones: frozenset[PhoneId] = frozenset()


def reconcile(floor: Floor, seen: SwitchSeen, suspects: Suspects) -> None:
    """Bring calls, agents and the switch's legs and bridges back to one truth."""
    present = {channel.id: channel for channel in seen.channels}
    # A line that this look itself has rung cannot have been seen by it.
    lines = tuple(floor.line_owner)
    cut = _cut_off_agents(floor, present, seen)
    margin_ms = 0 if seen.in_sync else SETTLE_MS
    # Consultations first: who was asked may be gone too, and must not be handed the customer.
    for was in sorted(floor.calls.values(), key=lambda call: call.parent_id is None):
        call = floor.calls.get(was.id)
        if call is not None and call.since <= seen.taken_at - margin_ms:
            floor.ended_at = _ended_at(call, present, seen)
            try:
                _check_call(floor, call, present, seen)
            finally:
                floor.ended_at = None
    _take_up_agents(floor, cut)
    for session in list(floor.phone_sessions.values()):
        if session.channel_id not in present and session.since <= seen.taken_at - margin_ms:
            phone_codes.gone(floor, session.channel_id)
    # Only now: an offer that ends for its phone must not find a next agent for a caller who left.
    _check_phones(floor, seen, suspects)
    _check_lines(floor, lines, present, seen, suspects)
    _check_channels(floor, present, seen, suspects)
    _check_bridges(floor, seen, suspects)


def _cut_off_agents(
    floor: Floor, present: dict[ChannelId, SwitchChannel], seen: SwitchSeen
) -> list[AgentWork]:
    """Agents who were in a call by a leg that is gone: their work ended when it was last seen."""
    since = unseen_since(seen.blind_since, seen.taken_at)
    if since is None:
        return []
    state, why = AgentState.UNREACHABLE, "switch_lost"
    if seen.down:
        state, why = AgentState.SIGNED_OUT, "floor_down"
    return [
        availability.cut_off(floor, work, since, state, why)
        for work in list(floor.at_work.values())
        if work.state in (AgentState.OFFERED, *availability.IN_TALK)
        and work.since <= seen.taken_at
        and work.channel_id not in present
    ]


def _take_up_agents(floor: Floor, cut: list[AgentWork]) -> None:
    """Who is still in a call after all goes on in it from now."""
    for work in cut:
        now = floor.agents[work.id]
        if now.since == work.since and now.state is work.state and now.seq == work.seq:
            availability.enter(floor, now, now.state, now.reason)


def _ended_at(call: Call, present: dict[ChannelId, SwitchChannel], seen: SwitchSeen) -> int | None:
    """When the call ended of which no leg is left; None: now, or it may go on without legs."""
    if call.kind is CallKind.CALLBACK:
        goes_on = call.channel_id is None or not (call.served or seen.restarted)
    else:
        goes_on = call.state is CallState.LEAVING_MESSAGE and not seen.restarted
    if goes_on or not present.keys().isdisjoint(_legs_of(call)):
        return None
    return unseen_since(seen.blind_since, seen.taken_at)


def _legs_of(call: Call) -> list[ChannelId]:
    found = [call.channel_id] if call.channel_id is not None else []
    found += [made.channel_id for made in call.offers]
    if call.dial is not None:
        found.append(call.dial.channel_id)
    if call.talk is not None:
        found.append(call.talk.agent_channel_id)
        if call.talk.third is not None:
            found.append(call.talk.third.channel_id)
    return found


def _check_phones(floor: Floor, seen: SwitchSeen, suspects: Suspects) -> None:
    if seen.phones_up is None:
        return
    other = (floor.phones_up | _believed_up(floor)) ^ seen.phones_up
    # A contact not qualified since the switch or the phone started shows its endpoint offline for
    # up to half a minute. So only a second look takes a phone away; ringing one that is really
    # gone fails at once and costs the caller nothing.
    back = other & seen.phones_up
    due = back if seen.in_sync else back | (other & suspects.phones)
    suspects.phones = frozenset(other - due)
    for phone in sorted(due):
        news.phone_seen(floor, phone, phone in seen.phones_up)


def _believed_up(floor: Floor) -> frozenset[PhoneId]:
    """The phones of agents who came out of the journal with theirs up."""
    up = (floor.phone_of(work.id) for work in floor.agents.values() if work.phone_up)
    return frozenset(phone for phone in up if phone is not None)


def _check_call(
    floor: Floor, call: Call, present: dict[ChannelId, SwitchChannel], seen: SwitchSeen
) -> None:
    first = call.channel_id if not call.leg_shared else None
    if first is not None and first not in present:
        _caller_missing(floor, call, present, seen)
        return
    if first is not None and call.answered and not present[first].answered:
        # The answer was lost on its way; answering twice does no harm.
        floor.order(AnswerCaller(call.id, first))
    own = placing.own_leg(call) if placing.rings_own_phone(call) else None
    if own is not None and own in present and present[own].answered:
        placing.own_phone_answered(floor, call)
        return
    _check_other_legs(floor, call, present, seen)


def _check_other_legs(
    floor: Floor, call: Call, present: dict[ChannelId, SwitchChannel], seen: SwitchSeen
) -> None:
    for made in call.offers:
        now = floor.calls.get(call.id)
        if now is None or made not in now.offers:
            return
        leg = present.get(made.channel_id)
        if leg is None:
            offers.failed(floor, now, made, OfferEnd.FAILED, leg_alive=True)
        elif leg.answered:
            offers.answered(floor, now, made)
    if call.offers:
        return
    if call.dial is not None:
        leg = present.get(call.dial.channel_id)
        if leg is None:
            how = OfferEnd.TRUNK if seen.restarted else OfferEnd.FAILED
            offers.outside_failed(floor, call, how, leg_alive=True, trunk_said=False)
            return
        if leg.answered:
            offers.outside_answered(floor, call)
            return
    _check_talk(floor, call, present, seen)


def _check_talk(
    floor: Floor, call: Call, present: dict[ChannelId, SwitchChannel], seen: SwitchSeen
) -> None:
    talk = call.talk
    if talk is not None and talk.agent_channel_id not in present:
        hangups.other_leg_gone(floor, call)
        return
    third = talk.third if talk is not None else None
    if third is not None and third.channel_id not in present:
        news.channel_gone(floor, ChannelGone(third.channel_id))
    _check_monitors(floor, call, present, seen)
    call = floor.calls.get(call.id, call)
    if talk is not None and call.state is CallState.TALKING and seen.in_sync:
        _rejoin(floor, call, seen.bridges.get(talk.bridge_id))
    elif call.flow is not None and seen.in_sync:
        arrivals.go_on(floor, call, Restarted())


def _check_monitors(
    floor: Floor, call: Call, present: dict[ChannelId, SwitchChannel], seen: SwitchSeen
) -> None:
    """Supervisors, and the legs that listen for them, who are there no more."""
    margin_ms = 0 if seen.in_sync else SETTLE_MS
    for monitor in call.monitors:
        deaf = seen.in_sync and monitor.snoop_id is not None and monitor.snoop_id not in present
        missing = monitor.channel_id not in present
        if missing and monitor.since <= seen.taken_at - margin_ms:
            news.channel_gone(floor, ChannelGone(monitor.channel_id))
        elif deaf and monitor.snoop_id is not None:
            news.channel_gone(floor, ChannelGone(monitor.snoop_id))


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
        hangups.first_leg_gone(floor, call)


def _rejoin(floor: Floor, call: Call, inside: tuple[ChannelId, ...] | None) -> None:
    """They talk but are not in one bridge: the join was lost on its way."""
    talk = call.talk
    if talk is None:
        return
    if inside is None:
        floor.order(CreateBridge(call.lane, talk.bridge_id))
    missing = tuple(leg for leg in legs.bridged(call) if leg not in (inside or ()))
    if missing:
        floor.order(JoinBridge(call.lane, talk.bridge_id, missing))


def _check_channels(
    floor: Floor,
    present: dict[ChannelId, SwitchChannel],
    seen: SwitchSeen,
    suspects: Suspects,
) -> None:
    unknown = frozenset(
        channel_id
        for channel_id in present
        if channel_id not in floor.legs and channel_id not in floor.phone_sessions
    )
    due = unknown if seen.in_sync else unknown & suspects.channels
    suspects.channels = unknown - due
    for channel_id in sorted(due):
        leg = present[channel_id]
        args = leg.args
        if channel_id not in floor.let_go and len(args) >= 2 and args[0] == "inbound":
            came = CallArrived(channel_id, args[1], leg.number, leg.name, leg.withheld)
            arrivals.arrive(floor, came)
        else:
            floor.order(HangUp(NOBODYS, channel_id))


def _check_lines(
    floor: Floor,
    lines: tuple[ChannelId, ...],
    present: dict[ChannelId, SwitchChannel],
    seen: SwitchSeen,
    suspects: Suspects,
) -> None:
    """Standing legs of connected agents that are there no more, or were picked up unseen."""
    missing: set[ChannelId] = set()
    for channel_id in lines:
        work = floor.agents.get(floor.line_owner.get(channel_id, AgentId("")))
        leg = present.get(channel_id)
        if work is None:
            continue
        if leg is not None:
            if leg.answered and not work.line_up:
                seating.line_answered(floor, channel_id)
            continue
        owned = floor.legs.get(channel_id)
        if owned is None:
            # Its call has just ended for it.
            seating.line_gone(floor, ChannelGone(channel_id))
        elif owned[1] is Role.LINE:
            missing.add(channel_id)
    due = missing if seen.in_sync else missing & suspects.lines
    suspects.lines = frozenset(missing - due)
    for channel_id in sorted(due):
        seating.line_gone(floor, ChannelGone(channel_id))


def _check_bridges(floor: Floor, seen: SwitchSeen, suspects: Suspects) -> None:
    owned = {call.bridge_id for call in floor.calls.values()} | {legs.WAITING_LINES}
    owned |= {m.bridge_id for call in floor.calls.values() for m in call.monitors}
    unknown = frozenset(bridge for bridge in seen.bridges if bridge not in owned)
    due = unknown if seen.in_sync else unknown & suspects.bridges
    suspects.bridges = unknown - due
    for bridge in sorted(due):
        floor.order(DestroyBridge(NOBODYS, BridgeId(bridge)))
