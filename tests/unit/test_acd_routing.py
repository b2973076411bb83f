"""The router's rules, one by one; that it agrees with a naive one is `tests/sim`'s."""

from __future__ import annotations

import pytest

from acd.config import (
    Access,
    AgentProfile,
    FloorConfig,
    Membership,
    Queue,
    Step,
    Strategy,
)
from acd.model import AgentId, AgentState, AgentWork, CallId, PhoneId, QueueId
from acd.model import SkillId as Skill
from acd.model import SkillLevel as Level
from acd.routing.router import SHOWN_FIT, SHOWN_REFUSED, Router, Want, misfit, requirement

pytestmark = pytest.mark.unit

SALES, SUPPORT = Skill("sales"), Skill("support")
ANA, BOB, CLEO = AgentId("ana"), AgentId("bob"), AgentId("cleo")
DESK = QueueId("desk")
WANT = Want(DESK)


def profile(
    agent_id: AgentId,
    *skills: Level,
    queues: tuple[Membership, ...] = (),
    team: str | None = None,
    capacity: int = 1,
) -> AgentProfile:
    return AgentProfile(
        agent_id,
        agent_id.title(),
        PhoneId(agent_id),
        skills,
        team,
        queues=queues,
        voice_capacity=capacity,
    )


def config(*profiles: AgentProfile, queue: Queue | None = None) -> FloorConfig:
    known = queue or Queue(DESK, "Desk")
    return FloorConfig(queues={known.id: known}, agents={p.id: p for p in profiles})


def ready(
    agent_id: AgentId, since: int = 0, *, calls: int = 0, busy_ms: int = 0, signed_in_at: int = -1
) -> AgentWork:
    return AgentWork(
        agent_id,
        AgentState.READY,
        ready_since=since,
        calls_taken=calls,
        busy_ms=busy_ms,
        signed_in_at=signed_in_at,
    )


def floor(*profiles: AgentProfile, queue: Queue | None = None) -> Router:
    """A router with these agents signed in and ready, the first for longest."""
    router = Router(config(*profiles, queue=queue))
    for since, one in enumerate(profiles):
        router.agent_at_work(one.id, True)
        router.agent_ready(ready(one.id, since))
    return router


# ---- who may ---------------------------------------------------------------------------------


def test_of_two_requirements_the_higher_level_counts_and_names_are_in_order() -> None:
    both = requirement((Level(SUPPORT, 2), Level(SALES, 7, 4)), (Level(SUPPORT, 5),))
    assert both == (Level(SALES, 7), Level(SUPPORT, 5))
    assert requirement() == ()


def test_a_skill_that_is_not_held_is_not_level_zero() -> None:
    assert misfit(profile(ANA), (Level(SALES, 0),)) == "lacks:sales"
    assert misfit(profile(ANA, Level(SALES, 2)), (Level(SALES, 3),)) == "below:sales:2<3"
    assert misfit(profile(ANA, Level(SALES, 3)), (Level(SALES, 3),)) is None


def test_an_open_queue_is_everybodys_and_one_of_members_is_theirs_alone() -> None:
    member = profile(BOB, queues=(Membership(DESK),))
    assert floor(profile(ANA), member).best_agents(WANT, 9) == (ANA, BOB)
    closed = Queue(DESK, "Desk", access=Access.MEMBERS)
    assert floor(profile(ANA), member, queue=closed).best_agents(WANT, 9) == (BOB,)


def test_a_member_with_a_delay_comes_in_when_it_has_passed() -> None:
    router = floor(profile(ANA, queues=(Membership(DESK, delay_s=20),)))
    assert router.delays(DESK) == (20,)
    assert router.best_agent(WANT) is None
    assert router.best_agent(Want(DESK, delay_s=20)) == ANA
    assert (router.could_serve(WANT), router.could_serve(Want(DESK, delay_s=20))) == (0, 1)


def test_who_takes_no_calls_is_chosen_for_none() -> None:
    router = floor(profile(ANA, capacity=0))
    assert router.best_agents(WANT, 9) == ()
    router.call_waits(CallId("c"), WANT, 0, 0)
    assert router.best_call(ANA) is None


def test_steps_add_and_the_first_that_an_agent_fits_ranks_them() -> None:
    queue = Queue(
        DESK,
        "Desk",
        (Level(SALES, 5),),
        steps=(Step(), Step("skills.sales >= 2"), Step('team = "night"'), Step("nobody")),
    )
    best, fair, night = Level(SALES, 5), Level(SALES, 2), Level(SUPPORT, 1)
    router = floor(
        profile(ANA, night, team="night"), profile(BOB, fair), profile(CLEO, best), queue=queue
    )
    opened = [router.best_agents(Want(DESK, step=n), 9) for n in range(4)]
    assert opened == [(CLEO,), (CLEO, BOB), (CLEO, BOB, ANA), (CLEO, BOB, ANA)]
    assert [router.could_serve(Want(DESK, step=n)) for n in range(5)] == [1, 2, 3, 3, 3]
    assert [router.could_fit_step(Want(DESK, step=n)) for n in range(4)] == [True] * 3 + [False]


def test_what_the_flow_asks_for_counts_in_every_step() -> None:
    queue = Queue(DESK, "Desk", steps=(Step("nobody"), Step("anyone")))
    router = floor(profile(ANA), profile(BOB, Level(SUPPORT, 4)), queue=queue)
    assert router.best_agents(Want(DESK, (Level(SUPPORT, 3),), step=1), 9) == (BOB,)


def test_preferred_agents_come_first_and_are_alone_where_only_they_count() -> None:
    first = Queue(DESK, "Desk", steps=(Step(preferred=(BOB,)),))
    assert floor(profile(ANA), profile(BOB), queue=first).best_agents(WANT, 9) == (BOB, ANA)
    alone = Queue(DESK, "Desk", steps=(Step(preferred=(BOB,), only_preferred=True), Step()))
    router = floor(profile(ANA), profile(BOB), queue=alone)
    assert router.best_agents(WANT, 9) == (BOB,)
    assert router.best_agents(Want(DESK, step=1), 9) == (BOB, ANA)


def test_an_expression_that_nobody_could_read_lets_nobody_in() -> None:
    queue = Queue(DESK, "Desk", steps=(Step("skills.sales >"), Step()))
    router = floor(profile(ANA), queue=queue)
    assert router.best_agent(WANT) is None
    assert not router.could_fit_step(WANT)
    assert router.best_agent(Want(DESK, step=1)) == ANA


def test_one_looked_for_alone_is_chosen_only_if_they_may_and_are_free() -> None:
    router = floor(profile(ANA, Level(SALES, 5)), profile(BOB), queue=Queue(DESK, "Desk"))
    want = Want(DESK, (Level(SALES, 3),), only=BOB)
    assert router.best_agent(want) is None
    assert router.could_serve(want) == 0
    alone = Want(DESK, only=BOB)
    assert router.best_agents(alone, 3) == (BOB,)
    assert router.fit_counts(alone) == (1, 1)
    router.call_waits(CallId("c"), alone, 0, 0)
    assert (router.best_call(ANA), router.best_call(BOB)) == (None, "c")
    router.agent_unready(BOB)
    assert router.best_agent(alone) is None
    assert router.fit_counts(alone) == (0, 1)


def test_a_queue_that_is_gone_is_served_by_what_was_asked_for_at_entry() -> None:
    gone = Want(QueueId("old"), required=(Level(SALES, 3),))
    member = profile(ANA, Level(SALES, 3), queues=(Membership(QueueId("old"), delay_s=99),))
    assert floor(member, profile(BOB)).best_agents(gone, 9) == (ANA,)


# ---- who first -------------------------------------------------------------------------------


def order(strategy: Strategy, *works: AgentWork) -> tuple[AgentId, ...]:
    """How ana, bob and cleo stand in a queue with this strategy."""
    required = (Level(SALES, 1, 2), Level(SUPPORT, 1))
    queue = Queue(DESK, "Desk", required, strategy=strategy)
    held = {ANA: (3, 9), BOB: (8, 1), CLEO: (5, 4)}
    profiles = [profile(a, Level(SALES, x), Level(SUPPORT, y)) for a, (x, y) in held.items()]
    router = Router(config(*profiles, queue=queue))
    for work in works:
        router.agent_ready(work)
    return router.best_agents(WANT, 9)


def test_longest_idle_and_ring_all_go_by_idle_time_then_by_name() -> None:
    works = ready(CLEO, 10), ready(ANA, 30), ready(BOB, 10)
    assert order(Strategy.LONGEST_IDLE, *works) == (BOB, CLEO, ANA)
    assert order(Strategy.RING_ALL, *works) == (BOB, CLEO, ANA)


def test_fewest_calls_since_signing_in() -> None:
    works = ready(CLEO, 10, calls=4), ready(ANA, 30, calls=2), ready(BOB, 20, calls=2)
    assert order(Strategy.FEWEST_CALLS, *works) == (BOB, ANA, CLEO)


def test_least_occupied_counts_the_share_of_the_time_since_signing_in() -> None:
    works = (
        ready(ANA, 10_000, busy_ms=5_000, signed_in_at=0),
        ready(BOB, 20_000, busy_ms=6_000, signed_in_at=0),
        ready(CLEO, 20_000, busy_ms=1_000, signed_in_at=18_000),
    )
    assert order(Strategy.LEAST_OCCUPIED, *works) == (BOB, ANA, CLEO)
    assert order(Strategy.LEAST_OCCUPIED, ready(ANA, 5, signed_in_at=5), works[1]) == (ANA, BOB)


def test_best_skill_counts_levels_times_weights() -> None:
    works = ready(ANA), ready(BOB), ready(CLEO)  # 2x3+9=15, 2x8+1=17, 2x5+4=14
    assert order(Strategy.BEST_SKILL, *works) == (BOB, ANA, CLEO)


def test_round_robin_goes_round_whoever_is_idle_longest() -> None:
    router = floor(
        profile(ANA),
        profile(BOB),
        profile(CLEO),
        queue=Queue(DESK, "Desk", strategy=Strategy.ROUND_ROBIN),
    )
    seen = []
    for _ in range(7):
        agent_id = router.best_agent(WANT)
        assert agent_id is not None
        router.chosen(DESK, agent_id)
        router.agent_unready(agent_id)
        seen.append(agent_id)
        router.agent_ready(ready(agent_id, 0))  # as if idle for longer than the others
    assert seen == [ANA, BOB, CLEO, ANA, BOB, CLEO, ANA]


def test_a_members_priority_ranks_before_the_strategy() -> None:
    router = floor(profile(ANA), profile(BOB, queues=(Membership(DESK, priority=1),)))
    assert router.best_agents(WANT, 9) == (BOB, ANA)


def test_for_an_agent_a_point_of_priority_is_worth_a_minute_of_age() -> None:
    mine = (Membership(DESK), Membership(QueueId("vip"), priority=2))
    desk, vip = Queue(DESK, "Desk"), Queue(QueueId("vip"), "VIP")
    router = Router(
        FloorConfig(queues={DESK: desk, vip.id: vip}, agents={ANA: profile(ANA, queues=mine)})
    )
    router.call_waits(CallId("old"), WANT, 0, 1)
    router.call_waits(CallId("vip"), Want(vip.id), 120_001, 2)
    assert router.best_call(ANA) == "old"
    router.call_waits(CallId("vip"), Want(vip.id), 119_999, 2)
    assert router.best_call(ANA) == "vip"


# ---- what changes ----------------------------------------------------------------------------


def test_a_requeued_call_comes_back_to_its_place_and_a_widened_one_keeps_it() -> None:
    queue = Queue(DESK, "Desk", steps=(Step("skills.sales"), Step("anyone")))
    router = floor(profile(ANA), queue=queue)
    router.call_waits(CallId("new"), Want(DESK, step=1), 20, 2)
    router.call_waits(CallId("old"), Want(DESK), 10, 1)
    assert router.best_call(ANA) == "new"
    router.call_waits(CallId("old"), Want(DESK, step=1), 10, 1)
    assert router.best_call(ANA) == "old"
    router.call_gone(CallId("old"))
    router.call_gone(CallId("old"))
    assert router.best_call(ANA) == "new"


def test_who_has_lost_the_skill_is_chosen_no_more_and_who_won_it_keeps_their_idle_time() -> None:
    queue = Queue(DESK, "Desk", (Level(SALES, 3),))
    router = floor(profile(BOB), profile(ANA, Level(SALES, 5)), queue=queue)
    router.call_waits(CallId("c"), WANT, 0, 0)
    assert (router.best_agent(WANT), router.best_call(BOB)) == (ANA, None)
    router.configure(config(profile(ANA), profile(BOB, Level(SALES, 3)), queue=queue))
    assert (router.best_agent(WANT), router.best_call(ANA)) == (BOB, None)
    assert router.best_call(BOB) == "c"
    assert router.fit_counts(WANT) == (1, 1)
    router.configure(config(profile(ANA), queue=queue))
    assert router.best_agent(WANT) is None
    assert not router.is_ready(BOB)


def test_a_changed_queue_is_looked_at_anew_and_another_setting_of_it_is_not() -> None:
    router = floor(profile(ANA), profile(BOB, Level(SALES, 1)))
    assert router.best_agent(WANT) == ANA
    router.configure(
        config(profile(ANA), profile(BOB, Level(SALES, 1)), queue=Queue(DESK, "Desk", ring_s=5))
    )
    assert router.best_agent(WANT) == ANA
    router.configure(
        config(
            profile(ANA),
            profile(BOB, Level(SALES, 1)),
            queue=Queue(DESK, "Desk", (Level(SALES, 1),)),
        )
    )
    assert router.best_agents(WANT, 9) == (BOB,)


def test_ready_again_with_other_counts_is_another_place() -> None:
    queue = Queue(DESK, "Desk", strategy=Strategy.FEWEST_CALLS)
    router = floor(profile(ANA), profile(BOB), queue=queue)
    assert router.best_agent(WANT) == ANA
    router.agent_ready(ready(ANA, 0, calls=3))
    assert router.best_agents(WANT, 9) == (BOB, ANA)


def test_fit_counts_follow_whatever_happens_to_agents() -> None:
    queue = Queue(DESK, "Desk", (Level(SALES, 3),))
    router = floor(*(profile(AgentId(f"a{n}"), Level(SALES, n)) for n in range(10)), queue=queue)
    assert router.fit_counts(WANT) == (7, 7)
    router.agent_unready(AgentId("a3"))
    router.agent_unready(AgentId("a3"))
    router.agent_at_work(AgentId("a5"), False)
    router.agent_at_work(AgentId("a5"), False)
    router.agent_unready(AgentId("a5"))
    router.agent_unready(AgentId("a0"))
    assert router.fit_counts(WANT) == (5, 6)
    router.configure(
        config(*(profile(AgentId(f"a{n}"), Level(SALES, 9)) for n in range(4)), queue=queue)
    )
    assert router.fit_counts(WANT) == (2, 4)


# ---- what it keeps ---------------------------------------------------------------------------


def heaps(router: Router) -> int:
    pools = [pool for roster in router._rosters.values() for pool in roster.pools.values()]
    return sum(len(pool) + sum(map(len, pool.lines.values())) for pool in pools)


def test_a_queue_that_nobody_calls_does_not_remember_every_agent_ever() -> None:
    router = floor(profile(ANA), profile(BOB))
    assert router.best_agent(WANT) == ANA
    for n in range(10_000):
        router.agent_unready(BOB)
        router.agent_ready(ready(BOB, 10 + n))
        router.agent_ready(ready(BOB, 11 + n))
    assert heaps(router) < 10
    assert len(router._log._log) < 500
    for n in range(10_000):  # asked each time, and never for the one who comes and goes
        router.agent_ready(ready(BOB, 20_000 + n))
        assert router.best_agent(WANT) == ANA
    assert heaps(router) < 200


def test_callers_who_gave_up_behind_an_old_one_are_forgotten() -> None:
    router = floor(profile(ANA))
    router.call_waits(CallId("old"), WANT, 0, 0)
    for n in range(1, 10_000):
        router.call_waits(CallId(f"c{n}"), WANT, n, n)
        router.call_gone(CallId(f"c{n}"))
    assert heaps(router) < 200
    assert router.best_call(ANA) == "old"


def test_wishes_that_nobody_has_any_more_are_let_go_and_found_again() -> None:
    router = floor(profile(ANA, Level(SALES, 10)))
    router.call_waits(CallId("c"), Want(DESK, (Level(SALES, 1),)), 0, 0)
    for n in range(5_000):
        other = Want(DESK, (Level(Skill(f"s{n}"), 1),))
        router.call_waits(CallId(f"c{n}"), other, n, n)
        assert router.best_agent(other) is None
        router.call_gone(CallId(f"c{n}"))
    assert sum(len(roster.pools) for roster in router._rosters.values()) < 1_000
    assert router.best_call(ANA) == "c"
    assert router.best_agent(Want(DESK, (Level(SALES, 1),))) == ANA


# ---- reasons ---------------------------------------------------------------------------------


def verdicts(
    router: Router, want: Want, at_work: dict[AgentId, AgentWork], chosen: AgentId | None = None
) -> dict[str, str]:
    return {c.agent_id: c.verdict for c in router.candidates(want, chosen, at_work, 1_000)}


def test_reasons_are_bounded_and_name_chosen_fit_and_refused() -> None:
    skilled = (Level(SALES, 5),)
    profiles = [profile(AgentId(f"a{n:03d}"), *(skilled if n % 2 else ())) for n in range(500)]
    router = floor(*profiles, queue=Queue(DESK, "Desk", (Level(SALES, 3),)))
    at_work = {p.id: ready(p.id, n) for n, p in enumerate(profiles)}
    seen = router.candidates(WANT, AgentId("a001"), at_work, 1_000)
    assert (seen[0].verdict, seen[0].idle_ms, seen[0].step) == ("chosen", 999, 0)
    found = [c.verdict for c in seen]
    assert [c.agent_id for c in seen[1:6]] == ["a003", "a005", "a007", "a009", "a011"]
    assert found.count("fit") == SHOWN_FIT
    assert found.count("lacks:sales") == SHOWN_REFUSED
    assert len({c.agent_id for c in seen}) == len(seen)


def desk(*expressions: str, required: tuple[Level, ...] = ()) -> Queue:
    return Queue(DESK, "Desk", required, steps=tuple(Step(text) for text in expressions))


NOVICE, SELLER = profile(ANA), profile(ANA, Level(SALES, 3))
ONLY_BOB = Step(preferred=(BOB,), only_preferred=True)


@pytest.mark.parametrize(
    ("queue", "one", "want", "verdict"),
    [
        (desk(), profile(ANA, capacity=0), WANT, "no_voice"),
        (Queue(DESK, "Desk", access=Access.MEMBERS), NOVICE, WANT, "not_member"),
        (desk(), NOVICE, Want(DESK, (Level(SALES, 2),)), "lacks:sales"),
        (desk(required=(Level(SALES, 4),)), SELLER, WANT, "below:sales:3<4"),
        (desk("skills.sales > 3"), SELLER, WANT, "below:sales:3<4"),
        (desk("skills.sales"), NOVICE, WANT, "lacks:sales"),
        (desk("skills.sales = 4"), SELLER, WANT, "unmet:skills.sales = 4"),
        (desk("anyone and (team or nobody)"), NOVICE, WANT, "unmet:team or nobody"),
        (desk("team", "anyone"), NOVICE, WANT, "later:1"),
        (Queue(DESK, "Desk", steps=(ONLY_BOB,)), NOVICE, WANT, "not_preferred"),
        (desk(), profile(ANA, queues=(Membership(DESK, delay_s=30),)), WANT, "delay:30"),
        (desk(), NOVICE, Want(DESK, only=BOB), "only:bob"),
    ],
)
def test_the_refused_are_shown_with_what_they_lack(
    queue: Queue, one: AgentProfile, want: Want, verdict: str
) -> None:
    router = floor(one, profile(BOB), queue=queue)
    found = verdicts(router, want, {ANA: ready(ANA), BOB: ready(BOB)})
    assert found[ANA] == verdict
    assert router.best_agents(Want(DESK), 0) == ()
    assert ANA not in router.best_agents(want, 9)


@pytest.mark.parametrize(
    ("work", "verdict"),
    [
        (AgentWork(ANA, AgentState.PAUSED), "paused"),
        (AgentWork(ANA, AgentState.CONSULTING), "consulting"),
        (AgentWork(ANA, AgentState.READY, resting_until=9), "resting"),
        (AgentWork(AgentId("gone"), AgentState.TALKING), "unknown"),
    ],
)
def test_the_refused_are_shown_with_their_state(work: AgentWork, verdict: str) -> None:
    router = Router(config(profile(ANA)))
    assert verdicts(router, WANT, {work.id: work}) == {work.id: verdict}


def test_one_looked_for_alone_who_is_away_is_shown_so() -> None:
    router = Router(config(profile(ANA), profile(BOB)))
    away = verdicts(router, Want(DESK, only=ANA), {BOB: ready(BOB)})
    assert away == {ANA: "signed_out", BOB: "only:ana"}


def test_those_who_fit_but_are_busy_are_shown_before_those_who_never_fit() -> None:
    others = [profile(AgentId(f"a{n:03d}")) for n in range(100)]
    fitting = [profile(AgentId(f"z{n}"), Level(SALES, 3)) for n in range(3)]
    router = Router(config(*others, *fitting, queue=Queue(DESK, "Desk", (Level(SALES, 3),))))
    at_work = {p.id: AgentWork(p.id, AgentState.TALKING) for p in [*others, *fitting]}
    found = list(verdicts(router, WANT, at_work).items())
    assert found[:3] == [("z0", "talking"), ("z1", "talking"), ("z2", "talking")]
    assert {verdict for _, verdict in found[3:]} == {"lacks:sales"}
    assert len(found) == SHOWN_REFUSED


@pytest.mark.parametrize(
    ("strategy", "score"),
    [
        (Strategy.LONGEST_IDLE, None),
        (Strategy.LEAST_OCCUPIED, 250),
        (Strategy.BEST_SKILL, 12),
        (Strategy.FEWEST_CALLS, 7),
    ],
)
def test_a_candidate_is_shown_with_what_the_strategy_counted(
    strategy: Strategy, score: int | None
) -> None:
    preferring = (Step(preferred=(ANA,)),)
    queue = Queue(DESK, "Desk", (Level(SALES, 1, 3),), strategy=strategy, steps=preferring)
    known = profile(ANA, Level(SALES, 4), queues=(Membership(DESK, priority=2),))
    router = Router(config(known, queue=queue))
    work = ready(ANA, 8_000, calls=7, busy_ms=2_000, signed_in_at=0)
    router.agent_ready(work)
    seen = router.candidates(WANT, ANA, {ANA: work}, 9_000)
    assert len(seen) == 1
    one = seen[0]
    assert (one.idle_ms, one.step, one.preferred, one.priority) == (1_000, 0, True, 2)
    assert one.score == score
