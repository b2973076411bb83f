"""Facts as the floor tells them, for whole calls: what a test writes and then counts."""

from __future__ import annotations

from collections.abc import Iterable

from acd.call import Call
from acd.facts import (
    AgentStateChanged,
    AlertChanged,
    AnyFact,
    Audited,
    CallbackChanged,
    Candidate,
    ContactArrived,
    ContactEnded,
    DigitsSent,
    DispositionSet,
    FlowNodeLeft,
    JournalEntry,
    MessageHeard,
    MessageLeft,
    NoteAdded,
    PriorityChanged,
    RecordingKept,
    RecordingStarted,
    RoutingDecided,
    SegmentClosed,
    SegmentOpened,
    Supervised,
    Transferred,
    VisitClosed,
    VisitOpened,
)
from acd.model import (
    AgentId,
    AgentState,
    CallId,
    CallKind,
    CallState,
    ChannelId,
    EndedBy,
    FlowId,
    Outcome,
    QueueId,
    RecordingId,
    SegmentId,
    SegmentKind,
    TargetKind,
    VisitId,
    VisitOutcome,
)


class Told:
    """The facts of one call, in order; each method tells one part of its way."""

    def __init__(
        self,
        name: str,
        at: int,
        number: str | None = "+33123456789",
        kind: CallKind = CallKind.INBOUND,
        **known: object,
    ) -> None:
        self.id = CallId(name)
        self.facts: list[AnyFact] = []
        self.at = at
        self._seq = 0
        self.kind = kind
        self.visits = 0
        inbound = kind is CallKind.INBOUND
        self.tell(
            ContactArrived,
            dnis="100",
            number=number,
            name=None,
            flow=FlowId("main") if inbound else None,
            kind=kind,
            direction="inbound" if inbound else "outbound",
            **known,
        )

    def tell(self, kind: type[AnyFact], /, **values: object) -> Told:
        """One fact of this call, now; `values` are what this kind has beside the common fields."""
        self._seq += 1
        told = {"subject": self.id, "seq": self._seq, "at": self.at, "call_id": self.id, **values}
        self.facts.append(kind(**told))  # type: ignore[arg-type]
        return self

    def wait(self, ms: int) -> Told:
        self.at += ms
        return self

    def menu(self, digit: str = "1", ms: int = 0) -> Told:
        entered = self.at
        self.at += ms
        self.tell(
            FlowNodeLeft,
            flow=FlowId("main"),
            version=1,
            node="menu",
            kind="menu",
            input=digit,
            entered_at=entered,
        )
        return self

    def queue(
        self,
        queue: str = "sales",
        level_ms: int = 20_000,
        short_ms: int = 5_000,
        estimate_ms: int | None = None,
        waited_before_ms: int = 0,
    ) -> Told:
        self.visit = VisitId(f"{self.id}-v{self._seq}")
        self.visits += 1
        self.tell(
            VisitOpened,
            visit_id=self.visit,
            visit_seq=self.visits,
            queue_id=QueueId(queue),
            priority=0,
            key=self.at,
            service_level_ms=level_ms,
            short_abandon_ms=short_ms,
            kind=self.kind,
            estimate_ms=estimate_ms,
            waited_before_ms=waited_before_ms,
        )
        self._queue = queue
        return self

    def leave(self, outcome: VisitOutcome, **more: object) -> Told:
        return self.tell(VisitClosed, visit_id=self.visit, outcome=outcome, **more)

    def ring(self, agent: str, ms: int, reason: str) -> Told:
        self.tell(
            RoutingDecided,
            visit_id=self.visit,
            queue_id=QueueId(self._queue),
            trigger="arrival",
            agent_id=AgentId(agent),
            candidates=(Candidate(AgentId(agent), "chosen", 10),),
            signed_in=1,
            waiting_ahead=0,
        )
        return self.span(SegmentKind.RING, agent, ms, reason)

    def span(self, kind: SegmentKind, agent: str, ms: int, reason: str, **more: object) -> Told:
        """A stretch of the call's time that begins now; `more` replaces what facts say of it."""
        segment = SegmentId(f"{self.id}-s{self._seq}")
        known: dict[str, object] = {
            "visit_id": self.visit,
            "agent_id": AgentId(agent),
            "team": "A",
            **more,
        }
        self.tell(SegmentOpened, segment_id=segment, kind=kind, **known)
        self.at += ms
        self.tell(SegmentClosed, segment_id=segment, reason=reason)
        return self

    def talk(self, agent: str, ms: int, hold_ms: int = 0, acw_ms: int = 0) -> Told:
        """Answered now; a hold, if any, lies within the talk's segment."""
        segment = SegmentId(f"{self.id}-talk")
        self.tell(
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
        self.tell(SegmentOpened, **talk)
        self.at += (ms - hold_ms) // 2
        if hold_ms:
            self.span(SegmentKind.HOLD, agent, hold_ms, "agent")
        self.at += ms - hold_ms - (ms - hold_ms) // 2
        self.tell(SegmentClosed, segment_id=segment, reason="caller")
        self.end(Outcome.ANSWERED)
        if acw_ms:
            self.span(SegmentKind.ACW, agent, acw_ms, "system")
        return self

    def record(self, agent: str) -> Told:
        recording = RecordingId(f"{self.id}-r")
        self.tell(
            RecordingStarted,
            recording_id=recording,
            agent_id=AgentId(agent),
            queue_id=QueueId(self._queue),
        )
        self.tell(
            RecordingKept,
            recording_id=recording,
            path="a.wav",
            size_bytes=44,
            duration_ms=10,
            sha256="00",
        )
        return self

    def end(
        self,
        outcome: Outcome,
        by: EndedBy = EndedBy.CALLER,
        *,
        reason: str = "test",
        in_hours: bool = True,
    ) -> Told:
        self.tell(ContactEnded, outcome=outcome, ended_by=by, reason=reason, in_hours=in_hours)
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


def everything() -> list[AnyFact]:
    """Facts of every kind but a lost recording: calls and all that may be done to them."""
    lost = Told("a", 1).menu().queue().wait(5_001).leave(VisitOutcome.ABANDONED)
    lost.end(Outcome.ABANDONED)
    served = Told("b", 2).queue().ring("bob", 5, "rona").ring("anne", 5, "answered").record("anne")
    served.talk("anne", 100, hold_ms=10, acw_ms=5)
    states = (AgentState.READY, AgentState.TALKING, AgentState.WRAP_UP, AgentState.READY)
    states_told = agent_states("zoe", *((n, s) for n, s in enumerate(states)))
    line = Audited("line-1", 1, 9, "user:boss", "priority", "call:c", {"priority": 5})
    acts = [*_acts(), line]
    return lost.facts + served.facts + states_told + acts + _callback() + _message() + _alerts()


def _acts() -> list[AnyFact]:
    """A call that waits, is moved up, asked about, given away and written about."""
    call = Told("c", 3).queue().tell(Supervised, act="priority", by="boss", detail="5")
    call.tell(PriorityChanged, visit_id=call.visit, priority=5, key=-9, by="boss")
    call.tell(PriorityChanged, visit_id=call.visit, priority=6, key=-10, by="boss")
    call.span(SegmentKind.CONSULT, "bob", 5, "transferred", subject="consult-1")
    call.tell(DigitsSent, agent_id=AgentId("anne"), count=4)
    call.tell(NoteAdded, agent_id=AgentId("anne"), text="asks for a refund")
    call.tell(
        Transferred,
        agent_id=AgentId("anne"),
        how="blind",
        target_kind=TargetKind.AGENT,
        target_id="bob",
    )
    call.tell(DispositionSet, agent_id=AgentId("bob"), queue_id=QueueId("sales"), code="sold")
    return call.facts


def _callback() -> list[AnyFact]:
    call = Told("d", 4, kind=CallKind.CALLBACK, root_id=CallId("a"), queue_id=QueueId("sales"))
    for attempts, state in enumerate(("booked", "dialling", "postponed", "dialling", "reached")):
        call.wait(10).tell(
            CallbackChanged,
            queue_id=QueueId("sales"),
            number="+33123456789",
            state=state,
            attempts=attempts // 2,
            due_at=call.at + attempts,
            key=4,
        )
    return call.facts


def _message() -> list[AnyFact]:
    work = Told("e", 5, kind=CallKind.VOICEMAIL, root_id=CallId("a"), queue_id=QueueId("sales"))
    work.tell(
        MessageLeft,
        call_id=CallId("a"),
        recording_id=RecordingId("r1"),
        queue_id=QueueId("sales"),
        number="+33123456789",
        key=5,
    )
    work.wait(9).tell(MessageHeard, recording_id=RecordingId("r1"), agent_id=AgentId("anne"))
    return work.facts


def _alerts() -> list[AnyFact]:
    queue = QueueId("sales")
    return [
        AlertChanged("alert:long:sales", n, n * 10, "long", queue, n % 2 == 1, 9.5, 5.0)
        for n in (1, 2, 3)
    ]
