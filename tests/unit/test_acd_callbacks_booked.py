"""Callbacks booked, cancelled, called back meanwhile, and restarted or ended at every stage."""

from __future__ import annotations

import pytest

from acd.commands import RingAgent
from acd.config import Access, CallbackMode
from acd.events import BookCallback, CancelCallback, Configure, EndCall, PlaceCall, Transfer
from acd.facts import CallbackChanged
from acd.model import (
    AgentId,
    AgentState,
    CallId,
    CallKind,
    CallState,
    Outcome,
    QueueId,
    Target,
    TargetKind,
)
from tests.unit.acd_stage import queue
from tests.unit.callback_desk import CUSTOMER, MINUTE, Desk, booking, calls_back, floor_of

pytestmark = pytest.mark.unit


# ---- booked, cancelled, called back meanwhile --------------------------------------------------


def test_a_callback_is_booked_for_a_time_and_has_the_place_of_that_time() -> None:
    world = Desk()
    at = world.now_ms + 10 * MINUTE
    world.tell(booking(at=at))
    world.signs_in("ana")
    assert world.callback().state is CallState.SCHEDULED
    world.pass_time(10 * MINUTE)
    world.ring("ana")
    assert world.callback().visit is not None
    booked = world.told(CallbackChanged)[0]
    assert (booked.key, booked.by, booked.due_at) == (at, "lea", at)


def test_a_booking_with_an_agent_rings_that_agent_first() -> None:
    world = Desk()
    world.signs_in("bob")
    world.signs_in("ana")
    world.tell(booking(agent_id="ana"))
    world.pass_time(0)
    world.ring("ana")
    assert world.state("bob") is AgentState.READY


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        (booking(at=1), None),
        (BookCallback(CallId("x"), QueueId("nowhere"), CUSTOMER, "lea"), (404, "unknown-queue")),
        (
            BookCallback(CallId("x"), QueueId("sales"), "+4470000000", "lea"),
            (403, "destination-not-allowed"),
        ),
    ],
)
def test_a_booking_is_checked(asked: BookCallback, refusal: tuple[int, str] | None) -> None:
    world = Desk()
    if refusal is None:
        world.tell(asked)
        assert world.refused is None
        assert world.refusal(asked) == (409, "already-booked")
        again = BookCallback(CallId("other"), QueueId("sales"), CUSTOMER, "lea")
        assert world.refusal(again) == (409, "already-booked")
    else:
        assert world.refusal(asked) == refusal


@pytest.mark.parametrize("stage", ["scheduled", "waiting", "offered", "dialling"])
def test_a_callback_is_cancelled_at_every_stage(stage: str) -> None:
    world = Desk()
    world.tell(booking(at=world.now_ms + MINUTE if stage == "scheduled" else None))
    world.pass_time(0)
    if stage in ("offered", "dialling"):
        world.signs_in("ana")
        if stage == "dialling":
            world.answers(world.ring("ana"))
    world.tell(CancelCallback(CallId("booked"), "lea"))
    assert world.states()[-1] == "cancelled"
    assert "failed" not in world.states()
    assert world.told(CallbackChanged)[-1].by == "lea"
    assert world.outcomes(CallKind.CALLBACK) == [(Outcome.NO_ANSWER, "cancelled")]
    if stage in ("offered", "dialling"):
        assert world.state("ana") is AgentState.READY
    world.news()
    world.run_dry()


def test_what_was_reached_or_is_no_callback_cannot_be_cancelled() -> None:
    world = Desk()
    assert world.refusal(CancelCallback(CallId("none"), "lea")) == (404, "unknown-callback")
    world.tell(booking())
    world.pass_time(0)
    world.signs_in("ana")
    world.answers(world.ring("ana"))
    world.answers(world.dialled().channel_id)
    assert world.refusal(CancelCallback(CallId("booked"), "lea"))[0] == 409


def test_a_customer_who_calls_again_and_is_answered_is_not_called_back() -> None:
    world = Desk()
    world.kept()
    again = world.waits()
    world.tell(CancelCallback(CallId("none"), "lea"))
    world.signs_in("ana")
    # The callback is older: it is Ana's. The customer, engaged, is answered by Bob.
    world.signs_in("bob")
    bob = [c for c in world.ordered(RingAgent) if c.agent_id == "bob"]
    assert bob[0].call_id == world.engine.floor.legs[again][0]
    world.answers(bob[0].channel_id)
    assert world.states()[-1] == "cancelled"
    assert world.told(CallbackChanged)[-1].by == "called_back"
    assert world.state("ana") is AgentState.READY
    assert world.outcomes(CallKind.CALLBACK) == [(Outcome.NO_ANSWER, "called_back")]


@pytest.mark.parametrize("ahead", [0, 24 * 60 * MINUTE])
def test_what_is_booked_in_a_conversation_outlives_its_transfer(ahead: int) -> None:
    world = Desk()
    world.signs_in("ana")
    world.waits()
    world.answers(world.ring("ana"))
    world.pass_time(MINUTE)
    world.tell(booking(at=world.now_ms + ahead))
    world.signs_in("bob")
    world.tell(Transfer(AgentId("ana"), Target(TargetKind.AGENT, "bob")))
    world.answers(world.ring("bob"))
    assert world.states() == ["booked"]


def test_an_appointment_outlives_a_call_of_before_and_no_call_of_after() -> None:
    world = Desk()
    world.signs_in("ana")
    world.tell(booking(at=world.now_ms + 60 * MINUTE))
    caller = world.waits()
    world.answers(world.ring("ana"))
    world.hangs_up(caller)
    assert world.states() == ["booked"]
    world.pass_time(60 * MINUTE)
    world.answers(world.ring("ana"))
    world.hangs_up(world.dialled().channel_id, cause=17)
    assert world.states()[-1] == "postponed"
    world.waits()
    world.answers(world.ring("ana"))
    assert world.told(CallbackChanged)[-1].by == "called_back"


@pytest.mark.parametrize(("queue_id", "over"), [("sales", True), (None, True), ("support", False)])
def test_a_customer_whom_an_agent_calls_by_hand_is_not_called_back_as_well(
    queue_id: str | None, over: bool
) -> None:
    world = Desk(floor_of(calls_back(), queue("support")))
    world.kept()
    world.pass_time(MINUTE)
    world.signs_in("ana", ready=False)
    asked = PlaceCall(
        AgentId("ana"),
        Target(TargetKind.NUMBER, CUSTOMER),
        None if queue_id is None else QueueId(queue_id),
    )
    world.tell(asked)
    world.answers(world.ring("ana"))
    dialled = world.dialled()
    assert world.states()[-1] == "waiting"
    world.answers(dialled.channel_id)
    assert (world.states()[-1] == "cancelled") is over
    assert world.outcomes(CallKind.CALLBACK) == [(Outcome.NO_ANSWER, "called")] * over


def test_an_agent_of_another_queue_who_calls_by_hand_leaves_the_callback() -> None:
    members = calls_back(access=Access.MEMBERS)
    world = Desk(floor_of(members, queue("support")))
    world.kept()
    world.signs_in("ana", ready=False)
    world.tell(PlaceCall(AgentId("ana"), Target(TargetKind.NUMBER, CUSTOMER)))
    world.answers(world.ring("ana"))
    world.answers(world.dialled().channel_id)
    assert world.states()[-1] == "waiting"


def test_an_answer_in_another_queue_leaves_the_callback() -> None:
    world = Desk(floor_of(calls_back(), queue("support")))
    world.tell(
        BookCallback(
            CallId("booked"), QueueId("support"), CUSTOMER, "lea", at=world.now_ms + MINUTE
        )
    )
    world.signs_in("ana")
    world.waits()
    world.answers(world.ring("ana"))
    assert world.callback().id == "booked"


def test_a_supervisor_who_closes_the_queue_postpones_what_is_due() -> None:
    world = Desk()
    world.tell(booking(at=world.now_ms + MINUTE))
    world.tell(Configure(floor_of(calls_back(closed=True))))
    world.pass_time(MINUTE)
    assert world.states()[-1] == "postponed"
    assert world.callback().state is CallState.SCHEDULED


def test_a_queue_that_is_deleted_ends_its_callbacks_as_failed() -> None:
    world = Desk()
    world.tell(booking(at=world.now_ms + MINUTE))
    world.tell(Configure(floor_of(queue("support"))))
    world.pass_time(MINUTE)
    assert world.states()[-1] == "failed"


# ---- at every moment ---------------------------------------------------------------------------


@pytest.mark.parametrize("mode", list(CallbackMode))
@pytest.mark.parametrize("stage", ["scheduled", "waiting", "offered", "dialling", "reached"])
def test_a_restart_at_every_stage_loses_no_callback(mode: CallbackMode, stage: str) -> None:
    world = Desk(floor_of(calls_back(mode)))
    world.tell(booking(at=world.now_ms + MINUTE if stage == "scheduled" else None))
    world.pass_time(0)
    if stage in ("offered", "dialling", "reached"):
        world.signs_in("ana")
        if mode is CallbackMode.AGENT_FIRST and stage != "offered":
            world.answers(world.ring("ana"))
        if stage == "reached":
            world.answers(world.dialled().channel_id)
    world.restart()
    world.pass_time(MINUTE if stage == "scheduled" else 0)
    before = world.callback()
    assert before.ticket is not None
    for _ in range(8):
        if world.callback().served:
            break
        if world.state("ana") is not AgentState.SIGNED_OUT:
            rung = [c for c, r in world.legs.items() if c not in world.answered_legs]
            for leg in rung:
                if leg in world.legs:
                    world.answers(leg)
        else:
            world.signs_in("ana")
        world.pass_time(100)
    assert world.callback().served
    assert world.states()[-1] == "reached"
    world.run_dry()


@pytest.mark.parametrize("mode", list(CallbackMode))
@pytest.mark.parametrize("stage", ["scheduled", "waiting", "offered", "dialling", "reached"])
def test_a_callback_may_be_ended_at_every_stage(mode: CallbackMode, stage: str) -> None:
    world = Desk(floor_of(calls_back(mode)))
    world.tell(booking(at=world.now_ms + MINUTE if stage == "scheduled" else None))
    world.pass_time(0)
    if stage in ("offered", "dialling", "reached"):
        world.signs_in("ana")
        if mode is CallbackMode.AGENT_FIRST and stage != "offered":
            world.answers(world.ring("ana"))
        if stage == "reached":
            world.answers(world.dialled().channel_id)
    world.tell(EndCall(CallId("booked")))
    assert not world.engine.floor.calls
    assert world.engine.floor.callbacks == {}
    assert world.engine.floor.customers_first == {}
    world.news()
    world.run_dry()
