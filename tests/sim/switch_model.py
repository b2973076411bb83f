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
    HangUp,
    JoinBridge,
    PlayPrompt,
    RingAgent,
)
from acd.engine import Engine
from acd.errors import Rejected
from acd.events import (
    AgentAnswered,
    CallArrived,
    ChannelGone,
    ChannelHeld,
    ChannelResumed,
    CommandFailed,
    DigitPressed,
    EndCall,
    Event,
    Failure,
    GetReady,
    Pause,
    PhoneReachable,
    PhoneUnreachable,
    PromptFinished,
    SignIn,
    SignOut,
    SwitchChannel,
    SwitchSeen,
)
from acd.facts import (
    AgentStateChanged,
    AnyFact,
    ContactArrived,
    ContactEnded,
    JournalEntry,
    RoutingDecided,
    SegmentClosed,
    SegmentOpened,
    VisitClosed,
    VisitOpened,
)
from acd.floor import Turn
from acd.model import (
    AgentId,
    AgentProfile,
    AgentState,
    AgentWork,
    CallId,
    CallState,
    ChannelId,
    FloorConfig,
    FlowId,
    PhoneId,
    Queue,
    QueueId,
    SegmentKind,
    SkillId,
    SkillLevel,
)
from acd.routing import misfit
from tests.sim.scripted_flows import ScriptedFlows

START_MS = 1_760_000_000_000


def level(skill: str, value: int) -> SkillLevel:
    return SkillLevel(SkillId(skill), value)


def small_config() -> FloorConfig:
    agents = {
        "ana": (level("sales", 5),),
        "bob": (level("sales", 3), level("support", 5)),
        "cleo": (level("support", 7), level("english", 5)),
        "dan": (level("sales", 8), level("english", 2)),
    }
    return FloorConfig(
        queues={
            QueueId("sales"): Queue(
                QueueId("sales"), "Sales", (level("sales", 3),), ring_s=10, wrap_up_s=5
            ),
            QueueId("support"): Queue(
                QueueId("support"), "Support", (level("support", 5),), ring_s=8, rona_limit=1
            ),
        },
        agents={
            AgentId(name): AgentProfile(AgentId(name), name.title(), PhoneId(name), skills)
            for name, skills in agents.items()
        },
        numbers={"600": FlowId("menu"), "601": FlowId("direct"), "602": FlowId("missing")},
    )


class SwitchModel:
    """The engine, a switch that obeys, and the checks."""

    def __init__(self, seed: int = 0) -> None:
        self.config = small_config()
        self.now_ms = START_MS
        self.ids = 0
        self.flows = ScriptedFlows()
        self.engine = Engine(self.config, self.flows, self.new_id, self.now_ms)
        self.rng = random.Random(seed)
        self.legs: dict[ChannelId, str] = {}
        self.answered_legs: set[ChannelId] = set()
        self.bridges: dict[str, set[ChannelId]] = {}
        self.prompts: list[str] = []
        self.facts: list[AnyFact] = []
        self.history: list[Event] = []
        self.late: list[Event] = []
        self.phones_up: set[PhoneId] = set()
        self.seqs: Counter[str] = Counter()
        self.saved_calls: dict[CallId, object] = {}
        self.saved_agents: dict[AgentId, AgentWork] = {}
        self.callers = 0

    def new_id(self) -> str:
        self.ids += 1
        return f"id-{self.ids}"

    # ---- steps ----

    def tell(self, event: Event) -> None:
        self.history.append(event)
        try:
            turn = self.engine.handle(event, self.now_ms)
        except Rejected:
            self.check()
            return
        self.take(turn)

    def pass_time(self, ms: int) -> None:
        self.now_ms += ms
        self.take(self.engine.tick(self.now_ms))

    def take(self, turn: Turn) -> None:
        for fact in turn.facts:
            self.seqs[fact.subject] += 1
            assert fact.seq == self.seqs[fact.subject], f"gap before {fact}"
            self.facts.append(fact)
            if isinstance(fact, RoutingDecided):
                self.check_choice(fact)
        entry = JournalEntry(self.now_ms, turn.facts, turn.calls, turn.agents)
        for call in entry.calls:
            self.saved_calls[call.id] = call
        for work in entry.agents:
            self.saved_agents[work.id] = work
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
            case HangUp(channel_id=channel_id):
                if self.legs.pop(channel_id, None) is not None:
                    self.late.append(ChannelGone(channel_id, 16))
            case PlayPrompt(playback_id=playback_id):
                self.prompts.append(playback_id)
            case CreateBridge(bridge_id=bridge_id):
                self.bridges.setdefault(bridge_id, set())
            case JoinBridge(bridge_id=bridge_id, channel_ids=channel_ids):
                if bridge_id not in self.bridges or not all(c in self.legs for c in channel_ids):
                    self.late.append(CommandFailed(command, Failure.GONE))
                else:
                    self.bridges[bridge_id].update(channel_ids)
            case DestroyBridge(bridge_id=bridge_id):
                self.bridges.pop(bridge_id, None)
            case _:
                pass

    def restart(self) -> None:
        """Kill the floor, start it again from what the journal holds, look at the switch."""
        raw = msgspec.json.encode(
            [list(self.saved_calls.values()), list(self.saved_agents.values())]
        )
        from acd.facts import Call

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
        kind, pick = number % 24, number // 24
        callers = [c for c, r in self.legs.items() if r == "caller"]
        agent_legs = [c for c, r in self.legs.items() if r == "agent"]
        agent = list(self.config.agents)[pick % len(self.config.agents)]
        if kind <= 3:
            self.callers += 1
            channel = ChannelId(f"caller-{self.callers}")
            self.legs[channel] = "caller"
            self.tell(
                CallArrived(channel, ("600", "601", "601", "602", "999")[pick % 5], "0612345678")
            )
        elif kind == 4 and callers:
            self.leg_gone(callers[pick % len(callers)], 16)
        elif kind <= 6 and callers:
            self.tell(DigitPressed(callers[pick % len(callers)], "12193*"[pick % 6]))
        elif kind == 7 and self.prompts:
            self.tell(PromptFinished(self.prompts.pop(pick % len(self.prompts))))  # type: ignore[arg-type]
        elif kind <= 10 and agent_legs:
            leg = agent_legs[pick % len(agent_legs)]
            self.answered_legs.add(leg)
            self.tell(AgentAnswered(leg))
        elif kind == 11 and agent_legs:
            self.leg_gone(agent_legs[pick % len(agent_legs)], (16, 17, 21, 19, 20, 38)[pick % 6])
        elif kind <= 13:
            phone = PhoneId(agent)
            self.phones_up.add(phone)
            self.tell(PhoneReachable(phone))
            self.tell(SignIn(agent, ready=pick % 5 != 0))
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
        elif kind == 22 and self.engine.floor.calls:
            calls = list(self.engine.floor.calls)
            self.tell(EndCall(calls[pick % len(calls)]))
        else:
            self.pass_time((10, 500, 2_000, 6_000, 11_000)[pick % 5])

    def tell_again(self, event: Event) -> None:
        """The switch repeats old news; it must not be told of a leg that came and is still here."""
        if isinstance(event, CallArrived) and event.channel_id not in self.legs:
            return
        if isinstance(event, ChannelGone) and event.channel_id in self.legs:
            return
        if isinstance(event, AgentAnswered) and event.channel_id not in self.legs:
            return
        if isinstance(event, SwitchSeen | PhoneReachable | PhoneUnreachable):
            return
        self.tell(event)

    def leg_gone(self, channel_id: ChannelId, cause: int) -> None:
        del self.legs[channel_id]
        for inside in self.bridges.values():
            inside.discard(channel_id)
        if self.rng.random() < 0.9:
            self.tell(ChannelGone(channel_id, cause))
        # else the news is lost: a look at the switch must find it

    def run_dry(self) -> None:
        """Everybody hangs up, all news arrives, all timers pass: nothing may be left."""
        for _ in range(50):
            if not self.legs and not self.late:
                break
            for channel_id in [c for c, r in self.legs.items() if r == "caller"]:
                self.leg_gone(channel_id, 16)
            while self.late:
                self.tell(self.late.pop())
            self.pass_time(12_000)
            self.tell(self.seen(in_sync=True))
        self.pass_time(60_000)
        self.tell(self.seen(in_sync=True))
        assert not self.legs, self.legs
        assert not self.bridges, self.bridges
        assert not self.engine.floor.calls
        assert not self.engine.floor.legs
        self.check_books()

    # ---- what must always hold ----

    def check(self) -> None:
        floor = self.engine.floor
        assert floor.impossible_count == 0, "an impossible transition"
        in_talk = Counter(c.visit.queue_id for c in floor.calls.values() if c.talk and c.visit)
        assert +floor.talking == in_talk
        offers = Counter(c.offer.agent_id for c in floor.calls.values() if c.offer)
        talks = Counter(c.talk.agent_id for c in floor.calls.values() if c.talk)
        for agent_id, work in floor.agents.items():
            assert offers[agent_id] == (work.state is AgentState.OFFERED), (agent_id, work)
            assert talks[agent_id] == (work.state is AgentState.TALKING), (agent_id, work)
        for call in floor.calls.values():
            assert (call.state is CallState.OFFERED) == (call.offer is not None)
            assert (call.state is CallState.TALKING) == (call.talk is not None)
            assert (call.state is CallState.IN_FLOW) == (call.flow is not None)
            if call.state is CallState.WAITING and call.visit is not None:
                wanted = floor.wanted(call.visit)
                for agent_id, work in floor.at_work.items():
                    if work.state is AgentState.READY and work.resting_until <= self.now_ms:
                        why = misfit(self.config.agents[agent_id], wanted)
                        due = floor.timers.next_at()
                        resting = work.resting_until and due is not None and due <= self.now_ms
                        assert why is not None or resting, f"{agent_id} idle, {call.id} waits"

    def check_choice(self, decision: RoutingDecided) -> None:
        """No waiting call with a smaller key, that the chosen agent could take, was passed over."""
        if decision.agent_id is None:
            return
        floor = self.engine.floor
        profile = self.config.agents[decision.agent_id]
        opened = {f.visit_id: f for f in self.facts if isinstance(f, VisitOpened)}[
            decision.visit_id
        ]
        assert misfit(profile, opened.required) is None
        for call in floor.calls.values():
            if call.state is CallState.WAITING and call.visit is not None:
                passed = call.visit.key < opened.key
                fits = misfit(profile, floor.wanted(call.visit)) is None
                assert not (passed and fits), f"{call.id} was passed over by {decision.call_id}"

    def check_books(self) -> None:
        """One terminal record a caller; every visit and segment closed once; states in a row."""
        arrived = Counter(f.call_id for f in self.facts if isinstance(f, ContactArrived))
        ended = Counter(f.call_id for f in self.facts if isinstance(f, ContactEnded))
        assert arrived == ended
        assert all(count == 1 for count in ended.values())
        assert len(arrived) == self.callers
        visits = Counter(f.visit_id for f in self.facts if isinstance(f, VisitOpened))
        left = Counter(f.visit_id for f in self.facts if isinstance(f, VisitClosed))
        assert visits == left
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
