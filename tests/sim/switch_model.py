"""A world around the engine for random histories: legs, bridges, phones and people.

It carries out commands as the switch would, loses or repeats news, and checks after every step
what must always hold. It replaces no telephone: calls on real Asterisk are in `tests/contract`.
"""

from __future__ import annotations

import random
from collections import Counter

import msgspec

from acd.commands import (
    Command,
    CreateBridge,
    DestroyBridge,
    DialOutside,
    HangUp,
    JoinBridge,
    LeaveBridge,
    PlayPrompt,
    RecordLeg,
    RingAgent,
    SnoopOn,
    StopPrompt,
    StopRecording,
)
from acd.config import (
    Access,
    AgentProfile,
    Calendar,
    CallbackMode,
    CallbackPolicy,
    Disposition,
    FloorConfig,
    Membership,
    MessageKind,
    OpenSpan,
    Outside,
    Queue,
    Step,
    Strategy,
    VoicemailPolicy,
    WaitMessage,
    WrapUp,
)
from acd.eligibility import Terms
from acd.engine import Engine
from acd.errors import Rejected
from acd.events import (
    AddNote,
    AskWrapUp,
    BookCallback,
    CallArrived,
    CancelCallback,
    CancelConsult,
    ChannelGone,
    ChannelHeld,
    ChannelResumed,
    CommandFailed,
    CompleteTransfer,
    Conference,
    Configure,
    Consult,
    DigitPressed,
    DropThird,
    EndCall,
    Event,
    ExtendWrapUp,
    Failure,
    ForceState,
    GetReady,
    HangUpTalk,
    Hold,
    LeaveConference,
    LegAnswered,
    MoveCall,
    Mute,
    Pause,
    PhoneDialled,
    PhoneReachable,
    PhoneTransferred,
    PhoneUnreachable,
    PlaceCall,
    PressKeys,
    PromptFinished,
    RecordingEnded,
    Retrieve,
    SetDisposition,
    SetPriority,
    SignIn,
    SignOut,
    SnoopStarted,
    StopSupervising,
    Supervise,
    Swap,
    TakeBack,
    TakeOver,
    Transfer,
)
from acd.facts import (
    AgentStateChanged,
    AnyFact,
    Call,
    ContactArrived,
    ContactEnded,
    JournalEntry,
    PriorityChanged,
    RoutingDecided,
    SegmentClosed,
    SegmentOpened,
    VisitClosed,
    VisitOpened,
)
from acd.floor import Turn
from acd.legs import WAITING_LINES
from acd.model import (
    AgentId,
    AgentState,
    AgentWork,
    CalendarId,
    CallId,
    CallKind,
    CallState,
    ChannelId,
    FlowId,
    MonitorMode,
    PhoneId,
    PlaybackId,
    QueueId,
    RecordingId,
    SegmentKind,
    SkillId,
    SkillLevel,
    Target,
    TargetKind,
    VisitId,
)
from acd.placing import rings_own_phone
from acd.sightings import SwitchChannel, SwitchSeen
from tests.sim.scripted_flows import ScriptedFlows

START_MS = 1_760_000_000_000
KINDS = 45
"""How many kinds of random steps there are."""

TALK_KINDS = (0, 1, 2, 3, 4, 5, 6, 6, 7, 9, 10, 12, 13, 19)
"""The kinds of `act_as_people` that need an agent in a call."""

CONSULT_KINDS = (5, 6, 6, 7, 7, 0, 9, 11, 13)
"""Those that need one who consults."""

IN_TALK = (AgentState.TALKING, AgentState.HOLDING, AgentState.CONSULTING)


def level(skill: str, value: int) -> SkillLevel:
    return SkillLevel(SkillId(skill), value)


def queue(name: str, required: tuple[SkillLevel, ...], **more: object) -> Queue:
    return msgspec.structs.replace(Queue(QueueId(name), name.title(), required), **more)


def to(kind: TargetKind, which: str | None = None, say: str | None = None) -> Target:
    return Target(kind, which, {"fr": say} if say else {})


ALWAYS = Calendar(CalendarId("always"), "Europe/Paris", ((OpenSpan(0, 1440),),) * 7)
OUTSIDE = ("+33800000001", "+33800000002")


def small_config() -> FloorConfig:
    """Four agents and five queues with everything on that a queue can have."""
    agents = {
        "ana": (level("sales", 5),),
        "bob": (level("sales", 3), level("support", 5)),
        "cleo": (level("support", 7), level("english", 5)),
        "dan": (level("sales", 8), level("english", 2)),
    }
    places = {
        "ana": (Membership(QueueId("team"), priority=2),),
        "bob": (Membership(QueueId("team"), delay_s=4), Membership(QueueId("sales"), -1)),
        "cleo": (Membership(QueueId("support"), 3),),
    }
    queues = (
        queue(
            "sales",
            (level("sales", 3),),
            ring_s=10,
            wrap_up_s=5,
            sticky_s=3,
            calendar=CalendarId("always"),
            messages=(
                WaitMessage(MessageKind.TEXT, {"fr": "Patientez."}, first_s=2, every_s=6),
                WaitMessage(MessageKind.POSITION, first_s=4, every_s=5),
                WaitMessage(MessageKind.ESTIMATE, first_s=3, every_s=None),
            ),
            exits={
                "1": to(TargetKind.CALLBACK),
                "2": to(TargetKind.VOICEMAIL),
                "3": to(TargetKind.QUEUE, "support", "On vous transfère."),
            },
            max_wait_s=25,
            on_max_wait=to(TargetKind.QUEUE, "support"),
            callback=CallbackPolicy(retry_s=7, attempts=2, ring_s=6),
            voicemail=VoicemailPolicy(),
            dispositions=(Disposition("sold"), Disposition("not_sold")),
        ),
        queue(
            "support",
            (level("support", 5),),
            ring_s=8,
            rona_limit=1,
            wrap_up=WrapUp.MANDATORY,
            wrap_up_s=6,
            dispositions=(Disposition("solved"),),
            max_length=3,
            on_full=to(TargetKind.NUMBER, OUTSIDE[0]),
            on_max_wait=to(TargetKind.QUEUE, "sales"),
            max_wait_s=30,
            exits={"9": to(TargetKind.NUMBER, OUTSIDE[1], "Un instant.")},
            callback=CallbackPolicy(CallbackMode.CUSTOMER_FIRST, retry_s=5, attempts=2, ring_s=6),
            voicemail=VoicemailPolicy(),
        ),
        queue("team", (), access=Access.MEMBERS, strategy=Strategy.RING_ALL, ring_s=9),
        queue(
            "steps",
            (level("sales", 9),),
            strategy=Strategy.BEST_SKILL,
            steps=(
                Step(for_s=4),
                Step("skills.sales >= 5 and not skills.english > 4", for_s=5),
                Step("anyone"),
            ),
            wrap_up=WrapUp.OPTIONAL,
        ),
        queue("shut", (), closed=True, on_closed=to(TargetKind.VOICEMAIL, "sales")),
    )
    return FloorConfig(
        queues={q.id: q for q in queues},
        agents={
            AgentId(name): AgentProfile(
                AgentId(name),
                name.title(),
                PhoneId(name),
                skills,
                queues=places.get(name, ()),
                number=str(200 + index),
            )
            for index, (name, skills) in enumerate(agents.items())
        },
        numbers={
            "600": FlowId("menu"),
            "601": FlowId("direct"),
            "602": FlowId("missing"),
            "603": FlowId("team"),
            "604": FlowId("steps"),
            "605": FlowId("shut"),
        },
        calendars={ALWAYS.id: ALWAYS},
        seats=frozenset({PhoneId("seat")}),
        outside=Outside(allowed=("+33",)),
    )


class SwitchModel:
    """The engine, a switch that obeys, and the checks."""

    def __init__(self, seed: int = 0, config: FloorConfig | None = None) -> None:
        self.config = config or small_config()
        self.now_ms = START_MS
        self.ids = 0
        self.flows = ScriptedFlows()
        self.engine = Engine(self.config, self.flows, self.new_id, self.now_ms)
        self.rng = random.Random(seed)
        self.legs: dict[ChannelId, str] = {}
        self.answered_legs: set[ChannelId] = set()
        self.bridges: dict[str, set[ChannelId]] = {}
        self.prompts: list[PlaybackId] = []
        self.recordings: list[RecordingId] = []
        self.booked = 0
        self.facts: list[AnyFact] = []
        self.history: list[Event] = []
        self.late: list[Event] = []
        self.phones_up: set[PhoneId] = set()
        self.seqs: Counter[str] = Counter()
        self.saved_calls: dict[CallId, object] = {}
        self.saved_agents: dict[AgentId, AgentWork] = {}
        self.callers = 0
        self.keys: dict[VisitId, int] = {}
        self.orders: list[Command] = []
        self.refused: Rejected | None = None

    def new_id(self) -> str:
        self.ids += 1
        return f"id-{self.ids}"

    # ---- steps ----

    def tell(self, event: Event) -> None:
        self.history.append(event)
        try:
            turn = self.engine.handle(event, self.now_ms)
        except Rejected as refusal:
            self.refused = refusal
            self.check()
            return
        self.refused = None
        self.take(turn)

    def pass_time(self, ms: int) -> None:
        self.now_ms += ms
        self.take(self.engine.tick(self.now_ms))

    def take(self, turn: Turn) -> None:
        for fact in turn.facts:
            self.seqs[fact.subject] += 1
            assert fact.seq == self.seqs[fact.subject], f"gap before {fact}"
            self.facts.append(fact)
            if isinstance(fact, VisitOpened | PriorityChanged):
                self.keys[fact.visit_id] = fact.key
            if isinstance(fact, RoutingDecided):
                self.check_choice(fact)
        entry = JournalEntry(self.now_ms, turn.facts, turn.calls, turn.agents)
        for call in entry.calls:
            self.saved_calls[call.id] = call
        for work in entry.agents:
            self.saved_agents[work.id] = work
        self.orders = list(turn.commands)
        for command in turn.commands:
            self.obey(command)
        self.check()

    def obey(self, command: Command) -> None:
        match command:
            case RingAgent(channel_id=channel_id, phone=phone):
                if phone in self.phones_up:
                    self.legs[channel_id] = "agent"
                else:
                    self.late.append(CommandFailed(command, Failure.REFUSED, "no contact"))
            case DialOutside(channel_id=channel_id):
                self.legs[channel_id] = "outside"
            case SnoopOn(channel_id=channel_id, snoop_id=snoop_id):
                if channel_id in self.legs:
                    self.legs[snoop_id] = "snoop"
                    self.late.append(SnoopStarted(snoop_id))
                else:
                    self.late.append(CommandFailed(command, Failure.GONE))
            case HangUp(channel_id=channel_id):
                if self.legs.pop(channel_id, None) is not None:
                    self.out_of_bridges(channel_id)
                    self.late.append(ChannelGone(channel_id, 16))
            case PlayPrompt(playback_id=playback_id):
                self.prompts.append(playback_id)
            case StopPrompt(playback_id=playback_id):
                if playback_id in self.prompts:
                    self.prompts.remove(playback_id)
                    self.late.append(PromptFinished(playback_id))
            case RecordLeg(recording_id=recording_id):
                self.recordings.append(recording_id)
            case StopRecording(recording_id=recording_id):
                self.late.append(RecordingEnded(recording_id))
            case CreateBridge(bridge_id=bridge_id):
                self.bridges.setdefault(bridge_id, set())
            case JoinBridge(bridge_id=bridge_id, channel_ids=channel_ids):
                if bridge_id not in self.bridges or not all(c in self.legs for c in channel_ids):
                    self.late.append(CommandFailed(command, Failure.GONE))
                else:
                    for channel_id in channel_ids:
                        self.out_of_bridges(channel_id)
                    self.bridges[bridge_id].update(channel_ids)
            case LeaveBridge(bridge_id=bridge_id, channel_ids=channel_ids):
                self.bridges.get(bridge_id, set()).difference_update(channel_ids)
            case DestroyBridge(bridge_id=bridge_id):
                self.bridges.pop(bridge_id, None)
            case _:
                pass

    def out_of_bridges(self, channel_id: ChannelId) -> None:
        for inside in self.bridges.values():
            inside.discard(channel_id)

    def restart(self) -> None:
        """Kill the floor, start it again from what the journal holds, look at the switch."""
        raw = msgspec.json.encode(
            [list(self.saved_calls.values()), list(self.saved_agents.values())]
        )
        calls, agents = msgspec.json.decode(raw, type=tuple[list[Call], list[AgentWork]])
        self.engine = Engine(self.config, self.flows, self.new_id, self.now_ms)
        self.engine.restore(calls, agents, self.now_ms)
        self.late = [e for e in self.late if self.rng.random() < 0.5]
        self.tell(self.seen(in_sync=True))

    def seen(self, in_sync: bool) -> SwitchSeen:
        return SwitchSeen(
            self.now_ms,
            in_sync,
            tuple(
                SwitchChannel(
                    c, c in self.answered_legs, ("inbound", "600") if r == "caller" else ()
                )
                for c, r in self.legs.items()
            ),
            {b: tuple(sorted(cs)) for b, cs in self.bridges.items()},
            frozenset(self.phones_up),
        )

    # ---- one random step, from one number ----

    def act(self, number: int) -> None:
        kind, pick = number % KINDS, number // KINDS
        agent = list(self.config.agents)[pick % len(self.config.agents)]
        if kind < 24:
            self.act_on_switch(kind, pick, agent)
        else:
            self.act_as_people(kind - 24, pick, agent)

    def act_on_purpose(self, number: int) -> None:
        """What a floor would do next: so that histories reach deep, not only wide."""
        pick, floor = number, self.engine.floor
        ringing = [
            leg
            for leg, role in self.legs.items()
            if role in ("agent", "outside") and leg not in self.answered_legs
        ]
        talking = [a for a, work in floor.at_work.items() if work.state in IN_TALK]
        ready = [a for a, work in floor.at_work.items() if work.state is AgentState.READY]
        waiting = [c for c in floor.calls.values() if c.state is CallState.WAITING]
        if ringing and pick % 4:
            leg = ringing[pick % len(ringing)]
            self.answered_legs.add(leg)
            self.tell(LegAnswered(leg))
        elif self.late and pick % 3 == 0:
            self.tell(self.late.pop(0))
        elif talking and pick % 3:
            agent = talking[pick % len(talking)]
            consults = floor.at_work[agent].consult_id is not None
            kinds = CONSULT_KINDS if consults else TALK_KINDS
            self.act_as_people(kinds[(pick // 3) % len(kinds)], pick // 7, agent)
        elif ready and pick % 11 == 0:
            self.act_as_people(8, pick // 11, ready[0])
        elif len(ready) + len(talking) < 3:
            self.act_on_switch(12, pick, list(self.config.agents)[pick % 4])
        elif waiting and pick % 5 == 0:
            self.act_as_people(14, pick // 5, AgentId("ana"))
        else:
            self.act_on_switch(0, pick, AgentId("ana"))

    def act_on_switch(self, kind: int, pick: int, agent: AgentId) -> None:
        callers = [c for c, r in self.legs.items() if r in ("caller", "outside")]
        agent_legs = [c for c, r in self.legs.items() if r in ("agent", "outside", "snoop")]
        if kind <= 2:
            self.callers += 1
            channel = ChannelId(f"caller-{self.callers}")
            self.legs[channel] = "caller"
            number = (None, "0612345678", "0698765432")[pick % 3]
            dnis = ("600", "601", "603", "604", "605", "602", "999")[pick % 7]
            self.tell(CallArrived(channel, dnis, number))
        elif kind == 3:
            phone = PhoneId("seat") if pick % 4 == 0 else PhoneId(agent)
            channel = ChannelId(f"dialled-{len(self.history)}")
            self.legs[channel] = "agent"
            extension = ("*10", "*11", "*12", "*131", "201", "+33800000003", "77")[pick % 7]
            self.tell(PhoneDialled(channel, phone, extension))
        elif kind == 4 and callers:
            self.leg_gone(callers[pick % len(callers)], 16)
        elif kind <= 6 and callers:
            self.tell(DigitPressed(callers[pick % len(callers)], "12193*"[pick % 6]))
        elif kind == 7 and self.prompts:
            self.tell(PromptFinished(self.prompts.pop(pick % len(self.prompts))))
        elif kind <= 10 and agent_legs:
            leg = agent_legs[pick % len(agent_legs)]
            self.answered_legs.add(leg)
            self.tell(LegAnswered(leg))
        elif kind == 11 and agent_legs:
            self.leg_gone(agent_legs[pick % len(agent_legs)], (16, 17, 21, 19, 20, 38)[pick % 6])
        elif kind <= 13:
            phone = PhoneId(agent)
            self.phones_up.add(phone)
            self.tell(PhoneReachable(phone))
            seat = PhoneId("seat") if pick % 11 == 0 else None
            if seat is not None:
                self.phones_up.add(seat)
            connected = pick % 7 == 0
            self.tell(SignIn(agent, ready=pick % 5 != 0, phone=seat, connected=connected))
        elif kind == 14:
            self.phones_up.discard(PhoneId(agent))
            self.tell(PhoneUnreachable(PhoneId(agent)))
        elif kind == 15:
            self.tell((SignOut(agent), Pause(agent, "lunch"))[pick % 2])
        elif kind == 16:
            self.tell(GetReady(agent))
        elif kind == 17 and agent_legs:
            leg = agent_legs[pick % len(agent_legs)]
            self.tell((ChannelHeld(leg), ChannelResumed(leg))[pick % 2])
        elif kind == 18 and self.late:
            self.tell(self.late.pop(pick % len(self.late)))
        elif kind == 19 and self.history:
            self.tell_again(self.history[pick % len(self.history)])
        elif kind == 20:
            self.restart()
        elif kind == 21:
            self.tell(self.seen(in_sync=False))
        elif kind == 22 and self.recordings:
            ended = self.recordings.pop(pick % len(self.recordings))
            self.tell(RecordingEnded(ended, "failed" if pick % 5 == 0 else None))
        else:
            self.pass_time((10, 500, 2_000, 6_000, 11_000)[pick % 5])

    def act_as_people(self, kind: int, pick: int, agent: AgentId) -> None:
        """Something that an agent, a supervisor or a program asks."""
        others = list(self.config.agents)
        other = others[(pick // 5) % len(others)]
        calls = list(self.engine.floor.calls)
        call = calls[pick % len(calls)] if calls else CallId("none")
        target = (
            to(TargetKind.AGENT, other),
            to(TargetKind.QUEUE, ("sales", "support", "team", "steps", "shut")[pick % 5]),
            to(TargetKind.NUMBER, OUTSIDE[pick % 2]),
            to(TargetKind.NUMBER, "+1900"),
        )[(pick // 7) % 4]
        queue_id = QueueId(("sales", "support", "team", "steps")[pick % 4])
        if kind == 0:
            self.tell((Hold(agent), Retrieve(agent))[pick % 2])
        elif kind == 1:
            self.tell((Mute(agent, muted=pick % 3 == 0), PressKeys(agent, "12#"))[pick % 2])
        elif kind == 2:
            self.tell(Transfer(agent, target))
        elif kind <= 4:
            self.tell(Consult(agent, target))
        elif kind == 5:
            self.tell((Swap(agent), CancelConsult(agent))[pick % 2])
        elif kind == 6:
            self.tell(CompleteTransfer(agent))
        elif kind == 7:
            self.tell((Conference(agent), DropThird(agent), LeaveConference(agent))[pick % 3])
        elif kind == 8:
            self.tell(PlaceCall(agent, target, (None, queue_id)[pick % 2]))
        elif kind == 9:
            self.tell((HangUpTalk(agent), TakeBack(agent, call))[pick % 2])
        elif kind == 10:
            self.tell(
                (
                    SetDisposition(agent, ("sold", "solved", "what")[pick % 3]),
                    AskWrapUp(agent),
                    ExtendWrapUp(agent),
                    AddNote(call, "écrit", agent),
                )[pick % 4]
            )
        elif kind == 11:
            state = (AgentState.READY, AgentState.PAUSED, AgentState.SIGNED_OUT)[pick % 3]
            self.tell(ForceState(agent, state, "sup"))
        elif kind == 12:
            mode = (MonitorMode.LISTEN, MonitorMode.WHISPER, MonitorMode.BARGE)[pick % 3]
            self.phones_up.add(PhoneId("seat"))
            self.tell(PhoneReachable(PhoneId("seat")))
            self.tell(Supervise(agent, "sup", PhoneId("seat"), mode))
        elif kind == 13:
            self.tell((StopSupervising(agent, "sup"), TakeOver(agent, "sup"))[pick % 2])
        elif kind == 14:
            self.tell(
                (MoveCall(call, queue_id, "sup"), SetPriority(call, pick % 5, "sup"))[pick % 2]
            )
        elif kind == 15:
            self.booked += 1
            at = None if pick % 2 else self.now_ms + 3_000
            wanted = f"+3360000000{pick % 4}"
            self.tell(BookCallback(CallId(f"booked-{self.booked}"), queue_id, wanted, "api", at=at))
        elif kind == 16:
            self.tell(CancelCallback(call, "api"))
        elif kind == 17 and calls:
            self.tell(EndCall(call))
        elif kind == 18:
            self.reconfigure(pick)
        elif kind == 19:
            legs = [c for c, r in self.legs.items() if r == "agent"]
            if legs:
                extension = ("201", "sales", "+33800000009", "nobody")[pick % 4]
                self.tell(PhoneTransferred(legs[pick % len(legs)], extension))
        else:
            self.pass_time((300, 4_000, 15_000)[pick % 3])

    def reconfigure(self, pick: int) -> None:
        """A supervisor closes or opens a queue, or changes a skill."""
        queues = dict(self.config.queues)
        agents = dict(self.config.agents)
        if pick % 2:
            sales = queues[QueueId("sales")]
            queues[sales.id] = msgspec.structs.replace(sales, closed=not sales.closed)
        else:
            ana = agents[AgentId("ana")]
            skills = (level("sales", 1 + pick % 9), level("support", 6))[: 1 + pick % 2]
            agents[ana.id] = msgspec.structs.replace(ana, skills=skills)
        self.config = msgspec.structs.replace(self.config, queues=queues, agents=agents)
        self.tell(Configure(self.config))

    def tell_again(self, event: Event) -> None:
        """The switch repeats old news; it must not be told of a leg that came and is still here."""
        if isinstance(event, CallArrived) and event.channel_id not in self.legs:
            return
        if isinstance(event, ChannelGone) and event.channel_id in self.legs:
            return
        if isinstance(event, LegAnswered) and event.channel_id not in self.legs:
            return
        if isinstance(event, SwitchSeen | PhoneReachable | PhoneUnreachable | BookCallback):
            return
        self.tell(event)

    def leg_gone(self, channel_id: ChannelId, cause: int) -> None:
        del self.legs[channel_id]
        self.out_of_bridges(channel_id)
        if self.rng.random() < 0.9:
            self.tell(ChannelGone(channel_id, cause))
        # else the news is lost: a look at the switch must find it

    def run_dry(self) -> None:
        """Everybody hangs up, all news arrives, all timers pass: nothing may be left."""
        for agent_id in self.config.agents:
            self.tell(SignOut(agent_id))
        for _ in range(80):
            floor = self.engine.floor
            if not self.legs and not self.late and not floor.calls:
                break
            for channel_id in list(self.legs):
                if channel_id in self.legs:
                    self.leg_gone(channel_id, 16)
            for call_id in list(floor.calls):
                if floor.calls[call_id].channel_id is None:
                    self.tell(EndCall(call_id))
            while self.late:
                self.tell(self.late.pop())
            self.prompts.clear()
            self.pass_time(12_000)
            self.tell(self.seen(in_sync=True))
        self.pass_time(60_000)
        self.tell(self.seen(in_sync=True))
        assert not self.legs, self.legs
        assert not {b for b in self.bridges if b != WAITING_LINES}, self.bridges
        assert not self.engine.floor.calls
        assert not self.engine.floor.legs
        assert not self.engine.floor.phone_sessions
        assert not any(len(line) for line in self.engine.floor.waiting.values())
        self.check_books()

    # ---- what must always hold ----

    def check(self) -> None:
        floor = self.engine.floor
        assert floor.impossible_count == 0, "an impossible transition"
        in_talk = Counter(
            c.visit.queue_id
            for c in floor.calls.values()
            if c.talk and c.visit and c.talk.agent_id is not None
        )
        assert +floor.talking == in_talk
        offers = Counter(o.agent_id for c in floor.calls.values() for o in c.offers)
        busy = Counter[AgentId]()
        for call in floor.calls.values():
            self.check_call(call)
            leads = call.caller_agent_id if call.kind is not CallKind.CONSULT else None
            third = call.talk.third.agent_id if call.talk and call.talk.third else None
            for who in (call.talk.agent_id if call.talk else None, leads, third):
                if who is not None:
                    busy[who] += 1
        for agent_id, work in floor.agents.items():
            assert offers[agent_id] == (work.state is AgentState.OFFERED), (agent_id, work)
            assert busy[agent_id] == (work.state in IN_TALK), (agent_id, work)
            consulting = work.consult_id is not None
            assert not consulting or work.consult_id in floor.calls, (agent_id, work)
            assert (work.state is AgentState.CONSULTING) <= consulting, (agent_id, work)
        for call in floor.calls.values():
            if call.state is CallState.WAITING and not self.is_called_first(call):
                self.check_nobody_idle(call)

    def check_call(self, call: Call) -> None:
        floor = self.engine.floor
        assert (call.state is CallState.OFFERED) == bool(call.offers), call
        assert (call.state is CallState.TALKING) <= (call.talk is not None), call
        assert (call.dial is not None) <= (call.state is CallState.DIALLING), call
        if call.state is CallState.DIALLING and call.dial is None:
            assert rings_own_phone(call), call
        if call.state is CallState.IN_FLOW:
            assert call.flow is not None or call.then is not None or call.playback_id, call
        standing = call.visit is not None and call.id in floor.line(call.visit.queue_id)
        assert (call.state is CallState.WAITING) <= standing, call
        if standing:
            # A customer who is called first keeps the place while the phone rings.
            rung = call.kind is CallKind.CALLBACK and call.talk is None
            states = (CallState.WAITING, CallState.OFFERED)
            assert call.state in states or (rung and call.state is CallState.DIALLING), call
        if call.consult_id is not None:
            consult = floor.calls.get(call.consult_id)
            assert consult is not None, call
            assert consult.parent_id == call.id, call
        if call.parent_id is not None:
            parent = floor.calls.get(call.parent_id)
            assert parent is not None, call
            assert parent.consult_id == call.id, call

    def is_called_first(self, call: Call) -> bool:
        """Whether the customer has to be on the telephone before an agent is looked for."""
        if call.kind is not CallKind.CALLBACK or call.channel_id is not None or not call.visit:
            return False
        queue = self.config.queues.get(call.visit.queue_id)
        policy = queue.callback if queue is not None else None
        return policy is not None and policy.mode is CallbackMode.CUSTOMER_FIRST

    def check_nobody_idle(self, call: Call) -> None:
        """A call waits only while nobody who may take it is free."""
        floor, visit = self.engine.floor, call.visit
        if visit is None or visit.queue_id not in self.config.queues:
            return
        if call.id in floor.customers_first:
            return
        terms = Terms(self.config.queues[visit.queue_id])
        for agent_id, work in floor.at_work.items():
            if work.state is not AgentState.READY or work.resting_until > self.now_ms:
                continue
            if visit.only is not None and visit.only != agent_id:
                continue
            profile = self.config.agents[agent_id]
            why = terms.refusal(
                profile, terms.place(profile), visit.extra, visit.step, visit.delay_s
            )
            due = floor.timers.next_at()
            resting = work.resting_until and due is not None and due <= self.now_ms
            assert why is not None or resting, f"{agent_id} idle, {call.id} waits"

    def check_choice(self, decision: RoutingDecided) -> None:
        """No waiting call with a smaller key, that the chosen agent could take, was passed over.

        Priorities of the agent's memberships are worth age, so they count here too.
        """
        if decision.agent_id is None:
            return
        floor = self.engine.floor
        profile = self.config.agents[decision.agent_id]
        key = self.keys[decision.visit_id]
        worth = {m.queue: m.priority * 60_000 for m in profile.queues}
        mine = key - worth.get(decision.queue_id, 0)
        for call in floor.calls.values():
            if call.state is not CallState.WAITING or call.visit is None:
                continue
            if self.is_called_first(call):
                continue
            if call.since == decision.at:
                continue  # it came, or came back, in this same step, maybe after the decision
            visit = call.visit
            if call.id in floor.customers_first:
                continue
            if visit.only not in (None, decision.agent_id):
                continue
            if visit.queue_id not in self.config.queues:
                continue
            terms = Terms(self.config.queues[visit.queue_id])
            if (
                terms.refusal(profile, terms.place(profile), visit.extra, visit.step, visit.delay_s)
                is None
            ):
                theirs = visit.key - worth.get(visit.queue_id, 0)
                assert theirs >= mine, f"{call.id} was passed over by {decision.call_id}"

    def check_books(self) -> None:
        """One terminal record a caller; every visit and segment closed once; states in a row."""
        arrived = Counter(f.call_id for f in self.facts if isinstance(f, ContactArrived))
        ended = Counter(f.call_id for f in self.facts if isinstance(f, ContactEnded))
        assert arrived == ended
        assert all(count == 1 for count in ended.values())
        inbound = sum(
            1 for f in self.facts if isinstance(f, ContactArrived) and f.kind is CallKind.INBOUND
        )
        assert inbound == self.callers
        visits = Counter(f.visit_id for f in self.facts if isinstance(f, VisitOpened))
        left = Counter(f.visit_id for f in self.facts if isinstance(f, VisitClosed))
        assert visits == left
        talks = {f.segment_id for f in self.facts if isinstance(f, SegmentOpened)}
        for fact in self.facts:
            if isinstance(fact, VisitClosed) and fact.segment_id is not None:
                assert fact.segment_id in talks, fact
        opened = Counter(f.segment_id for f in self.facts if isinstance(f, SegmentOpened))
        closed = Counter(f.segment_id for f in self.facts if isinstance(f, SegmentClosed))
        in_wrap_up = {
            f.segment_id
            for f in self.facts
            if isinstance(f, SegmentOpened) and f.kind is SegmentKind.ACW
        }
        assert all(count == 1 for count in (opened | closed).values())
        assert set(opened) - set(closed) <= in_wrap_up
        last: dict[AgentId, AgentStateChanged] = {}
        for fact in self.facts:
            if isinstance(fact, AgentStateChanged):
                before = last.get(fact.agent_id)
                assert before is None or before.at <= fact.at
                last[fact.agent_id] = fact
