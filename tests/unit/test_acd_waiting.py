"""What waiting callers hear: music, messages, their place, how long it will be."""

from __future__ import annotations

import msgspec
import pytest

from acd.commands import JoinBridge, StartMusic, StopMusic, StopPrompt
from acd.config import MessageKind, WaitMessage
from acd.events import SetPriority
from acd.facts import VisitOpened
from acd.model import CallState, Outcome, QueueId, SkillId, SkillLevel
from tests.unit.acd_stage import agent, queue
from tests.unit.queued_callers import SECOND, Queued, floor_of, longest, position, text, to_queue

pytestmark = pytest.mark.unit


# ---- what is heard -----------------------------------------------------------------------------


def test_messages_stop_the_music_and_are_followed_by_music() -> None:
    world = Queued(floor_of(queue(music="jazz", messages=(text("Patientez."),))))
    world.waits()
    assert [c.music for c in world.ordered(StartMusic)] == ["jazz"]
    world.pass_time(10 * SECOND)
    assert world.ordered(StopMusic)
    assert world.hears() == ["Patientez."]
    world.prompt_ends()
    assert [c.music for c in world.ordered(StartMusic)] == ["jazz"]
    world.pass_time(29 * SECOND)
    assert world.hears() == []
    world.pass_time(1 * SECOND)
    assert world.hears() == ["Patientez."]


def test_messages_due_together_are_said_in_one_go_and_one_without_repeat_once() -> None:
    both = (text("Un.", first_s=5, every_s=None), text("Deux.", first_s=6, every_s=20))
    world = Queued(floor_of(queue(messages=both)))
    world.waits()
    world.pass_time(5 * SECOND)
    assert world.hears() == ["Un.", "Deux."]
    world.prompt_ends()
    world.pass_time(21 * SECOND)
    assert world.hears() == ["Deux."]


def test_an_answer_cuts_a_message_before_the_join() -> None:
    world = Queued(floor_of(queue(messages=(text("Patientez."),))))
    world.waits()
    world.pass_time(10 * SECOND)
    world.signs_in("ana")
    leg = world.ring("ana")
    world.answers(leg)
    kinds = [type(c) for c in world.orders if isinstance(c, StopPrompt | JoinBridge | StopMusic)]
    assert kinds == [StopPrompt, JoinBridge]
    world.news()
    world.pass_time(600 * SECOND)
    assert world.hears() == []


def test_messages_go_on_while_an_agents_phone_rings() -> None:
    world = Queued(floor_of(queue(ring_s=30, messages=(text("Patientez."),))))
    world.signs_in("ana")
    world.waits()
    world.pass_time(10 * SECOND)
    assert world.call().state is CallState.OFFERED
    assert world.hears() == ["Patientez."]
    world.prompt_ends()
    assert world.ordered(StartMusic)


def test_a_caller_whom_nobody_has_picked_up_hears_no_message() -> None:
    world = Queued(floor_of(queue(messages=(text("Patientez."),))))
    world.caller()
    world.pass_time(100 * SECOND)
    assert world.hears() == []


def test_a_message_whose_end_is_never_told_gives_way_to_music() -> None:
    world = Queued(floor_of(queue(messages=(text("Patientez.", every_s=None),))))
    world.waits()
    world.pass_time(10 * SECOND)
    world.pass_time(60 * SECOND)
    assert world.ordered(StartMusic)


def test_a_text_that_is_not_ready_is_passed_over() -> None:
    world = Queued(floor_of(queue(messages=(text("Patientez."),))))
    world.flows.silent = True
    world.waits()
    world.pass_time(10 * SECOND)
    assert world.hears() == []
    assert not world.ordered(StopMusic)
    world.flows.silent = False
    world.pass_time(30 * SECOND)
    assert world.hears() == ["Patientez."]


def test_a_position_is_never_told_further_back() -> None:
    world = Queued(floor_of(queue(messages=(position(),)), queue("night")))
    first, second = world.waits(), world.waits()
    world.pass_time(5 * SECOND)
    assert world.hears() == [
        "Vous êtes le prochain appel.",
        "Vous êtes en position 2 dans la file d'attente.",
    ]
    world.prompt_ends()
    world.prompt_ends()
    third = world.waits()
    urgent = world.engine.floor.calls[world.engine.floor.legs[third][0]]
    assert urgent.visit is not None
    # Somebody goes before them: their places are not told again until they are as good.
    world.tell(SetPriority(urgent.id, 5, "sup"))
    assert world.refused is None
    world.pass_time(10 * SECOND)
    assert world.hears() == ["Vous êtes le prochain appel."]
    world.prompt_ends()
    world.hangs_up(third)
    world.hangs_up(first)
    world.pass_time(10 * SECOND)
    assert world.hears() == ["Vous êtes le prochain appel."]
    world.hangs_up(second)


def test_a_frame_of_the_queues_own_is_filled_with_the_position() -> None:
    own = WaitMessage(MessageKind.POSITION, {"fr": "{position} !"}, first_s=5)
    world = Queued(floor_of(queue(messages=(own,))))
    world.waits()
    world.pass_time(5 * SECOND)
    assert world.hears() == ["1 !"]


# ---- at every moment ---------------------------------------------------------------------------


@pytest.mark.parametrize("moment", range(0, 40, 3))
def test_a_caller_may_hang_up_at_any_moment_of_the_wait(moment: int) -> None:
    messages = (text("Patientez.", first_s=4, every_s=9), position())
    world = Queued(floor_of(longest(to_queue("night"), messages=messages), queue("night")))
    caller = world.waits()
    for second in range(moment):
        world.pass_time(SECOND)
        if second % 3 == 2 and world.prompts:
            world.prompt_ends()
    world.hangs_up(caller)
    world.news()
    assert world.outcomes() == [(Outcome.ABANDONED, "hung_up_in_queue")]
    world.run_dry()


@pytest.mark.parametrize("moment", [0, 5, 11, 12, 21])
def test_a_restart_in_the_wait_sets_everything_again(moment: int) -> None:
    messages = (text("Patientez.", first_s=10, every_s=15),)
    world = Queued(floor_of(longest(to_queue("night"), messages=messages), queue("night")))
    world.waits()
    world.pass_time(moment * SECOND)
    world.restart()
    world.news()
    heard: list[str] = []
    for _ in range(40):
        world.pass_time(SECOND)
        heard += world.hears()
        if world.prompts:
            world.prompt_ends()
    assert world.call().last_queue_id == "night"
    assert "Patientez." in heard or moment >= 10
    assert world.call().state is CallState.WAITING


# ---- how long it will be -----------------------------------------------------------------------


def serve(world: Queued, seconds: int) -> None:
    """One call of `seconds` from the ring to the hang-up, by Ana."""
    caller = world.waits()
    world.answers(world.ring("ana"))
    world.pass_time(seconds * SECOND)
    world.hangs_up(caller)
    world.news()
    world.pass_time(10 * SECOND)


def test_the_wait_is_foretold_at_entry_once_something_is_known_and_said_rounded_up() -> None:
    told = WaitMessage(MessageKind.ESTIMATE, {"fr": "{minutes} minutes"}, first_s=1)
    # The scripted flow asks for English now and then.
    speaks = agent("ana", skills=(SkillLevel(SkillId("english"), 9),))
    world = Queued(floor_of(queue(wrap_up_s=5, messages=(told,)), agents=(speaks,)))
    world.signs_in("ana")
    for _ in range(8):
        serve(world, 90)
    assert all(f.estimate_ms is None for f in world.told(VisitOpened)), "an agent was free"
    world.waits("0611111111")
    world.answers(world.ring("ana"))
    world.waits("0622222222")
    opened = world.told(VisitOpened)[-1]
    assert opened.estimate_ms is not None
    assert 60 * SECOND < opened.estimate_ms < 300 * SECOND
    world.pass_time(SECOND)
    (said,) = world.hears()
    minutes = int(said.split()[0])
    assert minutes * 60 * SECOND >= opened.estimate_ms - 2 * SECOND
    world.pass_time(60 * SECOND)
    talking = next(c for c in world.engine.floor.calls.values() if c.talk is not None)
    assert talking.channel_id is not None
    world.hangs_up(talking.channel_id)
    world.news()
    world.pass_time(5 * SECOND)
    world.answers(world.ring("ana"))
    errors = world.engine.floor.forecast.errors(QueueId("sales"))
    assert (errors.count, errors.answered) == (1, 1)
    assert errors.covered == 1
    assert msgspec.structs.asdict(errors)["coverage"] == 1.0
