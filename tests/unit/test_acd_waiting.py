"""What waiting callers hear, and where they go: doors, music, messages, keys, the longest wait."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from acd.commands import (
    AnswerCaller,
    DialOutside,
    HangUp,
    JoinBridge,
    PlayPrompt,
    StartMusic,
    StopMusic,
    StopPrompt,
)
from acd.config import (
    AgentProfile,
    Calendar,
    FloorConfig,
    MessageKind,
    OpenSpan,
    Outside,
    Queue,
    VoicemailPolicy,
    WaitMessage,
)
from acd.events import Configure, DigitPressed, PromptFinished, SetPriority
from acd.facts import ContactEnded, VisitClosed, VisitOpened
from acd.model import (
    AgentState,
    CalendarId,
    CallState,
    ChannelId,
    Outcome,
    QueueId,
    SkillId,
    SkillLevel,
    Target,
    TargetKind,
    VisitOutcome,
)
from tests.unit.acd_stage import Stage, agent, config, queue

pytestmark = pytest.mark.unit

SECOND = 1_000
NUMBER = "+33800000001"
ANY_NUMBER = Outside(allowed=("+33", "06"))
NEVER = Calendar(CalendarId("never"), "Europe/Paris", ((),) * 7)


def to_queue(name: str) -> Target:
    return Target(TargetKind.QUEUE, name)


def text(words: str, first_s: int = 10, every_s: int | None = 30) -> WaitMessage:
    return WaitMessage(MessageKind.TEXT, {"fr": words}, first_s=first_s, every_s=every_s)


def floor_of(*queues: Queue, agents: tuple[AgentProfile, ...] = (), **more: object) -> FloorConfig:
    given: dict[str, object] = {"outside": ANY_NUMBER, "calendars": {NEVER.id: NEVER}, **more}
    return msgspec.structs.replace(config(*queues, agents=agents), **given)


class Queued(Stage):
    """Callers dial 600 and press a key: they have been answered and wait in `sales`."""

    def waits(self, number: str = "0612345678") -> ChannelId:
        channel_id = self.caller(number, dnis="600")
        self.tell(DigitPressed(channel_id, "1"))
        return channel_id

    def presses(self, channel_id: ChannelId, digit: str) -> None:
        self.tell(DigitPressed(channel_id, digit))

    def hears(self) -> list[str]:
        """What is played to somebody in the last step; texts by their words."""
        played = [media for c in self.ordered(PlayPrompt) for media in c.media]
        return [media.removeprefix("tts:fr-") for media in played]

    def prompt_ends(self) -> None:
        self.tell(PromptFinished(self.prompts.pop()))

    def outcomes(self) -> list[tuple[Outcome, str]]:
        return [(f.outcome, f.reason) for f in self.told(ContactEnded)]

    def visits(self) -> list[VisitOutcome]:
        return [f.outcome for f in self.told(VisitClosed)]


# ---- whether a queue takes a call --------------------------------------------------------------


@pytest.mark.parametrize("shut", [{"closed": True}, {"calendar": NEVER.id}])
def test_a_closed_queue_says_so_and_hangs_up(shut: dict[str, object]) -> None:
    world = Queued(floor_of(msgspec.structs.replace(queue(), **shut)))
    world.signs_in("ana")
    world.waits()
    assert "fermés" in world.hears()[0]
    assert world.state("ana") is AgentState.READY
    world.prompt_ends()
    assert world.outcomes() == [(Outcome.OUT_OF_HOURS, "closed")]
    assert world.ordered(HangUp)
    assert world.told(VisitOpened) == []


def test_who_hangs_up_on_the_closed_message_came_out_of_hours() -> None:
    world = Queued(floor_of(queue(closed=True)))
    world.hangs_up(world.waits())
    assert world.outcomes() == [(Outcome.OUT_OF_HOURS, "hung_up_on_the_way")]


def test_a_closed_queue_sends_callers_where_it_says_after_its_own_words() -> None:
    elsewhere = Target(TargetKind.QUEUE, "night", {"fr": "La nuit vous répond."})
    world = Queued(floor_of(queue(closed=True, on_closed=elsewhere), queue("night")))
    world.waits()
    assert world.hears() == ["La nuit vous répond."]
    world.prompt_ends()
    assert [f.queue_id for f in world.told(VisitOpened)] == ["night"]


def test_a_closed_queue_answers_a_caller_who_still_hears_it_ring() -> None:
    world = Queued(floor_of(queue(closed=True)))
    world.caller()
    assert world.ordered(AnswerCaller)
    assert world.hears()


def test_closing_leaves_those_inside_who_are_served() -> None:
    world = Queued(floor_of(queue(max_wait_s=600)))
    world.waits()
    world.tell(Configure(floor_of(queue(closed=True))))
    assert world.call().state is CallState.WAITING
    world.signs_in("ana")
    world.answers(world.ring("ana"))
    assert world.call().state is CallState.TALKING


def test_a_full_queue_turns_the_next_caller_away_and_counts_the_visit() -> None:
    world = Queued(floor_of(queue(max_length=1)))
    world.waits()
    world.waits()
    assert "occupés" in world.hears()[0]
    world.prompt_ends()
    assert world.outcomes() == [(Outcome.OVERFLOW, "full")]
    assert world.visits() == [VisitOutcome.OVERFLOW]


def test_a_queue_with_nobody_signed_in_goes_where_it_says_only_if_it_says() -> None:
    world = Queued(floor_of(queue(on_nobody=to_queue("night")), queue("night")))
    caller = world.waits()
    assert world.call().last_queue_id == "night"
    world.hangs_up(caller)
    world.signs_in("ana")
    world.tell(DigitPressed(world.caller(dnis="600"), "1"))
    assert world.call().last_queue_id == "sales"


def test_nobody_counts_skills_that_the_flow_asks_for_and_agents_on_pause() -> None:
    english = SkillLevel(SkillId("english"), 3)
    asks = queue(on_nobody=to_queue("night"), required=(english,))
    speaks = agent("ana", skills=(SkillLevel(SkillId("english"), 5),))
    world = Queued(floor_of(asks, queue("night"), agents=(speaks, agent("bob"))))
    world.signs_in("bob", ready=False)
    world.hangs_up(world.waits())
    world.signs_in("ana", ready=False)
    world.waits()
    assert [f.queue_id for f in world.told(VisitOpened)] == ["sales", "night", "sales"]


def test_queues_that_send_their_callers_round_let_them_go_with_a_word() -> None:
    one = queue(closed=True, on_closed=to_queue("night"))
    world = Queued(floor_of(one, queue("night", closed=True, on_closed=to_queue("sales"))))
    world.waits()
    assert "fermés" in world.hears()[0]
    world.prompt_ends()
    assert world.outcomes() == [(Outcome.OUT_OF_HOURS, "overflow_loop")]


def test_a_chain_of_more_than_five_overflows_ends() -> None:
    names = ["sales", *(f"q{n}" for n in range(1, 8))]
    chain = [
        queue(name, closed=True, on_closed=to_queue(after))
        for name, after in itertools.pairwise(names)
    ]
    world = Queued(floor_of(*chain, queue("q7")))
    world.waits()
    world.prompt_ends()
    assert world.outcomes() == [(Outcome.OUT_OF_HOURS, "overflow_loop")]
    shorter = Queued(floor_of(*chain[2:], queue("q7"), chain[1], queue("sales")))
    shorter.waits()
    assert shorter.call().state is CallState.WAITING


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


def position(every_s: int = 10) -> WaitMessage:
    return WaitMessage(MessageKind.POSITION, first_s=5, every_s=every_s)


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


# ---- keys --------------------------------------------------------------------------------------


def test_a_key_leads_out_of_the_queue_and_keeps_the_age() -> None:
    world = Queued(floor_of(queue(exits={"5": to_queue("night")}), queue("night")))
    caller = world.waits()
    world.pass_time(30 * SECOND)
    world.presses(caller, "4")
    assert world.call().last_queue_id == "sales"
    world.presses(caller, "5")
    first, second = world.told(VisitOpened)
    assert (second.queue_id, second.key) == ("night", first.key)
    assert [(f.outcome, f.to) for f in world.told(VisitClosed)] == [
        (VisitOutcome.OVERFLOW, "queue:night")
    ]


def test_a_key_while_an_agents_phone_rings_takes_the_offer_back() -> None:
    world = Queued(floor_of(queue(exits={"5": to_queue("night")}), queue("night")))
    world.signs_in("ana")
    caller = world.waits()
    world.ring("ana")
    world.presses(caller, "5")
    assert world.told(VisitOpened)[-1].queue_id == "night"
    # Ana serves both: she is rung again, for the other queue.
    assert world.state("ana") is AgentState.OFFERED
    world.answers(world.ring("ana"))
    assert world.visits() == [VisitOutcome.OVERFLOW, VisitOutcome.ANSWERED]


def test_a_key_that_leads_round_or_nowhere_leaves_the_caller_in_place() -> None:
    exits = {"5": to_queue("sales"), "6": Target(TargetKind.NUMBER, "+1900")}
    world = Queued(floor_of(queue(exits=exits)))
    caller = world.waits()
    world.presses(caller, "5")
    world.presses(caller, "6")
    assert world.call().state is CallState.WAITING
    assert len(world.told(VisitOpened)) == 1


def test_a_key_to_a_number_rings_it_and_the_contact_is_the_overflows() -> None:
    world = Queued(floor_of(queue(exits={"6": Target(TargetKind.NUMBER, NUMBER)})))
    caller = world.waits()
    world.presses(caller, "6")
    (dialled,) = world.ordered(DialOutside)
    assert dialled.number == NUMBER
    world.answers(dialled.channel_id)
    assert world.call().state is CallState.TALKING
    world.hangs_up(caller)
    assert world.outcomes() == [(Outcome.OVERFLOW, "caller_hung_up")]


def test_a_number_that_does_not_answer_gives_the_caller_back_to_the_queue() -> None:
    world = Queued(floor_of(queue(exits={"6": Target(TargetKind.NUMBER, NUMBER)})))
    caller = world.waits()
    world.presses(caller, "6")
    (dialled,) = world.ordered(DialOutside)
    world.hangs_up(dialled.channel_id, cause=17)
    assert world.call().state is CallState.WAITING
    first, second = world.told(VisitOpened)
    assert first.key == second.key


def test_who_hangs_up_while_the_number_outside_rings_is_the_overflows() -> None:
    world = Queued(floor_of(queue(exits={"6": Target(TargetKind.NUMBER, NUMBER)})))
    caller = world.waits()
    world.presses(caller, "6")
    world.hangs_up(caller)
    assert world.outcomes() == [(Outcome.OVERFLOW, "hung_up_on_the_way")]


# ---- the longest wait --------------------------------------------------------------------------


def longest(target: Target | None, **more: object) -> Queue:
    limited = queue(max_wait_s=20, on_max_wait=target)
    return msgspec.structs.replace(limited, **more)


def test_who_has_waited_as_long_as_may_be_goes_on_with_their_age() -> None:
    world = Queued(floor_of(longest(to_queue("night")), queue("night")))
    world.waits()
    world.pass_time(19 * SECOND)
    assert len(world.told(VisitOpened)) == 1
    world.pass_time(1 * SECOND)
    first, second = world.told(VisitOpened)
    assert (second.queue_id, second.key) == ("night", first.key)


def test_without_a_target_who_has_waited_long_stays() -> None:
    world = Queued(floor_of(longest(None)))
    world.waits()
    world.pass_time(60 * SECOND)
    assert world.call().state is CallState.WAITING
    world.signs_in("ana")
    world.ring("ana")


def test_while_a_phone_rings_the_longest_wait_waits_for_it() -> None:
    world = Queued(floor_of(longest(to_queue("night"), ring_s=10), queue("night")))
    world.waits()
    world.pass_time(15 * SECOND)
    world.signs_in("ana")
    world.pass_time(6 * SECOND)
    assert world.call().state is CallState.OFFERED
    assert len(world.told(VisitOpened)) == 1
    world.signs_in("bob")
    world.pass_time(4 * SECOND)
    # Ana did not pick up; Bob is not rung for sales but for night.
    assert [f.queue_id for f in world.told(VisitOpened)] == ["sales", "night"]


def test_two_queues_that_pass_on_their_waiting_callers_keep_them_in_the_end() -> None:
    night = queue("night", max_wait_s=20, on_max_wait=to_queue("sales"))
    world = Queued(floor_of(longest(to_queue("night")), night))
    world.waits()
    for _ in range(30):
        world.pass_time(20 * SECOND)
    assert world.call().state is CallState.WAITING
    assert [f.queue_id for f in world.told(VisitOpened)] == ["sales", "night", "sales"]


def test_the_longest_wait_leads_to_voicemail() -> None:
    target = Target(TargetKind.VOICEMAIL)
    world = Queued(floor_of(longest(target, voicemail=VoicemailPolicy())))
    world.waits()
    world.pass_time(20 * SECOND)
    assert world.call().state is CallState.LEAVING_MESSAGE
    assert world.visits() == [VisitOutcome.VOICEMAIL]


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


def test_an_unknown_calendar_leaves_the_queue_open() -> None:
    world = Queued(floor_of(queue(calendar=CalendarId("nowhere"))))
    world.waits()
    assert world.call().state is CallState.WAITING


def test_opening_hours_are_those_of_now() -> None:
    always = Calendar(CalendarId("always"), "Europe/Paris", ((OpenSpan(0, 1440),),) * 7)
    world = Queued(floor_of(queue(calendar=always.id), calendars={always.id: always}))
    world.waits()
    assert world.call().state is CallState.WAITING
    assert QueueId("sales") == world.call().last_queue_id


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
