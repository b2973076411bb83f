"""A small floor around the engine for scripted conversations: phones, legs, bridges, what is heard.

It carries out commands at once and keeps the books: whatever was told must come out even. It
replaces no telephone: calls on real Asterisk are in `tests/contract`.
"""

from __future__ import annotations

from collections import Counter
from itertools import count

import msgspec

from acd.call import Call
from acd.commands import (
    Command,
    CreateBridge,
    DestroyBridge,
    DialOutside,
    FetchLine,
    GiveUpDial,
    HangUp,
    JoinBridge,
    LeaveBridge,
    MuteLeg,
    PlayPrompt,
    RingAgent,
    StartMusic,
    StartRecording,
    StartRinging,
    StopMusic,
    StopRecording,
    StopRinging,
)
from acd.config import AgentProfile, FloorConfig, Outside, Queue, WrapUp
from acd.engine import Engine
from acd.errors import Rejected
from acd.events import (
    CallArrived,
    ChannelGone,
    CommandFailed,
    Event,
    Failure,
    GetReady,
    LegAnswered,
    PhoneReachable,
    SignIn,
)
from acd.facts import (
    AnyFact,
    ContactArrived,
    ContactEnded,
    RecordingStarted,
    SegmentClosed,
    SegmentOpened,
    Transferred,
    VisitClosed,
    VisitOpened,
)
from acd.model import (
    AgentId,
    AgentState,
    AgentWork,
    BridgeId,
    CallId,
    CallKind,
    CallState,
    ChannelId,
    FlowId,
    PhoneId,
    QueueId,
    SegmentKind,
    SkillId,
    SkillLevel,
    Talk,
)
from acd.sightings import SwitchChannel, SwitchSeen
from acd.state.floor import Role, Turn
from acd.state.legs import WAITING_LINES, bridged
from tests.sim.scripted_flows import ScriptedFlows

START_MS = 1_760_000_000_000
NAMES = ("ana", "bob", "cleo", "dan")
OUTSIDE = "+33140000000"
IN_TALK = (AgentState.TALKING, AgentState.HOLDING, AgentState.CONSULTING)


def agent(name: str) -> AgentId:
    return AgentId(name)


def config() -> FloorConfig:
    """`sales` is ana's alone, `support` bob's and cleo's, dan serves none. Numbers 201 to 204."""
    skills = {"ana": ("sales",), "bob": ("support",), "cleo": ("support",)}
    queues = (
        Queue(QueueId("sales"), "Sales", _needs("sales"), wrap_up_s=5, music="waltz"),
        Queue(QueueId("support"), "Support", _needs("support"), wrap_up_s=9),
        Queue(QueueId("plain"), "Plain", _needs("none"), wrap_up=WrapUp.NONE, recorded=False),
        Queue(QueueId("shut"), "Shut", closed=True),
    )
    return FloorConfig(
        queues={queue.id: queue for queue in queues},
        agents={
            agent(name): AgentProfile(
                agent(name),
                name.title(),
                PhoneId(name),
                _needs(*skills.get(name, ())),
                number=f"{201 + i}",
            )
            for i, name in enumerate(NAMES)
        },
        numbers={"601": FlowId("direct")},
        outside=Outside(allowed=("+33",), caller_id="+33199999999"),
    )


def _needs(*skills: str) -> tuple[SkillLevel, ...]:
    return tuple(SkillLevel(SkillId(skill), 5) for skill in skills)


class World:
    """The engine, a switch that obeys, and the books."""

    def __init__(self, settings: FloorConfig | None = None) -> None:
        self.config = settings or config()
        self.ids = count(1)
        self.now_ms = START_MS
        self.engine = self._new_engine()
        self.facts: list[AnyFact] = []
        self.commands: list[Command] = []
        self.legs: set[ChannelId] = set()
        self.up: set[ChannelId] = set()
        self.bridges: dict[BridgeId, set[ChannelId]] = {}
        self.heard: dict[ChannelId, str] = {}
        self.muted: set[ChannelId] = set()
        self.recording: dict[str, BridgeId] = {}
        self.news: list[Event] = []
        self.saved: tuple[dict[CallId, Call], dict[AgentId, AgentWork]] = ({}, {})
        self.away = False

    def _new_engine(self) -> Engine:
        return Engine(self.config, ScriptedFlows(), lambda: f"id-{next(self.ids)}", self.now_ms)

    # ---- what happens ----

    def tell(self, event: Event) -> None:
        """One event, and all the news that it leads to. Raises Rejected, with nothing changed."""
        self.now_ms += 10
        before = len(self.engine.floor.calls)
        try:
            self._take(self.engine.handle(event, self.now_ms))
        except Rejected:
            assert len(self.engine.floor.calls) == before, "a refused request left something"
            assert self.engine.floor.take_turn() == Turn(), "a refused request told something"
            raise
        while self.news:
            self._take(self.engine.handle(self.news.pop(0), self.now_ms))
        self._check()

    def wait(self, ms: int) -> None:
        """Time passes; timers come due."""
        self.now_ms += ms
        self._take(self.engine.tick(self.now_ms))
        while self.news:
            self._take(self.engine.handle(self.news.pop(0), self.now_ms))
        self._check()

    def answer(self, leg: ChannelId) -> ChannelId:
        """A phone that rings is picked up."""
        assert leg in self.legs, f"{leg} does not ring"
        self.up.add(leg)
        self.tell(LegAnswered(leg))
        return leg

    def gone(self, leg: ChannelId, cause: int = 16) -> None:
        """Somebody hangs up."""
        self._drop(leg)
        self.tell(ChannelGone(leg, cause))

    def lost(self, *legs: ChannelId) -> None:
        """Legs end while nobody listens."""
        for leg in legs:
            self._drop(leg)

    def _drop(self, leg: ChannelId) -> None:
        self.legs.discard(leg)
        self.up.discard(leg)
        self.heard.pop(leg, None)
        self.muted.discard(leg)
        for inside in self.bridges.values():
            inside.discard(leg)

    def restart(self, down_ms: int = 0) -> None:
        """The floor is killed and, so much later, started anew; it looks at the switch."""
        raw = msgspec.json.encode([list(kept.values()) for kept in self.saved])
        calls, agents = msgspec.json.decode(raw, type=tuple[list[Call], list[AgentWork]])
        alive_at = self.now_ms
        self.now_ms += down_ms
        self.engine = self._new_engine()
        self.engine.restore(calls, agents, self.now_ms, alive_at)
        self.look(blind_since=alive_at, down=True)

    def look(
        self, restarted: bool = False, blind_since: int | None = None, down: bool = False
    ) -> None:
        """The floor reads what the switch holds."""
        legs = tuple(SwitchChannel(leg, leg in self.up) for leg in sorted(self.legs))
        inside: dict[str, tuple[ChannelId, ...]] = {
            bridge: tuple(sorted(legs)) for bridge, legs in self.bridges.items()
        }
        phones = frozenset(PhoneId(name) for name in NAMES)
        at = self.now_ms + 10
        self.tell(SwitchSeen(at, True, legs, inside, phones, restarted, blind_since, down))

    # ---- scenes ----

    def sign_in(self, *names: str) -> None:
        for name in names:
            self.tell(PhoneReachable(PhoneId(name)))
            self.tell(SignIn(agent(name)))

    def call(self, number: str = "+33612345678") -> ChannelId:
        """A caller comes into `sales`; their leg."""
        leg = ChannelId(f"caller-{next(self.ids)}")
        self.legs.add(leg)
        self.tell(CallArrived(leg, "601", number, "Dupont"))
        self.up.add(leg)
        return leg

    def talk(self) -> tuple[ChannelId, ChannelId]:
        """Ana talks to a caller of `sales`: (the caller's leg, hers)."""
        self.sign_in("ana")
        caller = self.call()
        return caller, self.answer(self.rung("ana"))

    def rung(self, name: str) -> ChannelId:
        """The leg by which this agent's phone was rung last."""
        rings = [c for c in self.commands if isinstance(c, RingAgent) and c.phone == name]
        assert rings, f"{name} was never rung"
        return rings[-1].channel_id

    def rings(self, name: str) -> bool:
        """Whether this agent's phone rings now."""
        rings = [c for c in self.commands if isinstance(c, RingAgent) and c.phone == name]
        return bool(rings) and rings[-1].channel_id in self.legs - self.up

    def dialled(self) -> ChannelId:
        """The leg of the number outside that was dialled last."""
        dials = [c for c in self.commands if isinstance(c, DialOutside)]
        assert dials, "nothing was dialled"
        return dials[-1].channel_id

    # ---- what is to be seen ----

    def state(self, name: str) -> AgentState:
        return self.engine.floor.agents[agent(name)].state

    def the_call(self) -> Call:
        """The one call that is no consultation."""
        (call,) = (c for c in self.engine.floor.calls.values() if c.kind is not CallKind.CONSULT)
        return call

    def together(self, *legs: ChannelId) -> bool:
        """Whether just these legs hear each other, and nothing else."""
        met = [inside for inside in self.bridges.values() if inside & set(legs)]
        return met == [set(legs)] and not any(leg in self.heard for leg in legs)

    def alone_with(self, leg: ChannelId, sound: str) -> bool:
        """Whether this leg is in no bridge and hears only this."""
        return self.heard.get(leg) == sound and not any(leg in b for b in self.bridges.values())

    def ended(self) -> list[tuple[str, str, str]]:
        """Of each contact that ended: outcome, who ended it, why."""
        return [
            (f.outcome, f.ended_by, f.reason) for f in self.facts if isinstance(f, ContactEnded)
        ]

    def transfers(self) -> list[tuple[str | None, str, str, str | None]]:
        """Of each transfer: by whom, how, to what."""
        return [
            (f.agent_id, f.how, f.target_kind, f.target_id)
            for f in self.facts
            if isinstance(f, Transferred)
        ]

    def visits(self) -> list[tuple[str, str | None]]:
        """Of each visit: its queue and how it ended (None: still open)."""
        closed = {f.visit_id: str(f.outcome) for f in self.facts if isinstance(f, VisitClosed)}
        opened = [f for f in self.facts if isinstance(f, VisitOpened)]
        return [(f.queue_id, closed.get(f.visit_id)) for f in opened]

    def segments(self) -> list[tuple[SegmentKind, str | None]]:
        """Of each stretch of time: its kind and agent."""
        return [(f.kind, f.agent_id) for f in self.facts if isinstance(f, SegmentOpened)]

    def recorded(self) -> list[tuple[str | None, str | None]]:
        """Of each recording: whose it is and of which queue."""
        return [(f.agent_id, f.queue_id) for f in self.facts if isinstance(f, RecordingStarted)]

    # ---- the switch ----

    def _take(self, turn: Turn) -> None:
        self.facts.extend(turn.facts)
        self.commands.extend(turn.commands)
        self.saved[0].update({call.id: call for call in turn.calls})
        self.saved[1].update({work.id: work for work in turn.agents})
        for command in turn.commands:
            self._obey(command)

    def _obey(self, command: Command) -> None:
        match command:
            case RingAgent(channel_id=leg) | DialOutside(channel_id=leg):
                self.legs.add(leg)
            case GiveUpDial(channel_id=leg) if leg in self.legs:
                self._drop(leg)
                self.tell(ChannelGone(leg, 18, sip=408, rang=True))
            case HangUp(channel_id=leg) if leg in self.legs:
                self._drop(leg)
                self.news.append(ChannelGone(leg, 16))
            case CreateBridge(bridge_id=bridge):
                self.bridges.setdefault(bridge, set())
            case DestroyBridge(bridge_id=bridge):
                self.bridges.pop(bridge, None)
            case JoinBridge(bridge_id=bridge, channel_ids=legs):
                for leg in legs:
                    self._join(bridge, leg)
            case FetchLine(bridge_id=bridge, channel_id=leg):
                self._join(bridge, leg)
                if leg in self.legs:
                    self.news.append(LegAnswered(leg))
                else:
                    self.news.append(CommandFailed(command, Failure.GONE))
            case LeaveBridge(bridge_id=bridge, channel_ids=legs):
                self.bridges.get(bridge, set()).difference_update(legs)
            case StartMusic(channel_id=leg):
                self._hear(leg, "music")
            case StartRinging(channel_id=leg):
                self._hear(leg, "ringing")
            case PlayPrompt(channel_id=leg):
                self._hear(leg, "prompt")
            case StopMusic(channel_id=leg) if self.heard.get(leg) == "music":
                del self.heard[leg]
            case StopRinging(channel_id=leg) if self.heard.get(leg) == "ringing":
                del self.heard[leg]
            case MuteLeg(channel_id=leg, muted=muted) if leg in self.legs:
                (self.muted.add if muted else self.muted.discard)(leg)
            case StartRecording(bridge_id=bridge, recording_id=name):
                self.recording[name] = bridge
            case StopRecording(recording_id=name):
                self.recording.pop(name, None)
            case _:
                pass

    def _join(self, bridge: BridgeId, leg: ChannelId) -> None:
        if leg not in self.legs:
            return
        assert bridge in self.bridges, f"{leg} is to join {bridge}, which was never made"
        for inside in self.bridges.values():
            inside.discard(leg)
        self.bridges[bridge].add(leg)

    def _hear(self, leg: ChannelId, sound: str) -> None:
        if leg in self.legs:
            self.heard[leg] = sound

    # ---- the books ----

    def _check(self) -> None:
        floor = self.engine.floor
        assert floor.impossible_count == 0, "an impossible transition"
        in_talk = Counter(
            c.visit.queue_id
            for c in floor.calls.values()
            if c.talk is not None and c.talk.agent_id is not None and c.visit is not None
        )
        assert +floor.talking == in_talk, (floor.talking, in_talk)
        for work in floor.agents.values():
            if work.state in IN_TALK:
                call = floor.calls.get(work.call_id) if work.call_id else None
                assert call is not None, f"{work.id} is {work.state} in no call"
                assert work.id in _people(call), f"{work.id} is {work.state}, not in {call}"
            else:
                assert work.consult_id is None
            assert (work.state is AgentState.CONSULTING) == (work.consult_id is not None)
            if work.line is not None and work.line_up and floor.legs[work.line][1] is Role.LINE:
                self._check_line(work.line)
        for call in floor.calls.values():
            for leg in _legs(call):
                owner = call.parent_id if call.leg_shared and leg == call.channel_id else call.id
                assert floor.legs[leg][0] == owner, f"{leg} of {call.id} is {floor.legs[leg]}"
            if call.talk is not None and call.talk.agent_id is not None:
                assert floor.agents[call.talk.agent_id].state in IN_TALK
            if call.talk is not None and call.state is CallState.TALKING:
                self._check_sound(call, call.talk)

    def _check_line(self, line: ChannelId) -> None:
        """A standing leg waits for the next call, in silence and able to speak."""
        assert line in self.bridges[WAITING_LINES]
        assert line not in self.heard
        assert line not in self.muted

    def _check_sound(self, call: Call, talk: Talk) -> None:
        """Who ought to hear each other does, and no music besides; who is held hears music."""
        wanted = set(bridged(call)) & self.legs
        inside = self.bridges.get(talk.bridge_id, set())
        assert wanted <= inside, f"{call.id}: {wanted} are not together but {inside}"
        alone = {call.channel_id} if call.leg_shared else set()
        assert inside - wanted <= alone, f"{call.id}: {inside - wanted} listen too"
        for leg in inside:
            assert leg not in self.heard, f"{call.id}: {leg} hears {self.heard[leg]} in the talk"
        held = call.channel_id if talk.held_by_us else None
        held = talk.agent_channel_id if talk.other_held else held
        if held is not None and held in self.legs:
            assert self.alone_with(held, "music"), f"{call.id}: {held} is held without music"

    def over(self) -> None:
        """Everybody hangs up; nothing may be left, and all books are even."""
        for leg in sorted(self.legs):
            if leg in self.legs and not any(w.line == leg for w in self._works()):
                self.gone(leg)
        self.wait(60_000)
        floor = self.engine.floor
        assert not floor.calls, floor.calls
        lines = {work.line for work in self._works() if work.line is not None}
        assert self.legs == lines
        assert set(floor.legs) == lines
        left = {bridge: legs for bridge, legs in self.bridges.items() if bridge != WAITING_LINES}
        assert not left, left
        assert not self.recording, "a recording was never ended"
        assert not self.muted
        for work in self._works():
            assert work.state not in (*IN_TALK, AgentState.OFFERED), work
            assert (work.call_id, work.channel_id) == (None, None), work
        self.check_books()

    def _works(self) -> list[AgentWork]:
        return list(self.engine.floor.agents.values())

    def check_books(self) -> None:
        """Each contact, visit and segment begins once and ends once, and facts have no gap."""
        contacts = Counter(f.call_id for f in self.facts if isinstance(f, ContactArrived))
        assert contacts == Counter(f.call_id for f in self.facts if isinstance(f, ContactEnded))
        assert set(contacts.values()) <= {1}
        opened = Counter(f.segment_id for f in self.facts if isinstance(f, SegmentOpened))
        closed = Counter(f.segment_id for f in self.facts if isinstance(f, SegmentClosed))
        assert opened == closed, (opened - closed, closed - opened)
        assert set(opened.values()) <= {1}
        visits = [f for f in self.facts if isinstance(f, VisitOpened)]
        gone = Counter(f.visit_id for f in self.facts if isinstance(f, VisitClosed))
        assert Counter(f.visit_id for f in visits) == gone
        seen = Counter((f.call_id, f.visit_seq) for f in visits)
        assert set(seen.values()) <= {1}, "two visits of one contact with one number"
        for subject, seqs in self._seqs().items():
            assert seqs == list(range(1, len(seqs) + 1)), f"a gap in the facts of {subject}"
        owners = {f.call_id for f in self.facts if isinstance(f, SegmentOpened | VisitOpened)}
        assert owners <= set(contacts), "facts of a contact that never arrived"

    def _seqs(self) -> dict[str, list[int]]:
        seqs: dict[str, list[int]] = {}
        for fact in self.facts:
            seqs.setdefault(fact.subject, []).append(fact.seq)
        return seqs

    def ready(self, *names: str) -> None:
        """Agents end their wrap-up."""
        for name in names:
            self.tell(GetReady(agent(name)))


def _people(call: Call) -> set[AgentId | None]:
    third = call.talk.third if call.talk is not None else None
    talking = call.talk.agent_id if call.talk is not None else None
    return {talking, third.agent_id if third is not None else None, call.caller_agent_id}


def _legs(call: Call) -> list[ChannelId]:
    if call.state is CallState.ENDED:
        return []
    talk, dial = call.talk, call.dial
    found = [call.channel_id, *(one.channel_id for one in call.offers)]
    found.append(dial.channel_id if dial is not None else None)
    found.append(talk.agent_channel_id if talk is not None else None)
    third = talk.third if talk is not None else None
    found.append(third.channel_id if third is not None else None)
    return [leg for leg in found if leg is not None]
