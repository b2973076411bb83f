"""Callbacks: the place kept, agent or customer first, attempts, hours, and no overtaking."""

from __future__ import annotations

import random

import msgspec
import pytest

from acd.commands import DialOutside, HangUp, JoinBridge, RingAgent, StartRinging
from acd.config import (
    AgentProfile,
    Calendar,
    CallbackMode,
    CallbackPolicy,
    FloorConfig,
    OpenSpan,
    Outside,
    Queue,
)
from acd.events import (
    BookCallback,
    CallArrived,
    CancelCallback,
    Configure,
    DigitPressed,
    EndCall,
    PromptFinished,
)
from acd.facts import (
    Call,
    CallbackChanged,
    ContactArrived,
    ContactEnded,
    VisitClosed,
    VisitOpened,
)
from acd.model import (
    AgentState,
    CalendarId,
    CallId,
    CallKind,
    CallState,
    ChannelId,
    Outcome,
    QueueId,
    Target,
    TargetKind,
    VisitOutcome,
)
from tests.sim.switch_model import START_MS
from tests.unit.acd_stage import Stage, agent, config, queue

pytestmark = pytest.mark.unit

SECOND = 1_000
MINUTE = 60 * SECOND
CUSTOMER = "+33612345678"
CALLBACK = Target(TargetKind.CALLBACK)


def calls_back(
    mode: CallbackMode = CallbackMode.AGENT_FIRST, name: str = "sales", **more: object
) -> Queue:
    given: dict[str, object] = {
        "exits": {"1": CALLBACK},
        "callback": CallbackPolicy(mode, attempts=2, retry_s=600, ring_s=20),
        "ring_s": 10,
        "wrap_up_s": 30,
        **more,
    }
    return msgspec.structs.replace(queue(name), **given)


def floor_of(*queues: Queue, agents: tuple[AgentProfile, ...] = (), **more: object) -> FloorConfig:
    given: dict[str, object] = {"outside": Outside(allowed=("+33",)), **more}
    return msgspec.structs.replace(config(*queues, agents=agents), **given)


class Desk(Stage):
    """A queue whose callers ask by key 1 to be called back."""

    def __init__(self, configured: FloorConfig | None = None) -> None:
        super().__init__(configured or floor_of(calls_back()))

    def waits(self, number: str | None = CUSTOMER) -> ChannelId:
        self.callers += 1
        channel_id = ChannelId(f"caller-{self.callers}")
        self.legs[channel_id] = "caller"
        self.tell(CallArrived(channel_id, "601", number))
        # The flow `direct` lets it ring: an answer makes the keys count.
        return channel_id

    def asks(self, number: str | None = CUSTOMER) -> ChannelId:
        """A caller who waits and asks to be called back, and hears that they will be."""
        channel_id = self.waits(number)
        self.tell(DigitPressed(channel_id, "1"))
        return channel_id

    def kept(self, number: str = CUSTOMER) -> Call:
        """The callback of a caller who asked for one and has hung up; it stands in the queue."""
        self.hangs_up(self.asks(number))
        self.pass_time(0)
        return self.callback()

    def callback(self) -> Call:
        (call,) = (c for c in self.engine.floor.calls.values() if c.kind is CallKind.CALLBACK)
        return call

    def dialled(self) -> DialOutside:
        (command,) = self.ordered(DialOutside)
        return command

    def states(self) -> list[str]:
        return [fact.state for fact in self.told(CallbackChanged)]

    def outcomes(self, kind: CallKind) -> list[tuple[Outcome, str]]:
        kinds = {f.call_id: f.kind for f in self.told(ContactArrived)}
        ended = [f for f in self.told(ContactEnded) if kinds[f.call_id] is kind]
        return [(f.outcome, f.reason) for f in ended]


def customer_first() -> Desk:
    return Desk(floor_of(calls_back(CallbackMode.CUSTOMER_FIRST)))


# ---- asked for ---------------------------------------------------------------------------------


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


def test_a_second_wish_for_the_same_number_keeps_the_first_place() -> None:
    world = Desk()
    first = world.kept()
    world.pass_time(30 * SECOND)
    world.hangs_up(world.asks())
    world.pass_time(0)
    assert world.callback().id == first.id
    assert [f.outcome for f in world.told(ContactEnded)] == [Outcome.CALLBACK] * 2


# ---- the agent first ---------------------------------------------------------------------------


def test_the_agent_is_rung_then_hears_the_customer_ring_then_they_talk() -> None:
    world = Desk()
    world.kept()
    world.signs_in("ana")
    leg = world.ring("ana")
    assert world.ordered(DialOutside) == []
    world.answers(leg)
    dialled = world.dialled()
    assert (dialled.number, dialled.limit_s) == (CUSTOMER, 25)
    assert [c.channel_id for c in world.ordered(StartRinging)] == [leg]
    assert world.state("ana") is AgentState.TALKING
    world.answers(dialled.channel_id)
    assert [c.channel_ids for c in world.ordered(JoinBridge)] == [(dialled.channel_id, leg)]
    assert world.states() == ["booked", "waiting", "dialling", "reached"]
    world.hangs_up(dialled.channel_id)
    assert world.outcomes(CallKind.CALLBACK) == [(Outcome.ANSWERED, "caller_hung_up")]
    assert world.state("ana") is AgentState.WRAP_UP
    assert world.engine.floor.callbacks == {}
    world.news()
    world.run_dry()


def test_a_customer_who_does_not_pick_up_is_tried_again_and_the_agent_is_free_at_once() -> None:
    world = Desk()
    world.kept()
    world.signs_in("ana")
    world.answers(world.ring("ana"))
    dialled = world.dialled()
    world.pass_time(20 * SECOND)
    assert {c.channel_id for c in world.ordered(HangUp)} >= {dialled.channel_id}
    assert world.state("ana") is AgentState.READY
    call = world.callback()
    assert call.state is CallState.SCHEDULED
    assert call.ticket is not None
    assert (call.ticket.attempts, call.ticket.due_at) == (1, world.now_ms + 600 * SECOND)
    assert world.states()[-1] == "postponed"
    world.news()
    world.pass_time(600 * SECOND)
    world.answers(world.ring("ana"))
    world.hangs_up(world.dialled().channel_id, cause=17)
    assert world.states()[-1] == "failed"
    assert world.told(CallbackChanged)[-1].attempts == 2
    assert world.outcomes(CallKind.CALLBACK) == [(Outcome.NO_ANSWER, "not_reached:busy")]
    assert world.state("ana") is AgentState.READY
    keys = {f.key for f in world.told(VisitOpened)}
    assert len(keys) == 1
    world.news()
    world.run_dry()


@pytest.mark.parametrize("how", ["rona", "busy", "hangs_up_while_it_rings"])
def test_an_agents_refusal_is_no_attempt_and_keeps_the_place(how: str) -> None:
    world = Desk()
    world.kept()
    world.signs_in("ana")
    leg = world.ring("ana")
    if how == "rona":
        world.pass_time(10 * SECOND)
    elif how == "busy":
        world.hangs_up(leg, cause=17)
    else:
        world.answers(leg)
        dialled = world.dialled()
        world.hangs_up(leg)
        assert dialled.channel_id in {c.channel_id for c in world.ordered(HangUp)}
        world.pass_time(0)
    assert "refused" in world.states()
    assert "failed" not in world.states()
    call = world.callback()
    assert call.ticket is not None
    assert call.ticket.attempts == 0
    assert call.visit is not None
    assert call.visit.key == START_MS
    world.signs_in("bob")
    assert world.callback().state is CallState.OFFERED
    world.news()
    world.run_dry()


def test_a_callback_never_overtakes_an_older_live_caller() -> None:
    world = Desk()
    older = world.waits("+33600000001")
    world.pass_time(1 * SECOND)
    callback = world.kept()
    world.pass_time(1 * SECOND)
    younger = world.waits("+33600000002")
    floor = world.engine.floor
    served: list[CallId] = []
    for name in ("ana", "bob"):
        world.signs_in(name)
        (ring,) = world.ordered(RingAgent)
        served.append(ring.call_id)
    assert served == [floor.legs[older][0], callback.id]
    assert floor.calls[floor.legs[younger][0]].state is CallState.WAITING


@pytest.mark.parametrize("mode", list(CallbackMode))
def test_in_random_queues_no_callback_is_offered_before_an_older_live_caller(
    mode: CallbackMode,
) -> None:
    rng = random.Random(7)
    people = tuple(agent(f"a{n}") for n in range(4))
    for _ in range(30):
        world = Desk(floor_of(calls_back(mode), agents=people))
        for n in range(10):
            number = f"+3361234567{n}"
            caller = world.waits(number)
            if rng.random() < 0.5:
                world.tell(DigitPressed(caller, "1"))
                world.hangs_up(caller)
            world.pass_time(rng.choice((0, 1, 500)))
        for person in people:
            world.signs_in(person.id)
            for command in world.ordered(RingAgent):
                asked = world.engine.floor.calls[command.call_id].visit
                assert asked is not None
                live = [
                    c.visit
                    for c in world.engine.floor.calls.values()
                    if c.state is CallState.WAITING and c.kind is CallKind.INBOUND and c.visit
                ]
                assert all((v.key, v.order) > (asked.key, asked.order) for v in live)


# ---- the customer first ------------------------------------------------------------------------


def test_nobody_is_dialled_until_an_agent_is_there_for_them() -> None:
    world = customer_first()
    world.kept()
    world.pass_time(10 * MINUTE)
    assert world.callback().state is CallState.WAITING
    world.signs_in("ana")
    dialled = world.dialled()
    assert dialled.number == CUSTOMER
    assert world.state("ana") is AgentState.READY
    world.answers(dialled.channel_id)
    assert world.state("ana") is AgentState.OFFERED
    assert world.callback().state is CallState.OFFERED
    world.answers(world.ring("ana"))
    assert world.states() == ["booked", "waiting", "dialling", "reached"]
    assert world.callback().served
    world.hangs_up(dialled.channel_id)
    assert world.outcomes(CallKind.CALLBACK) == [(Outcome.ANSWERED, "caller_hung_up")]
    world.news()
    world.run_dry()


def test_no_more_customers_are_dialled_than_agents_are_there() -> None:
    world = customer_first()
    for n in range(5):
        world.hangs_up(world.asks(f"+3361234567{n}"))
        world.pass_time(1 * SECOND)
    world.signs_in("ana")
    assert world.dialled().number == "+33612345670"
    world.signs_in("bob")
    second = world.dialled()
    assert second.number == "+33612345671"
    world.pass_time(1 * SECOND)
    assert world.ordered(DialOutside) == []
    # One does not pick up: the agent who is there for them is there for the next.
    world.hangs_up(second.channel_id, cause=17)
    assert world.dialled().number == "+33612345672"


def test_at_no_moment_are_more_customers_under_way_than_agents_free_or_about_to_be() -> None:
    rng = random.Random(11)
    people = tuple(agent(f"a{n}") for n in range(3))
    for _ in range(15):
        mode = calls_back(CallbackMode.CUSTOMER_FIRST)
        world = Desk(floor_of(mode, agents=people))
        for n in range(8):
            world.tell(BookCallback(CallId(f"b{n}"), QueueId("sales"), f"+3361234567{n}", "lea"))
        for person in people[: rng.randrange(1, 4)]:
            world.signs_in(person.id)
        for _ in range(60):
            rung = [c for c in world.legs if c not in world.answered_legs]
            up = [c for c in world.legs if c in world.answered_legs]
            choice = rng.random()
            if choice < 0.5 and rung:
                world.answers(rng.choice(rung))
            elif choice < 0.6 and rung and world.legs[rung[0]] == "outside":
                world.hangs_up(rung[0], cause=17)
            elif choice < 0.8 and up:
                world.hangs_up(rng.choice(up))
            else:
                world.pass_time(rng.choice((500, 3_000, 9_000)))
            world.news()
            calls = world.engine.floor.calls.values()
            under_way = [
                c
                for c in calls
                if not c.served and (c.dial or (c.channel_id and c.state is CallState.WAITING))
            ]
            soon = world.now_ms + 10 * SECOND
            free = [
                w
                for w in world.engine.floor.agents.values()
                if w.state is AgentState.READY
                or (w.state is AgentState.WRAP_UP and (w.wrap_up_until or soon + 1) <= soon)
            ]
            assert len(under_way) <= len(free), (under_way, free)
        assert "reached" in world.states()


def test_an_agent_who_is_needed_by_a_caller_is_not_counted_on() -> None:
    world = customer_first()
    world.kept()
    world.waits("+33600000009")
    world.signs_in("ana")
    assert world.state("ana") is AgentState.OFFERED
    assert world.callback().state is CallState.WAITING


def test_a_customer_is_dialled_shortly_before_a_wrap_up_ends() -> None:
    world = customer_first()
    world.signs_in("ana")
    caller, rung = world.talk("ana")
    world.kept()
    world.hangs_up(caller)
    assert world.state("ana") is AgentState.WRAP_UP
    world.pass_time(19 * SECOND)
    assert world.ordered(DialOutside) == []
    world.pass_time(1 * SECOND)
    dialled = world.dialled()
    world.answers(dialled.channel_id)
    assert world.callback().state is CallState.WAITING
    world.pass_time(10 * SECOND)
    assert world.callback().state is CallState.OFFERED
    assert rung not in world.legs


def test_who_picks_up_waits_at_the_old_place_and_is_told_why() -> None:
    world = customer_first()
    world.kept()
    world.signs_in("ana")
    dialled = world.dialled()
    taken = world.waits("+33600000001")
    assert world.state("ana") is AgentState.OFFERED
    world.pass_time(1 * SECOND)
    world.waits("+33600000002")
    world.answers(dialled.channel_id)
    call = world.callback()
    assert call.state is CallState.WAITING
    assert call.playback_id is not None
    world.signs_in("bob")
    (ring,) = world.ordered(RingAgent)
    assert ring.call_id == call.id
    world.hangs_up(taken)


def test_a_customer_who_hangs_up_before_an_agent_is_there_is_tried_again() -> None:
    world = customer_first()
    world.kept()
    world.signs_in("ana")
    dialled = world.dialled()
    world.answers(dialled.channel_id)
    world.hangs_up(dialled.channel_id)
    assert world.state("ana") is AgentState.READY
    call = world.callback()
    assert call.state is CallState.SCHEDULED
    assert call.ticket is not None
    assert call.ticket.attempts == 1
    assert VisitOutcome.ABANDONED not in [f.outcome for f in world.told(VisitClosed)]
    world.news()
    world.run_dry()


# ---- booked, cancelled, called back meanwhile --------------------------------------------------


def booking(**more: object) -> BookCallback:
    given: dict[str, object] = {"at": None, **more}
    return BookCallback(CallId("booked"), QueueId("sales"), CUSTOMER, "lea", **given)  # type: ignore[arg-type]


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
