"""A world around the engine: a switch that obeys its commands, a journal, a clock turned by hand.

It carries out commands as the switch would, loses or repeats news, and checks after every step
what must always hold (`invariants`). It replaces no telephone: calls on real Asterisk are in
`tests/contract`.
"""

from __future__ import annotations

import random
from collections import Counter

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
    PlayPrompt,
    RecordLeg,
    RingAgent,
    SnoopOn,
    StopPrompt,
    StopRecording,
)
from acd.config import FloorConfig
from acd.engine import Engine
from acd.errors import Rejected
from acd.events import (
    ChannelGone,
    CommandFailed,
    EndCall,
    Event,
    Failure,
    LegAnswered,
    PromptFinished,
    RecordingEnded,
    RecordingVerified,
    SignOut,
    SnoopStarted,
)
from acd.facts import AnyFact, JournalEntry, PriorityChanged, RoutingDecided, VisitOpened
from acd.model import (
    AgentId,
    AgentWork,
    CallId,
    ChannelId,
    PhoneId,
    PlaybackId,
    RecordingId,
    VisitId,
)
from acd.sightings import SwitchChannel, SwitchSeen
from acd.state.floor import Turn
from acd.state.legs import WAITING_LINES
from tests.sim.invariants import check_books, check_choice, check_floor
from tests.sim.scripted_flows import ScriptedFlows
from tests.sim.small_floor import START_MS, small_config


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
        self.recorded: dict[RecordingId, ChannelId] = {}
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
        if isinstance(event, RecordingEnded):
            lasts_ms = self.rng.choice((None, 400, 2_000, 5_000, 60_000))
            self.late.append(RecordingVerified(event.recording_id, lasts_ms))
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
                check_choice(self.engine.floor, self.config, self.keys, fact)
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
            case GiveUpDial(channel_id=channel_id):
                if channel_id in self.legs and channel_id not in self.answered_legs:
                    self.leg_ends(channel_id)
                    rang = self.rng.random() < 0.8
                    self.late.append(ChannelGone(channel_id, 18, sip=408, rang=rang))
            case SnoopOn(channel_id=channel_id, snoop_id=snoop_id):
                if channel_id in self.legs:
                    self.legs[snoop_id] = "snoop"
                    self.late.append(SnoopStarted(snoop_id))
                else:
                    self.late.append(CommandFailed(command, Failure.GONE))
            case HangUp(channel_id=channel_id):
                if channel_id in self.legs:
                    self.leg_ends(channel_id)
                    self.late.append(ChannelGone(channel_id, 16))
            case PlayPrompt(playback_id=playback_id):
                self.prompts.append(playback_id)
            case StopPrompt(playback_id=playback_id):
                if playback_id in self.prompts:
                    self.prompts.remove(playback_id)
                    self.late.append(PromptFinished(playback_id))
            case RecordLeg(recording_id=recording_id, channel_id=channel_id):
                if channel_id in self.legs:
                    self.recordings.append(recording_id)
                    self.recorded[recording_id] = channel_id
                else:
                    self.late.append(CommandFailed(command, Failure.GONE))
            case StopRecording(recording_id=recording_id):
                if recording_id in self.recordings:
                    self.recordings.remove(recording_id)
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
            case FetchLine(bridge_id=bridge_id, channel_id=channel_id):
                if bridge_id in self.bridges and channel_id in self.legs:
                    self.out_of_bridges(channel_id)
                    self.bridges[bridge_id].add(channel_id)
                    self.late.append(LegAnswered(channel_id))
                else:
                    self.late.append(CommandFailed(command, Failure.GONE))
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
        # Files are looked for and looked at again, whatever was told of them before.
        files = (RecordingEnded, RecordingVerified)
        self.late = [e for e in self.late if isinstance(e, files) or self.rng.random() < 0.5]
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

    def leg_gone(self, channel_id: ChannelId, cause: int) -> None:
        self.leg_ends(channel_id)
        if self.rng.random() < 0.9:
            self.tell(ChannelGone(channel_id, cause))
        # else the news is lost: a look at the switch must find it

    def leg_ends(self, channel_id: ChannelId) -> None:
        """It is gone from its bridge, and what was recorded of it has ended."""
        del self.legs[channel_id]
        self.out_of_bridges(channel_id)
        for name in [each for each in self.recordings if self.recorded[each] == channel_id]:
            self.recordings.remove(name)
            self.late.append(RecordingEnded(name))

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
        check_books(self.facts, self.callers)

    def check(self) -> None:
        """What must hold after every step."""
        check_floor(self.engine.floor, self.config, self.now_ms)
