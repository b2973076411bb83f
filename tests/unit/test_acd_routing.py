"""The router against a naive one that looks at everybody, on random histories; and its reasons."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.model import AgentId, AgentProfile, AgentState, AgentWork, CallId, PhoneId
from acd.model import SkillId as Skill
from acd.model import SkillLevel as Level
from acd.routing import SHOWN_FIT, SHOWN_REFUSED, Requirement, Router, misfit, requirement

pytestmark = pytest.mark.unit

SALES, SUPPORT = Skill("sales"), Skill("support")
AGENTS = [AgentId(name) for name in ("ana", "bob", "cleo", "dan")]
WANTED: list[Requirement] = [
    (),
    (Level(SALES, 3),),
    (Level(SUPPORT, 5),),
    (Level(SALES, 3), Level(SUPPORT, 5)),
]
SKILLS: list[tuple[Level, ...]] = [
    (),
    (Level(SALES, 2),),
    (Level(SALES, 5),),
    (Level(SALES, 3), Level(SUPPORT, 5)),
    (Level(SUPPORT, 9),),
]


def profile(agent_id: AgentId, skills: tuple[Level, ...] = ()) -> AgentProfile:
    return AgentProfile(agent_id, agent_id.title(), PhoneId(agent_id), skills)


class Naive:
    """Does what `Router` promises by walking everything."""

    def __init__(self, profiles: dict[AgentId, AgentProfile]) -> None:
        self.profiles = profiles
        self.ready: dict[AgentId, int] = {}
        self.waiting: dict[CallId, tuple[Requirement, int, int]] = {}

    def configure(self, profiles: dict[AgentId, AgentProfile]) -> None:
        self.profiles = profiles
        self.ready = {a: since for a, since in self.ready.items() if a in profiles}

    def best_agent(self, wanted: Requirement) -> AgentId | None:
        fit = [(s, a) for a, s in self.ready.items() if misfit(self.profiles[a], wanted) is None]
        return min(fit)[1] if fit else None

    def best_call(self, agent_id: AgentId) -> CallId | None:
        if agent_id not in self.profiles:
            return None
        mine = [
            (key, order, call_id)
            for call_id, (wanted, key, order) in self.waiting.items()
            if misfit(self.profiles[agent_id], wanted) is None
        ]
        return min(mine)[2] if mine else None


steps = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7), st.integers(0, 4)), max_size=60)


@settings(max_examples=400, deadline=None, database=None)
@given(steps)
def test_the_index_chooses_as_one_who_looks_at_everybody(
    numbers: list[tuple[int, int, int]],
) -> None:
    profiles = {a: profile(a, SKILLS[i]) for i, a in enumerate(AGENTS)}
    router, naive = Router(profiles), Naive(profiles)
    for order, (kind, pick, other) in enumerate(numbers):
        agent_id, call_id = AGENTS[pick % 4], CallId(f"c{pick}")
        if kind == 0:
            since = other  # many ties
            router.agent_ready(agent_id, since)
            if agent_id in naive.profiles:
                naive.ready[agent_id] = since
        elif kind == 1:
            router.agent_unready(agent_id)
            naive.ready.pop(agent_id, None)
        elif kind == 2:
            wanted, key = WANTED[other % 4], pick % 3
            router.call_waits(call_id, wanted, key, order)
            naive.waiting[call_id] = (wanted, key, order)
        elif kind == 3:
            router.call_gone(call_id)
            naive.waiting.pop(call_id, None)
        elif kind == 4:
            changed = {
                a: profile(a, SKILLS[(i + other) % 5])
                for i, a in enumerate(AGENTS)
                if (pick >> i) & 1 or i == 0
            }
            router.configure(changed)
            naive.configure(changed)
        for wanted in WANTED:
            assert router.best_agent(wanted) == naive.best_agent(wanted)
        for agent in AGENTS:
            assert router.best_call(agent) == naive.best_call(agent)
            assert router.is_ready(agent) == (agent in naive.ready)


def test_of_two_requirements_the_higher_level_counts_and_names_are_in_order() -> None:
    both = requirement((Level(SUPPORT, 2), Level(SALES, 7)), (Level(SUPPORT, 5),))
    assert both == (Level(SALES, 7), Level(SUPPORT, 5))
    assert requirement() == ()


def test_a_skill_that_is_not_held_is_not_level_zero() -> None:
    assert misfit(profile(AGENTS[0]), (Level(SALES, 0),)) == "lacks:sales"
    assert misfit(profile(AGENTS[0], (Level(SALES, 2),)), (Level(SALES, 3),)) == "below:sales:2<3"
    assert misfit(profile(AGENTS[0], (Level(SALES, 3),)), (Level(SALES, 3),)) is None


def test_a_requeued_call_comes_back_to_its_place() -> None:
    router = Router({AGENTS[0]: profile(AGENTS[0])})
    router.call_waits(CallId("old"), (), 10, 1)
    router.call_waits(CallId("new"), (), 20, 2)
    router.call_gone(CallId("old"))
    assert router.best_call(AGENTS[0]) == "new"
    router.call_waits(CallId("old"), (), 10, 1)
    assert router.best_call(AGENTS[0]) == "old"


def test_who_has_lost_the_skill_is_chosen_no_more_and_who_won_it_keeps_their_idle_time() -> None:
    wanted: Requirement = (Level(SALES, 3),)
    ana, bob = AGENTS[:2]
    router = Router({ana: profile(ana, (Level(SALES, 5),)), bob: profile(bob)})
    router.agent_ready(ana, 5)
    router.agent_ready(bob, 1)
    assert router.best_agent(wanted) == ana
    router.configure({ana: profile(ana), bob: profile(bob, (Level(SALES, 3),))})
    assert router.best_agent(wanted) == bob
    assert router.best_agent(()) == bob


def crowd(count: int) -> tuple[Router, dict[AgentId, AgentWork]]:
    ids = [AgentId(f"agent-{n:04d}") for n in range(count)]
    router = Router({a: profile(a, (Level(SALES, 5),) if n % 2 else ()) for n, a in enumerate(ids)})
    for n, agent_id in enumerate(ids):
        router.agent_at_work(agent_id, True)
        router.agent_ready(agent_id, n)
    return router, {a: AgentWork(a, AgentState.READY, ready_since=n) for n, a in enumerate(ids)}


def test_reasons_are_bounded_and_name_chosen_fit_and_refused() -> None:
    router, at_work = crowd(500)
    wanted: Requirement = (Level(SALES, 3),)
    seen = router.candidates(wanted, AgentId("agent-0001"), at_work, 1_000)
    verdicts = [c.verdict for c in seen]
    assert seen[0].verdict == "chosen"
    assert seen[0].idle_ms == 999
    assert verdicts.count("fit") == SHOWN_FIT
    assert verdicts.count("lacks:sales") == SHOWN_REFUSED
    assert len({c.agent_id for c in seen}) == len(seen)


@pytest.mark.parametrize(
    ("work", "verdict"),
    [
        (AgentWork(AGENTS[0], AgentState.PAUSED), "paused"),
        (AgentWork(AGENTS[0], AgentState.READY, resting_until=9), "resting"),
        (AgentWork(AgentId("gone"), AgentState.TALKING), "unknown"),
    ],
)
def test_the_refused_are_shown_with_their_state(work: AgentWork, verdict: str) -> None:
    router = Router({AGENTS[0]: profile(AGENTS[0])})
    seen = router.candidates((), None, {work.id: work}, 1)
    assert [(c.agent_id, c.verdict, c.idle_ms) for c in seen] == [(work.id, verdict, None)]


def test_fit_counts_follow_whatever_happens_to_agents() -> None:
    router, at_work = crowd(10)
    wanted: Requirement = (Level(SALES, 3),)
    assert router.fit_counts(wanted) == (5, 5)
    router.agent_unready(AgentId("agent-0001"))
    router.agent_unready(AgentId("agent-0001"))
    router.agent_ready(AgentId("agent-0003"), 77)
    router.agent_at_work(AgentId("agent-0005"), False)
    router.agent_unready(AgentId("agent-0005"))
    router.agent_unready(AgentId("agent-0002"))
    assert router.fit_counts(wanted) == (3, 4)
    router.configure({a: profile(a, (Level(SALES, 9),)) for a in at_work})
    assert router.fit_counts(wanted) == (7, 9)


def test_a_queue_that_nobody_calls_does_not_remember_every_agent_ever() -> None:
    router, _ = crowd(2)
    router.fit_counts((Level(SALES, 3),))
    for n in range(10_000):
        router.agent_unready(AgentId("agent-0001"))
        router.agent_ready(AgentId("agent-0001"), 10 + n)
    assert sum(len(pool.ready) for pool in router._pools.values()) < 200


def test_callers_who_gave_up_behind_an_old_one_are_forgotten() -> None:
    router, _ = crowd(1)
    router.call_waits(CallId("old"), (), 0, 0)
    for n in range(1, 10_000):
        router.call_waits(CallId(f"c{n}"), (), n, n)
        router.call_gone(CallId(f"c{n}"))
    assert sum(len(pool.waiting) for pool in router._pools.values()) < 200
    assert router.best_call(AgentId("agent-0000")) == "old"
