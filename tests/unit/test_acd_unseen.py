"""What ended while nobody looked ended when it was last seen, not when somebody looked again."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from acd.commands import HangUp
from acd.config import WrapUp
from acd.events import ChannelHeld, Consult, SetDisposition
from acd.facts import AgentStateChanged, ContactEnded, SegmentClosed, SegmentOpened, VisitClosed
from acd.model import AgentState, QueueId, SegmentKind, Target, TargetKind
from tests.acd_world import World, agent, config

pytestmark = pytest.mark.unit

NIGHT_MS = 14 * 3_600_000


def _states(world: World, name: str = "ana") -> list[tuple[AgentState, int]]:
    """An agent's states, and when each began."""
    told = [f for f in world.facts if isinstance(f, AgentStateChanged)]
    return [(f.state, f.at) for f in told if f.agent_id == name]


def _ended(world: World) -> dict[SegmentKind, int]:
    """When the last segment of each kind ended."""
    kinds = {f.segment_id: f.kind for f in world.facts if isinstance(f, SegmentOpened)}
    return {kinds[f.segment_id]: f.at for f in world.facts if isinstance(f, SegmentClosed)}


def _all_gone(world: World) -> None:
    world.lost(*list(world.legs))
    world.bridges.clear()
    world.recording.clear()


def test_a_talk_that_was_lost_over_night_ended_when_the_floor_last_lived() -> None:
    world = World()
    world.talk()
    world.wait(300_000)
    alive_at = world.now_ms
    _all_gone(world)
    world.restart(down_ms=NIGHT_MS)
    assert _ended(world)[SegmentKind.TALK] == alive_at
    (ended,) = [f for f in world.facts if isinstance(f, ContactEnded)]
    assert (ended.at, ended.reason) == (alive_at, "ended_unseen")
    assert _states(world)[-2:] == [
        (AgentState.SIGNED_OUT, alive_at),
        (AgentState.WRAP_UP, world.now_ms),
    ]
    world.wait(6_000)
    assert world.state("ana") is AgentState.READY
    assert _ended(world)[SegmentKind.ACW] == world.now_ms
    (wrap_up,) = [f for f in world.facts if isinstance(f, SegmentOpened) and f.kind == "acw"]
    assert wrap_up.at >= alive_at + NIGHT_MS
    world.over()


def test_a_switch_that_was_away_costs_the_agent_no_talk_time() -> None:
    world = World()
    world.talk()
    world.wait(60_000)
    blind_since = world.now_ms
    _all_gone(world)
    world.now_ms += NIGHT_MS
    world.look(restarted=True, blind_since=blind_since)
    assert _ended(world)[SegmentKind.TALK] == blind_since
    assert world.ended() == [("answered", "unknown", "node_lost")]
    assert _states(world)[-2:] == [
        (AgentState.UNREACHABLE, blind_since),
        (AgentState.WRAP_UP, world.now_ms),
    ]
    world.over()


def test_what_agents_did_ends_with_the_floor_and_begins_anew() -> None:
    world = World()
    world.sign_in("ana")
    world.wait(3_600_000)
    alive_at = world.now_ms
    world.restart(down_ms=NIGHT_MS)
    assert _states(world)[1:] == [
        (AgentState.SIGNED_OUT, alive_at),
        (AgentState.READY, alive_at + NIGHT_MS),
    ]
    assert world.engine.floor.agents[agent("ana")].ready_since == alive_at + NIGHT_MS
    world.call()
    assert world.rings("ana")
    world.over()


def test_a_restart_of_a_few_seconds_cuts_nothing() -> None:
    world = World()
    world.talk()
    before = _states(world)
    _all_gone(world)
    world.restart(down_ms=3_000)
    assert _states(world) == [*before, (AgentState.WRAP_UP, world.now_ms)]
    assert _ended(world)[SegmentKind.TALK] == world.now_ms
    world.over()


def test_a_talk_that_went_on_without_the_floor_is_one_talk() -> None:
    world = World()
    caller, leg = world.talk()
    before = list(world.facts)
    world.restart(down_ms=600_000)
    assert world.facts == before
    assert world.together(caller, leg)
    world.over()


def test_who_waited_when_the_floor_died_did_not_wait_all_night() -> None:
    world = World()
    world.call()
    world.wait(20_000)
    alive_at = world.now_ms
    _all_gone(world)
    world.restart(down_ms=NIGHT_MS)
    assert [f.at for f in world.facts if isinstance(f, VisitClosed)] == [alive_at]
    assert world.visits() == [("sales", "abandoned")]
    world.over()


def test_an_offer_of_before_the_night_keeps_no_agent_busy() -> None:
    world = World()
    world.sign_in("ana")
    world.call()
    alive_at = world.now_ms
    _all_gone(world)
    world.restart(down_ms=NIGHT_MS)
    assert _ended(world)[SegmentKind.RING] == alive_at
    assert (AgentState.SIGNED_OUT, alive_at) in _states(world)
    assert world.engine.floor.agents[agent("ana")].busy_ms == 0
    world.over()


def test_a_wrap_up_that_ran_out_meanwhile_is_over_at_the_start() -> None:
    world = World()
    caller, _ = world.talk()
    world.gone(caller)
    alive_at = world.now_ms
    world.restart(down_ms=NIGHT_MS)
    assert _ended(world)[SegmentKind.ACW] == alive_at
    assert world.state("ana") is AgentState.READY
    assert not [c for c in world.commands if isinstance(c, HangUp) and c.channel_id == caller]
    world.over()


def test_a_wrap_up_that_must_be_disposed_of_still_must() -> None:
    settings = config()
    queues = {
        **settings.queues,
        QueueId("sales"): replace(settings.queues[QueueId("sales")], wrap_up=WrapUp.MANDATORY),
    }
    world = World(replace(settings, queues=queues))
    caller, _ = world.talk()
    world.gone(caller)
    alive_at = world.now_ms
    world.restart(down_ms=NIGHT_MS)
    assert _ended(world)[SegmentKind.ACW] == alive_at
    assert world.state("ana") is AgentState.WRAP_UP
    world.tell(SetDisposition(agent("ana"), "sold"))
    assert world.state("ana") is AgentState.READY
    assert world.engine.floor.agents[agent("ana")].wrap_up_call_id is None
    world.over()


def test_a_call_never_ends_before_what_was_told_of_it() -> None:
    world = World()
    _, leg = world.talk()
    blind_since = world.now_ms
    world.wait(40_000)
    world.tell(ChannelHeld(leg))
    held_at = world.now_ms
    _all_gone(world)
    world.now_ms += NIGHT_MS
    world.look(restarted=True, blind_since=blind_since)
    assert _ended(world)[SegmentKind.HOLD] == held_at
    assert (AgentState.UNREACHABLE, held_at) in _states(world)
    world.over()


def test_a_consultation_and_its_call_end_together() -> None:
    world = World()
    world.talk()
    world.sign_in("bob")
    world.tell(Consult(agent("ana"), Target(TargetKind.AGENT, "bob")))
    world.answer(world.rung("bob"))
    alive_at = world.now_ms
    _all_gone(world)
    world.restart(down_ms=NIGHT_MS)
    closed = [f.at for f in world.facts if isinstance(f, SegmentClosed)]
    assert max(closed) == alive_at
    assert _states(world, "bob")[-2:] == [
        (AgentState.SIGNED_OUT, alive_at),
        (AgentState.READY, world.now_ms),
    ]
    assert (AgentState.SIGNED_OUT, alive_at) in _states(world)
    times = [at for _, at in _states(world)]
    assert times == sorted(times)
    assert {f.at for f in world.facts if isinstance(f, ContactEnded)} == {alive_at}
    world.over()
