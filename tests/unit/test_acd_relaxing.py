"""How a search widens: steps, delays, the agent looked for alone; and that time alone drives it."""

from __future__ import annotations

import random

import msgspec
import pytest

from acd.config import AgentProfile, FloorConfig, Membership, Queue, Step
from acd.model import AgentId, AgentState, AgentWork, PhoneId, QueueId, SkillId, Visit, VisitId
from acd.model import SkillLevel as Level
from acd.routing.relaxing import opened, want_of
from acd.routing.router import Router, Want

pytestmark = pytest.mark.unit

DESK = QueueId("desk")
ANA, BOB = AgentId("ana"), AgentId("bob")
SALES = SkillId("sales")
T0 = 1_000_000
STEPS = (
    Step("skills.sales >= 5", for_s=20),
    Step("skills.sales", for_s=30),
    Step("anyone"),
)


class Desk:
    """A queue with agents signed in, and one visit in it."""

    def __init__(
        self,
        *profiles: AgentProfile,
        steps: tuple[Step, ...] = STEPS,
        away: tuple[AgentId, ...] = (),
    ) -> None:
        queue = Queue(DESK, "Desk", (Level(SALES, 3),), steps=steps)
        self.config = FloorConfig(queues={DESK: queue}, agents={p.id: p for p in profiles})
        self.router = Router(self.config)
        self.at_work: dict[AgentId, AgentWork] = {}
        for one in profiles:
            if one.id not in away:
                self.state(one.id, AgentState.TALKING)

    def state(self, agent_id: AgentId, state: AgentState, after: AgentState | None = None) -> None:
        self.router.agent_at_work(agent_id, state is not AgentState.SIGNED_OUT)
        self.at_work.pop(agent_id, None)
        if state is not AgentState.SIGNED_OUT:
            self.at_work[agent_id] = AgentWork(agent_id, state, after=after)

    def open(self, visit: Visit, after_s: float) -> tuple[Visit, float | None]:
        """The visit and when to look again, in seconds after T0."""
        now_ms = T0 + int(after_s * 1000)
        found, at = opened(self.router, self.config, self.at_work, visit, now_ms)
        assert at is None or at > now_ms
        assert opened(self.router, self.config, self.at_work, found, now_ms) == (found, at)
        return found, None if at is None else (at - T0) / 1000


def agent(agent_id: AgentId, level: int = 0, delay_s: int = 0) -> AgentProfile:
    return AgentProfile(
        agent_id,
        agent_id,
        PhoneId(agent_id),
        (Level(SALES, level),) if level else (),
        queues=(Membership(DESK, delay_s=delay_s),),
    )


def visit(only: AgentId | None = None, only_s: int | None = None) -> Visit:
    return Visit(
        id=VisitId("v"),
        queue_id=DESK,
        seq=1,
        extra=(),
        required=(Level(SALES, 3),),
        priority=0,
        enqueued_at=T0,
        key=T0,
        order=1,
        answer_first=False,
        step_at=T0,
        only=only,
        only_until=None if only_s is None else T0 + only_s * 1000,
    )


def test_each_step_opens_when_the_one_before_has_lasted() -> None:
    desk = Desk(agent(ANA, 5), agent(BOB))
    seen, at = desk.open(visit(), 0)
    assert (seen, at) == (visit(), 20)
    seen, at = desk.open(seen, 19.999)
    assert (seen.step, at) == (0, 20)
    seen, at = desk.open(seen, 20)
    assert (seen.step, seen.step_at, at) == (1, T0 + 20_000, 50)
    seen, at = desk.open(seen, 50)
    assert (seen.step, seen.step_at, at) == (2, T0 + 50_000, None)
    assert desk.open(visit(), 50) == (seen, None)  # looked at late, it is the same


def test_a_step_that_nobody_signed_in_could_satisfy_is_passed_at_once() -> None:
    desk = Desk(agent(ANA, 5), agent(BOB, 1), away=(ANA,))
    seen, at = desk.open(visit(), 0)
    assert (seen.step, seen.step_at, at) == (1, T0, 30)
    desk.state(BOB, AgentState.SIGNED_OUT)
    seen, at = desk.open(seen, 10)
    assert (seen.step, seen.step_at, at) == (2, T0 + 10_000, None)


def test_an_agent_whose_delay_is_not_over_could_satisfy_a_step_all_the_same() -> None:
    desk = Desk(agent(ANA, 5, delay_s=8))
    seen, at = desk.open(visit(), 0)
    assert (seen.step, seen.delay_s, at) == (0, 0, 8)
    seen, at = desk.open(seen, 8)
    assert (seen.step, seen.delay_s, at) == (0, 8, 20)


def test_a_step_without_an_end_is_left_only_if_nobody_could_satisfy_it() -> None:
    desk = Desk(agent(ANA, 5), agent(BOB), steps=(Step("skills.sales"), Step("anyone")))
    seen, at = desk.open(visit(), 9_999)
    assert (seen.step, at) == (0, None)
    desk.state(ANA, AgentState.SIGNED_OUT)
    assert desk.open(seen, 10_000)[0].step == 1


def test_what_nobody_more_is_allowed_to_take_waits_for_those_of_before() -> None:
    desk = Desk(agent(ANA, 5), steps=(Step("anyone", for_s=5), Step("nobody")))
    seen, at = desk.open(visit(), 5)
    assert (seen.step, at) == (1, None)
    assert desk.router.could_serve(want_of(desk.config, seen)) == 1


def test_one_is_looked_for_alone_first_and_the_steps_begin_after_that() -> None:
    desk = Desk(agent(ANA, 5), agent(BOB, 9))
    seen, at = desk.open(visit(ANA, 15), 0)
    assert (seen, at) == (visit(ANA, 15), 15)
    seen, at = desk.open(seen, 15)
    assert (seen.only, seen.only_until, seen.step, seen.step_at) == (None, None, 0, T0 + 15_000)
    assert at == 35


@pytest.mark.parametrize(
    "state",
    [
        AgentState.PAUSED,
        AgentState.NOT_RESPONDING,
        AgentState.UNREACHABLE,
        AgentState.SIGNED_OUT,
    ],
)
def test_one_who_is_away_or_about_to_leave_is_not_waited_for(state: AgentState) -> None:
    for now, after in ((state, None), (AgentState.TALKING, state)):
        desk = Desk(agent(ANA, 5), agent(BOB, 5))
        desk.state(ANA, now, after)
        seen, at = desk.open(visit(ANA, 15), 3)
        assert (seen.only, seen.step_at, at) == (None, T0 + 3_000, 23)


def test_one_who_may_not_take_the_call_is_not_waited_for() -> None:
    desk = Desk(agent(ANA, 2), agent(BOB, 5))
    assert desk.open(visit(ANA, 15), 0)[0].only is None
    assert desk.open(visit(BOB, 15), 0)[0].only == BOB


def test_in_a_queue_that_is_gone_a_visit_asks_for_what_it_asked_at_entry() -> None:
    desk = Desk(agent(ANA, 5))
    seen = msgspec.structs.replace(visit(), step=1)
    assert want_of(desk.config, seen) == Want(DESK, step=1)
    desk.config = msgspec.structs.replace(desk.config, queues={})
    desk.router.configure(desk.config)
    assert want_of(desk.config, seen) == Want(DESK, required=(Level(SALES, 3),))
    assert desk.open(seen, 99) == (seen, None)
    assert desk.router.could_serve(want_of(desk.config, seen)) == 1


def test_a_visit_beyond_the_last_step_is_at_the_last() -> None:
    desk = Desk(agent(ANA, 5), steps=STEPS[:2])
    seen = msgspec.structs.replace(visit(), step=7)
    assert desk.open(seen, 1)[0].step == 1


@pytest.mark.parametrize("seed", range(50))
def test_however_often_one_looks_the_search_is_as_wide(seed: int) -> None:
    """After the look at entry, at every instant told or once later is the same; never narrower."""
    rng = random.Random(seed)
    texts = [step.expression for step in STEPS] + ["nobody"]
    steps = tuple(
        Step(rng.choice(texts), for_s=rng.choice((None, 1, 10, 25)))
        for _ in range(rng.randint(0, 5))
    )
    names = [AgentId(f"a{n}") for n in range(4)]
    desk = Desk(
        *(agent(a, rng.randint(0, 7), rng.choice((0, 0, 5, 12))) for a in names),
        steps=steps,
        away=tuple(a for a in names if rng.random() < 0.3),
    )
    start = visit(rng.choice([None, *names]), rng.choice((3, 15)))
    often, at = desk.open(start, 0)
    entered = often
    looks = 0
    while at is not None:
        looks += 1
        assert looks < 20
        wider, at_next = desk.open(often, at)
        assert wider.step >= often.step
        assert wider.delay_s >= often.delay_s
        assert wider != often
        assert wider == desk.open(entered, at)[0] or entered.only is not None
        often, at = wider, at_next
    assert desk.open(often, 10_000)[0] == often
