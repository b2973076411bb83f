"""Paths on which a caller, an agent or a figure once got lost, each as short as it can be told."""

from __future__ import annotations

import msgspec
import pytest

from acd.commands import (
    AnswerCaller,
    HangUp,
    JoinBridge,
    PlayPrompt,
    RingAgent,
    SnoopOn,
    StartMusic,
    StopMusic,
    StopPrompt,
)
from acd.config import (
    CallbackMode,
    CallbackPolicy,
    FloorConfig,
    MessageKind,
    Outside,
    VoicemailPolicy,
    WaitMessage,
    WrapUp,
)
from acd.events import (
    BookCallback,
    CancelConsult,
    CommandFailed,
    Conference,
    Configure,
    Consult,
    DigitPressed,
    DropThird,
    Failure,
    GetReady,
    HangUpTalk,
    Hold,
    LeaveConference,
    LegAnswered,
    Mute,
    Pause,
    PhoneTransferred,
    PhoneUnreachable,
    PromptFinished,
    RecordingEnded,
    RecordingVerified,
    Retrieve,
    Supervise,
    TakeBack,
    TakeOver,
    Transfer,
)
from acd.facts import CallbackChanged, ContactEnded, VisitClosed
from acd.model import (
    AgentId,
    AgentState,
    CallId,
    CallKind,
    CallState,
    ChannelId,
    MonitorMode,
    Outcome,
    PhoneId,
    QueueId,
    Target,
    TargetKind,
    VisitOutcome,
)
from acd.state.floor import Role
from tests.unit.acd_stage import SEAT, Stage, agent, config, queue

ANA, BOB = AgentId("ana"), AgentId("bob")
SEAT_2 = PhoneId("seat-2")
FRENCH = Outside(allowed=("+33",))


def to(kind: TargetKind, which: str | None = None, say: str | None = None) -> Target:
    return Target(kind, which, {"fr": say} if say else {})


def reconfigured(stage: Stage, **changed: object) -> None:
    stage.config = msgspec.structs.replace(stage.config, **changed)
    stage.tell(Configure(stage.config))


def presses(stage: Stage, caller: ChannelId, *digits: str) -> None:
    for digit in digits:
        stage.tell(DigitPressed(caller, digit))


def supervisor(
    stage: Stage,
    of: str,
    by: str = "sup",
    phone: PhoneId = SEAT,
    mode: MonitorMode = MonitorMode.LISTEN,
) -> ChannelId:
    """A supervisor who is on the line with this agent; their leg."""
    stage.phone_up(phone)
    stage.tell(Supervise(AgentId(of), by, phone, mode))
    assert stage.refused is None, stage.refused
    (leg,) = [c.channel_id for c in stage.ordered(RingAgent)]
    stage.answers(leg)
    return leg


def connected(stage: Stage, name: str) -> ChannelId:
    """The agent signs in with a standing line; that leg."""
    stage.signs_in(name, connected=True)
    line = stage.ring(name)
    stage.answers(line)
    assert stage.state(name) is AgentState.READY
    return line


# ---- where calls are sent ----------------------------------------------------------------------


def test_a_closed_queue_and_a_flow_that_leads_back_to_it_do_not_stop_the_floor() -> None:
    shut = queue(closed=True, on_closed=to(TargetKind.FLOW, "direct"))
    stage = Stage(config(shut))
    stage.caller()
    stage.tell(PromptFinished(stage.prompts.pop()))
    (ended,) = stage.told(ContactEnded)
    assert (ended.outcome, ended.reason) == (Outcome.OUT_OF_HOURS, "overflow_loop")


def test_a_queue_without_anybody_and_a_flow_that_leads_back_to_it_do_not_either() -> None:
    stage = Stage(config(queue(on_nobody=to(TargetKind.FLOW, "direct"))))
    stage.caller()
    assert len(stage.told(VisitClosed)) == 6
    stage.tell(PromptFinished(stage.prompts.pop()))
    (ended,) = stage.told(ContactEnded)
    assert (ended.outcome, ended.reason) == (Outcome.OVERFLOW, "overflow_loop")


def test_a_flow_after_a_queue_is_heard_without_music() -> None:
    stage = Stage(config(queue(exits={"1": to(TargetKind.FLOW, "menu")})))
    caller = stage.caller(dnis="600")
    presses(stage, caller, "1", "1")
    assert stage.call().state is CallState.IN_FLOW
    heard = [type(c) for c in stage.orders if isinstance(c, StopMusic | PlayPrompt)]
    assert heard == [StopMusic, PlayPrompt]
    assert not stage.call().music


def test_who_was_told_of_a_number_that_may_not_be_called_any_more_has_the_place_again() -> None:
    exits = {"1": to(TargetKind.NUMBER, "+331", "Un instant.")}
    stage = Stage(config(queue(exits=exits), outside=FRENCH))
    caller = stage.caller(dnis="600")
    presses(stage, caller, "1")
    key = stage.call().visit
    presses(stage, caller, "1")
    reconfigured(stage, outside=Outside())
    stage.tell(PromptFinished(stage.prompts.pop()))
    call = stage.call()
    assert call.state is CallState.WAITING
    assert call.visit is not None
    assert key is not None
    assert call.visit.key == key.key


def test_a_call_that_went_on_from_where_it_was_given_does_not_come_back() -> None:
    exits = {"3": to(TargetKind.QUEUE, "sales", "On vous transfère.")}
    stage = Stage(config(queue(wrap_up=WrapUp.NONE), queue("two", exits=exits)))
    stage.signs_in("ana")
    caller, _ = stage.talk()
    reconfigured(stage, agents={BOB: stage.config.agents[BOB], ANA: agent("ana", voice_capacity=0)})
    stage.tell(Transfer(ANA, to(TargetKind.QUEUE, "two")))
    presses(stage, caller, "3")
    assert stage.call().state is CallState.IN_FLOW
    assert stage.refusal(TakeBack(ANA, stage.call().id)) == (409, "too-late")


# ---- agents ------------------------------------------------------------------------------------


def test_an_agent_deleted_in_a_call_is_not_left_in_a_wrap_up_that_nobody_can_end() -> None:
    stage = Stage(config(queue(wrap_up=WrapUp.MANDATORY)))
    stage.signs_in("ana")
    caller, _ = stage.talk()
    reconfigured(stage, agents={BOB: stage.config.agents[BOB]})
    assert stage.state("ana") is AgentState.TALKING
    stage.hangs_up(caller)
    assert stage.state("ana") is AgentState.SIGNED_OUT


def test_a_line_rung_because_of_a_look_is_not_missed_by_the_same_look() -> None:
    stage = Stage()
    connected(stage, "ana")
    line = stage.work("ana").line
    assert line is not None
    stage.phones_up.clear()
    stage.tell(PhoneUnreachable(PhoneId("ana")))
    stage.hangs_up(line)
    assert stage.state("ana") is AgentState.UNREACHABLE
    stage.phones_up.add(PhoneId("ana"))
    stage.tell(stage.seen(in_sync=True))
    stage.answers(stage.ring("ana"))
    assert stage.state("ana") is AgentState.READY


def test_a_line_rung_while_the_switch_was_read_is_believed_at_the_next_look() -> None:
    stage = Stage()
    stage.signs_in("ana", connected=True)
    line = stage.ring("ana")
    early = msgspec.structs.replace(stage.seen(in_sync=False), channels=())
    stage.tell(early)
    assert stage.work("ana").line == line
    stage.tell(early)
    assert stage.work("ana").line is None


def test_a_standing_leg_that_ended_unseen_in_a_call_is_known_to_be_gone() -> None:
    stage = Stage()
    line = connected(stage, "ana")
    stage.caller_on_line()
    assert stage.state("ana") is AgentState.TALKING
    stage.pass_time(11_000)
    del stage.legs[line]
    stage.out_of_bridges(line)
    stage.tell(stage.seen(in_sync=False))
    assert stage.work("ana").line != line
    assert stage.engine.floor.line_owner.get(line) is None


def test_a_message_stops_when_its_agent_leaves_it_by_a_line_that_stays() -> None:
    stage = Stage(config(queue(exits={"1": to(TargetKind.VOICEMAIL)}, voicemail=VoicemailPolicy())))
    caller = stage.caller(dnis="600")
    presses(stage, caller, "1", "1")
    stage.tell(PromptFinished(stage.prompts.pop()))
    recording = stage.recordings.pop()
    stage.tell(RecordingEnded(recording))
    stage.tell(RecordingVerified(recording, 5_000))
    stage.hangs_up(caller)
    stage.news()
    line = connected(stage, "ana")
    stage.pass_time(10)
    stage.news()
    assert stage.call().kind is CallKind.VOICEMAIL
    playing = stage.call().playback_id
    assert playing is not None
    stage.tell(HangUpTalk(ANA))
    assert [c.playback_id for c in stage.ordered(StopPrompt)] == [playing]
    assert stage.engine.floor.legs[line][1] is Role.LINE


def test_a_message_cannot_be_sent_outside_by_the_phone_of_who_listens() -> None:
    voicemail = queue(exits={"1": to(TargetKind.VOICEMAIL)}, voicemail=VoicemailPolicy())
    stage = Stage(config(voicemail, outside=FRENCH))
    caller = stage.caller(dnis="600")
    presses(stage, caller, "1", "1")
    stage.tell(PromptFinished(stage.prompts.pop()))
    recording = stage.recordings.pop()
    stage.tell(RecordingEnded(recording))
    stage.tell(RecordingVerified(recording, 5_000))
    stage.hangs_up(caller)
    stage.signs_in("ana")
    stage.pass_time(10)
    leg = stage.call().offers[0].channel_id
    stage.answers(leg)
    stage.tell(PhoneTransferred(leg, "+33800000009"))
    assert stage.call().state is CallState.TALKING
    stage.hangs_up(leg)
    assert [f.outcome for f in stage.told(VisitClosed)] == [
        VisitOutcome.VOICEMAIL,
        VisitOutcome.ANSWERED,
    ]


def test_what_a_queue_says_to_an_agent_who_asks_it_ends_with_the_consultation() -> None:
    said = WaitMessage(MessageKind.TEXT, {"fr": "Patientez."}, first_s=1)
    stage = Stage(config(queue(), queue("two", messages=(said,))))
    stage.signs_in("ana")
    stage.talk()
    stage.tell(Consult(ANA, to(TargetKind.QUEUE, "two")))
    assert stage.refused is None, stage.refused
    stage.pass_time(1_000)
    (playing,) = [c.playback_id for c in stage.ordered(PlayPrompt)]
    stage.tell(CancelConsult(ANA))
    kinds = [type(c) for c in stage.orders if isinstance(c, StopPrompt | JoinBridge)]
    assert kinds == [StopPrompt, JoinBridge]
    assert playing not in stage.engine.floor.playbacks


# ---- supervisors -------------------------------------------------------------------------------


def three_seats() -> FloorConfig:
    return config(seats=frozenset({SEAT, SEAT_2}))


def test_who_listened_to_an_agent_who_is_relieved_does_not_hear_their_next_call() -> None:
    stage = Stage(three_seats())
    connected(stage, "ana")
    stage.caller_on_line()
    supervisor(stage, "ana", "one", SEAT)
    other = supervisor(stage, "ana", "two", SEAT_2)
    (snoop,) = [c.snoop_id for c in stage.ordered(SnoopOn)]
    stage.tell(TakeOver(ANA, "one"))
    assert stage.refused is None, stage.refused
    assert {c.channel_id for c in stage.ordered(HangUp)} >= {other, snoop}
    assert stage.call().monitors == ()


def test_supervisors_who_cannot_be_joined_do_not_end_the_call() -> None:
    stage = Stage()
    stage.signs_in("ana")
    stage.talk()
    for _ in range(5):
        leg = supervisor(stage, "ana", mode=MonitorMode.BARGE)
        (join,) = stage.ordered(JoinBridge)
        stage.tell(CommandFailed(join, Failure.GONE))
        stage.hangs_up(leg)
        stage.pass_time(2_000)
    assert stage.call().state is CallState.TALKING


def test_a_join_that_is_lost_with_a_supervisor_in_it_is_tried_again() -> None:
    stage = Stage()
    stage.signs_in("ana")
    caller, leg = stage.talk()
    boss = supervisor(stage, "ana", mode=MonitorMode.BARGE)
    bridge_id = stage.call().bridge_id
    assert bridge_id is not None
    lost = JoinBridge(stage.call().id, bridge_id, (caller, leg, boss))
    stage.tell(CommandFailed(lost, Failure.GONE))
    stage.pass_time(2_000)
    assert stage.ordered(JoinBridge) == [lost]


def test_a_supervisor_rung_while_the_switch_was_read_is_not_hung_up() -> None:
    stage = Stage()
    stage.signs_in("ana")
    stage.talk()
    stage.pass_time(20_000)
    before = stage.seen(in_sync=False)
    stage.phone_up(SEAT)
    stage.tell(Supervise(ANA, "sup", SEAT))
    stage.tell(before)
    assert not stage.ordered(HangUp)
    assert len(stage.call().monitors) == 1


def test_a_supervisor_who_has_gone_deaf_in_a_gap_is_let_go() -> None:
    stage = Stage()
    stage.signs_in("ana")
    stage.talk()
    leg = supervisor(stage, "ana")
    (snoop,) = [c.snoop_id for c in stage.ordered(SnoopOn)]
    stage.news()
    del stage.legs[snoop]
    stage.tell(stage.seen(in_sync=True))
    assert {c.channel_id for c in stage.ordered(HangUp)} == {leg}
    assert stage.call().monitors == ()


def test_the_supervisor_of_a_third_party_leaves_with_them() -> None:
    stage = Stage()
    stage.signs_in("ana")
    stage.talk()
    stage.signs_in("bob")
    stage.tell(Consult(ANA, to(TargetKind.AGENT, "bob")))
    stage.answers(stage.ring("bob"))
    stage.tell(Conference(ANA))
    leg = supervisor(stage, "bob")
    stage.tell(DropThird(ANA))
    assert leg in [c.channel_id for c in stage.ordered(HangUp)]
    assert stage.call().monitors == ()


# ---- figures and what people see ---------------------------------------------------------------


def test_a_third_party_who_muted_themselves_is_shown_muted_when_the_call_is_theirs() -> None:
    stage = Stage()
    stage.signs_in("ana")
    stage.talk()
    stage.signs_in("bob")
    stage.tell(Consult(ANA, to(TargetKind.AGENT, "bob")))
    stage.answers(stage.ring("bob"))
    stage.tell(Conference(ANA))
    stage.tell(Mute(BOB, muted=True))
    stage.tell(LeaveConference(ANA))
    talk = stage.call().talk
    assert talk is not None
    assert (talk.agent_id, talk.muted) == (BOB, True)


def test_a_customer_who_was_called_back_stays_reached_when_the_next_agent_does_not_answer() -> None:
    stage = Stage(config(queue(), queue("two", ring_s=5), outside=FRENCH))
    stage.signs_in("ana")
    stage.tell(BookCallback(CallId("back"), QueueId("sales"), "+331", "api"))
    stage.pass_time(1)
    stage.answers(stage.ring("ana"))
    (dialled,) = [leg for leg, role in stage.legs.items() if role == "outside"]
    stage.tell(LegAnswered(dialled))
    stage.signs_in("bob")
    stage.tell(Pause(ANA))
    stage.tell(Transfer(ANA, to(TargetKind.QUEUE, "two")))
    stage.ring("bob")
    stage.pass_time(6_000)
    assert [f.state for f in stage.told(CallbackChanged)][-1] == "reached"


def test_a_callback_whose_queue_calls_agents_first_by_now_is_not_dialled_besides() -> None:
    first = queue(callback=CallbackPolicy(CallbackMode.CUSTOMER_FIRST))
    stage = Stage(config(first, outside=FRENCH))
    stage.tell(BookCallback(CallId("back"), QueueId("sales"), "+331", "api"))
    stage.pass_time(1)
    reconfigured(stage, queues={first.id: queue(callback=CallbackPolicy())})
    stage.signs_in("ana")
    assert stage.state("ana") is AgentState.OFFERED
    stage.signs_in("bob")
    assert stage.call().dial is None
    assert stage.call().state is CallState.OFFERED


def test_no_agent_is_rung_before_a_customer_who_comes_first_after_a_restart() -> None:
    first = queue(callback=CallbackPolicy(CallbackMode.CUSTOMER_FIRST))
    stage = Stage(config(first, outside=FRENCH))
    stage.tell(BookCallback(CallId("back"), QueueId("sales"), "+331", "api"))
    stage.pass_time(1)
    stage.phones_up.clear()
    stage.signs_in("ana", ready=False)
    stage.tell(PhoneUnreachable(PhoneId("ana")))
    stage.tell(GetReady(ANA))
    assert stage.state("ana") is AgentState.UNREACHABLE
    stage.restart()
    assert stage.state("ana") is AgentState.READY
    assert stage.call().state is CallState.DIALLING
    assert stage.call().offers == ()


def test_a_number_forbidden_since_it_was_booked_is_not_dialled() -> None:
    stage = Stage(config(queue(callback=CallbackPolicy()), outside=FRENCH))
    stage.signs_in("ana")
    at = stage.now_ms + 60_000
    stage.tell(BookCallback(CallId("back"), QueueId("sales"), "+331", "api", at=at))
    reconfigured(stage, outside=Outside())
    stage.pass_time(61_000)
    assert stage.state("ana") is AgentState.READY
    assert [f.state for f in stage.told(CallbackChanged)] == ["booked", "failed"]
    assert [f.reason for f in stage.told(ContactEnded)] == ["destination_not_allowed"]


@pytest.mark.parametrize("failure", [Failure.UNKNOWN, Failure.UNAVAILABLE, Failure.REFUSED])
def test_a_caller_who_may_not_have_been_answered_is_answered_again(failure: Failure) -> None:
    stage = Stage()
    stage.signs_in("ana")
    caller, _ = stage.talk()
    (answer,) = stage.ordered(AnswerCaller)
    for _ in range(4):
        stage.tell(CommandFailed(answer, failure))
        stage.pass_time(2_001)
        assert stage.ordered(AnswerCaller) == [answer]
    stage.tell(CommandFailed(answer, failure))
    stage.hangs_up(caller)
    stage.pass_time(2_001)
    assert stage.ordered(AnswerCaller) == []


def test_music_that_was_not_played_is_played_while_it_is_still_wanted() -> None:
    stage = Stage()
    stage.signs_in("ana")
    stage.talk()
    stage.tell(Hold(AgentId("ana")))
    (music,) = stage.ordered(StartMusic)
    stage.tell(CommandFailed(music, Failure.UNKNOWN))
    stage.pass_time(2_001)
    assert stage.ordered(StartMusic) == [music]
    stage.tell(CommandFailed(music, Failure.UNKNOWN))
    stage.tell(Retrieve(AgentId("ana")))
    stage.pass_time(2_001)
    assert stage.ordered(StartMusic) == []
