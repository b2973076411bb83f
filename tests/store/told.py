"""Facts as the floor tells them, for whole calls: what a test writes and then counts."""

from __future__ import annotations

from collections.abc import Iterable

from acd.facts import (
    AgentStateChanged,
    AnyFact,
    Call,
    Candidate,
    ContactArrived,
    ContactEnded,
    FlowNodeLeft,
    JournalEntry,
    RecordingKept,
    RecordingStarted,
    RoutingDecided,
    SegmentClosed,
    SegmentOpened,
    VisitClosed,
    VisitOpened,
)
from acd.model import (
    AgentId,
    AgentState,
    CallId,
    CallState,
    ChannelId,
    EndedBy,
    FlowId,
    Outcome,
    QueueId,
    RecordingId,
    SegmentId,
    SegmentKind,
    VisitId,
    VisitOutcome,
)


class Told:
    """The facts of one call, in order; each method tells one part of its way."""

    def __init__(self, name: str, at: int, number: str | None = "0123456789") -> None:
        self.id = CallId(name)
        self.facts: list[AnyFact] = []
        self.at = at
        self._seq = 0
        flow = FlowId("main")
        self._tell(ContactArrived, dnis="100", number=number, name=None, flow=flow)

    def _tell(self, kind: type[AnyFact], /, **values: object) -> None:
        self._seq += 1
        told = {"subject": self.id, "seq": self._seq, "at": self.at, "call_id": self.id, **values}
        self.facts.append(kind(**told))  # type: ignore[arg-type]

    def wait(self, ms: int) -> Told:
        self.at += ms
        return self

    def menu(self, digit: str = "1", ms: int = 0) -> Told:
        entered = self.at
        self.at += ms
        self._tell(
            FlowNodeLeft,
            flow=FlowId("main"),
            version=1,
            node="menu",
            kind="menu",
            input=digit,
            entered_at=entered,
        )
        return self

    def queue(self, queue: str = "sales", level_ms: int = 20_000, short_ms: int = 5_000) -> Told:
        self.visit = VisitId(f"{self.id}-v{self._seq}")
        self._tell(
            VisitOpened,
            visit_id=self.visit,
            visit_seq=1,
            queue_id=QueueId(queue),
            priority=0,
            key=self.at,
            service_level_ms=level_ms,
            short_abandon_ms=short_ms,
        )
        self._queue = queue
        return self

    def leave(self, outcome: VisitOutcome) -> Told:
        self._tell(VisitClosed, visit_id=self.visit, outcome=outcome)
        return self

    def ring(self, agent: str, ms: int, reason: str) -> Told:
        self._tell(
            RoutingDecided,
            visit_id=self.visit,
            queue_id=QueueId(self._queue),
            trigger="arrival",
            agent_id=AgentId(agent),
            candidates=(Candidate(AgentId(agent), "chosen", 10),),
            signed_in=1,
            waiting_ahead=0,
        )
        return self._span(SegmentKind.RING, agent, ms, reason)

    def _span(self, kind: SegmentKind, agent: str, ms: int, reason: str) -> Told:
        segment = SegmentId(f"{self.id}-s{self._seq}")
        self._tell(
            SegmentOpened,
            segment_id=segment,
            kind=kind,
            visit_id=self.visit,
            agent_id=AgentId(agent),
            team="A",
        )
        self.at += ms
        self._tell(SegmentClosed, segment_id=segment, reason=reason)
        return self

    def talk(self, agent: str, ms: int, hold_ms: int = 0, acw_ms: int = 0) -> Told:
        """Answered now; a hold, if any, lies within the talk's segment."""
        segment = SegmentId(f"{self.id}-talk")
        self._tell(
            VisitClosed,
            visit_id=self.visit,
            outcome=VisitOutcome.ANSWERED,
            agent_id=AgentId(agent),
            segment_id=segment,
        )
        talk: dict[str, object] = {
            "segment_id": segment,
            "kind": SegmentKind.TALK,
            "visit_id": self.visit,
            "agent_id": AgentId(agent),
        }
        self._tell(SegmentOpened, **talk)
        self.at += (ms - hold_ms) // 2
        if hold_ms:
            self._span(SegmentKind.HOLD, agent, hold_ms, "agent")
        self.at += ms - hold_ms - (ms - hold_ms) // 2
        self._tell(SegmentClosed, segment_id=segment, reason="caller")
        self.end(Outcome.ANSWERED)
        if acw_ms:
            self._span(SegmentKind.ACW, agent, acw_ms, "system")
        return self

    def record(self, agent: str) -> Told:
        recording = RecordingId(f"{self.id}-r")
        self._tell(
            RecordingStarted,
            recording_id=recording,
            agent_id=AgentId(agent),
            queue_id=QueueId(self._queue),
        )
        self._tell(
            RecordingKept,
            recording_id=recording,
            path="a.wav",
            size_bytes=44,
            duration_ms=10,
            sha256="00",
        )
        return self

    def end(self, outcome: Outcome, by: EndedBy = EndedBy.CALLER) -> Told:
        self._tell(ContactEnded, outcome=outcome, ended_by=by, reason="test")
        return self

    def state(self, state: CallState) -> Call:
        """The call as the engine would journal it with these facts."""
        return Call(
            id=self.id,
            channel_id=ChannelId(f"ch-{self.id}"),
            dnis="100",
            number=None,
            name=None,
            arrived_at=self.at,
            state=state,
            seq=self._seq,
        )


def agent_states(agent: str, *changes: tuple[int, AgentState]) -> list[AnyFact]:
    """An agent's states as (at, state); the numbers have gaps, as wrap-up facts share them."""
    return [
        AgentStateChanged(
            subject=agent,
            seq=2 * index,
            at=at,
            agent_id=AgentId(agent),
            state=state,
            reason=None,
            team="A",
        )
        for index, (at, state) in enumerate(changes, start=1)
    ]


def entries(facts: Iterable[AnyFact]) -> list[JournalEntry]:
    """One entry for each fact."""
    return [JournalEntry(at=fact.at, facts=(fact,)) for fact in facts]
