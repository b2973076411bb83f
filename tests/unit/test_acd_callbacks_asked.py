"""Callbacks asked for: the place kept, numbers that cannot be called, hours, a wish told twice."""

from __future__ import annotations

import pytest

from acd.commands import DialOutside, HangUp
from acd.config import Calendar, CallbackMode, OpenSpan
from acd.events import Configure, DigitPressed, PromptFinished, SetPriority
from acd.facts import CallbackChanged, ContactArrived, ContactEnded, VisitClosed, VisitOpened
from acd.model import AgentState, CalendarId, CallKind, CallState, Outcome, VisitOutcome
from tests.sim.small_floor import START_MS
from tests.unit.callback_desk import (
    CALLBACK,
    CUSTOMER,
    MINUTE,
    SECOND,
    Desk,
    booking,
    calls_back,
    floor_of,
)

pytestmark = pytest.mark.unit


def test_a_caller_keeps_the_place_hears_so_and_ends_as_callback() -> None:
    world = Desk()
    caller = world.asks()
    assert world.states() == ["booked"]
    assert [f.outcome for f in world.told(VisitClosed)] == [VisitOutcome.CALLBACK]
    world.tell(PromptFinished(world.prompts.pop()))
    assert world.outcomes(CallKind.INBOUND) == [(Outcome.CALLBACK, "callback")]
    assert [c.channel_id for c in world.ordered(HangUp)] == [caller]
    world.pass_time(0)
    call = world.callback()
    assert call.state is CallState.WAITING
    first, second = world.told(VisitOpened)
    assert (second.kind, second.key, second.queue_id) == (CallKind.CALLBACK, first.key, "sales")
    booked = world.told(CallbackChanged)[0]
    assert (booked.number, booked.origin_id) == (CUSTOMER, first.call_id)
    arrived = world.told(ContactArrived)[-1]
    assert (arrived.direction, arrived.root_id) == ("outbound", first.call_id)


def test_who_hangs_up_on_the_confirmation_is_called_back_all_the_same() -> None:
    world = Desk()
    world.hangs_up(world.asks())
    assert world.outcomes(CallKind.INBOUND) == [(Outcome.CALLBACK, "hung_up_on_the_way")]
    assert world.callback().ticket is not None


@pytest.mark.parametrize("number", [None, "+4420790000"])
def test_a_number_that_cannot_be_called_keeps_the_caller_waiting(number: str | None) -> None:
    world = Desk()
    world.asks(number)
    assert world.call().state is CallState.WAITING
    assert world.states() == []


def test_a_number_that_cannot_be_called_from_a_flow_goes_to_the_queue_instead() -> None:
    closed = calls_back(closed=True, on_closed=CALLBACK)
    world = Desk(floor_of(closed))
    world.waits(None)
    world.tell(PromptFinished(world.prompts.pop()))
    assert world.outcomes(CallKind.INBOUND) == [(Outcome.OUT_OF_HOURS, "closed")]


def test_out_of_hours_a_callback_waits_for_the_next_opening() -> None:
    office = Calendar(CalendarId("office"), "UTC", ((OpenSpan(9 * 60, 9 * 60 + 5),),) * 7)
    shut = calls_back(calendar=office.id, on_closed=CALLBACK)
    world = Desk(floor_of(shut, calendars={office.id: office}))
    world.hangs_up(world.waits())
    world.pass_time(0)
    call = world.callback()
    assert call.state is CallState.SCHEDULED
    assert call.ticket is not None
    opens = START_MS // (24 * 60 * MINUTE) * 24 * 60 * MINUTE + 9 * 60 * MINUTE
    assert call.ticket.due_at == opens
    assert world.states() == ["booked", "postponed"]
    world.now_ms = opens
    world.pass_time(0)
    assert world.callback().state is CallState.WAITING
    assert world.told(VisitOpened)[-1].key == START_MS


@pytest.mark.parametrize("by", ["calendar", "supervisor"])
@pytest.mark.parametrize("mode", list(CallbackMode))
def test_a_callback_that_stands_there_at_closing_rings_nobody_until_the_opening(
    mode: CallbackMode, by: str
) -> None:
    day = 24 * 60 * MINUTE
    starts = START_MS // MINUTE % (24 * 60)
    hours = ((OpenSpan(starts, starts + 10),),) * 7
    office = Calendar(CalendarId("office"), "UTC", hours)
    named = office.id if by == "calendar" else None
    settings = floor_of(calls_back(mode, calendar=named), calendars={office.id: office})
    world = Desk(settings)
    world.kept()
    world.pass_time(1 * SECOND)
    second = world.asks("+33622222222")
    world.hangs_up(second)
    world.pass_time(0)
    if by == "supervisor":
        world.tell(Configure(floor_of(calls_back(mode, closed=True))))
    world.pass_time(20 * MINUTE)
    world.signs_in("ana")
    world.pass_time(0)
    assert world.state("ana") is AgentState.READY
    assert world.ordered(DialOutside) == []
    assert world.states()[-2:] == ["postponed"] * 2
    if by == "supervisor":
        world.tell(Configure(floor_of(calls_back(mode))))
        world.pass_time(10 * MINUTE)
    else:
        world.now_ms = START_MS // MINUTE * MINUTE + day
        world.pass_time(0)
    rung = world.ordered(DialOutside) if mode is CallbackMode.CUSTOMER_FIRST else None
    assert rung is None or [c.number for c in rung] == [CUSTOMER]
    assert rung is not None or world.ring("ana")


def test_a_second_wish_for_the_same_number_keeps_the_first_place() -> None:
    world = Desk()
    first = world.kept()
    world.pass_time(30 * SECOND)
    world.hangs_up(world.asks())
    world.pass_time(0)
    assert world.callback().id == first.id
    assert [f.outcome for f in world.told(ContactEnded)] == [Outcome.CALLBACK] * 2


def test_who_asks_at_a_better_place_has_that_and_a_worse_one_costs_nothing() -> None:
    world = Desk()
    first = world.kept()
    world.pass_time(MINUTE)
    caller = world.waits()
    urgent = world.engine.floor.legs[caller][0]
    world.tell(SetPriority(urgent, 9, "lea"))
    visit = world.engine.floor.calls[urgent].visit
    assert visit is not None
    assert visit.key < START_MS
    world.tell(DigitPressed(caller, "1"))
    world.hangs_up(caller)
    world.pass_time(0)
    call = world.callback()
    assert (call.id, call.state) == (first.id, CallState.WAITING)
    assert world.told(VisitOpened)[-1].key == visit.key
    world.pass_time(MINUTE)
    world.hangs_up(world.asks())
    world.pass_time(0)
    assert world.callback().visit == world.engine.floor.calls[first.id].visit
    assert world.told(VisitOpened)[-1].kind is CallKind.INBOUND


def test_who_has_an_appointment_keeps_it_and_the_place_of_today() -> None:
    world = Desk()
    tomorrow = world.now_ms + 24 * 60 * MINUTE
    world.tell(booking(at=tomorrow))
    world.hangs_up(world.asks())
    world.pass_time(0)
    today = world.now_ms
    open_ones = list(world.engine.floor.calls.values())
    assert [c.state for c in open_ones] == [CallState.SCHEDULED, CallState.WAITING]
    world.pass_time(10 * MINUTE)
    younger = world.waits("+33622222222")
    world.signs_in("ana")
    leg = world.ring("ana")
    assert world.work("ana").call_id == open_ones[1].id
    world.answers(leg)
    world.answers(world.dialled().channel_id)
    assert world.states()[-1] == "reached"
    assert world.told(VisitOpened)[1].key == today
    assert world.engine.floor.legs[younger][0] in world.engine.floor.calls
    appointment = world.engine.floor.calls[open_ones[0].id]
    assert appointment.ticket is not None
    assert (appointment.ticket.due_at, appointment.state) == (tomorrow, CallState.SCHEDULED)
