"""Callbacks in motion: booked, due, cancelled, dialled ahead of an agent. Pure."""

from __future__ import annotations

from acd.call import Call
from acd.calls import dialling
from acd.calls.ending import Ending, end
from acd.config import CallbackMode
from acd.destinations import callbacks, outages, sending
from acd.errors import Rejected
from acd.events import BookCallback, CancelCallback
from acd.model import AgentId, AgentState, CallKind, CallState, EndedBy, Outcome, Ticket
from acd.queues import stay
from acd.queues.stay import Entry
from acd.routing.relaxing import want_of
from acd.state.floor import Floor
from acd.state.timers import Wake
from acd.states import CallInput, call_goes

LOOK_AHEAD_MS = 10_000
"""An agent whose wrap-up ends within this time is about to be free: so long does a customer take to
pick up.
"""

BOOKED_AGENT_S = 600
"""How long the agent is looked for alone with whom a callback was booked."""


def book(floor: Floor, asked: BookCallback) -> None:
    """Somebody is to be called back, at a time or now.

    Raises Rejected for an unknown queue (404), a number that may not be dialled (403), and for a
    callback that there is already (409).
    """
    if asked.queue_id not in floor.config.queues:
        raise Rejected(
            "unknown-queue",
            f"There is no queue {asked.queue_id!r}.",
            f"Il n’y a pas de file « {asked.queue_id} ».",
            404,
        )
    dialling.must_be_allowed(floor, asked.number)
    if asked.id in floor.calls:
        raise Rejected(
            "already-booked",
            f"There is a call {asked.id!r} already.",
            f"Il y a déjà un appel « {asked.id} ».",
            409,
        )
    for there in callbacks.open_for(floor, asked.number, asked.queue_id):
        raise Rejected(
            "already-booked",
            f"{asked.number} is to be called back by {asked.queue_id} already: callback "
            f"{there.id}; cancel that one first.",
            f"{asked.number} doit déjà être rappelé par {asked.queue_id} : rappel "
            f"{there.id} ; annulez-le d’abord.",
            409,
        )
    at = max(floor.now_ms, asked.at or 0)
    ticket = Ticket(
        number=asked.number,
        due_at=callbacks.opens_at(floor, asked.queue_id, at) or at,
        key=at - floor.queue(asked.queue_id).priority * stay.PRIORITY_MS,
        origin_id=asked.origin_id,
        by=asked.by,
        agent_id=asked.agent_id,
        asked_at=at,
    )
    made = callbacks.begun(floor, asked.id, asked.queue_id, ticket, asked.name, asked.data)
    callbacks.open_callback(floor, made)


def cancel(floor: Floor, asked: CancelCallback) -> None:
    """A callback is given up. Raises Rejected: there is none (404), it was reached (409)."""
    call = floor.calls.get(asked.call_id)
    if call is None or call.kind is not CallKind.CALLBACK:
        raise Rejected(
            "unknown-callback",
            f"There is no open callback {asked.call_id!r}.",
            f"Il n’y a pas de rappel à faire « {asked.call_id} ».",
            404,
        )
    if call.served:
        raise Rejected(
            "too-late",
            "The customer has been reached: the call is in progress.",
            "Le client a été joint : l’appel est en cours.",
        )
    call = callbacks.over(floor, callbacks.told(floor, call, "cancelled", by=asked.by))
    end(floor, call, Ending(Outcome.NO_ANSWER, "cancelled", EndedBy.SYSTEM))


def due(floor: Floor, call: Call) -> None:
    """The time of a callback or of a message has come: it stands in the queue, at its place."""
    ticket, queue_id = call.ticket, call.last_queue_id
    if call.state is not CallState.SCHEDULED or ticket is None or queue_id is None:
        return
    if call.kind is CallKind.CALLBACK and not dialling.is_allowed(floor, ticket.number):
        # Forbidden since it was booked.
        end(floor, call, Ending(Outcome.NO_ANSWER, "destination_not_allowed"))
        return
    if outages.holds_back(floor, call):
        return
    agent_id: AgentId | None = ticket.agent_id if ticket.attempts == 0 else None
    entry = Entry(
        queue_id,
        extra=ticket.extra,
        priority=stay.boost_of(call),
        key=stay.place_of(call),
        agent_id=agent_id,
        agent_s=BOOKED_AGENT_S,
    )
    sending.enter(floor, call, entry)
    standing = floor.calls.get(call.id)
    if standing is None or standing.kind is not CallKind.CALLBACK:
        return
    if standing.state is CallState.WAITING:
        callbacks.told(floor, standing, "waiting")


# ---- the customer first ------------------------------------------------------------------------


def look_ahead(floor: Floor) -> None:
    """Dial customers who are called first, no more than agents who are, or will be, free for them.

    Each customer under way, dialled or waiting for an agent, has one of these to themselves. To be
    asked once everybody who could be matched has been: a ready agent is then one whom no caller
    waits for, and an agent in wrap-up counts only if no older item waits for them.
    """
    if not floor.customers_first:
        return
    taken: set[AgentId] = set()
    under_way = [call for call in _customer_first(floor) if _is_under_way(call)]
    for call in sorted(under_way, key=_place):
        agent_id = _agent_for(floor, call, taken)
        if agent_id is not None:
            taken.add(agent_id)
    ahead = [floor.calls[call_id] for call_id in floor.customers_first if call_id in floor.calls]
    for call in sorted(ahead, key=_place):
        agent_id = _agent_for(floor, call, taken)
        if agent_id is None:
            continue
        why_not = callbacks.must_wait(floor, call)
        if why_not is not None:
            callbacks.put_off(floor, call, why_not)
            continue
        taken.add(agent_id)
        _dial_customer(floor, call)
    _look_again(floor)


def _customer_first(floor: Floor) -> list[Call]:
    ids = (call_id for open_ones in floor.callbacks.values() for call_id in open_ones)
    found = (floor.calls.get(call_id) for call_id in ids)
    return [
        call
        for call in found
        if call is not None and callbacks.policy_of(floor, call).mode is CallbackMode.CUSTOMER_FIRST
    ]


def _is_under_way(call: Call) -> bool:
    if call.served or call.talk is not None:
        return False
    return call.dial is not None or (
        call.channel_id is not None and call.state is CallState.WAITING
    )


def _place(call: Call) -> tuple[int, int]:
    return (stay.place_of(call), call.visit.order if call.visit is not None else 0)


def _agent_for(floor: Floor, call: Call, taken: set[AgentId]) -> AgentId | None:
    """An agent for this customer whom nobody else under way counts on: ready, or free soon."""
    visit = call.visit
    if visit is None:
        return None
    want = want_of(floor.config, visit)
    for agent_id in floor.router.best_agents(want, len(taken) + 1):
        if agent_id not in taken:
            return agent_id
    for agent_id, work in floor.at_work.items():
        if agent_id in taken or work.state is not AgentState.WRAP_UP or work.after is not None:
            continue
        until = work.wrap_up_until
        if until is None or until > floor.now_ms + LOOK_AHEAD_MS or not work.phone_up:
            continue
        if floor.router.serves(want, agent_id) and not _is_awaited(floor, agent_id, _place(call)):
            return agent_id
    return None


def _is_awaited(floor: Floor, agent_id: AgentId, place: tuple[int, int]) -> bool:
    """Whether an older item waits for this agent already."""
    first = floor.router.best_call(agent_id)
    other = floor.calls.get(first) if first is not None else None
    return other is not None and other.visit is not None and _place(other) < place


def _dial_customer(floor: Floor, call: Call) -> None:
    ticket = call.ticket
    if ticket is None:
        return
    call_goes(call.state, CallInput.DIALLED, CallState.DIALLING)
    floor.customers_first.pop(call.id, None)
    call = callbacks.told(floor, call, "dialling")
    dialling.dial(floor, call, ticket.number, callbacks.policy_of(floor, call).ring_s)


def _look_again(floor: Floor) -> None:
    """Wake when the next wrap-up comes near its end, while customers wait to be dialled."""
    if not floor.customers_first:
        return
    soon = [
        work.wrap_up_until - LOOK_AHEAD_MS
        for work in floor.at_work.values()
        if work.state is AgentState.WRAP_UP and work.wrap_up_until is not None
    ]
    next_at = min((at for at in soon if at > floor.now_ms), default=None)
    if next_at is not None:
        floor.timers.set(Wake.ABOUT_FREE, "callbacks", next_at)
