"""The live picture: whoever follows the changes sees at any time what the whole shows."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.config import AgentProfile, Queue
from acd.counting.tally import Tally
from acd.events import Configure
from acd.model import AgentId, PhoneId, QueueId
from acd.state.floor import Turn
from control.live import LivePicture
from control.protocol import Live, LiveChange
from tests.sim.random_steps import KINDS, RandomSteps
from tests.sim.small_floor import START_MS

pytestmark = pytest.mark.unit


class Follower:
    """What a page does: the whole once, then each change."""

    def __init__(self, live: Live) -> None:
        self.version = live.version
        self.agents = {one.id: one for one in live.agents}
        self.queues = {one.id: one for one in live.queues}
        self.calls = {one.id: one for one in live.calls}

    def apply(self, change: LiveChange) -> None:
        assert change.version == self.version + 1
        self.version = change.version
        self.agents.update({one.id: one for one in change.agents})
        self.queues.update({one.id: one for one in change.queues})
        self.calls.update({one.id: one for one in change.calls})
        for agent_id in change.agents_gone:
            self.agents.pop(agent_id, None)
        for queue_id in change.queues_gone:
            self.queues.pop(queue_id, None)
        for call_id in change.calls_ended:
            self.calls.pop(call_id, None)


class Watched(RandomSteps):
    """A random world whose every step the picture and the tally are told of."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.tally = Tally(ZoneInfo("Europe/Paris"), START_MS)
        self.picture = LivePicture(self.engine.floor, self.tally)
        self.all = (dict(self.config.queues), dict(self.config.agents))

    def take(self, turn: Turn) -> None:
        super().take(turn)
        for fact in turn.facts:
            self.tally.count(fact)
        self.picture.on_turn(turn)

    def restart(self) -> None:
        """A new floor has a new picture; followers connect anew. Not on trial here."""

    def reconfigure(self, pick: int) -> None:
        """An idle agent and a queue that nobody uses come and go."""
        self.config = msgspec.structs.replace(
            self.config,
            queues={**self.config.queues},
            agents={**self.config.agents},
            version=self.config.version + 1,
        )
        extra, spare = AgentId("eve"), QueueId("spare")
        if pick & 1:
            self.config.agents[extra] = AgentProfile(extra, f"Eve {pick}", PhoneId("eve"))
        else:
            self.config.agents.pop(extra, None)
        if pick & 2:
            self.config.queues[spare] = Queue(spare, f"Spare {pick}")
        else:
            self.config.queues.pop(spare, None)
        self.tell(Configure(self.config))
        self.picture.reconfigured()


def same(follower: Follower, live: Live) -> None:
    assert follower.agents == {one.id: one for one in live.agents}
    assert follower.queues == {one.id: one for one in live.queues}
    assert follower.calls == {one.id: one for one in live.calls}


numbers = st.lists(st.integers(0, 30 * 60 - 1), max_size=40)


@settings(max_examples=150, deadline=None, database=None)
@given(numbers, st.integers(0, 1000))
def test_a_followers_picture_is_the_whole_whatever_happens(steps: list[int], seed: int) -> None:
    world = Watched(seed)
    picture = world.picture
    # The pusher asks for changes from the start on, whether anybody follows or not.
    picture.reconfigured()
    picture.change(world.now_ms)
    followers = [Follower(picture.whole(world.now_ms))]
    for number in steps:
        kind = number % 30
        if kind < 24:
            world.act(number * KINDS // 30)
        elif kind == 24:
            world.reconfigure(number // 30)
        elif kind == 25:
            world.pass_time(9 * 3_600_000)  # midnight comes
        elif kind == 26:
            followers.append(Follower(picture.whole(world.now_ms)))
        else:
            change = picture.change(world.now_ms)
            if change is not None:
                for follower in followers:
                    follower.apply(change)
            assert picture.change(world.now_ms) is None
            for follower in followers:
                same(follower, picture.whole(world.now_ms))


def test_nothing_new_makes_no_version() -> None:
    world = Watched(0)
    assert world.picture.change(START_MS) is None
    assert world.picture.version == 0


def test_the_day_turns_without_a_caller() -> None:
    world = Watched(0)
    world.act_on_switch(13, 0, AgentId("ana"))
    world.act_on_switch(0, 1, AgentId("ana"))  # a caller who waits for sales
    first = world.picture.change(world.now_ms)
    assert first is not None
    assert sum(queue.offered_today for queue in first.queues) == 1
    assert world.picture.change(world.now_ms) is None
    next_day = world.picture.change(world.now_ms + 24 * 3_600_000)
    assert next_day is not None
    assert {queue.offered_today for queue in next_day.queues} == {0}


def test_an_agent_is_shown_with_the_queues_that_they_may_ever_serve() -> None:
    shown = {one.id: set(one.queue_ids) for one in Watched(0).picture.whole(START_MS).agents}
    assert shown == {
        "ana": {"sales", "team", "steps", "shut"},
        "bob": {"sales", "support", "team", "steps", "shut"},
        "cleo": {"support", "steps", "shut"},
        "dan": {"sales", "steps", "shut"},
    }
